"""Tables come back as they were written, whatever holds them."""

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import TaskError
from assay.data.cells import as_text, is_missing
from assay.data.packing import Format, plain_name, table_format
from assay.data.tables import read_table, typed, write_table

ROWS = 'id,flag,note,x\n0012,True,"a, b",1.50\n0013,False,,2\n'


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zip", "t.zip"])
def test_text_is_kept_to_the_letter(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(ROWS.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner/t.csv", ROWS)
            archive.writestr("__MACOSX/._t.csv", "rubbish")
    else:
        path.write_text(ROWS, encoding="utf-8")
    table = read_table(path)
    assert table.name == plain_name(path) == "t.csv"
    assert as_text(table.frame["id"]) == ["0012", "0013"]
    assert as_text(table.frame["flag"]) == ["True", "False"]
    write_table(table, table.frame, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text(encoding="utf-8") == ROWS


def test_typed_gives_what_pandas_reads(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(ROWS + "0014,True,NA,\n", encoding="utf-8")
    frame, expected = typed(read_table(path)), pd.read_csv(path)
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)
    assert frame["flag"].dtype == bool
    assert list(is_missing(read_table(path).frame["note"])) == [False, True, True]


def test_records_keep_missing_keys_and_types(tmp_path: Path) -> None:
    rows = [{"id": "007", "tags": ["a"], "y": None}, {"id": "8", "x": 1}]
    for name, text in {"t.json": json.dumps(rows), "t.jsonl": "\n".join(map(json.dumps, rows))}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        table = read_table(tmp_path / name)
        write_table(table, table.frame, tmp_path / "again")
        again = (tmp_path / "again").read_text(encoding="utf-8")
        loaded = json.loads(again) if name == "t.json" else [json.loads(line) for line in again.splitlines()]
        assert loaded == rows


def test_json_by_column_is_written_by_column(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}', encoding="utf-8")
    table = read_table(tmp_path / "t.json")
    write_table(table, table.frame, tmp_path / "again")
    assert json.loads((tmp_path / "again").read_text(encoding="utf-8")) == {"a": [1, 2], "b": ["x", "y"]}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "t": pd.to_datetime(["2020-01-01", None])})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    write_table(table, table.frame, tmp_path / "again.parquet")
    again = read_table(tmp_path / "again.parquet")
    assert list(map(str, again.frame.dtypes)) == list(map(str, table.frame.dtypes))
    assert as_text(again.frame["i"]) == ["1", ""]


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", ""), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")]
)
def test_encodings_are_found_and_said(tmp_path: Path, encoding: str, said: str) -> None:
    (tmp_path / "t.csv").write_bytes("name,y\ncaf\N{LATIN SMALL LETTER E WITH ACUTE},1\n".encode(encoding))
    table = read_table(tmp_path / "t.csv")
    assert table.frame["name"][0] == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    assert said in "".join(table.notes)
    assert bool(table.notes) is bool(said)


def test_semicolons_are_seen(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a;"b, c"\n1;2\n', encoding="utf-8")
    assert read_table(tmp_path / "t.csv").columns == ("a", "b, c")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.csv", None, "E110"),
        ("t.csv", b"", "E111"),
        ("t.csv", b" \n", "E111"),
        ("t.csv", b"a,b\n", "E111"),
        ("t.csv", b"a,b\n\x81\x8d,\xff\x00\n", "E112"),
        ("t.zip", b"PK not really", "E113"),
        ("t.csv.gz", b"not gzip", "E113"),
        ("t.csv", b'a,b\n1,2\n"3,4,5\n', "E114"),
        ("t.json", b"[1, 2]", "E114"),
        ("t.jsonl", b'{"a": 1}\n{"a"', "E114"),
        ("t.parquet", b"PAR1 broken", "E114"),
        ("t.xlsx", b"x", "E115"),
    ],
)
def test_what_cannot_be_read_is_a_coded_error(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TaskError) as caught:
        read_table(tmp_path / name)
    assert caught.value.code == code
    assert caught.value.fix


@pytest.mark.parametrize("name", ["t.csv.zip", "competition.zip"])
def test_an_archive_of_several_files_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("a.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    with pytest.raises(TaskError, match="holds 2 files") as caught:
        read_table(tmp_path / name)
    assert caught.value.fix == f"unzip {name} -d FOLDER"


def test_formats_by_name() -> None:
    assert table_format(Path("a.tsv.gz")) is Format.TSV
    assert table_format(Path("a.PQ")) is Format.PARQUET
    assert table_format(Path("a.npz")) is None
    assert table_format(Path("a.tar.gz")) is None


def test_a_row_of_too_many_values_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(TaskError, match="line 3 has 3 values, the lines before it have 2"):
        read_table(tmp_path / "t.csv")


def test_a_name_that_stands_twice_is_noted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('"a,b",x,x\n1,2,3\n')
    table = read_table(tmp_path / "t.csv")
    assert list(table.frame.columns) == ["a,b", "x", "x.1"]
    assert table.notes == ("t.csv names 'x' more than once; views number the later ones",)

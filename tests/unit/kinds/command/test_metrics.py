from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.core.score import Provenance
from assay.kinds.command.lines import MOST_LINE, LinePattern
from assay.kinds.command.metrics import MetricSource, Pick, ReportedMetrics, read_metrics
from assay.kinds.command.paths import follow, parse_path

HISTORY = {"history": [{"val": {"auc": 0.7}}, {"val": {"auc": 0.9}}, {"val": {"auc": 0.8}}], "best.auc": 0.9, "n": "12"}
FILES = {
    "out/m.json": json.dumps(HISTORY).encode(),
    "out/m.jsonl": b'{"auc": 0.5}\n\n{"auc": 0.6}\n{"au',
    "out/m.csv": "epoch,val auc\n1,0.5\n2,0.75\n3,\n".encode("utf-8-sig"),
    "out/m.yaml": b"best:\n  auc: 0.25\n",
    "out/M.YML": b"best:\n  auc: 0.5\n",
    "out/nan.json": b'{"auc": NaN}',
    "out/torn.json": b'{"auc": 0.5',
    "out/huge.json": b'{"auc": 1' + b"0" * 400 + b"}",
    "out/deep.json": b"[" * 100_000,
    "out/deep.yaml": b"[" * 5_000,
    "out/wide.csv": b"auc," + b"x" * 200_000 + b"\n1,2\n",
    "out/broken.jsonl": b'{"auc": 0.5}\n{"au\n{"auc": 0.6}\n',
    "out/truth.json": b'{"auc": [true, null, "x", {"a": 1}]}',
    "out/evil.yaml": b"!!python/object/apply:os.system ['true']\n",
}
LOG = "epoch 1 loss=2.0 val_acc=71.5%\nnoise\nepoch 2  loss=1.5 val_acc=80%\nepoch 3 loss=nan val_acc=90% (best)\n"


def read(*sources: MetricSource, **more: dict[str, list[float]]) -> ReportedMetrics:
    return read_metrics(sources, files=FILES, log=LOG, **more)


@pytest.mark.parametrize(
    ("source", "value", "count"),
    [
        (MetricSource(name="a", file="out/m.json", path="history[-1].val.auc"), 0.8, 1),
        (MetricSource(name="a", file="out/m.json", path="history[*].val.auc", pick=Pick.MAX), 0.9, 3),
        (MetricSource(name="a", file="out/m.json", path="history[*].val.auc", pick=Pick.MEAN), 0.8, 3),
        (MetricSource(name="a", file="out/m.json", path='["best.auc"]'), 0.9, 1),
        (MetricSource(name="a", file="out/m.json", path="n"), 12.0, 1),
        (MetricSource(name="a", file="out/m.jsonl", path="auc"), 0.6, 2),
        (MetricSource(name="a", file="out/m.csv", path="val auc"), 0.75, 2),
        (MetricSource(name="a", file="out/m.yaml", path="best.auc"), 0.25, 1),
        (MetricSource(name="a", file="out/M.YML", path="best.auc"), 0.5, 1),
        (MetricSource(name="val_acc", line="epoch {epoch} loss={loss} val_acc={val_acc}", pick=Pick.MAX), 0.8, 2),
        (MetricSource(name="val_acc", line="epoch {epoch} ... val_acc={val_acc} ..."), 0.9, 3),
        (MetricSource(name="a", tracked="auc", pick=Pick.MIN), 0.1, 3),
    ],
)
def test_a_number_is_found_where_it_was_declared(source: MetricSource, value: float, count: int) -> None:
    found = read(source, tracked={"auc": [0.3, 0.1, 0.2]})
    assert found.problems == ()
    assert found.values[source.name] == pytest.approx(value)
    assert found.counts[source.name] == count
    assert found.provenance is Provenance.REPORTED


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (MetricSource(name="a", file="out/gone.json", path="auc"), "was not left"),
        (MetricSource(name="a", file="out/m.json", path="history[9].val.auc"), "nothing was found"),
        (MetricSource(name="a", file="out/nan.json", path="auc"), "no finite number"),
        (MetricSource(name="a", file="out/torn.json", path="auc"), "no JSON"),
        (MetricSource(name="a", file="out/m.csv", path="auc"), "there are epoch, val auc"),
        (MetricSource(name="a", file="out/evil.yaml", path="a"), "no YAML"),
        (MetricSource(name="a", file="out/huge.json", path="auc"), "no finite number was found at 'auc' in"),
        (MetricSource(name="a", file="out/deep.json", path="auc"), "no JSON"),
        (MetricSource(name="a", file="out/deep.yaml", path="auc"), "no YAML"),
        (MetricSource(name="a", file="out/wide.csv", path="auc"), "no table"),
        (MetricSource(name="a", file="out/broken.jsonl", path="auc"), "no JSON"),
        (MetricSource(name="a", file="out/truth.json", path="auc[*]"), "nothing was found"),
        (MetricSource(name="a", tracked="other"), "nothing was found as 'other' in the tracked run"),
        (MetricSource(name="a", line="other={a}"), "nothing was found by the pattern 'other={a}'"),
        (MetricSource(name="a", file="out/m.pkl", path="a"), "is none of"),
        (MetricSource(name="a", file="out/m.json", path="history[x]"), "is no path"),
        (MetricSource(name="loss", line="epoch {epoch} loss={loss} val_acc={val_acc} (best)"), "no finite number"),
        (MetricSource(name="a", line="a={b}"), "does not name"),
        (MetricSource(name="a", line="a={a}", tracked="a"), "exactly one"),
    ],
)
def test_what_is_missing_or_no_number_is_a_problem_and_never_a_value(source: MetricSource, why: str) -> None:
    good = MetricSource(name="good", file="out/m.yaml", path="best.auc")
    found = read(source, good, tracked={"auc": [0.3]})
    assert list(found.values) == ["good"]
    assert len(found.problems) == 1
    assert why in found.problems[0]


def test_a_training_that_ends_in_no_number_has_no_last_value_but_may_have_a_best_one() -> None:
    tracked = {"auc": [0.5, 0.7, math.nan]}
    last = read(MetricSource(name="a", tracked="auc"), tracked=tracked)
    assert last.values == {}
    assert "no finite number" in last.problems[0]
    best = read(MetricSource(name="a", tracked="auc", pick=Pick.MAX), tracked=tracked)
    assert (best.values, best.counts, best.problems) == ({"a": 0.7}, {"a": 2}, ())


def test_without_a_tracked_run_nothing_is_read_from_it() -> None:
    found = read(MetricSource(name="a", tracked="a"))
    assert found.problems == ("a: there is no tracked run",)


@pytest.mark.parametrize(
    "text", ["no number", "{a}{b}", "a={a} b={a}", "... {a}", "x ... ... {a}", "a={a} ... ... b={b}"]
)
def test_a_pattern_that_could_not_be_read_one_way_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        LinePattern(text)


def test_a_pattern_holds_for_the_whole_line() -> None:
    pattern = LinePattern("acc={acc}")
    assert pattern.read("  acc=0.5 ") == {"acc": 0.5}
    assert pattern.read("not acc=0.5") is None
    assert pattern.read("xacc=0.5") is None
    assert pattern.read("acc=0.5 of run acc=0.9") is None
    assert LinePattern("... acc={acc}").read("val_acc=0.1 acc=0.5") == {"acc": 0.5}
    assert LinePattern("... acc={acc}").read("val_acc=0.1") is None
    assert LinePattern("... acc={acc}").read("epoch 3 acc=.5e-1") == {"acc": 0.05}


def test_each_piece_takes_the_first_place_that_fits() -> None:
    assert LinePattern("... acc={acc} ...").read("val_acc=1 acc=2 acc=3") == {"acc": 2}
    assert LinePattern("... a={a} ...").read("a=1 b=5 a=2") == {"a": 1}
    assert LinePattern("x={x} ... x={y}").read("x=1 then x=2") == {"x": 1, "y": 2}


@given(st.text(alphabet="0123456789.e+-=ac ", max_size=300))
def test_reading_a_line_never_fails(line: str) -> None:
    found = LinePattern("... a={a} ... c={c} ...").read(line)
    assert found is None or set(found) == {"a", "c"}


NUMBERS = st.integers(-(10**9), 10**9).map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)


@given(NUMBERS, NUMBERS, *[st.text(alphabet="0123456789.+- bx", max_size=30)] * 3)
def test_a_line_gives_the_numbers_that_stand_behind_their_names(
    first: str, second: str, before: str, between: str, after: str
) -> None:
    line = f"{before} a={first} {between} c={second} {after}"
    assert LinePattern("... a={a} ... c={c} ...").read(line) == {"a": float(first), "c": float(second)}


def test_the_cost_of_a_line_does_not_explode() -> None:
    begun = time.process_time()
    pattern = LinePattern("... a={a} ... a={b} ... a={c} ... end")
    for _ in range(200):
        assert pattern.read("a=" + "1" * MOST_LINE) is None
        assert pattern.read("a=1 " * MOST_LINE) is None
    assert time.process_time() - begun < 20  # a pattern that backtracks would take days


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20), st.sampled_from(Pick))
@example([1.5e308, 1.7e308], Pick.MEAN)
def test_a_reported_value_is_always_finite(values: list[float], pick: Pick) -> None:
    found = read_metrics([MetricSource(name="a", tracked="a", pick=pick)], files={}, tracked={"a": values})
    assert all(math.isfinite(value) for value in found.values.values())
    assert bool(found.values) != bool(found.problems)


def test_paths_walk_names_indexes_and_stars() -> None:
    value = {"a": [{"b": 1}, {"c": 2}, {"b": 3}]}
    assert follow(value, parse_path("a[*].b")) == [1, 3]
    assert follow(value, parse_path("a[-3]['b']")) == [1]
    assert (
        follow(value, parse_path("a.b"))
        == follow(value, parse_path("a[3]"))
        == follow(value, parse_path("a[-4]"))
        == []
    )
    assert follow(value, parse_path("")) == [value]
    for bad in ("a[", "a]", "a[1", "[x]", "a..b", "a[1]b"):
        with pytest.raises(ValueError, match="is no path"):
            parse_path(bad)

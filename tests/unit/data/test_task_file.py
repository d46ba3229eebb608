"""task.toml: written with origins, read back as the same task."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import TaskError
from assay.core.task import SplitKind
from assay.data import inspect, load_task, load_task_file, task_toml, write_task
from support.data_sets import write_arrays, write_folder, write_forecast


def test_each_line_says_where_it_comes_from(tmp_path: Path) -> None:
    found = inspect(write_folder(tmp_path / "shop", about="# Shop\n\n## Metric\n\nlog loss"))
    text = task_toml(found)
    lines = {line.split(" =")[0]: line for line in text.splitlines() if " =" in line}
    assert lines["metric"].endswith("# from description.md")
    assert lines["better"].endswith("# known for log_loss")
    assert lines["target"].startswith('target = "y" ')
    assert "# guessed" in lines["split"]
    assert "written by `assay init`" in text.splitlines()[0]
    assert all("  # " in line for line in lines.values()), text


@pytest.mark.parametrize("shape", ["binary", "multiclass", "regression", "labels", "forecast", "arrays", "single"])
def test_what_is_written_is_read_back_as_the_same_task(tmp_path: Path, shape: str) -> None:
    data = tmp_path / "data"
    if shape == "forecast":
        found = inspect(write_forecast(data))
    elif shape == "arrays":
        found = inspect(write_arrays(data))
    elif shape == "single":
        write_folder(data)
        (data / "notes.txt").write_text("beside", encoding="utf-8")
        found = inspect(data / "train.csv", target="y")
    else:
        found = inspect(write_folder(data, shape))
    write_task(found, tmp_path / "task.toml")
    again = load_task(tmp_path / "task.toml")
    assert replace(again, statement="") == replace(found.task, statement="")


def test_a_short_file_is_completed_from_the_data(tmp_path: Path) -> None:
    write_folder(tmp_path)
    path = tmp_path / "task.toml"
    path.write_text(
        'metric = "accuracy"\nsplit = { kind = "holdout" }\nlimits = { until = "07:00", cost_usd = 8 }\n'
        "protect = []\nholdout = { sealed = false }\n",
        encoding="utf-8",
    )
    file = load_task_file(path)
    task = file.inspection.task
    assert (task.targets, task.metric.name, task.split.kind) == (("y",), "accuracy", SplitKind.HOLDOUT)
    assert task.holdout.fraction == 0
    assert file.limits == {"until": "07:00", "cost_usd": 8}
    assert file.inspection.origin("metric") == "given"


def test_variables_are_expanded_and_other_values_left_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "data")
    path = tmp_path / "task.toml"
    path.write_text('data = "${WHERE}"\nabout = "for ${WHO}"\nrow_cap = 500\nrehearse = "never"\n', encoding="utf-8")
    file = load_task_file(path, environment={"WHERE": "data", "WHO": "me"})
    assert file.inspection.task.statement == "for me"
    assert file.inspection.task.row_cap == 500
    assert file.rehearse == "never"
    with pytest.raises(TaskError, match="no environment variable 'WHO'"):
        load_task_file(path, environment={"WHERE": "data"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('data = "nowhere"', "data: there is no folder"),
        ('protect = ["load.py:read"]', "protect: there is nothing to protect"),
        ("target = [1, 2]", "target: must be a text or a list of texts"),
        ("row_cap = true", "row_cap: must be a whole number"),
        ('rehearse = "often"', "rehearse: must be one of auto, never, always"),
        ('split = "kfold"', "split: must be a table"),
        ("split = { k = 3 }", "split.kind: is missing"),
        ('split = { kind = "kfold", k = true }', "split.k: must be int"),
        ('split = { kind = "shuffle" }', "split.kind: must be one of"),
        ('better = "blue"', "better: better must be"),
        ("holdout = { fraction = -0.1 }", "holdout.fraction: must be between 0 and 0.5"),
        ("metric = ", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_by_field(tmp_path: Path, text: str, said: str) -> None:
    write_folder(tmp_path)
    (tmp_path / "task.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TaskError) as caught:
        load_task(tmp_path / "task.toml")
    assert caught.value.code == "E120"
    assert said in caught.value.message


def test_a_missing_task_file(tmp_path: Path) -> None:
    with pytest.raises(TaskError) as caught:
        load_task(tmp_path / "task.toml")
    assert caught.value.code == "E110"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "GITHUB_TOKEN", "db_password"])
def test_no_secret_of_the_environment_gets_into_a_task(tmp_path: Path, name: str) -> None:
    # The task is told to models and candidates, and stands in the journal and in the report.
    path = write_folder(tmp_path) / "task.toml"
    path.write_text(f'about = "see ${{{name}}}"\n', encoding="utf-8")
    with pytest.raises(TaskError, match="sounds like a secret") as caught:
        load_task_file(path, environment={name: "canary-value"})
    assert "canary-value" not in str(caught.value)


def test_no_column_name_adds_a_line_to_the_task_file(tmp_path: Path) -> None:
    name = "y\nrow_cap = 7 \x1b[31m"
    folder = write_folder(tmp_path, sample=False)
    for file in ("train.csv", "test.csv"):
        frame = pd.read_csv(folder / file, dtype=str)
        frame.rename(columns={"y": name}).to_csv(folder / file, index=False)
    found = inspect(folder)
    assert found.task.targets == (name,)
    write_task(found, folder / "task.toml")
    again = load_task_file(folder / "task.toml").inspection.task
    assert again.targets == (name,)
    assert again.row_cap == found.task.row_cap

from __future__ import annotations

from pathlib import Path

from assay.core.metric import Direction
from assay.data.given import Given
from assay.data.task_file import load_task_file


def test_what_is_said_later_goes_first() -> None:
    file = Given(target=("a",), metric="rmse", direction="lower", row_cap=500)
    assert file.overlaid(Given()) == file
    assert file.overlaid(Given(target=("b",), row_cap=30)) == Given(
        target=("b",), metric="rmse", direction="lower", row_cap=30
    )


def test_another_metric_takes_its_own_direction_along() -> None:
    assert Given(metric="rmse", direction="lower").overlaid(Given(metric="r2")) == Given(metric="r2")


def test_options_go_before_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 7},{i * 0.5}\n" for i in range(60))
    (tmp_path / "train.csv").write_text("x,y,z\n" + rows, encoding="utf-8")
    file = tmp_path / "task.toml"
    file.write_text('target = "z"\nmetric = "rmse"\nbetter = "lower"\n', encoding="utf-8")
    assert load_task_file(file).inspection.task.target == "z"
    task = load_task_file(file, said=Given(target=("y",), metric="r2")).inspection.task
    assert (task.target, task.metric.name, task.metric.direction) == ("y", "r2", Direction.HIGHER)

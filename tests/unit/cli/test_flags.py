from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.cli.options.flags import duration, read_choices, read_limits, read_task
from assay.cli.options.parsers import count, metric_and_direction, money, seconds_until
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.core.budget import Limits
from assay.core.errors import UsageError
from assay.core.rehearse import Rehearse

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1h 5m", 3900), ("0.5h", 1800), ("1H", 3600)],
)
def test_duration(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-5m", "m", "10", "1m1h", "ten minutes", "nan", "1e3s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|more than nothing"):
        duration(text)


def test_missing_unit_is_pointed_out() -> None:
    with pytest.raises(ValueError, match=r"as in 90s or 90m"):
        duration("90")


@given(st.integers(0, 23), st.integers(0, 59))
def test_until_is_the_next_such_time_of_day(hour: int, minute: int) -> None:
    seconds = seconds_until(f"{hour:02d}:{minute:02d}", NOON)
    at = datetime.fromtimestamp(NOON + seconds, UTC).astimezone()
    assert 0 < seconds <= 86_400 + 3600
    assert (at.hour, at.minute) == (hour, minute)


@pytest.mark.parametrize("text", ["24:00", "7", "07:60", "noon", "-1:00"])
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time of day"):
        seconds_until(text, NOON)


def test_money_and_counts() -> None:
    assert money("$8.50") == Decimal("8.50")
    assert [count(t) for t in ("1", "500k", "2M", "1.5m", "1,000")] == [1, 500_000, 2_000_000, 1_500_000, 1000]


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "eight", ""])
def test_no_money(text: str) -> None:
    with pytest.raises(ValueError, match=r"more than 0|no amount"):
        money(text)


@pytest.mark.parametrize(
    ("text", "parsed"), [("rmse", ("rmse", None)), ("rmse:min", ("rmse", "min")), ("grade.py:max", ("grade.py", "max"))]
)
def test_metric(text: str, parsed: tuple[str, str | None]) -> None:
    assert metric_and_direction(text) == parsed


def read(flags: LimitFlags) -> Limits:
    problems = Problems()
    limits = read_limits(flags, problems, now=NOON, cores=3)
    problems.raise_any("run")
    return limits


def test_nothing_given_bounds_nothing_and_uses_all_cores() -> None:
    assert read(LimitFlags()) == Limits(workers=3)


def test_the_earlier_of_time_and_until_wins() -> None:
    clock = datetime.fromtimestamp(NOON + 3600, UTC).astimezone().strftime("%H:%M")
    assert read(LimitFlags(time="2h", until=clock)).wall_s == 3600
    assert read(LimitFlags(time="30m", until=clock)).wall_s == 1800


def test_a_time_of_day_bounds_what_is_left_and_a_time_the_whole_run() -> None:
    clock = datetime.fromtimestamp(NOON + 3600, UTC).astimezone().strftime("%H:%M")

    def after_two_hours(flags: LimitFlags) -> float | None:
        return read_limits(flags, Problems(), now=NOON, cores=1, elapsed_s=7200.0).wall_s

    assert after_two_hours(LimitFlags(until=clock)) == 10_800
    assert after_two_hours(LimitFlags(time="4h")) == 14_400
    assert after_two_hours(LimitFlags(time="4h", until=clock)) == 10_800


def test_explicit_value_equal_to_the_default_stands() -> None:
    assert read(LimitFlags(workers="3", trials="1")) == Limits(workers=3, trials=1)


def test_all_problems_are_told_at_once() -> None:
    problems = Problems()
    flags = LimitFlags(time="0s", cost="-1", tokens="x", trials="0", workers="-2", goal="nan", trial_timeout="5")
    read_limits(flags, problems, now=NOON, cores=1)
    read_task(TaskFlags(metric=":min", row_cap="0"), problems)
    read_choices(
        RunFlags(
            seed="-1",
            name="../up",
            sandbox="docker",
            display="web",
            python=Path("/no/such/python"),
            prompt_file=Path("/no/such/file"),
            fix_rounds="-1",
            model="gpt",
        ),
        problems,
    )
    with pytest.raises(UsageError) as caught:
        problems.raise_any("run")
    flags_named = "--time --cost --tokens --trials --workers --goal --trial-timeout --metric --seed --row-cap --name"
    for flag in f"{flags_named} --sandbox --display --python --prompt-file --fix-rounds --model".split():
        assert f"{flag} " in caught.value.message or f"{flag}:" in caught.value.message, flag
    assert "'docker'" in caught.value.message
    assert caught.value.fix == "assay run --help"


def test_prompt_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("Prefer linear models.\n", encoding="utf-8")
    problems = Problems()
    assert read_choices(RunFlags(prompt_file=tmp_path / "p.md"), problems).remarks == ("Prefer linear models.",)
    problems.raise_any("run")


def test_a_program_is_kept_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = read_choices(RunFlags(model="cli:./mine 'a b'"), Problems()).model
    assert kept == f"cli:{tmp_path / 'mine'} 'a b'"


def test_rehearsals_are_left_to_the_engine_unless_said_otherwise() -> None:
    problems = Problems()
    assert read_choices(RunFlags(), problems).rehearse is None
    assert read_choices(RunFlags(rehearse="never"), problems).rehearse is Rehearse.NEVER
    problems.raise_any("run")
    read_choices(RunFlags(rehearse="often"), problems)
    with pytest.raises(UsageError, match="--rehearse 'often': is none of auto, never, always"):
        problems.raise_any("run")


def test_repairs_are_two_unless_said_otherwise() -> None:
    assert [read_choices(RunFlags(fix_rounds=text), Problems()).fix_rounds for text in (None, "0", "5")] == [2, 0, 5]


def test_the_noise_is_measured_on_five_partitions_unless_fewer_are_asked_for() -> None:
    assert [read_choices(RunFlags(reseeds=text), Problems()).reseeds for text in (None, "0", "2", "5")] == [5, 0, 2, 5]
    problems = Problems()
    read_choices(RunFlags(reseeds="6"), problems)
    with pytest.raises(UsageError, match=r"--reseeds .*at most 5"):
        problems.raise_any("run")


def test_environment_folder_stands_for_its_interpreter(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    assert read_choices(RunFlags(python=tmp_path), Problems()).python == tmp_path / "bin" / "python"


@pytest.mark.parametrize(
    ("flags", "refused"),
    [
        (RunFlags(offline=True), False),
        (RunFlags(offline=True, model="openai:gpt-5"), True),
        (RunFlags(offline=True, model="openai:x", base_url="http://localhost:8000/v1"), False),
        (RunFlags(offline=True, model="openai:x", base_url="https://localhost.example.org/v1"), True),
        (RunFlags(offline=True, model="ollama:qwen3"), False),
        (RunFlags(base_url="http://localhost:8000/v1"), True),
        (RunFlags(model="openai:x", base_url="localhost:8000"), True),
        (RunFlags(model="cli:claude --model opus"), False),
        (RunFlags(model="cli:claude", offline=True), True),
        (RunFlags(model="cli:claude", base_url="http://localhost:8000/v1"), True),
        (RunFlags(model="cli:claude 'open"), True),
    ],
)
def test_offline_and_addresses(flags: RunFlags, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASSAY_BASE_URL", "OPENAI_BASE_URL", "OLLAMA_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    problems = Problems()
    read_choices(flags, problems)
    if refused:
        with pytest.raises(UsageError):
            problems.raise_any("run")
    else:
        problems.raise_any("run")

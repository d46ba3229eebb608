from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import IntegrityError, ProviderDown, ReplyInvalid
from assay.core.trial import TrialState, Verdict
from assay.engine.endings import Ending, NoAnswer
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.roles import BaselineInputs
from assay.models.scripted import Scripted
from assay.operators.brief import brief_at
from support.engine import Bench, propose, table
from support.fakes import script


class Once:
    """A strategy that does one thing with the session."""

    def __init__(self, do: Any) -> None:
        self._do = do

    def run(self, session: Session) -> None:
        self._do(session)


def question(session: Session) -> BaselineInputs:
    return BaselineInputs(brief=brief_at(session, session.view(), "q"), name="constant")


def test_an_answer_in_the_journal_is_not_asked_for_again(tmp_path: Path) -> None:
    backend = MemoryJournal()
    first = Bench(tmp_path, backend=backend, strategy=Once(lambda s: s.ask("q", "baseline", question(s))))
    first.open()._search()
    second = Bench(tmp_path, backend=backend, strategy=Once(lambda s: s.ask("q", "baseline", question(s))))
    second.open()._search()
    assert (len(first.model.requests), len(second.model.requests)) == (1, 0)


def test_what_a_person_says_later_does_not_change_a_question_that_was_put(tmp_path: Path) -> None:
    backend = MemoryJournal()

    def ask_and_hear(session: Session) -> None:
        session.ask("q", "baseline", question(session))
        session.parts.log.add(ev.Told(text="prefer linear models"))
        session.parts.log.add(ev.NoiseMeasured(floor=0.01, reseeds=3))

    Bench(tmp_path, backend=backend, strategy=Once(ask_and_hear)).open()._search()
    second = Bench(tmp_path, backend=backend, strategy=Once(lambda s: s.ask("q", "baseline", question(s))))
    second.open()._search()
    assert second.model.requests == []


def test_a_known_key_with_another_question_names_both(tmp_path: Path) -> None:
    backend = MemoryJournal()
    Bench(tmp_path, backend=backend, strategy=Once(lambda s: s.ask("q", "baseline", question(s)))).open()._search()

    def other(session: Session) -> None:
        session.ask("q", "baseline", question(session).model_copy(update={"name": "boosting"}))

    with pytest.raises(IntegrityError, match=r"'q' was [0-9a-f]{12} .* is [0-9a-f]{12} now") as caught:
        Bench(tmp_path, backend=backend, strategy=Once(other)).open()._search()
    assert caught.value.code == "E402"


def test_a_reply_that_never_fits_is_recorded_and_left_to_the_strategy(tmp_path: Path) -> None:
    def refuse(request: Request[Any]) -> Scripted:
        return ReplyInvalid("not in the asked form")

    backend = MemoryJournal()

    def ask(session: Session) -> None:
        with pytest.raises(NoAnswer, match="not in the asked form"):
            session.ask("q", "baseline", question(session))

    Bench(tmp_path, backend=backend, answers=refuse, strategy=Once(ask)).open()._search()
    again = Bench(tmp_path, backend=backend, answers=refuse, strategy=Once(ask))
    again.open()._search()
    assert again.model.requests == []


def test_a_provider_that_is_down_ends_the_search_and_is_asked_again_on_resume(tmp_path: Path) -> None:
    def down(request: Request[Any]) -> Scripted:
        return ProviderDown("no route")

    backend = MemoryJournal()
    first = Bench(tmp_path, backend=backend, answers=down, limits=Limits(trials=4))
    end = first.open().work()
    assert (end.stopped_by, end.exit_code) == ("E302", 6)
    second = Bench(tmp_path, backend=backend, limits=Limits(trials=4))
    assert second.open().work().exit_code == 0


def test_a_note_keeps_its_first_value(tmp_path: Path) -> None:
    backend = MemoryJournal()
    values = iter([1, 2])
    seen: list[int] = []

    def note(session: Session) -> None:
        seen.append(session.note("n", lambda: next(values)))

    for _ in range(2):
        Bench(tmp_path, backend=backend, strategy=Once(note)).open()._search()
    assert seen == [1, 1]


@pytest.mark.parametrize("workers", [2, 3])
def test_the_trial_table_does_not_depend_on_which_step_is_faster(tmp_path: Path, workers: int) -> None:
    tables = []
    for attempt in range(2):
        bench = Bench(tmp_path / str(attempt), limits=Limits(trials=10, workers=workers))
        bench.open().work()
        tables.append({key: row[1:5] for key, row in table(bench.log).items() if not key.startswith("finish")})
    assert tables[0] == tables[1]


def test_a_step_sees_the_trials_of_its_lane_and_none_beside_it(tmp_path: Path) -> None:
    seen: dict[int, set[int]] = {}

    def step(step: Step) -> str:
        seen[step.number] = {t.step for t in step.history.trials.values() if t.step is not None}
        step.evaluate("trial", script(score=1.0 + step.number))
        return ""

    bench = Bench(tmp_path, limits=Limits(workers=3), strategy=Once(lambda s: s.steps(step, stop=8)))
    bench.open()._search()
    assert seen == {n: set(range(max(0, n - 3))) for n in range(8)}, "three workers have four lanes"


def run_one(tmp_path: Path, wish: dict[str, Any], **options: Any) -> Bench:
    bench = Bench(tmp_path, strategy=Once(lambda s: s.evaluate("t", script(**wish))), **options)
    bench.open()._search()
    return bench


def only_trial(bench: Bench) -> Any:
    return bench.log.read(lambda history: next(iter(history.trials.values())))


def test_a_failing_script_is_mended_and_scored_within_its_trial(tmp_path: Path) -> None:
    trial = only_trial(run_one(tmp_path, {"fail": "ValueError: x"}))
    assert trial.state is TrialState.COMPLETE
    assert [repair.cause for repair in trial.repairs] == ["it was broken"]
    assert trial.attempts == 2


def test_a_repair_that_changes_nothing_ends_the_trial(tmp_path: Path) -> None:
    def same(request: Request[Any]) -> Scripted:
        return {"cause": "none", "code": request.inputs.code} if request.role == "debug" else propose(request)  # type: ignore[attr-defined]

    bench = run_one(tmp_path, {"fail": "ValueError: x"}, answers=same)
    trial = only_trial(bench)
    assert (trial.state, trial.reason) == (TrialState.FAILED, "ValueError: x")
    assert len(bench.sandbox.started) == 1


def test_repairs_are_bounded(tmp_path: Path) -> None:
    def worse(request: Request[Any]) -> Scripted:
        return {"cause": "guess", "code": f'wish = {{"fail": "ValueError: {request.key}"}}'}

    trial = only_trial(run_one(tmp_path, {"fail": "ValueError: x"}, answers=worse))
    assert trial.state is TrialState.FAILED
    assert len(trial.repairs) == 2


def test_a_script_that_leaves_nothing_has_no_score(tmp_path: Path) -> None:
    def helpless(request: Request[Any]) -> Scripted:
        return ReplyInvalid("no idea")

    trial = only_trial(run_one(tmp_path, {"silent": True}, answers=helpless))
    assert trial.state is TrialState.FAILED
    assert trial.score is None
    assert "missing" in trial.reason


def test_a_rejecting_check_ends_the_trial_before_anything_runs(tmp_path: Path) -> None:
    class Finding:
        code, severity, sentence = "L01", "reject", "opens /etc/passwd"

    bench = run_one(tmp_path, {"score": 0.1}, check=lambda candidate: [Finding()])
    trial = only_trial(bench)
    assert (trial.state, trial.verdict) == (TrialState.REJECTED, Verdict.REJECTED)
    assert trial.reason == "L01 opens /etc/passwd"
    assert bench.sandbox.started == []


def test_equal_code_is_never_run_twice(tmp_path: Path) -> None:
    def twice(session: Session) -> None:
        session.evaluate("a", script(score=1.0))
        session.evaluate("b", script(score=1.0))

    bench = Bench(tmp_path, strategy=Once(twice))
    bench.open()._search()
    folds = [w.mounts[0].source.name for _, w, _ in bench.sandbox.started]
    assert sorted(folds) == ["final", "fold-0", "fold-1", "fold-2"]


def test_the_goal_ends_the_search(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=12, goal=2.5))
    end = bench.open().work()
    assert end.stopped_by == "goal"
    assert len(bench.log.read(lambda history: history.trials)) < 6


def test_an_observer_that_fails_is_told_no_more_and_stops_nothing(tmp_path: Path) -> None:
    calls: list[int] = []

    class Broken:
        def on_event(self, event: Any) -> None:
            calls.append(event.number)
            raise RuntimeError("display is gone")

    bench = Bench(tmp_path, limits=Limits(trials=2))
    run = bench.open()
    bench.log._observers.append(Broken())
    assert run.work().exit_code == 0
    assert len(calls) == 1


def test_a_token_cap_ends_the_search(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=6, tokens=0))
    bench.open()
    with pytest.raises(Ending, match="tokens"):
        bench.session.budget.check()

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import MachineError, ReplyInvalid, UsageError
from assay.core.trial import TrialState
from assay.engine import control
from assay.journal import events as ev
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.engine import Bench
from support.star import answer, score_of

SMALL = StarOptions(models=3, outer=2, inner=2, paths=2, rounds=2)


def bench(folder: Path, options: StarOptions = SMALL, **fields: Any) -> Bench:
    fields = {"answers": answer, "limits": Limits(workers=2), **fields}
    return Bench(folder, strategy=MleStar(options), **fields)


def asked(made: Bench, role: str) -> list[Any]:
    return [request.inputs for request in made.model.requests if request.role == role]


def test_the_whole_algorithm_runs_to_its_end(tmp_path: Path) -> None:
    made = bench(tmp_path)
    end = made.open().work()
    assert end.stopped_by == "exhausted"
    assert end.exit_code == 0
    history = made.log.read(lambda h: h)
    made_by = Counter(t.operator for t in history.trials.values())
    assert made_by["baseline"] == 2
    assert made_by["init"] == 6
    assert made_by["refine"] == 2 * 2 * 2
    assert made_by["ensemble"] == 2
    assert made_by["merge"] >= 2
    phases = {key.split("/", 2)[2] for key in history.notes if key.startswith("phase/")}
    for name in ("init", "merge", "data-usage", "refine", "ensemble", "finalize", "validate"):
        assert {f"{name}/begun", f"{name}/ended"} <= phases
    assert sorted(history.steps) == list(range(2 + 2 + 2 + 1))


def test_paths_do_not_see_each_other(tmp_path: Path) -> None:
    made = bench(tmp_path)
    made.open().work()
    history = made.log.read(lambda h: h)
    of_paths = [r for r in made.model.requests if r.key.startswith(("step-0002/", "step-0003/"))]
    assert {request.key[:9] for request in of_paths} == {"step-0002", "step-0003"}
    for request in of_paths:
        own = int(request.key.split("/")[0].removeprefix("step-"))
        seen = {history.trials[row.number].step for row in request.inputs.brief.history}  # type: ignore[attr-defined]
        assert seen <= {0, 1, own}


def test_merging_stops_at_the_first_that_does_not_help(tmp_path: Path) -> None:
    def worse(request: Request[Any]) -> Scripted:
        reply = answer(request)
        if request.role == "merge":
            return {**reply, "code": 'wish = {"score": 2.9}'}  # type: ignore[dict-item]
        return reply

    first = bench(tmp_path / "first", answers=worse)
    first.open().work()
    assert len(asked(first, "merge")) == 2, "one on each path"
    every = bench(tmp_path / "all", StarOptions(models=3, outer=0, paths=1, rounds=0, merge_all=1), answers=worse)
    every.open().work()
    scored = [t for t in every.log.read(lambda h: h).trials.values() if t.operator == "init" and t.ranks]
    assert len(asked(every, "merge")) == len(scored) - 1


def test_plans_of_one_block_rewrite_the_original_and_see_all_earlier_ones(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=3, paths=1, rounds=0))
    made.open().work()
    blocks = [inputs.block for inputs in asked(made, "code")]
    assert len(blocks) == 3
    assert len(set(blocks)) == 1
    assert [len(inputs.attempts) for inputs in asked(made, "plan")] == [1, 2]
    assert all(a.trial.score is not None for inputs in asked(made, "plan") for a in inputs.attempts)


def test_who_plans_and_rewrites_is_told_the_study_and_the_best_attempts_block(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=1, outer=1, inner=2, paths=1, rounds=0))
    made.open().work()
    (plan,) = asked(made, "plan")
    first, second = asked(made, "code")
    assert plan.summary
    assert plan.attempts[0].code == second.earlier != ""
    assert (first.earlier, second.block) == ("", first.block)


def test_who_plans_is_told_where_the_best_so_far_is_wrong(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=2, paths=2, rounds=1))
    made.open().work()
    for inputs in [*asked(made, "extract"), *asked(made, "plan")]:
        # The fake grading gives the score as the loss; folds differ a little.
        rivals = [inputs.parent, *(a.trial for a in getattr(inputs, "attempts", ()))]
        best = min(trial.score for trial in rivals)
        assert inputs.weakness.loss == pytest.approx(best, abs=0.05)
    (combined,) = asked(made, "ensemble_plan")
    numbers = tuple(sorted(solution.trial.number for solution in combined.solutions))
    assert combined.alike == ((*numbers, 0.5),)
    assert all(solution.weakness is not None for solution in combined.solutions)
    notes = made.log.read(lambda h: [key for key in h.notes if key.startswith("weak/")])
    assert len(notes) == len(set(notes)) >= 3, "noted, so that a resumed run puts the same questions"


@pytest.mark.parametrize("how", ["named", "copied"])
def test_an_ensemble_of_one_is_not_run_and_its_round_says_so(tmp_path: Path, how: str) -> None:
    def alone(request: Request[Any]) -> Scripted:
        reply = answer(request)
        if request.role != "ensemble":
            return reply
        only = request.inputs.solutions[0]
        if how == "named":
            return {**reply, "members": [only.trial.number]}  # type: ignore[dict-item]
        return {**reply, "code": f"# all that is left\n{only.code}"}  # type: ignore[dict-item]

    made = bench(tmp_path, StarOptions(models=2, outer=0, paths=2, rounds=2), answers=alone)
    made.open().work()
    history = made.log.read(lambda h: h)
    assert not [t for t in history.trials.values() if t.operator == "ensemble"]
    for step in (4, 5):
        skipped = history.notes[f"phase/step-{step:04d}/ensemble/ended"]["skipped"]
        assert skipped.startswith("only #")
        assert skipped.endswith("was run already")


def test_an_ensemble_comes_from_the_members_that_it_holds(tmp_path: Path) -> None:
    def all_but_one(request: Request[Any]) -> Scripted:
        reply = answer(request)
        if request.role != "ensemble":
            return reply
        numbers = [solution.trial.number for solution in request.inputs.solutions]
        return {**reply, "members": numbers[1:]}  # type: ignore[dict-item]

    made = bench(tmp_path, StarOptions(models=1, outer=0, paths=3, rounds=1), answers=all_but_one)
    made.open().work()
    (trial,) = [t for t in made.log.read(lambda h: h).trials.values() if t.operator == "ensemble"]
    (inputs,) = asked(made, "ensemble")
    assert trial.parents == tuple(solution.trial.number for solution in inputs.solutions[1:])


def test_what_is_combined_on_a_single_path_is_its_best_and_a_beginning_that_is_not_in_it(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=1, paths=1, rounds=1), answers=_worse_merges)
    made.open().work()
    (asks,) = asked(made, "ensemble_plan")
    best, other = (solution.trial for solution in asks.solutions)
    assert (best.operator, other.operator) == ("refine", "init")
    assert other.number not in best.parents


def _worse_merges(request: Request[Any]) -> Scripted:
    return {**answer(request), "code": 'wish = {"score": 8.0}'} if request.role == "merge" else answer(request)  # type: ignore[dict-item]


def test_a_later_ablation_remembers_what_was_studied_and_refined(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=2, outer=2, inner=1, paths=1, rounds=0))
    made.open().work()
    assert [len(inputs.earlier) for inputs in asked(made, "summarize")] == [0, 1]
    assert [len(inputs.refined) for inputs in asked(made, "extract")] == [0, 1]
    assert [bool(inputs.studied) for inputs in asked(made, "ablate")] == [False, True]


def test_a_path_ends_after_flat_steps(tmp_path: Path) -> None:
    def flat(request: Request[Any]) -> Scripted:
        if request.role == "code":
            return {"code": f'wish = {{"score": {score_of(request.inputs.block) + 0.3}}}'}
        return answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=4, inner=1, paths=1, rounds=0, patience=2), answers=flat)
    made.open().work()
    assert len(asked(made, "extract")) == 2
    ended = made.log.read(lambda h: h).notes["phase/step-0002/refine/ended"]
    assert "no gain" in ended["skipped"]


def test_every_script_is_looked_at_for_leaks_before_it_runs(tmp_path: Path) -> None:
    made = bench(tmp_path)
    made.open().work()
    looked = {inputs.code for inputs in asked(made, "leakage")}
    history = made.log.read(lambda h: h)
    ours = [t for t in history.trials.values() if t.operator in ("init", "merge", "refine", "ensemble")]
    created = {made.parts.objects.candidate(t.created_as).source for t in ours}
    assert created <= looked
    without = bench(tmp_path / "without", StarOptions(models=2, outer=1, inner=1, paths=1, rounds=0, leakage=0))
    without.open().work()
    assert not asked(without, "leakage")


def test_a_leak_is_rewritten_before_the_script_runs(tmp_path: Path) -> None:
    def leaky(request: Request[Any]) -> Scripted:
        if request.role == "leakage":
            return {"leaks": [{"block": request.inputs.code, "why": "it sees the test rows"}]}
        return answer(request)

    made = bench(tmp_path, StarOptions(models=1, outer=0, paths=1, rounds=0), answers=leaky)
    made.open().work()
    assert {inputs.purpose for inputs in asked(made, "code")} == {"leakage"}
    first = next(t for t in made.log.read(lambda h: h).trials.values() if t.operator == "init")
    proposed = next(request for request in made.model.requests if request.role == "leakage").inputs.code  # type: ignore[attr-defined]
    assert made.parts.objects.candidate(first.created_as).source != proposed


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (ReplyInvalid("nothing"), "L16"),
        ({"leaks": [{"block": "not_in_it()", "why": "it sees the test rows"}]}, "L17"),
    ],
)
def test_what_was_not_looked_at_or_not_mended_stays_with_the_trial(tmp_path: Path, reply: Any, code: str) -> None:
    def unsure(request: Request[Any]) -> Scripted:
        return reply if request.role == "leakage" else answer(request)  # type: ignore[no-any-return]

    made = bench(tmp_path, StarOptions(models=1, outer=0, paths=1, rounds=0), answers=unsure)
    made.open().work()
    first = next(t for t in made.log.read(lambda h: h).trials.values() if t.operator == "init")
    assert [flag for flag in first.flags if flag.startswith(code)]


def test_where_no_initial_solution_runs_the_baseline_takes_its_place(tmp_path: Path) -> None:
    def broken(request: Request[Any]) -> Scripted:
        if request.role == "init":
            return {"title": "broken", "plan": "p", "code": 'wish = {"fail": "ValueError: x"}'}
        if request.role == "debug":
            return {"cause": "unknown", "code": 'wish = {"fail": "ValueError: y"}'}
        return answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=1, paths=1, rounds=1), answers=broken)
    end = made.open().work()
    assert end.exit_code == 0
    history = made.log.read(lambda h: h)
    refined = [t for t in history.trials.values() if t.operator == "refine"]
    assert refined
    assert history.trials[refined[0].parents[0]].title == "boosting"


def test_an_extractor_that_names_no_block_is_told_and_asked_again_then_the_step_goes_without(tmp_path: Path) -> None:
    def lost(request: Request[Any]) -> Scripted:
        if request.role == "extract":
            return {"targets": [{"block": "nowhere()", "plan": "x"}]}
        return answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=2, paths=1, rounds=0), answers=lost)
    assert made.open().work().exit_code == 0
    assert [bool(inputs.problem) for inputs in asked(made, "extract")] == [False, True]
    assert not asked(made, "code")


def test_a_summary_that_nobody_gives_is_made_of_what_was_measured(tmp_path: Path) -> None:
    def silent(request: Request[Any]) -> Scripted:
        return ReplyInvalid("nothing") if request.role == "summarize" else answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=1, paths=1, rounds=0), answers=silent)
    made.open().work()
    told = asked(made, "extract")[0]
    assert told.findings
    assert all(finding.part in told.summary for finding in told.findings)


def test_two_crashing_paths_leave_what_there_is(tmp_path: Path) -> None:
    def dead(request: Request[Any]) -> Scripted:
        if request.role in ("retrieve", "extract"):
            return ReplyInvalid("it is not in the asked form")
        return answer(request)

    made = bench(tmp_path, answers=dead)
    end = made.open().work()
    assert end.winner is not None
    ended = made.log.read(lambda h: h).notes["phase/step-0002/init/ended"]
    assert "no models were found" in ended["skipped"]


@pytest.mark.parametrize("trials", [3, 5, 8, 14, 30])
def test_a_bound_on_trials_holds(tmp_path: Path, trials: int) -> None:
    made = bench(tmp_path, StarOptions(), limits=Limits(workers=2, trials=trials))
    made.open().work()
    history = made.log.read(lambda h: h)
    counted = [t for t in history.trials.values() if t.counts and not t.key.startswith("finish/")]
    assert len(counted) <= trials
    assert all(t.state is not TrialState.STOPPED for t in counted)


def test_a_shared_start_gives_all_paths_the_same_solution(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=1, paths=2, rounds=1, shared_start=1))
    made.open().work()
    assert len(asked(made, "retrieve")) == 1
    parents = {inputs.parent.number for inputs in asked(made, "ablate")}
    assert len(parents) == 1


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UsageError, match="no option"):
        StarOptions.from_arguments({"speed": "3"})
    with pytest.raises(UsageError, match="no option"):
        StarOptions.from_arguments({"paths": "-1"})
    with pytest.raises(UsageError, match="whole"):
        StarOptions.from_arguments({"refine_share": "95"})
    assert StarOptions.from_arguments({"paths": "3"}).paths == 3


@pytest.mark.parametrize(
    "options",
    [
        SMALL,
        StarOptions(models=2, outer=1, inner=2, paths=1, rounds=1),
        StarOptions(models=3, outer=3, inner=1, paths=3, rounds=1, merge_all=1, shared_start=1, research=1),
        StarOptions(models=1, outer=0, paths=1, rounds=0, leakage=0, data_usage=0, validate=0),
        StarOptions(models=1, outer=1, inner=3, paths=1, rounds=0, inner_patience=1, compound=1),
    ],
)
def test_the_forecast_holds_the_questions_that_are_put(tmp_path: Path, options: StarOptions) -> None:
    made = bench(tmp_path, options)
    told = MleStar(options).forecast(made.limits)
    made.open().work()
    asked_for = Counter(request.role for request in made.model.requests)
    assert told is not None
    for role, count in asked_for.items():
        if role != "baseline":
            assert told[role][0] <= count <= told[role][1], role
    left = MleStar(options).forecast(made.limits, made.log.read(lambda h: h))
    assert left is not None
    assert all(fewest == 0 for fewest, _ in left.values())


def test_what_a_person_adds_during_the_run_is_used(tmp_path: Path) -> None:
    """A model before the retrieval, and code to refine first while the ablation is being told."""
    block = "wish ="

    def say(what: ev.Wish, text: str) -> None:
        control.send(tmp_path, control.Message(verb=control.Verb.TELL, text=text, what=what))
        deadline = time.monotonic() + 60
        while not made.log.read(lambda h: text in [*h.hints, *(told for _, told in h.blocks)]):
            assert time.monotonic() < deadline, "the run never heard"
            time.sleep(0.05)

    def person(request: Request[Any]) -> Scripted:
        if request.key == "step-0001/baseline":
            say(ev.Wish.HINT, "CatBoost")
        if request.role == "summarize":
            say(ev.Wish.BLOCK, block)
        return answer(request)

    made = bench(tmp_path, StarOptions(models=1, outer=1, inner=2, paths=1, rounds=0), answers=person)
    made.open().work()
    (retrieval,) = asked(made, "retrieve")
    assert retrieval.hints == ("CatBoost",)
    assert "Worth a try: CatBoost" in asked(made, "plan")[0].brief.remarks
    (extraction,) = asked(made, "extract")
    assert extraction.wanted == (block,)
    assert not any(block in remark for remark in extraction.brief.remarks), "code is no remark for every question"
    notes = made.log.read(lambda h: h.notes)
    assert (notes["step-0002/hints"], notes["step-0002/refine-0/blocks"]) == (1, 1)


def test_the_model_looks_at_every_script_that_may_win_once_before_it_runs(tmp_path: Path) -> None:
    """Every operator there is, with each of them changing something; the rewritten script is the one that runs."""

    def eager(request: Request[Any]) -> Scripted:
        inputs = request.inputs
        if request.role == "data_usage":
            return {"complete": False, "plan": "Use the rest."}
        if request.role == "finalize":
            return {"ready": False, "plan": "Without the cap."}
        if request.role == "leakage" and request.key.startswith("step-0003/"):
            return {"leaks": [{"block": inputs.code, "why": "it sees the test rows"}]}
        return answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=2, paths=1, rounds=1), answers=eager)
    told = made.strategy.forecast(made.limits)  # type: ignore[union-attr]
    made.open().work()
    history = made.log.read(lambda h: h)
    own = [t for t in history.trials.values() if t.operator not in ("baseline", "ablate", "blend")]
    assert {t.operator for t in own} == {"init", "merge", "data_usage", "refine", "ensemble", "finalize"}
    looks = [key for key, question in history.questions.items() if question.role == "leakage"]
    places = {t.key.removesuffix("/trial") + ("/finalize" if t.operator == "finalize" else "") for t in own}
    assert sorted(key.removesuffix("/leakage") for key in looks) == sorted(places)
    assert len(looks) == len(own)
    assert told is not None
    assert told["leakage"][0] <= len(looks) <= told["leakage"][1]
    ensemble = next(t for t in own if t.operator == "ensemble")
    asked_about = next(r.inputs.code for r in made.model.requests if r.key.startswith("step-0003/leakage"))  # type: ignore[attr-defined]
    assert made.parts.objects.candidate(ensemble.created_as).source != asked_about


def test_gains_add_up_where_plans_are_to_work_on_what_the_last_one_made(tmp_path: Path) -> None:
    made = bench(tmp_path, StarOptions(models=1, outer=1, inner=3, paths=1, rounds=0, compound=1))
    made.open().work()
    history = made.log.read(lambda h: h)
    refined = [t for t in history.trials.values() if t.operator == "refine"]
    assert [t.parents[0] for t in refined[1:]] == [t.number for t in refined[:-1]], "each was a gain"
    codes = [made.parts.objects.candidate(t.candidate).source for t in refined]
    assert [inputs.block for inputs in asked(made, "code")][1:] == [code.strip() for code in codes[:-1]]
    scores = [score_of(code) for code in codes]
    assert scores == sorted(scores, reverse=True)
    assert all(inputs.adds_up for inputs in asked(made, "plan"))


def test_a_block_is_left_after_plans_without_a_gain(tmp_path: Path) -> None:
    def flat(request: Request[Any]) -> Scripted:
        if request.role == "code":
            return {"code": f'wish = {{"score": {score_of(request.inputs.block) + 0.3}}}'}
        return answer(request)

    options = StarOptions(models=1, outer=1, inner=4, paths=1, rounds=0, inner_patience=2)
    made = bench(tmp_path, options, answers=flat)
    made.open().work()
    assert len(asked(made, "code")) == 2


def test_a_mistake_of_our_own_on_two_paths_costs_what_they_had_left_to_do(tmp_path: Path) -> None:
    def broken(request: Request[Any]) -> Scripted:
        if request.role == "summarize" and request.key.startswith(("step-0002/", "step-0004/")):
            raise KeyError(request.key)
        return answer(request)

    made = bench(tmp_path, StarOptions(models=2, outer=1, inner=1, paths=3, rounds=1), answers=broken)
    end = made.open().work()
    assert (end.stopped_by, end.exit_code) == ("exhausted", 0)
    history = made.log.read(lambda h: h)
    assert sorted(remark.text[:6] for _, remark in history.remarks if remark.code == "W411") == ["step 2", "step 4"]
    assert {t.step for t in history.trials.values() if t.operator == "refine"} == {3}
    (combined,) = asked(made, "ensemble_plan")
    assert sorted(history.trials[s.trial.number].step or 0 for s in combined.solutions) == [2, 3, 4], "none is lost"
    assert all(trial.state.is_final for trial in history.trials.values())


def test_what_no_other_path_could_survive_still_ends_the_run(tmp_path: Path) -> None:
    def full(request: Request[Any]) -> Scripted:
        if request.role == "summarize":
            raise MachineError("E501", "the disk is full")
        return answer(request)

    with pytest.raises(MachineError):
        bench(tmp_path, answers=full).open().work()

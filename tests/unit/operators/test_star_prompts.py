from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from assay.core.metric import Direction, Metric, Needs
from assay.core.task import OutputContract, Problem, Split, SplitKind
from assay.models.form import FormError, assemble, json_names
from assay.models.replies import split_reply
from assay.models.roles import (
    ROLES,
    STAR_ROLES,
    Attempt,
    Block,
    Brief,
    Finding,
    LeakageReport,
    Solution,
    TrialSummary,
)
from assay.operators.prompt_filters import averaging
from assay.operators.prompt_text import fenced
from assay.operators.prompt_trials import apart, effect, leader, pace, score
from assay.operators.rendering import Prompts
from support.briefs import HISTORY, HOURLY, INCOME, SPAM, brief_of, full_brief, tried
from support.star_questions import BLOCK, CODE, IDEA, OTHER, PARENT, PLAN, REFINED, star_questions

BRIEFS = {
    "income": full_brief(remarks=("mind the coast",)),
    "spam": brief_of(SPAM, history=HISTORY, noise=0.004, remaining_s=1_800.0),
    "hourly": brief_of(HOURLY),
}
PROMPTS = Prompts()
NAMES = [role.name for role in STAR_ROLES]
QUESTIONS = star_questions(BRIEFS["income"])
PARENT_ROW = "| 6 | LightGBM, rooms | 0.9271 ± 0.0009 | 5 | 11 s |"
TAKEN_APART = 'Trial #6, "LightGBM, rooms" (roc_auc 0.9271 ± 0.0009, 11 s a run)'

# For each role: facts of its question, then words that stand in no other prompt.
FACTS: dict[str, tuple[str, ...]] = {
    "research": ("| 1 | plain LightGBM | 0.92541 ± 0.0009 | 5 | 9 s |", "- try GAMs", "- ridge: Linear.", "30 s a run",
                 "what you\nwould build first, second and third"),
    "retrieve": ("| 1 | plain LightGBM | 0.92541 ± 0.0009 | 5 | 9 s |", "- try GAMs", "**lightgbm**: Trees on tables.",
                 "Location decides.", "30,000 rows", "within 15 s", "Choose 2 models to start from."),
    "init": ("kNN on coordinates.\nNeighbours cost alike.", "takes at most 15 s",
             "Write the first script around one model"),
    "merge": (PARENT_ROW, "| 4 | ExtraTrees / plain | 0.9203 ± 0.0009 | 5 | 7 s |", "take about 18 s a run",
              "mean of their ranks", "The base stays as it is"),
    "summarize": (TAKEN_APART, "- rooms: +0.0012 ± 0.0003; column left out", "- depth: the variant failed",
                  "- The target's log does nothing.", "under 0.0006 are noise",
                  "Say in three to six sentences what this shows"),
    "extract": (TAKEN_APART, "Rooms carry it.", "- rooms: +0.0012 ± 0.0003", "The block is not in the script.",
                "11 s now and\nshould stay under 30 s", "Choose one to three blocks where work promises most"),
    "plan": ("| 6 | the script as it is | 0.9271 ± 0.0009 | 5 | real | 11 s |", "| noise | 12 s |",
             "| 8 | A neural / net. | none | 0 | failed: ValueError: NaN | 9 s |",
             "| none | Words. | none | 0 | no script", "under 0.0006 are noise", "stay under 30 s",
             "Plan the next attempt"),
    "code": (f"<plan>\n{PLAN}\n</plan>", "stay under 30 s", "Your lines take the place of the block"),
    "ensemble_plan": (PARENT_ROW, "| noise | 12 s |", "takes about 18 s",
                      "about 36 s", "inner hold-out", "Plan how to combine them in one script"),
    "ensemble": (PARENT_ROW, f"<plan>\n{PLAN}\n</plan>", "The plan (round 2)", "takes about 18 s",
                 "Each solution becomes a function"),
    "leakage": ("- L02 StandardScaler is fitted", "one person, one place", "No leak: ",
                "let its model see what it must not?"),
    "data_usage": ("Does this script use everything in `./input` that can help?",),
    "finalize": ('#6, "LightGBM, rooms" (roc_auc 0.9271 ± 0.0009)', "43,957", "15 % of the labelled rows", "4,885 test",
                 "at most 30,000", "Is there something in it that only fits the search?"),
    "validate": ('#6, "LightGBM, rooms", with roc_auc 0.9271 ± 0.0009 over 5 folds, 11 s a run', "- Three seeds differ",
                 "- L02 StandardScaler", "Would you sign that it does about as well on new data?"),
}  # fmt: skip

# Fenced blocks in the order of the prompt.
FENCES: dict[str, tuple[str, ...]] = {
    "research": (),
    "retrieve": ("model = LGBMRegressor()\n", "model = Ridge()\n"),
    "init": (IDEA.example,),
    "merge": (CODE, OTHER),
    "summarize": (CODE,),
    "extract": (CODE, REFINED, OTHER),
    "plan": (CODE, BLOCK),
    "code": (CODE, BLOCK),
    "ensemble_plan": (CODE, OTHER),
    "ensemble": (CODE, OTHER),
    "leakage": (CODE,),
    "data_usage": (CODE,),
    "finalize": (CODE,),
    "validate": (CODE,),
}


def told(role: str, brief: Brief | None = None, **changes: object) -> str:
    question = star_questions(brief or BRIEFS["income"])[role]
    return PROMPTS.render(role, question.model_copy(update=changes))[-1].content


def fences(text: str) -> list[str]:
    return [token.content for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
@pytest.mark.parametrize("role", NAMES)
def test_every_role_renders_for_every_kind_of_task(role: str, brief: Brief) -> None:
    system, user = PROMPTS.render(role, star_questions(brief)[role])
    assert (system.role, user.role) == ("system", "user")
    assert "{{" not in user.content
    assert "{%" not in user.content
    assert "\n\n\n" not in user.content.replace(CODE.rstrip(), "").replace(BLOCK.rstrip(), "")
    assert "One run may take 60 s" in system.content
    assert "lightgbm 4.7.0" in system.content


def test_the_system_message_is_that_of_the_other_roles_so_that_it_is_cached() -> None:
    texts = {PROMPTS.render(role, question)[0].content for role, question in QUESTIONS.items()}
    assert len(texts) == 1


@pytest.mark.parametrize("role", NAMES)
def test_prompts_are_thrifty(role: str) -> None:
    assert len(told(role)) < 4_000


@pytest.mark.parametrize("role", NAMES)
def test_every_fact_of_the_question_is_told_and_what_is_asked_is_the_roles_own(role: str) -> None:
    user, own = told(role), FACTS[role][-1]
    for fact in FACTS[role]:
        assert fact in user, fact
    others = (PROMPTS.render(name, question)[-1] for name, question in QUESTIONS.items() if name != role)
    assert not any(own in other.content for other in others)


@pytest.mark.parametrize("role", NAMES)
def test_scripts_and_blocks_stand_in_fences_of_their_own_to_the_last_character(role: str) -> None:
    assert fences(told(role)) == [content.rstrip() + "\n" for content in FENCES[role]]


@pytest.mark.parametrize("role", [name for name in NAMES if name != "summarize"])
def test_what_a_person_says_is_heard_by_whoever_decides_something(role: str) -> None:
    assert "- mind the coast" in told(role)


@pytest.mark.parametrize("role", NAMES)
def test_no_prompt_tells_the_users_folder_or_the_playbooks_settings(role: str) -> None:
    question = QUESTIONS[role]
    texts = "".join(message.content for message in PROMPTS.render(role, question))
    assert str(INCOME.folder) not in texts
    assert "secret" not in texts


def test_variables_are_the_fields_of_the_inputs() -> None:
    PROMPTS.check()


# --- retrieval


def test_searches_side_by_side_are_sent_to_different_places_and_one_alone_is_not() -> None:
    alone = told("retrieve", path=0, paths=1)
    first, second = told("retrieve", path=0), told("retrieve", path=1)
    assert "side by side" not in alone
    assert "take what you\nwould bet on first" in first
    assert "Keep at most one of them" in second
    assert "far further down" in told("retrieve", path=2, paths=3)


def test_an_example_of_the_catalogue_is_to_be_fitted_to_the_task() -> None:
    assert "write yours for these columns" in told("retrieve")
    assert "atalogue" not in told("retrieve", known=())
    assert "There is no web here: choose from what you know to work." in told("retrieve", known=())


@pytest.mark.parametrize("role", ["research", "retrieve"])
def test_the_web_is_offered_only_to_a_model_that_has_it(role: str) -> None:
    assert "There is no web here" in told(role)
    online = told(role, search=True)
    assert "Search the web" in online
    assert "no published labels" in online
    assert "There is no web here" not in online


# --- merging and ensembles


def test_models_that_are_too_slow_together_are_to_be_made_cheaper() -> None:
    slow = Solution(trial=tried(4, "slow", 0.92, wall_s=25.0), code=OTHER)
    assert "make the other's model cheaper" in told("merge", other=slow)
    assert "which is fine" in told("merge")


@pytest.mark.parametrize(
    ("needs", "metric", "problem", "how"),
    [
        (Needs.VALUES, "rmse", Problem.REGRESSION, "mean of their predictions"),
        (Needs.VALUES, "spearman", Problem.REGRESSION, "mean of their ranks among the test rows ("),
        (Needs.PROBABILITY, "roc_auc", Problem.BINARY, "scaled to [0, 1]"),
        (Needs.PROBABILITY, "log_loss", Problem.BINARY, "mean of their probabilities"),
        (Needs.CLASS_PROBABILITIES, "roc_auc_ovr", Problem.MULTICLASS, "mean of their probabilities"),
        (Needs.LABELS, "f1", Problem.BINARY, "and the labels derived"),
        (Needs.RANKED_LABELS, "map_at_k", Problem.MULTICLASS, "and the labels in order derived"),
        (Needs.LABELS, "f1_micro", Problem.MULTILABEL, "before rounding"),
    ],
)
def test_predictions_are_averaged_as_the_metric_asks(needs: Needs, metric: str, problem: Problem, how: str) -> None:
    task = replace(
        INCOME,
        problem=problem,
        metric=Metric(name=metric, direction=Direction.HIGHER, needs=needs),
        output=OutputContract(needs=needs, id_column="id", columns=("y",)),
    )
    assert how in averaging(task)
    assert averaging(task) in told("merge", brief_of(task))


def test_the_first_ensemble_is_simple_and_later_ones_differ_from_what_did_not_pay() -> None:
    assert "Begin with what rarely fails" in told("ensemble_plan", attempts=())
    assert "differs in kind from what did not pay" in told("ensemble_plan")
    assert "a hold-out of all of them does not fit" in told("ensemble_plan")


# --- refinement


def attempt(number: int, value: float | None) -> Attempt:
    return Attempt(plan=f"Plan {number}.", trial=tried(number, "t", value))


def test_a_plan_after_two_flat_attempts_is_asked_to_differ_in_kind() -> None:
    better, flat, failed = attempt(7, 0.93), attempt(8, 0.927), attempt(9, None)
    kinds: list[tuple[tuple[Attempt, ...], str]] = [
        ((), "Nothing has been tried in its place yet"),
        ((flat,), "Ask why the last attempt gained nothing"),
        ((flat, failed), "The last 2 attempts gained nothing, so"),
        ((flat, better), "The one to beat is #7"),
        ((better, flat), "Ask why the last attempt gained nothing"),
        ((better, flat, failed), "The last 2 attempts gained nothing on it"),
    ]
    for attempts, said in kinds:
        user = told("plan", attempts=attempts)
        assert said in user
        assert ("another kind" in user) == ("last 2" in said)
        assert ("The one to beat" in user) == (better in attempts)


def test_the_best_attempts_block_is_shown_to_who_plans_on_it_and_who_rewrites_it() -> None:
    made = Attempt(plan="Whole plan. " * 60, trial=tried(7, "t", 0.93), code=OTHER)
    user = told("plan", attempts=(made, attempt(8, 0.927)), summary="Rooms carry it.")
    assert fences(user) == [CODE, BLOCK, OTHER]
    assert "In #7 this stands in the block's place" in user
    assert "the block as #7 has it" in user
    assert "<summary>\nRooms carry it.\n</summary>" in user
    assert made.plan.strip() in user
    assert fences(told("code", earlier=OTHER)) == [CODE, BLOCK, OTHER]


def test_the_leader_is_the_best_of_those_that_beat_the_script() -> None:
    higher, lower = INCOME.metric, HOURLY.metric
    attempts = (attempt(7, 0.928), attempt(8, None), attempt(9, 0.93), Attempt(plan="Words."), attempt(10, 0.93))
    assert leader(attempts, PARENT, higher) == 2
    assert leader(attempts, PARENT, lower) == -1
    assert leader(attempts[:1], tried(6, "unscored", None), higher) == 0


def test_each_purpose_of_a_rewrite_says_what_is_to_be_kept() -> None:
    said = {
        "refine": "Carry out this plan, whole and nothing beside it",
        "leakage": "Close the leak with the smallest change",
        "data_usage": "Bring it in where the script makes its features",
        "finalize": "Take out what only fits the search",
    }
    for purpose, words in said.items():
        user = told("code", purpose=purpose)
        assert [other for other in said.values() if other in user] == [words]


def test_a_block_that_is_the_whole_script_is_shown_once_and_asked_for_whole() -> None:
    user = told("code", block=CODE.strip("\n"), purpose="data_usage")
    assert fences(user) == [CODE]
    assert "Give the whole new file" in user
    assert "Your lines take the place" not in user


# --- guards


def test_a_leak_through_time_or_groups_is_looked_for_where_the_split_has_them() -> None:
    grouped = replace(INCOME, split=Split(kind=SplitKind.GROUP, column="household"))
    assert "`household` as a feature" in told("leakage", brief_of(grouped))
    assert "rows later than the one they are for" in told("leakage", BRIEFS["hourly"])
    assert "the target's past, as far as test rows have it" in told("leakage", BRIEFS["hourly"])
    assert "rows later than" not in told("leakage")
    assert "the target's past" not in told("leakage")
    assert "rows from the future" in told("validate", BRIEFS["hourly"])


def test_what_was_not_found_is_not_announced() -> None:
    assert "Static checks" not in told("leakage", lint=())
    assert "Measured on it" not in told("validate", gate=())
    assert "measurements say so" not in told("validate", gate=())
    assert "Worked on before" not in told("extract", refined=())
    assert "Your last answer" not in told("extract", problem="")


# --- what prompts are rendered with


@pytest.mark.parametrize("text", ["a", "```", "x = '````'\n", "``` python\n```\n"])
def test_no_backticks_end_a_fence_early(text: str) -> None:
    assert fences(f"before\n{fenced(text)}\nafter") == [f"{text.rstrip()}\n"]


def test_large_scores_are_told_in_full() -> None:
    assert score(tried(1, "t", 45_920.4, std_error=642.0)) == "45,920 ± 642"
    assert score(tried(1, "t", 0.92689)) == "0.92689 ± 0.0009"
    assert effect(Finding(part="p", description="", effect=-1_234.5, noise=120.0)) == "-1,234 ± 120"
    assert effect(Finding(part="p", description="", effect=0.0012, noise=0.0003)) == "+0.0012 ± 0.0003"


# --- replies as a good colleague writes them

FENCE = "```python\nx = 1\n```\n"
SHAPES = {
    "research": '{"models": ["a"], "features": [], "preprocessing": [], "insights": ["b"], "summary": "s"}',
    "retrieve": '{"models": [{"name": "a", "why": "b"}, {"name": "c", "why": "d"}]}' + f"\n{FENCE}{FENCE}",
    "init": '{"title": "t", "plan": "p"}' + f"\n{FENCE}",
    "merge": '{"title": "t", "plan": "p"}' + f"\n{FENCE}",
    "summarize": '{"summary": "s"}',
    "extract": '{"targets": [{"plan": "p"}, {"plan": "q"}]}' + f"\n{FENCE}{FENCE}",
    "plan": '{"title": "t", "plan": "p"}',
    "code": FENCE,
    "ensemble_plan": '{"title": "t", "plan": "p"}',
    "ensemble": '{"title": "t", "plan": "p"}' + f"\n{FENCE}",
    "leakage": '{"leaks": [], "remark": "r"}',
    "data_usage": '{"complete": true, "plan": ""}',
    "finalize": '{"ready": false, "plan": "p"}',
    "validate": '{"sound": true, "reasons": ["r"]}',
}


@pytest.mark.parametrize("role", NAMES)
def test_the_shortest_complete_reply_is_understood(role: str) -> None:
    kind = ROLES[role].reply
    assert isinstance(assemble(split_reply(SHAPES[role], json_names(kind)), kind), kind)


def test_a_block_alone_is_a_reply_and_a_report_without_its_object_is_none() -> None:
    parts = split_reply("```python\n    x = 1\n```\n")
    assert assemble(parts, Block) == Block(code="    x = 1\n", imports=(), recipe={})
    with pytest.raises(FormError, match="no JSON object"):
        assemble(parts, LeakageReport)


def test_every_role_of_the_strategy_is_asked_here() -> None:
    assert list(QUESTIONS) == NAMES == list(FACTS) == list(FENCES) == list(SHAPES)


def test_the_time_that_is_left_and_what_scripts_took_are_told() -> None:
    brief = full_brief(remaining_s=720.0, stage="refinement block by block", stage_s=300.0)
    text = told("plan", brief)
    assert "Time left: about 12 min of search, of which 5 min for this phase (refinement block by block).\n" in text
    assert "So far one fold took a script 9 s to 14 s, half of them at most 9 s." in text
    assert "Time left" not in told("plan", full_brief())


@pytest.mark.parametrize("took", [(), (0.0,)])
def test_no_pace_is_told_before_a_script_was_run(took: tuple[float, ...]) -> None:
    assert pace([tried(n, "draft", None, wall_s=wall_s) for n, wall_s in enumerate(took)]) == ""


@pytest.mark.parametrize("role", ["extract", "plan"])
def test_who_plans_sees_where_the_script_is_wrong(role: str) -> None:
    text = told(role)
    assert "Where #6 is wrong, on rows that it was not trained on (37,363 rows of 5 folds, share of pairs" in text
    assert "| predicted 0.31 to 0.58 | 20 % | 0.188 | 52 % | +0.0123 |" in text
    assert "| class 1, mostly taken for 0 | 24 % | 0.0729 | 24 % |  |" in text
    assert "is wrong, on rows" not in told(role, weakness=None)


def test_who_combines_sees_where_each_is_wrong_and_how_alike_their_errors_are() -> None:
    text = told("ensemble_plan")
    told_of = "predicted 0.31 to 0.58 0.188 (20 % of the rows, 52 % of the loss)"
    assert f"- #6 (share of pairs ordered wrongly 0.0729): {told_of}\n" in text
    assert "averaging them gains little): #6 and #4 0.934." in text


@pytest.mark.parametrize("role", ["summarize", "extract"])
def test_a_part_that_was_left_out_is_told_with_its_lines(role: str) -> None:
    rate = Finding(part="rate", description="", effect=0.002, noise=0.001, left_out="RATE = 0.1", instead="RATE = 1.0")
    plain = Finding(part="rooms", description="", effect=0.0, left_out='    frame["rooms"] = 1')
    text = told(role, findings=(rate, plain))
    assert "- rate: +0.002 ± 0.001\n  Without these lines, ...\n\n```python\nRATE = 0.1\n```\n" in text
    assert "  ... and with these in their place:\n\n```python\nRATE = 1.0\n```\n" in text
    assert '- rooms: +0\n  Without these lines:\n\n```python\n    frame["rooms"] = 1\n```\n' in text


def scored(number: int, **scores: float) -> TrialSummary:
    return tried(number, f"t{number}", sum(scores.values()) / len(scores), folds=len(scores), scores=scores)


def test_a_gain_is_told_fold_by_fold_and_marked_where_it_is_noise() -> None:
    rival = scored(1, a=0.90, b=0.80, c=0.85)
    better = scored(2, a=0.91, b=0.81, c=0.861)
    unsure = scored(3, a=0.95, b=0.76, c=0.85)
    brief = full_brief(noise=None)
    assert apart(better, rival, brief) == "+0.0103 ± 0.00053"
    assert apart(better, rival, full_brief(noise=0.02)) == "+0.0103 ± 0.00053", "the folds themselves say more"
    assert apart(unsure, rival, brief).endswith("(noise)")
    assert apart(scored(4, a=0.92), rival, brief) == "+0.02 (too few folds to tell)"
    assert apart(scored(4, a=0.92), rival, full_brief(noise=0.03)) == "+0.02 (noise)"
    assert [apart(rival, rival, brief), apart(rival, None, brief), apart(tried(5, "old", 0.9), rival, brief)] == [
        ""
    ] * 3
    text = told("plan", parent=rival, attempts=(Attempt(plan="More.", trial=better),))
    assert "| run time | gain on #1 |" in text
    assert "| 2 | More. | 0.86033 ± 0.0009 | 3 | complete | 9 s | +0.0103 ± 0.00053 |" in text
    table = told("extract", full_brief(history=(rival, better), best=2))
    assert "| run time | gain on #2 |" in table
    assert "| 1 | t1 |" in table
    assert "| -0.0103 ± 0.00053 |\n" in table


def test_a_planner_is_told_whether_gains_are_in_the_script_already() -> None:
    assert "each time from the script above:" in told("plan")
    assert "what helped is in the script above already:" in told("plan", adds_up=True)

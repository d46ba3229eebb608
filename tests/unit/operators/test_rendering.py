from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assay.core.errors import TaskError
from assay.core.metric import Needs
from assay.core.profile import Relation
from assay.core.task import OutputContract
from assay.models.base import Message, Request
from assay.models.llm import open_model
from assay.models.roles import (
    BASIC_ROLES,
    AblateInputs,
    BaselineInputs,
    DebugInputs,
    DraftInputs,
    Finding,
    ImproveInputs,
    Inputs,
    Program,
)
from assay.operators.prompt_filters import cells, header, probabilities, traps, wants_probabilities
from assay.operators.rendering import Prompts, render
from support.briefs import HISTORY, HOURLY, INCOME_PROFILE, MACHINE, SPAM, brief_of, full_brief, tried
from support.chat_server import Text, serving
from support.requests import GOOD

CODE = "import os\n\n\n\nprint(os.sep)\n"
FINDINGS = (
    Finding(part="capital bins", description="bins left out", effect=0.0012, noise=0.0003),
    Finding(part="depth", description="", effect=None),
)
QUESTIONS: dict[str, Inputs] = {
    "baseline": BaselineInputs(brief=brief_of(), name="constant"),
    "draft": DraftInputs(brief=full_brief(), index=2),
    "improve": ImproveInputs(
        brief=full_brief(),
        parent=HISTORY[3],
        code=CODE,
        findings=FINDINGS,
        attempts=(tried(5, "more rounds", 0.9267),),
        index=1,
    ),
    "debug": DebugInputs(brief=full_brief(), code=CODE, error="ValueError: x", outcome="error", round=1),
    "ablate": AblateInputs(brief=full_brief(), parent=HISTORY[3], code=CODE, studied=FINDINGS[:1]),
}


def user_text(messages: tuple[Message, ...]) -> str:
    return messages[-1].content


def test_every_role_has_a_prompt_and_every_basic_role_a_question_here() -> None:
    assert QUESTIONS.keys() == {role.name for role in BASIC_ROLES}
    Prompts().check()


@pytest.mark.parametrize("role", QUESTIONS)
def test_prompts_render_to_a_system_and_a_user_message(role: str) -> None:
    system, user = render(role, QUESTIONS[role])
    assert (system.role, user.role) == ("system", "user")
    assert "{{" not in system.content + user.content
    assert "{%" not in system.content + user.content
    assert "\n\n\n" not in user.content.replace(CODE.rstrip(), "")


@pytest.mark.parametrize("role", QUESTIONS)
def test_prompts_are_thrifty(role: str) -> None:
    system, user = render(role, QUESTIONS[role])
    assert len(system.content) < 6_500
    assert len(user.content) < 2_500


def test_the_system_message_is_the_same_for_all_roles_of_a_run_so_that_it_is_cached() -> None:
    assert len({render(role, question)[0].content for role, question in QUESTIONS.items()}) == 1


def test_rendering_twice_gives_the_same_text() -> None:
    assert render("improve", QUESTIONS["improve"]) == Prompts().render("improve", QUESTIONS["improve"])


def test_the_contract_is_told() -> None:
    system = render("draft", QUESTIONS["draft"])[0].content
    for fact in (
        "./input",
        "`./output/submission.csv` with the header `id,class`",
        'os.environ.get("ASSAY_SEED", "0")',
        'os.environ.get("ASSAY_THREADS", "1")',
        "One run may take 60 s",
        "7.5 GB",
        "no network",
        "train on all training rows",
        "do not save early in place of finishing",
        "no labels and no predictions of earlier runs",
        "at most 30,000 training rows",
        "pandas 3.1.1",
        "roc_auc, higher is better",
        "43,957 training rows",
        "| workclass | category | 6 % | 9 | e.g. Private, State-gov, Self-emp-not-inc |",
    ):
        assert fact in system, fact


def test_the_history_is_told_with_noise_and_what_went_wrong() -> None:
    user = user_text(render("draft", QUESTIONS["draft"]))
    assert "| 3 (best) | LightGBM, capital features | improve #1 | 0.92689 ± 0.0009 | 5 | maybe | 14 s |" in user
    assert "| 2 | target-encoded / ridge | draft | none | 0 | failed | 9 s |" in user
    assert "- #2: ValueError: could not convert string to float" in user
    assert "Gains under 0.0006 are noise" in user


def test_the_code_and_the_measurements_are_told_as_they_are() -> None:
    user = user_text(render("improve", QUESTIONS["improve"]))
    assert f"```python\n{CODE.rstrip()}\n```" in user
    assert "- capital bins: +0.0012 ± 0.0003; bins left out" in user
    assert "- depth: the variant failed" in user
    assert "#5 more rounds" in user


def test_the_first_draft_is_asked_for_a_safe_bet_and_later_ones_for_another_voice() -> None:
    assert "Nothing has been tried yet." in user_text(render("draft", DraftInputs(brief=brief_of(), index=0)))
    assert "must differ" in user_text(render("draft", QUESTIONS["draft"]))


def test_no_prompt_asks_for_a_file_before_the_work_is_done() -> None:
    for outcome in ("timeout", "memory", "error"):
        question = DebugInputs(brief=brief_of(), code=CODE, error="late", outcome=outcome, round=1)
        texts = " ".join(message.content for message in render("debug", question))
        assert "as early as you can" not in texts
        assert "before the expensive part" not in texts


def test_steps_side_by_side_are_asked_for_different_changes_and_one_alone_is_not_told_of_others() -> None:
    question = QUESTIONS["improve"]
    alone = user_text(render("improve", question))
    first, second = (
        user_text(render("improve", question.model_copy(update={"lane": lane, "lanes": 2}))) for lane in (0, 1)
    )
    assert "side by side" not in alone
    assert "take number 1 of them" in first
    assert "take number 2 of them" in second


def test_a_variant_replaces_only_its_own_text() -> None:
    plain, bold = render("draft", QUESTIONS["draft"]), render("draft", QUESTIONS["draft"], variant="bold")
    assert plain[0] == bold[0]
    assert plain[1] != bold[1]
    with pytest.raises(TaskError, match="no variant 'shy'; it has bold"):
        render("draft", QUESTIONS["draft"], variant="shy")


def test_a_person_chooses_a_variant_for_a_role_and_no_other() -> None:
    chosen = Prompts(variants={"draft": "bold"})
    chosen.check_chosen()
    assert chosen.render("draft", QUESTIONS["draft"]) == render("draft", QUESTIONS["draft"], variant="bold")
    assert chosen.render("improve", QUESTIONS["improve"]) == render("improve", QUESTIONS["improve"])
    for wrong in ({"draft": "shy"}, {"nobody": "bold"}):
        with pytest.raises(TaskError) as caught:
            Prompts(variants=wrong).check_chosen()
        assert caught.value.code == "E150"


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [("timeout", "Make it fit into 30 s"), ("memory", "7.5 GB: sparse"), ("ok", "cannot be graded")],
)
def test_a_failure_is_told_by_its_outcome(outcome: str, hint: str) -> None:
    question = DebugInputs(brief=brief_of(), code=CODE, error="late", outcome=outcome, round=2)
    assert hint in user_text(render("debug", question))


def test_a_long_traceback_keeps_its_end() -> None:
    error = "x" * 50_000 + "\nKeyError: 'age'"
    question = DebugInputs(brief=brief_of(), code=CODE, error=error, outcome="error", round=1)
    user = user_text(render("debug", question))
    assert "KeyError: 'age'" in user
    assert len(user) < 8_000


def test_labels_ask_for_probabilities_too() -> None:
    system = render("draft", DraftInputs(brief=brief_of(SPAM), index=0))[0].content
    assert "Each prediction is a label: `0`, `1`." in system
    assert "`id`, then one column `probability`, the probability of `1` before any threshold." in system


def test_a_forecast_tells_series_time_and_horizon() -> None:
    system = render("draft", DraftInputs(brief=brief_of(HOURLY), index=0))[0].content
    assert "lower is better" in system
    assert "series named by `series`, time in `t`" in system
    assert "the last 48 steps of each series" in system


def test_what_people_say_reaches_the_provider_and_cannot_act_as_a_template() -> None:
    remark = "Mind {{ brief.task.folder }} and {% include 'system' %}"
    messages = render("draft", DraftInputs(brief=full_brief(remarks=(remark,)), index=1))
    with serving(Text(content=GOOD)) as server:
        model = open_model("openai:x", base_url=server.base_url, environ={})
        request = Request(
            role="draft", inputs=QUESTIONS["draft"], messages=messages, reply_type=Program, key="k", seed=1
        )
        model.answer(request)
    assert remark in server.requests[0]["messages"][-1]["content"]


def test_the_users_folder_is_not_told() -> None:
    assert "/data/adult-income" not in render("draft", QUESTIONS["draft"])[0].content


# --- the project's own prompts


def own(folder: Path, name: str, **content: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_a_project_may_replace_one_text_and_keep_the_rest(tmp_path: Path) -> None:
    folder = own(tmp_path / "prompts", "draft", user="Idea {{ index }} for {{ brief.task.name }}, please.")
    system, user = render("draft", QUESTIONS["draft"], overrides=folder)
    assert user.content == "Idea 2 for adult-income, please."
    assert system == render("draft", QUESTIONS["draft"])[0]
    assert render("debug", QUESTIONS["debug"], overrides=folder) == render("debug", QUESTIONS["debug"])


def test_a_project_may_replace_a_shared_part(tmp_path: Path) -> None:
    folder = own(tmp_path / "prompts", "brief", parts={"machine": "A toaster."})
    assert "A toaster." in render("draft", QUESTIONS["draft"], overrides=folder)[0].content


def test_a_folder_without_prompts_changes_nothing(tmp_path: Path) -> None:
    assert render("draft", QUESTIONS["draft"], overrides=tmp_path / "none") == render("draft", QUESTIONS["draft"])


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ({"user": "{{ history }}"}, "E152", "uses history"),
        ({"user": "{{ brief.tsak }}"}, "E152", "tsak"),
        ({"variables": ["brief"], "user": "x"}, "E152", "wrong: index"),
        ({"variables": ["brief", "index", "mood"], "user": "x"}, "E152", "wrong: mood"),
        ({"user": "{% if %}"}, "E151", "no template"),
        ({"user": "{% include 'nothing' %}"}, "E153", "no part"),
        ({"user": ""}, "E153", "no text"),
        ({"user": "{{ index | shout }}"}, "E151", "no template"),
        ({"user": "{{ index.__class__.__mro__ }}"}, "E15", "draft"),
        ({"user": "{{ 1 / (index - 2) }}"}, "E153", "division"),
        ({"prompt": "x"}, "E151", "prompt"),
        ({"user": ["x"]}, "E151", "user"),
    ],
)
def test_a_wrong_prompt_is_a_clear_error(content: dict[str, object], code: str, said: str, tmp_path: Path) -> None:
    folder = own(tmp_path / "prompts", "draft", **content)
    with pytest.raises(TaskError) as caught:
        render("draft", QUESTIONS["draft"], overrides=folder)
    assert caught.value.code.startswith(code)
    assert said in caught.value.message


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"", b"!!python/object:os.system {}"])
def test_a_file_that_is_no_prompt(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "draft.yaml").write_bytes(content)
    with pytest.raises(TaskError) as caught:
        render("draft", QUESTIONS["draft"], overrides=tmp_path)
    assert caught.value.code == "E151"


def test_a_role_without_a_prompt() -> None:
    with pytest.raises(TaskError, match="no role 'dance'"):
        render("dance", QUESTIONS["draft"])


# --- filters


@pytest.mark.parametrize(
    ("contract", "task", "line", "sentence"),
    [
        (
            OutputContract(
                needs=Needs.CLASS_PROBABILITIES,
                id_column="id",
                columns=("a", "b"),
                classes=("a", "b"),
                sum_to_one=True,
            ),
            SPAM,
            "id,a,b",
            "Each column is the probability of its class in [0, 1]; each row sums to one.",
        ),
        (
            OutputContract(needs=Needs.RANKED_LABELS, id_column=None, columns=("label",)),
            SPAM,
            "label",
            "Each prediction is up to 5 labels, best first, separated by spaces.",
        ),
        (
            OutputContract(needs=Needs.PROBABILITY, id_column="id", columns=("x", "y")),
            HOURLY,
            "id,x,y",
            "Each prediction is a probability in [0, 1], not a label.",
        ),
    ],
)
def test_the_output_is_told_for_every_kind_of_prediction(
    contract: OutputContract, task: object, line: str, sentence: str
) -> None:
    assert header(contract) == line
    assert cells(contract, task) == sentence  # type: ignore[arg-type]


def test_only_labels_of_one_target_ask_for_probabilities() -> None:
    assert wants_probabilities(SPAM.output, SPAM)
    assert not wants_probabilities(HOURLY.output, HOURLY)
    several = OutputContract(needs=Needs.LABELS, id_column="id", columns=("a", "b"), classes=("0", "1"))
    assert not wants_probabilities(several, SPAM)
    assert "one column a class" in probabilities(
        OutputContract(needs=Needs.RANKED_LABELS, id_column="id", columns=("a",)), SPAM
    )


def test_traps_are_told_for_the_installed_versions_only() -> None:
    assert len(traps(MACHINE.packages)) == 4
    assert traps({"pandas": "2.3.0", "numpy": "1.26.4"}) == []


def test_many_columns_are_named_without_details() -> None:
    from dataclasses import replace

    wide = replace(INCOME_PROFILE, columns=tuple(replace(INCOME_PROFILE.columns[0], name=f"c{i}") for i in range(200)))
    system = render("draft", DraftInputs(brief=brief_of(profile=wide), index=0))[0].content
    assert "| c79 |" in system
    assert "... and 120 more columns: c80, c81" in system


def test_many_targets_are_counted_and_some_told() -> None:
    from dataclasses import replace

    brief = brief_of()
    targets = tuple(replace(brief.profile.targets[0], name=f"post_{i}") for i in range(100))
    names = tuple(target.name for target in targets)
    many = brief.model_copy(
        update={"profile": replace(brief.profile, targets=targets), "task": replace(brief.task, targets=names)}
    )
    system = render("draft", DraftInputs(brief=many, index=0))[0].content
    assert "`post_11` and 88 more, 100 in all." in system
    assert system.count("Target `post_") == 12
    assert "The other 88 targets are columns of the training file, too." in system


def test_what_columns_tell_of_the_target_is_told_the_most_telling_first() -> None:
    from dataclasses import replace

    age, work, gain, weight, country = INCOME_PROFILE.columns
    fifths = (0.0168, 0.16, 0.292, 0.383, 0.318)
    groups = (("Self-emp-inc", 0.5515, 1_282), ("(missing)", 0.0944, 2_108))
    told = replace(
        INCOME_PROFILE,
        told_label="1",
        columns=(
            replace(work, relation=Relation(explained=0.03, groups=groups)),
            replace(age, relation=Relation(explained=0.12, rank=0.27, fifths=fifths)),
            replace(gain, relation=Relation(explained=0.001)),
            weight,
            country,
        ),
    )
    system = render("draft", DraftInputs(brief=brief_of(profile=told), index=0))[0].content
    assert "What single columns tell of the target" in system
    assert "the share of `1` in the column's groups" in system
    first = "- age: 12 %; rank correlation +0.27; mean from its low to its high values 0.0168 / 0.16 / 0.292 / 0.383 / "
    second = "- workclass: 3 %; Self-emp-inc 0.551 (1,282 rows) / (missing) 0.0944 (2,108 rows)\nWhat tells little"
    assert f"{first}0.318\n{second}" in system
    assert "may be a leak" not in system
    leak = replace(told, columns=(replace(age, relation=Relation(explained=0.99)),))
    assert "may be a leak" in render("draft", DraftInputs(brief=brief_of(profile=leak), index=0))[0].content

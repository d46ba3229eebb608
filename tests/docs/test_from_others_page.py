"""The page for users of other systems names what they type, set and read, and only what there is of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from assay.cli.app import build_app
from assay.models.roles import ROLES
from assay.strategies.star.options import StarOptions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "from-others.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
NAMES = {
    "CellScientist, phase 2: Generate_Execution": """
        cellscientist_phase_2.py --use-idea --prompt-file generate execute analyze llm_utils.py prompt_orchestrator.py
        prompt_generator.py prompt_executor.py experiment_report.py prompt_viz.py notebook_prompt.ipynb
        notebook_prompt_exec.ipynb research_strategy.md metrics.json experiment_report.md hypergraph.md
        OPENAI_API_KEY""",
    "CellScientist, phase 3: Review_Feedback": """
        cellscientist_phase_3.py nb_autofix.py config_loader.py target_metric pass_threshold max_iterations
        protected_sections target_sections max_fix_rounds timeout_seconds optimization_history.md notebook_base.ipynb
        notebook_iter_N.ipynb metrics_iter_N.json llm_debug/""",
    "llm_driven_cnns": """
        WORKER_MISSION.md MENTOR_MISSION.md AI-Builder AI-Mentor todo_new notes_update data_exploration_update
        resolve_shared_todo_ids state.json daemon_heartbeat.json cycle_trace_id workpad.md mentor_notes.md
        shared_todo.md storyline.md final_condensed_story.md final_paper_report.md final_leaderboard_top10.md
        research_priority non_training_priority breakout_priority monitor_seconds FINISH_UP.json""",
    "Code executor for multi-agent notebooks": """
        extract_python_code_blocks should_execute_task safe_execute_code signal.alarm(1800) MULTI_AGENT_ROOT mlruns/
        pending_actions.json next_meeting_trigger.json run_id""",
    "mle_star": """
        mle_star cli scoring.py execution.py safety.py phase1.py phase2_inner.py phase2_outer.py phase3.py
        PromptRegistry num_retrieved_models outer_loop_steps inner_loop_steps num_parallel_solutions ensemble_rounds
        time_limit_seconds subsample_limit max_debug_attempts permission_mode uv pytest mypy ruff xenon bandit mutmut
        pip-audit""",
}


@pytest.mark.parametrize("system", NAMES)
def test_what_users_of_a_system_type_set_and_read_is_named(system: str) -> None:
    assert [name for name in NAMES[system].split() if name not in PARTS[system]] == []


def test_every_option_of_ours_and_every_role_and_setting_exists() -> None:
    root = get_command(build_app())
    verbs = [*root.commands.values(), *root.commands["tasks"].commands.values()]  # type: ignore[attr-defined]
    known = {option for verb in verbs for parameter in verb.params for option in (*parameter.opts, "--config")}
    ours = [row.split("|")[2] for row in PAGE.splitlines() if row.startswith("| ")]
    used = {word for cell in ours for word in re.findall(r"(?<![\w-])--[a-z][a-z-]+", cell)}
    assert len(used) > 20
    assert used <= known
    roles = {
        name
        for cell in ours
        for span in re.findall(r"roles? ((?:`\w+`(?:, | and )?)+)", cell)
        for name in re.findall(r"`(\w+)`", span)
    }
    assert len(roles) > 15
    assert roles <= ROLES.keys()
    star = PARTS["mle_star"]
    assert {name for name in re.findall(r"--set (\w+)=", star)} <= set(StarOptions.__dataclass_fields__)


def test_files_of_a_run_that_are_named_are_ones_that_are_written() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "assay").rglob("*.py"))
    for name in (
        "loop_summary",
        "complexity.json",
        "run_graph.json",
        "heartbeat.json",
        "next_meeting_trigger",
        "paper.md",
    ):
        assert name in PAGE
        assert name in source

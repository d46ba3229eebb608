"""Config files of CellScientist are read as they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.configs import KEYS, Phase, configured, idea_wishes, read_config, settings_of
from assay.cli.configs.reading import merged
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.cli.output import Output
from assay.cli.shell import Shell
from assay.core.errors import UsageError

PAGE = (Path(__file__).parents[3] / "docs" / "from-configs.md").read_text(encoding="utf-8")
KEY = "sk-" + "a1b2c3d4" * 4

GENERATE: dict[str, Any] = {
    "dataset_name": "SCREEN1",
    "paths": {
        "stage1_analysis_dir": "../results/${dataset_name}/design_analysis/reference",
        "design_execution_root": "../results/${dataset_name}/generate_execution",
    },
    "llm": {"model": "gpt-4o", "base_url": "http://127.0.0.1:9/v1", "api_key": "${LAB_KEY:-}", "max_tokens": 40000,
            "temperature": 0.5, "timeout": 600},
    "experiment": {"primary_metric": "PCC", "max_iterations": 5, "success_threshold": 0.5},
    "prompt_branch": {"output_type": "notebook", "prompt_file": "prompts/pipeline_prompt.yaml",
                      "idea_file": "idea.json",
                      "strict_json_only": True, "json_retries": 2},
    "exec": {"timeout_seconds": 36000, "max_fix_rounds": 3, "enable_llm_autofix": True, "enable_hypergraph_viz": True,
             "viz_format": "mermaid", "cuda_device_id": 3},
    "literature": {"enabled": False, "max_papers": 12},
}  # fmt: skip
REVIEW: dict[str, Any] = {
    "dataset_name": "SCREEN1",
    "paths": {"explicit_source_path": None, "review_feedback_root": "../results/${dataset_name}/review"},
    "llm": {"provider": "anthropic", "model": "claude-x", "api_key": KEY},
    "review": {
        "target_metric": "MSE",
        "direction": "minimize",
        "max_iterations": 10,
        "pass_threshold": 0.7,
        "force_cells": [0, 1, 4],
        "protected_sections": ["Data Loading", "Evaluation"],
        "target_sections": ["Innovation"],
        "optimization_hierarchy": ["1. Architecture", "2. Loss"],
    },
    "exec": {"timeout_seconds": 18000, "max_fix_rounds": 2},
}
PIPELINE: dict[str, Any] = {
    "dataset_name": "SCREEN1",
    "common": {"cuda_device_id": 1, "cuda_visible_devices": None},
    "llm": {"model": "qwen3-max", "temperature": None, "max_tokens": None},
    "llm_report": {"model": "other", "api_key": KEY},
    "env": {},
    "phase_overrides": {"review_feedback": {"review": {"max_iterations": 4}}},
}
ANALYSIS: dict[str, Any] = {
    "dataset_name": "SCREEN1",
    "phases": {
        "task_analysis": {
            "enabled": True,
            "llm_notebook": {
                "split_strategy": "smiles",
                "paths": {"data": "../data/${dataset_name}/CP_data.csv"},
                "multi": {
                    "num_runs": 4,
                    "max_parallel_workers": 2,
                    "seeds": [1, 2, 3],
                    "prompt_variants": ["focus=scaling", "focus=clusters"],
                    "review": {"reference": {"min_overall": 0.72, "weights": {"novelty": 0.8}}},
                },
            },
        }
    },
}


def write(folder: Path, name: str, values: Any) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return file


def pipeline(folder: Path, **changes: Any) -> Path:
    write(folder, "Generate_Execution/generate_execution_config.json", GENERATE)
    write(folder, "Review_Feedback/review_feedback_config.json", REVIEW)
    return write(folder, "pipeline_config.json", {**PIPELINE, **changes})


def test_a_file_that_generates_becomes_options(tmp_path: Path) -> None:
    file = write(tmp_path, "Generate_Execution/generate_execution_config.json", GENERATE)
    idea = write(tmp_path, "results/SCREEN1/design_analysis/reference/idea.json", {"ideas": []})
    settings = settings_of(read_config(file, None, environ={"LAB_KEY": KEY}))

    assert settings.strategy == "notebook"
    assert (settings.model, settings.base_url) == ("openai:gpt-4o", "http://127.0.0.1:9/v1")
    assert (settings.metric, settings.trial_timeout, settings.fix_rounds) == ("PCC", "36000s", "3")
    assert settings.arguments[:2] == ("max_iterations=5", "success_threshold=0.5")
    assert Path(settings.arguments[2].removeprefix("ideas=")).resolve() == idea.resolve()
    assert settings.secrets == {"ASSAY_API_KEY": KEY}
    assert KEY not in repr(settings)
    assert settings.prompt_file is None
    assert "no prompt file" in settings.remarks[0]


def test_repair_can_be_off_and_a_prompt_file_is_found(tmp_path: Path) -> None:
    changed = {**GENERATE, "exec": {"enable_llm_autofix": False, "max_fix_rounds": 3}}
    file = write(tmp_path, "c.json", changed)
    prompt = write(tmp_path, "prompts/pipeline_prompt.yaml", "role: analyst\n")
    settings = settings_of(read_config(file, None, environ={}))

    assert (settings.fix_rounds, settings.prompt_file) == ("0", prompt)
    assert settings.secrets == {}
    assert "the choice of ideas is free" in settings.remarks[0]


def test_a_file_that_reviews_becomes_options(tmp_path: Path) -> None:
    source = {**REVIEW, "paths": {"explicit_source_path": "../earlier/run"}}
    settings = settings_of(read_config(write(tmp_path, "r.json", source), None, environ={}))

    assert settings.strategy == "notebook_review"
    assert (settings.model, settings.metric) == ("anthropic:claude-x", "MSE:min")
    assert settings.arguments == (
        "max_iterations=10",
        "pass_threshold=0.7",
        "protected_sections=Data Loading,Evaluation",
        f"source={tmp_path / '../earlier/run'}",
    )
    assert settings.hints == ("Work on these in this order: 1. Architecture; 2. Loss",)
    assert settings.secrets == {"ANTHROPIC_API_KEY": KEY}


def test_shared_settings_go_before_the_phase_and_null_says_nothing(tmp_path: Path) -> None:
    file = pipeline(tmp_path)
    generate = read_config(file, None, environ={})
    review = read_config(file, Phase.REVIEW, environ={})

    assert generate.phase is Phase.GENERATE
    assert generate.get("llm.model") == "qwen3-max"
    assert generate.get("llm.temperature") == 0.5
    assert generate.get("llm.base_url") == "http://127.0.0.1:9/v1"
    assert generate.folder == tmp_path / "Generate_Execution"
    assert review.get("review.max_iterations") == 4
    assert review.get("review.pass_threshold") == 0.7
    assert generate.get("experiment.max_iterations") == 5


def test_merging_is_deep_and_leaves_its_inputs_alone() -> None:
    base = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    assert merged(base, {"a": {"c": {"d": None, "f": 4}}, "e": None}) == {"a": {"b": 1, "c": {"d": 2, "f": 4}}, "e": 3}
    assert base == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}


def test_files_about_different_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'SCREEN2'.*'SCREEN1'") as caught:
        read_config(pipeline(tmp_path, dataset_name="SCREEN2"), None, environ={})
    assert caught.value.code == "E092"


def test_variables_come_from_the_file_then_from_the_environment_and_only_texts_change(tmp_path: Path) -> None:
    values = {
        "dataset_name": "D",
        "experiment": {"primary_metric": "${NAME}-${dataset_name}-${GONE:-else}", "max_iterations": 3},
    }
    config = read_config(write(tmp_path, "c.json", values), None, environ={"NAME": "n", "dataset_name": "of the shell"})

    assert config.get("experiment.primary_metric") == "n-D-else"
    assert config.get("experiment.max_iterations") == 3


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("{", "E090", "is no JSON"),
        ("[]", "E090", "no table"),
        ({"llm": {}}, "E094", "none of the tables"),
        ({"experiment": {"primary_metric": "${NOBODY}"}}, "E091", "nothing is called 'NOBODY'"),
        ({"experiment": {"max_iterations": "five"}, "exec": {"max_fix_rounds": True}}, "E093", "'five'.*True"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_code(tmp_path: Path, content: Any, code: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_config(write(tmp_path, "c.json", content), None, environ={})
    assert caught.value.code == code


def test_a_missing_file_and_the_wrong_phase_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_config(tmp_path / "none.json", None, environ={})
    with pytest.raises(UsageError, match="configures generate, not review"):
        read_config(write(tmp_path, "c.json", GENERATE), Phase.REVIEW, environ={})


def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(output=Output())


def test_what_was_typed_wins_even_where_it_equals_a_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "c.json", GENERATE)
    typed = RunFlags(model="playbook", fix_rounds="2", settings=("max_iterations=1",))
    environ = {"LAB_KEY": KEY}
    asked = TaskFlags(metric="rmse"), LimitFlags(trial_timeout="9s"), typed
    strategy, task, limits, flags = configured(shell(capsys), file, "tree", *asked, environ)

    assert (strategy, limits.trial_timeout) == ("tree", "9s")
    assert (flags.model, flags.base_url, flags.fix_rounds, task.metric) == ("playbook", None, "2", "rmse")
    assert flags.settings == ("max_iterations=1",)
    assert environ == {"LAB_KEY": KEY}


def test_what_was_not_typed_comes_from_the_file_and_its_key_is_shown_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {**GENERATE, "llm": {**GENERATE["llm"], "api_key": KEY}, "experimnet": {"x": 1}}
    environ: dict[str, str] = {"ASSAY_API_KEY": "older-key-of-the-shell"}
    strategy, _, limits, flags = configured(
        shell(capsys),
        write(tmp_path, "c.json", values),
        None,
        TaskFlags(),
        LimitFlags(),
        RunFlags(settings=("baselines=0",)),
        environ,
    )
    said = capsys.readouterr().out

    assert (strategy, limits.trial_timeout, flags.model) == ("notebook", "36000s", "openai:gpt-4o")
    assert flags.settings == ("max_iterations=5", "success_threshold=0.5", "baselines=0")
    assert environ == {"ASSAY_API_KEY": KEY}
    assert KEY not in said + repr(flags)
    assert "W230 c.json: experimnet.x: no such key" in said
    assert "keys without use here" in said


def test_offline_leaves_the_model_of_the_file_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ: dict[str, str] = {}
    file = write(tmp_path, "r.json", REVIEW)
    *_, flags = configured(shell(capsys), file, None, TaskFlags(), LimitFlags(), RunFlags(offline=True), environ)

    assert (flags.model, flags.base_url, environ) == (None, None, {})
    assert "left aside" in capsys.readouterr().out


def test_the_analysis_belongs_to_ideas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.json", ANALYSIS)
    wishes = idea_wishes(read_config(file, None, environ={}))

    assert (wishes.count, wishes.seeds, wishes.workers, wishes.least) == (4, (1, 2, 3), 2, 0.72)
    assert wishes.variants == ("focus=scaling", "focus=clusters")
    assert wishes.split == "group=SMILES"
    with pytest.raises(UsageError, match="configures the analysis"):
        configured(shell(capsys), file, None, TaskFlags(), LimitFlags(), RunFlags(), {})


def test_the_command_takes_the_file_and_a_plan_holds_no_key(assay: Callable[..., Any], tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 7},{n % 7 + n % 3}\n" for n in range(120))
    write(tmp_path, "data/train.csv", "id,a,y\n" + rows)
    values = {**GENERATE, "llm": {**GENERATE["llm"], "api_key": KEY}}
    file = write(tmp_path, "c.json", values)
    before = dict(os.environ)
    said = assay(
        "run", "data", "--target", "y", "--config", str(file), "--strategy", "tree", "--offline", "--dry-run", "--json"
    )

    assert said.code == 0, said.err
    assert said.json["task"]["metric"]["name"] == "pearson"
    assert KEY not in said.out + said.err
    assert dict(os.environ) == before

    plain = assay("run", "data", "--target", "y", "--config", str(file), "--offline", "--dry-run", "--json")
    assert plain.code == 0, plain.err
    assert "c.json: generate" in plain.err
    assert "--offline was said" in plain.err


def test_every_key_of_their_files_is_in_the_table() -> None:
    for phase, values in zip(Phase, (ANALYSIS, GENERATE, REVIEW, PIPELINE), strict=True):
        config = _checked_leaves(values)
        assert [path for path in config if not _known(phase, path)] == []


def test_the_page_tells_every_key_once_and_no_other() -> None:
    told = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE)
    assert told == [
        (key.path, key.ours or "nothing", key.why) for phase in _ORDER for key in KEYS if key.phase is phase
    ]


_ORDER = (Phase.PIPELINE, Phase.GENERATE, Phase.REVIEW, Phase.ANALYSIS)


def _known(phase: Phase, path: str) -> bool:
    from assay.cli.configs.table import key_for

    return key_for(phase, path) is not None


def _checked_leaves(values: dict[str, Any]) -> list[str]:
    from assay.cli.configs.reading import _leaves

    return [path for path, _ in _leaves(values)]

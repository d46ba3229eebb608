"""The table: every key of the config files, and what it is here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """Which file a key belongs to."""

    ANALYSIS = "analysis"
    GENERATE = "generate"
    REVIEW = "review"
    PIPELINE = "pipeline"


FILES = {
    Phase.ANALYSIS: "Design_Analysis/design_analysis_config.json",
    Phase.GENERATE: "Generate_Execution/generate_execution_config.json",
    Phase.REVIEW: "Review_Feedback/review_feedback_config.json",
}
"""Where a pipeline keeps the files of its phases, beside its own."""

Kind = type | tuple[type, ...]
NUMBER = (int, float)


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key."""

    phase: Phase
    path: str
    """With dots; `*` at the end stands for anything below."""
    ours: str
    """The option that it sets; empty where it sets none."""
    why: str = ""
    """What else is to be said, or why nothing here corresponds to it."""
    kind: Kind = str
    """Type of its value; null is always allowed and says nothing."""


_MODEL = "`--model PROVIDER:MODEL`"
_NO_SAMPLING = "Sampling is left to the provider: newer models refuse to be told."
_NO_GPU = "Set `CUDA_VISIBLE_DEVICES` yourself before the run."
_PLACES = "A run keeps everything in one folder below `--runs`."
_LITERATURE = "`assay ideas` looks literature up by itself; see `assay papers`."


def _llm(phase: Phase, under: str = "llm") -> tuple[Key, ...]:
    return (
        Key(
            phase=phase, path=f"{under}.provider", ours=_MODEL, why="Any other name means an OpenAI-compatible server."
        ),
        Key(phase=phase, path=f"{under}.model", ours=_MODEL),
        Key(phase=phase, path=f"{under}.base_url", ours="`--base-url`"),
        Key(
            phase=phase,
            path=f"{under}.api_key",
            ours="the key of the run's requests",
            why="Held in memory for this run alone and written nowhere; `assay resume` needs it in the environment.",
        ),
        Key(phase=phase, path=f"{under}.temperature", ours="", why=_NO_SAMPLING, kind=NUMBER),
        Key(phase=phase, path=f"{under}.top_p", ours="", why=_NO_SAMPLING, kind=NUMBER),
        Key(phase=phase, path=f"{under}.frequency_penalty", ours="", why=_NO_SAMPLING, kind=NUMBER),
        Key(phase=phase, path=f"{under}.presence_penalty", ours="", why=_NO_SAMPLING, kind=NUMBER),
        Key(phase=phase, path=f"{under}.max_tokens", ours="", why="Each question has its own bound.", kind=NUMBER),
        Key(phase=phase, path=f"{under}.timeout", ours="", why="A silent provider is given up by rule.", kind=NUMBER),
    )


def _exec(phase: Phase, under: str = "exec") -> tuple[Key, ...]:
    return (
        Key(
            phase=phase, path=f"{under}.timeout_seconds", ours="`--trial-timeout`", why="Of one notebook.", kind=NUMBER
        ),
        Key(phase=phase, path=f"{under}.max_fix_rounds", ours="`--fix-rounds`", kind=int),
        Key(
            phase=phase,
            path=f"{under}.enable_llm_autofix",
            ours="`--fix-rounds 0` if false",
            kind=bool,
        ),
        Key(phase=phase, path=f"{under}.cuda_device_id", ours="", why=_NO_GPU, kind=(int, str)),
        Key(phase=phase, path=f"{under}.enable_hypergraph_viz", ours="", why="The graph is always written.", kind=bool),
        Key(phase=phase, path=f"{under}.viz_format", ours="", why="The graph is Mermaid and JSON."),
    )


def _shared(phase: Phase) -> tuple[Key, ...]:
    return (
        Key(phase=phase, path="dataset_name", ours="", why="Checked: all files of a pipeline must name the same."),
        Key(phase=phase, path="literature.*", ours="", why=_LITERATURE, kind=object),
        Key(
            phase=phase, path="env.*", ours="", why="Set variables yourself; candidates see none of them.", kind=object
        ),
    )


_NB = "phases.task_analysis.llm_notebook"

KEYS: tuple[Key, ...] = (
    *_shared(Phase.PIPELINE),
    *_llm(Phase.PIPELINE),
    Key(phase=Phase.PIPELINE, path="common.cuda_device_id", ours="", why=_NO_GPU, kind=(int, str)),
    Key(phase=Phase.PIPELINE, path="common.cuda_visible_devices", ours="", why=_NO_GPU, kind=(int, str)),
    Key(phase=Phase.PIPELINE, path="llm_report.*", ours="", why="Reports are written by the run's model.", kind=object),
    Key(
        phase=Phase.PIPELINE,
        path="phase_overrides.*",
        ours="goes before the phase's own file",
        why="By phase: `design_analysis`, `generate_execution`, `review_feedback`.",
        kind=object,
    ),
    *_shared(Phase.GENERATE),
    *_llm(Phase.GENERATE),
    Key(phase=Phase.GENERATE, path="experiment.primary_metric", ours="`--metric`"),
    Key(phase=Phase.GENERATE, path="experiment.max_iterations", ours="`--set max_iterations=N`", kind=int),
    Key(
        phase=Phase.GENERATE,
        path="experiment.success_threshold",
        ours="`--set success_threshold=X`",
        why="In the metric's own direction.",
        kind=NUMBER,
    ),
    *_exec(Phase.GENERATE),
    Key(
        phase=Phase.GENERATE,
        path="prompt_branch.idea_file",
        ours="`--set ideas=FILE`",
        why="If it is in `paths.stage1_analysis_dir` or beside the config file; else the choice is free.",
    ),
    Key(
        phase=Phase.GENERATE,
        path="prompt_branch.prompt_file",
        ours="`--prompt-file`",
        why="If it exists: its text is shown with every question.",
    ),
    Key(phase=Phase.GENERATE, path="prompt_branch.output_type", ours="", why="Always a notebook."),
    Key(phase=Phase.GENERATE, path="prompt_branch.save_root", ours="", why=_PLACES),
    Key(phase=Phase.GENERATE, path="prompt_branch.temperature", ours="", why=_NO_SAMPLING, kind=NUMBER),
    Key(phase=Phase.GENERATE, path="prompt_branch.max_tokens", ours="", why="Each question has its own.", kind=NUMBER),
    Key(phase=Phase.GENERATE, path="prompt_branch.timeout", ours="", why="A silent provider is given up.", kind=NUMBER),
    Key(phase=Phase.GENERATE, path="prompt_branch.strict_json_only", ours="", why="Replies are checked.", kind=bool),
    Key(phase=Phase.GENERATE, path="prompt_branch.json_retries", ours="", why="A reply is mended twice.", kind=int),
    Key(phase=Phase.GENERATE, path="paths.stage1_analysis_dir", ours="where `idea_file` is looked for"),
    Key(phase=Phase.GENERATE, path="paths.*", ours="", why=_PLACES, kind=object),
    *_shared(Phase.REVIEW),
    *_llm(Phase.REVIEW),
    Key(phase=Phase.REVIEW, path="review.target_metric", ours="`--metric`"),
    Key(phase=Phase.REVIEW, path="review.direction", ours="`--metric NAME:max` or `:min`"),
    Key(phase=Phase.REVIEW, path="review.max_iterations", ours="`--set max_iterations=N`", kind=int),
    Key(
        phase=Phase.REVIEW,
        path="review.pass_threshold",
        ours="`--set pass_threshold=X`",
        why="The locked baseline must be beaten, too.",
        kind=NUMBER,
    ),
    Key(
        phase=Phase.REVIEW,
        path="review.protected_sections",
        ours="`--set protected_sections=A,B`",
        why="Enforced by digest.",
        kind=list,
    ),
    Key(
        phase=Phase.REVIEW,
        path="review.target_sections",
        ours="",
        why="All that is not locked is open.",
        kind=list,
    ),
    Key(
        phase=Phase.REVIEW,
        path="review.force_cells",
        ours="",
        why="Opening cells by number would go before locks; here locks win. Name cells: `--set open=ID,ID`.",
        kind=list,
    ),
    Key(
        phase=Phase.REVIEW,
        path="review.optimization_hierarchy",
        ours="`--model-hint`",
        why="Shown with every question.",
        kind=list,
    ),
    Key(
        phase=Phase.REVIEW,
        path="paths.explicit_source_path",
        ours="`--set source=PATH`",
        why="Relative to the config file.",
    ),
    Key(phase=Phase.REVIEW, path="paths.*", ours="", why=_PLACES, kind=object),
    *_exec(Phase.REVIEW),
    *_shared(Phase.ANALYSIS),
    *_llm(Phase.ANALYSIS, f"{_NB}.llm"),
    *_llm(Phase.ANALYSIS),
    Key(phase=Phase.ANALYSIS, path="workflow_phases", ours="", why="`assay ideas` is this phase.", kind=list),
    Key(phase=Phase.ANALYSIS, path="phases.task_analysis.enabled", ours="", why="Asked for by the verb.", kind=bool),
    Key(
        phase=Phase.ANALYSIS,
        path=f"{_NB}.split_strategy",
        ours="`--split group=COLUMN`",
        why="`smiles` and `plate` are columns there; other names are taken as a column.",
    ),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.paths.*", ours="", why="Name the data on the command line.", kind=object),
    *_exec(Phase.ANALYSIS, f"{_NB}.exec"),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.exec.*", ours="", why="Previews have fixed bounds.", kind=object),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.multi.num_runs", ours="`assay ideas --count N`", kind=int),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.multi.seeds", ours="`assay ideas --seed`", kind=list),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.multi.prompt_variants", ours="`assay ideas --variant`", kind=list),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.multi.max_parallel_workers", ours="`assay ideas --workers`", kind=int),
    Key(
        phase=Phase.ANALYSIS,
        path=f"{_NB}.multi.review.reference.min_overall",
        ours="`assay ideas --min-score`",
        kind=NUMBER,
    ),
    Key(
        phase=Phase.ANALYSIS,
        path=f"{_NB}.multi.review.reference.weights.*",
        ours="",
        why="Those weigh words; `assay ideas --weight NAME=X` weighs what was established.",
        kind=object,
    ),
    Key(phase=Phase.ANALYSIS, path=f"{_NB}.multi.*", ours="", why=_PLACES, kind=object),
    Key(phase=Phase.ANALYSIS, path="paths.*", ours="", why=_PLACES, kind=object),
)


def key_for(phase: Phase, path: str) -> Key | None:
    """Return the key that `path` of a file of `phase` is, an exact one before one with `*`; None if there is none."""
    own = [key for key in KEYS if key.phase is phase]
    exact = next((key for key in own if key.path == path), None)
    return exact or next((key for key in own if key.path.endswith(".*") and path.startswith(key.path[:-1])), None)


def fits(key: Key, value: Any) -> bool:
    """Return whether a value has the key's type; `true` is no number."""
    if value is None or key.kind is object:
        return True
    if isinstance(value, bool):
        return key.kind is bool
    return isinstance(value, key.kind)

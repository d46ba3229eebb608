"""Settings: what a config file sets, as options that were not typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.cli.configs.reading import Config
from assay.cli.configs.table import Phase

STRATEGY = {Phase.GENERATE: "notebook", Phase.REVIEW: "notebook_review"}
"""Strategy of each phase."""
_PROVIDERS = {"anthropic": "anthropic", "google": "google", "gemini": "google", "ollama": "ollama", "openai": "openai"}
_KEY_OF = {"anthropic": "ANTHROPIC_API_KEY", "google": "GOOGLE_API_KEY", "openai": "OPENAI_API_KEY"}
_BETTER = {"maximize": "max", "max": "max", "higher": "max", "minimize": "min", "min": "min", "lower": "min"}
_COLUMNS = {"smiles": "SMILES", "plate": "Metadata_Plate"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of `assay run`, as they would be typed; None and empty for what the file does not say."""

    strategy: str
    model: str | None = None
    base_url: str | None = None
    metric: str | None = None
    trial_timeout: str | None = None
    fix_rounds: str | None = None
    prompt_file: Path | None = None
    arguments: tuple[str, ...] = ()
    """`NAME=VALUE`, for `--set`."""
    hints: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables with keys, for this process alone; never written, never shown."""
    remarks: tuple[str, ...] = ()
    """What could not be found, a sentence each."""


@dataclass(frozen=True, kw_only=True)
class IdeaWishes:
    """Options of `assay ideas`; None and empty for what the file does not say."""

    count: int | None = None
    seeds: tuple[int, ...] = ()
    variants: tuple[str, ...] = ()
    workers: int | None = None
    least: float | None = None
    split: str | None = None


def settings_of(config: Config) -> Settings:
    """Return what the file of a phase that generates or reviews notebooks sets."""
    remarks: list[str] = []
    spec, secrets = _model(config, "llm")
    generates = config.phase is Phase.GENERATE
    table = "experiment" if generates else "review"
    arguments = {"max_iterations": config.get(f"{table}.max_iterations")}
    if generates:
        arguments["success_threshold"] = config.get("experiment.success_threshold")
        arguments["ideas"] = _ideas(config, remarks)
    else:
        arguments["pass_threshold"] = config.get("review.pass_threshold")
        arguments["protected_sections"] = ",".join(map(str, config.get("review.protected_sections") or ())) or None
        source = config.get("paths.explicit_source_path")
        arguments["source"] = str(config.folder / source) if source else None
    return Settings(
        strategy=STRATEGY[config.phase],
        model=spec,
        base_url=config.get("llm.base_url") or None,
        metric=_metric(config),
        trial_timeout=_seconds(config.get("exec.timeout_seconds")),
        fix_rounds=_fix_rounds(config),
        prompt_file=_prompt_file(config, remarks) if generates else None,
        arguments=tuple(f"{name}={value}" for name, value in arguments.items() if value is not None),
        hints=_hierarchy(config),
        secrets=secrets,
        remarks=tuple(remarks),
    )


def idea_wishes(config: Config) -> IdeaWishes:
    """Return what the file of the analysis sets."""
    under = "phases.task_analysis.llm_notebook"
    multi = config.get(f"{under}.multi") or {}
    split = config.get(f"{under}.split_strategy")
    return IdeaWishes(
        count=multi.get("num_runs"),
        seeds=tuple(int(seed) for seed in multi.get("seeds") or ()),
        variants=tuple(str(text) for text in multi.get("prompt_variants") or ()),
        workers=multi.get("max_parallel_workers"),
        least=config.get(f"{under}.multi.review.reference.min_overall"),
        split=f"group={_COLUMNS.get(split.lower(), split)}" if split else None,
    )


def _model(config: Config, table: str) -> tuple[str | None, dict[str, str]]:
    name, base_url = config.get(f"{table}.model"), config.get(f"{table}.base_url")
    provider = _PROVIDERS.get(str(config.get(f"{table}.provider") or "").lower(), "openai")
    key = config.get(f"{table}.api_key")
    variable = "ASSAY_API_KEY" if provider == "openai" and base_url else _KEY_OF.get(provider, "")
    return (f"{provider}:{name}" if name else None), ({variable: key} if key and variable else {})


def _metric(config: Config) -> str | None:
    generates = config.phase is Phase.GENERATE
    name = config.get("experiment.primary_metric" if generates else "review.target_metric")
    better = None if generates else config.get("review.direction")
    if not name:
        return None
    return f"{name}:{_BETTER.get(str(better).lower(), better)}" if better else str(name)


def _seconds(value: Any) -> str | None:
    return None if value is None else f"{value:g}s"


def _fix_rounds(config: Config) -> str | None:
    if config.get("exec.enable_llm_autofix") is False:
        return "0"
    rounds = config.get("exec.max_fix_rounds")
    return None if rounds is None else str(rounds)


def _ideas(config: Config, remarks: list[str]) -> str | None:
    name = config.get("prompt_branch.idea_file")
    if not name:
        return None
    folder = config.get("paths.stage1_analysis_dir")
    places = [*([config.folder / folder / name] if folder else []), config.folder / name]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        remarks.append(f"there is no {name} at {' or '.join(map(str, places))}: the choice of ideas is free")
    return None if found is None else str(found)


def _prompt_file(config: Config, remarks: list[str]) -> Path | None:
    name = config.get("prompt_branch.prompt_file")
    if not name:
        return None
    file = config.folder / str(name)
    if not file.is_file():
        remarks.append(f"there is no prompt file {str(file)!r}: Assay's own prompts are used")
        return None
    return file


def _hierarchy(config: Config) -> tuple[str, ...]:
    order = config.get("review.optimization_hierarchy") or ()
    return (f"Work on these in this order: {'; '.join(map(str, order))}",) if order else ()

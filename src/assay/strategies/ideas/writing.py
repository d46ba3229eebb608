"""Writing: what an analysis leaves on the disk; every file is named in the run graph with its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay import __version__
from assay.core.clock import iso_utc
from assay.core.digest import digest_file
from assay.core.files import write_whole
from assay.core.task import Task
from assay.engine.parts import Parts
from assay.models.roles import Idea
from assay.models.scrub import Scrubber
from assay.strategies.ideas.exploring import Analysis, executed_path
from assay.strategies.ideas.frame import STATEMENTS_FILE
from assay.strategies.ideas.options import IdeaOptions

NOTEBOOK, EXECUTED, CHECKED, LOG = "notebook.ipynb", "notebook_exec.ipynb", "checked.json", "log.txt"
GRAPH, REPORT, IDEAS = "run_graph.json", "report", "idea.json"


def write_analysis(out: Path, parts: Parts, analysis: Analysis) -> Analysis:
    """Write the files of one notebook into a folder of its own; return it with their digests."""
    folder = out / "analyses" / analysis.name
    folder.mkdir(parents=True)
    scrub = Scrubber().scrub
    if analysis.candidate is not None:
        write_whole(folder / NOTEBOOK, scrub(analysis.candidate.source))
    if analysis.execution is not None:
        executed = executed_path(parts, analysis.execution)
        if executed is not None:
            write_whole(folder / EXECUTED, scrub(executed.read_text(encoding="utf-8")))
        digest = analysis.execution.outputs.get(STATEMENTS_FILE)
        if digest is not None:
            write_whole(folder / STATEMENTS_FILE, parts.objects.get(digest))
        write_whole(folder / LOG, scrub(analysis.execution.log_tail))
    write_whole(folder / CHECKED, _json([_told(one) for one in analysis.checked]))
    return replace(analysis, digests={path.name: digest_file(path) for path in sorted(folder.iterdir())})


def write_results(
    task: Task,
    options: IdeaOptions,
    weights: Mapping[str, float],
    parts: Parts,
    analyses: Sequence[Analysis],
    best: Analysis | None,
    ideas: Sequence[Idea],
    problems: Sequence[str],
) -> None:
    """Write ideas, report, run graph and, where one is good enough, the best analysis as a reference."""
    out, now = options.out, parts.clock.now()
    if ideas:
        write_whole(out / IDEAS, _json({"ideas": [idea.model_dump(mode="json") for idea in ideas]}))
    told = {
        "schema": "assay.ideas.v1",
        "written": iso_utc(now),
        "assay": __version__,
        "task": task.name,
        "data_digest": task.data_digest,
        "model": options.model,
        "weights": dict(weights),
        "least": options.least,
        "best": best.number if best else None,
        "analyses": [_summary(analysis) for analysis in analyses],
        "ideas": [idea.title for idea in ideas],
        "problems": list(problems),
    }
    write_whole(out / f"{REPORT}.json", _json(told))
    write_whole(out / f"{REPORT}.md", _report(task, analyses, best, ideas, problems))
    write_whole(out / GRAPH, _json(_graph(out, analyses, ideas)))
    if best is not None:
        _export(out, task, best, now)


def _export(out: Path, task: Task, best: Analysis, now: float) -> None:
    """Copy the best analysis to a path that no other export has."""
    stamp = iso_utc(now).replace("-", "").replace(":", "")
    place = next(
        path
        for n in range(1, 1_000)
        if not (path := out / "reference" / f"Ref_{stamp}_{best.name}{f'_{n}' if n > 1 else ''}").exists()
    )
    place.mkdir(parents=True)
    source = out / "analyses" / best.name
    for name, copy in ((EXECUTED, f"BEST_{best.name}.ipynb"), (CHECKED, CHECKED)):
        if (source / name).is_file():
            write_whole(place / copy, (source / name).read_bytes())
    for name in (IDEAS, f"{REPORT}.md", f"{REPORT}.json"):
        if (out / name).is_file():
            write_whole(place / name, (out / name).read_bytes())
    files = {path.name: digest_file(path) for path in sorted(place.iterdir())}
    about = {
        "analysis": best.name,
        "score": best.score,
        "exported_utc": iso_utc(now),
        "task": task.name,
        "sha256": files,
    }
    write_whole(place / "reference.json", _json(about))


def _graph(out: Path, analyses: Sequence[Analysis], ideas: Sequence[Idea]) -> dict[str, Any]:
    """Return nodes and edges: a variant and a seed become a notebook, its statements are checked, ideas follow."""
    nodes: list[dict[str, Any]] = [{"id": "data", "name": "rows of the first fold"}]
    edges: list[dict[str, Any]] = []
    for a in analyses:
        nodes.append({"id": a.name, "name": a.title or a.variant, "variant": a.variant, "seed": a.seed})
        nodes.append({"id": f"{a.name}/checked", "name": "statements on rows held back", "score": a.score})
        files = {f"analyses/{a.name}/{name}": digest for name, digest in a.digests.items()}
        edges.append({"tail": ["data"], "head": a.name, "started": a.started, "sha256": files})
        edges.append({"tail": [a.name], "head": f"{a.name}/checked"})
    if ideas:
        nodes.append({"id": "ideas", "name": "ideas"})
        tails = [f"{a.name}/checked" for a in analyses if any(one.holds for one in a.checked)]
        edges.append({"tail": tails or ["data"], "head": "ideas", "sha256": {IDEAS: digest_file(out / IDEAS)}})
    return {"schema": "assay.run-graph.v1", "nodes": nodes, "edges": edges}


def _summary(analysis: Analysis) -> dict[str, Any]:
    return {
        "number": analysis.number,
        "folder": f"analyses/{analysis.name}",
        "variant": analysis.variant,
        "seed": analysis.seed,
        "title": analysis.title,
        "score": analysis.score,
        "parts": analysis.parts.as_dict() if analysis.parts else None,
        "baseline": analysis.baseline,
        "statements": len(analysis.checked),
        "held": sum(one.holds for one in analysis.checked),
        "problems": list(analysis.problems),
    }


def _told(one: Any) -> dict[str, Any]:
    return {
        "kind": one.statement.kind.value,
        "columns": list(one.statement.columns),
        "claimed": one.statement.effect,
        "holds": one.holds,
        "effect": round(one.effect, 6),
        "p": one.p,
        "why": one.why,
    }


def _report(
    task: Task, analyses: Sequence[Analysis], best: Analysis | None, ideas: Sequence[Idea], problems: Sequence[str]
) -> str:
    lines = [f"# Analysis of {task.name}", ""]
    lines.append("Every statement below was made on some rows and measured again, by the engine, on others.")
    lines += ["", "| notebook | looks at | statements | held | plain model | score |", "|---|---|---|---|---|---|"]
    for a in analyses:
        held = sum(one.holds for one in a.checked)
        plain = "none" if a.baseline is None else f"{a.baseline:.5g}"
        value = "none" if a.score is None else f"{a.score:.3f}"
        mark = " (best)" if best is not None and a.number == best.number else ""
        lines.append(
            f"| {a.number}{mark} | {_cell(a.title or a.variant)} | {len(a.checked)} | {held} | {plain} | {value} |"
        )
    for heading, holds in (("Established", True), ("Stated, and not found again", False)):
        told = dict.fromkeys(one.sentence for a in analyses for one in a.checked if one.holds is holds)
        lines += ["", f"## {heading}", "", *([f"- {_cell(text)}" for text in told] or ["Nothing."])]
    lines += ["", "## Ideas", ""]
    for idea in ideas:
        lines += [f"### {_cell(idea.title)}", "", _cell(idea.description), "", f"*Why:* {_cell(idea.reasoning)}", ""]
        lines += [f"*Expected:* {_cell(idea.expected_impact)}", ""]
    lines += [] if ideas else ["None."]
    if problems:
        lines += ["", "## What went wrong", "", *(f"- {_cell(text)}" for text in problems)]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

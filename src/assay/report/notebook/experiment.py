"""The experiment report and `metrics.json`: numbers from code, words from a model or a template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assay.engine.arms import ArmResult
from assay.report.prose import clean, clean_line, unbacked_numbers
from assay.strategies.notebook.analysis import Analysis, number, p_words, spread

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def metrics_json(analysis: Analysis, only: Sequence[str] | None = None) -> str:
    """Return the graded scores of every solution, by fold, with what the comparison says.

    Args:
        analysis: What was measured.
        only: Names of the solutions to tell of; None tells of all.
    """
    results = [r for r in analysis.results if only is None or r.name in only]
    value: dict[str, Any] = {
        "provenance": "graded",
        "metric": analysis.metric,
        "direction": "higher" if analysis.higher_is_better else "lower",
        "models": {result.name: _model(result) for result in results},
        "winner": analysis.winner if only is None or analysis.winner in only else None,
    }
    if only is None and analysis.reported:
        value["reported"] = {name: dict(said) for name, said in analysis.reported.items()}
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def experiment_report(analysis: Analysis, prose: Mapping[str, Any] | None, *, heading: str, of: str = "") -> str:
    """Return the report as Markdown.

    Args:
        analysis: What was measured; all numbers are its own.
        prose: Words of a model, by `summary`, `discussion`, `next_steps`, `by`; None where nobody wrote any. A sentence
            in them with a number that nothing backs is left out, and that is said.
        heading: Title of the report.
        of: Which other run is told of; empty for the run itself.
    """
    direction = "higher is better" if analysis.higher_is_better else "lower is better"
    lines = [f"# {clean_line(heading, 160)}", ""]
    if of:
        lines += [f"This tells of the run `{clean_line(of, 80)}`.", ""]
    lines += [*_words("Summary", prose, "summary", analysis), "## Results", ""]
    lines += [
        f"Scores are {analysis.metric} ({direction}), mean ± standard deviation over folds, graded by Assay on labels "
        "that no cell could see. Gains are positive where a solution is better than its baseline, whatever the metric.",
        "",
        *results_table(analysis),
        "",
        *_notes(analysis.results),
        *([f"**Verdict.** {clean_line(analysis.verdict, 1_000)}", ""] if analysis.verdict else []),
        "## Strategy",
        "",
        *_quoted(analysis.strategy),
        "",
        *_words("Discussion", prose, "discussion", analysis),
        *_words("Next steps", prose, "next_steps", analysis),
    ]
    problems = [fact for fact in analysis.facts if " ended as " in fact]
    if problems:
        lines += ["## What went wrong", "", *(f"- {clean_line(fact, 400)}" for fact in problems), ""]
    return "\n".join(lines).rstrip() + "\n"


def results_table(analysis: Analysis) -> list[str]:
    """Return the table of all solutions as lines of Markdown."""
    head = (
        "solution",
        analysis.metric,
        "folds",
        "gain",
        "gain %",
        "95 % interval",
        "p",
        "adjusted p",
        "Cohen's d [95 %]",
    )
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for result in analysis.results:
        name = f"**{_cell(result.name)}**" if result.name == analysis.winner else _cell(result.name)
        rows.append(f"| {name} | {' | '.join(_values(result))} |")
    return rows


def backed(text: str, analysis: Analysis) -> tuple[str, int]:
    """Return prose without the sentences that hold a number which nothing measured, and how many those were."""
    known = [value for fact in analysis.facts for value in _numbers(fact)]
    kept, dropped = [], 0
    for sentence in _SENTENCE.split(clean(text).strip()):
        if unbacked_numbers(sentence, known):
            dropped += 1
        else:
            kept.append(sentence)
    return " ".join(kept), dropped


def _model(result: ArmResult) -> dict[str, Any]:
    return {
        "trial": result.trial,
        "baseline": result.baseline,
        "folds": dict(result.scores),
        "mean": result.mean,
        "std": result.deviation,
        "gain": result.gain,
        "gain_percent": result.gain_percent,
        "interval_95": [result.low, result.high] if result.low is not None else None,
        "p_value": result.p_value,
        "adjusted_p": result.adjusted_p,
        "cohens_d": result.effect,
        "cohens_d_interval_95": [result.effect_low, result.effect_high] if result.effect is not None else None,
        "undefined": result.undefined or None,
    }


def _values(result: ArmResult) -> tuple[str, ...]:
    gain = "" if result.gain is None else f"{result.gain:+.5g}"
    percent = "" if result.gain_percent is None else f"{result.gain_percent:+.2f}"
    interval = "" if result.low is None or result.high is None else f"{result.low:+.4g} to {result.high:+.4g}"
    p = "" if result.p_value is None else p_words(result.p_value)
    adjusted = "" if result.adjusted_p is None else p_words(result.adjusted_p)
    effect = ""
    if result.effect is not None and result.effect_low is not None and result.effect_high is not None:
        effect = f"{result.effect:.2f} [{result.effect_low:.2f}, {result.effect_high:.2f}]"
    return spread(result), str(len(result.scores)), gain, percent, interval, p, adjusted, effect


def _notes(results: Sequence[ArmResult]) -> list[str]:
    compared = sum(result.p_value is not None for result in results)
    notes = [
        "p is one-sided, of the paired t-test corrected for folds that share training rows (Nadeau and Bengio 2003)."
    ]
    if compared > 1:
        notes.append(f"Adjusted p takes into account that {compared} solutions were compared (Holm 1979).")
    if compared:
        notes.append(
            "All of this is on the folds on which the notebooks were chosen. The verdict in report.html asks for more: "
            "a gain is real there once it was found again on fresh partitions."
        )
    notes += [
        f"{_cell(result.name)}: no test, {result.undefined}."
        for result in results
        if result.undefined and not result.baseline
    ]
    return [line for note in notes for line in (note, "")]


def _words(title: str, prose: Mapping[str, Any] | None, name: str, analysis: Analysis) -> list[str]:
    said, dropped = backed(str(prose.get(name, "")), analysis) if prose else ("", 0)
    if not said:
        said = _TEMPLATES[name](analysis)
        by = "Written by a template" + ("; no sentence of the model's was free of unbacked numbers." if prose else ".")
    else:
        by = f"Words of {clean_line(str((prose or {}).get('by', 'a model')), 60)}, not checked beyond their numbers."
        if dropped:
            by += f" {dropped} sentence{'s' if dropped > 1 else ''} with numbers that nothing backs left out."
    return [f"## {title}", "", said, "", f"*{by}*", ""]


def _template_summary(analysis: Analysis) -> str:
    best = next((result for result in analysis.results if result.name == analysis.winner), None)
    if best is None:
        return "No solution has a graded score: nothing is claimed."
    if best.baseline:
        return f"Nothing was better than {_cell(best.name)}, which scores {spread(best)}."
    gain = f", a gain of {best.gain:+.5g} over its baseline" if best.gain is not None else ""
    return f"The best solution is {_cell(best.name)} with {spread(best)}{gain}."


def _template_discussion(analysis: Analysis) -> str:
    shown = [r for r in analysis.results if r.adjusted_p is not None and r.adjusted_p < 0.05 and (r.gain or 0) > 0]
    if not shown:
        return "No gain over a baseline is beyond chance once the number of comparisons is taken into account."
    names = ", ".join(_cell(result.name) for result in shown)
    return f"Beyond chance after the adjustment: {names}."


def _template_next(analysis: Analysis) -> str:
    del analysis
    return "Review the best notebook: `assay run --strategy notebook_review`."


_TEMPLATES = {"summary": _template_summary, "discussion": _template_discussion, "next_steps": _template_next}


def _quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in clean(text).strip().splitlines()]


def _cell(text: str) -> str:
    return clean_line(text, 120).replace("|", "/")


def _numbers(text: str) -> list[float]:
    found = re.findall(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)
    return [value for token in found for value in (float(token), abs(float(token)))]


__all__ = ["backed", "experiment_report", "metrics_json", "number", "results_table"]

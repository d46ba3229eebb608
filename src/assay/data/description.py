"""What a task's own words say: its subject, its metric and which way is better."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.core.metric import Direction, Metric
from assay.data.metric_names import ALIASES, METRICS, find, normalised

_VAGUE = {"acc", "ap", "roc", "r 2", "iou", "mean recall"}
"""Short names that mean something else in running text."""
_SCORING = ("metric", "evaluation", "scoring", "how submissions are scored", "grading")
_HIGHER = re.compile(
    r"\b(?:higher|larger|greater|bigger|more)(?: scores?| values?)?(?: is| are|=)? better\b|\bmaximi[sz]"
)
_LOWER = re.compile(r"\b(?:lower|smaller|less)(?: scores?| values?)?(?: is| are|=)? better\b|\bminimi[sz]")
_OF_LOGARITHMS = re.compile(r"\blog(?:arithm)?s? of (?:the )?(?:predict|forecast|actual|observ|true)")
_PREDICT = re.compile(r"(?:predict|forecast|target|classif)[^.`\n]{0,80}`([^`\n]+)`", re.IGNORECASE)
_AT_K = re.compile(r"\bmap at (\d+)\b|\bmean average precision at (\d+)\b")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found in a description."""

    about: str = ""
    """Title or first sentence."""
    metric: Metric | None = None
    direction: Direction | None = None
    """As the text states it, whatever is known of the metric."""
    code_words: tuple[str, ...] = ()
    """Words set in backticks, in order: often columns and labels."""
    predicted: tuple[str, ...] = ()
    """Those of them that the text says are predicted."""
    metric_sentence: str = ""
    """Where the metric was named."""


def read_description(text: str) -> Reading:
    """Return what `text`, in Markdown or plain, says."""
    section = _scoring_section(text)
    metric, sentence = _metric(section) if section else (None, "")
    if metric is None:
        metric, sentence = _metric(text)
        section = sentence
    direction = stated_direction(section)
    code_words = tuple(dict.fromkeys(re.findall(r"`([^`\n]{1,80})`", text)))
    return Reading(
        about=_about(text),
        metric=metric,
        direction=direction,
        code_words=code_words,
        predicted=tuple(dict.fromkeys(_PREDICT.findall(text))),
        metric_sentence=sentence,
    )


def stated_direction(text: str) -> Direction | None:
    """Return which way is better by the words of `text`, or None if it says neither or both."""
    lowered = " ".join(text.lower().split())
    higher, lower = bool(_HIGHER.search(lowered)), bool(_LOWER.search(lowered))
    if higher is lower:
        return None
    return Direction.HIGHER if higher else Direction.LOWER


def _scoring_section(text: str) -> str:
    """Return the paragraphs under the first heading about scoring, or nothing."""
    parts = re.split(r"^#+[ \t]*(.+?)[ \t]*#*$", text, flags=re.MULTILINE)
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        if any(word in heading.lower() for word in _SCORING):
            return body
    return ""


def _metric(text: str) -> tuple[Metric | None, str]:
    """Return the first metric that `text` names, the longest name where several start together, and its sentence."""
    for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n|\n(?=[-*#])", text):
        found = _in_sentence(sentence)
        if found is not None:
            return found, sentence
    return None, ""


def _in_sentence(sentence: str) -> Metric | None:
    spoken = f" {normalised(sentence)} "
    at_k = _AT_K.search(spoken)
    if at_k:
        return find(f"map@{at_k.group(1) or at_k.group(2)}")
    names = {normalised(name): name for name in METRICS} | {a: n for a, n in ALIASES.items() if a not in _VAGUE}
    places = [(spoken.find(f" {words} "), -len(words), name) for words, name in names.items() if f" {words} " in spoken]
    if not places:
        return None
    name = min(places)[2]
    if name == "rmse" and _OF_LOGARITHMS.search(spoken):
        name = "rmsle"
    return METRICS[name]


def _about(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    title = next((line.lstrip("# ") for line in lines if line.startswith("#")), "")
    return title or next((line for line in lines if line), "")

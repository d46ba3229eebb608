"""Phase words: what a step of a strategy with phases is doing, in words. Screens and reports share these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.core.weakness import NOTE as WEAK
from assay.journal.history import History
from assay.report.formatting import format_count
from assay.strategies.known import BASELINES
from assay.strategies.star.options import StarOptions

NOTES = "phase/"
"""How the keys of notes on phases begin."""
KNOWN = "mle_star/known"
"""Key of the note on what the catalogue offers for the task."""
PATH_PHASES = ("init", "merge", "data-usage", "refine")
TITLES = {
    "init": "initial solutions",
    "merge": "merge",
    "data-usage": "data usage",
    "refine": "refinement",
    "ensemble": "ensemble",
    "finalize": "fit for all rows",
    "validate": "last look",
}
"""Names of the phases, in the order of a run."""

SIZES = "mle_star/sizes"
"""Key of the note on the sizes that fit the time, and end of the key of what each path makes of them."""
CUT = "cut"
"""End of the key of a note on a phase that the end of the search cut off, or that was never begun."""
ENDED = ("/init", "/merge", "/refine")
"""Ends of the keys of phases that have done something, as a rule, when they end before their work is done."""

_SIZES = {
    "paths": "paths",
    "models": "models",
    "merges": "merges",
    "outer": "ablations",
    "variants": "parts left out",
    "study_folds": "folds for each",
    "inner": "plans for a block",
    "rounds": "ensembles",
}
_DOING = {
    "init": "initial solutions",
    "merge": "merging",
    "data-usage": "looking for unused data",
    "refine": "refining",
    "ensemble": "combining the paths",
    "finalize": "making the winner fit for all rows",
    "validate": "a last look at the winner",
}
_PART = re.compile(r"(merge|refine)-(\d+)(?:/(\w+)(?:-(\d+))?)?")
_STEP = re.compile(r"step-(\d+)/([\w-]+)")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which step of a run is what."""

    first_path: int = BASELINES
    """Step of the first path."""
    first_round: int | None = None
    """Step of the first ensemble, once one has begun."""
    blocks: int = StarOptions().outer
    """Blocks that a path works on at most."""

    @classmethod
    def of(cls, arguments: Mapping[str, str], first_round: int | None = None) -> Layout:
        """Return the layout of a run by the options of its strategy and the first step that combined anything."""
        shared, outer = arguments.get("shared_start", "0"), arguments.get("outer", "")
        return cls(
            first_path=BASELINES + (shared != "0"),
            first_round=first_round,
            blocks=int(outer) if outer.isdecimal() else cls.blocks,
        )

    @classmethod
    def of_history(cls, history: History) -> Layout:
        """Return the layout of a run by its journal."""
        arguments = history.started.arguments if history.started is not None else {}
        steps = [key.split("/")[1:3] for key in history.notes if key.startswith(NOTES)]
        rounds = [int(step.removeprefix("step-")) for step, phase in steps if phase == "ensemble"]
        return cls.of(arguments, min(rounds, default=None))

    def place(self, step: int, phase: str) -> str:
        """Return `path 2`, `ensemble 1` or whatever else a step with this phase is; empty for the end."""
        if phase in PATH_PHASES:
            return f"path {step - self.first_path + 1}" if step >= self.first_path else "shared start"
        if phase == "ensemble":
            return f"ensemble {step - (step if self.first_round is None else self.first_round) + 1}"
        return ""

    def doing(self, phase: str, at: str = "") -> str:
        """Return `path 2: refining block 3 of 4, plan 2`.

        Args:
            phase: Step and phase, `step-0003/refine`.
            at: Key of the step's last question or trial.
        """
        match = _STEP.fullmatch(phase)
        if match is None:
            return phase
        step, name = int(match[1]), match[2]
        words = self._part(name, at.partition("/")[2]) or _DOING.get(name, name)
        place = self.place(step, name)
        return f"{place}: {words}" if place else words

    def origin(self, key: str, operator: str) -> str:
        """Return `path 1, block 2, plan 3`: where a trial came from, by its key; empty for one of no phase."""
        phase = _PHASE_OF.get(operator, "")
        match = _STEP.match(key)
        if match is None or not phase:
            return ""
        words = [self.place(int(match[1]), phase)]
        for name, number in re.findall(r"/(init|merge|refine|plan)-(\d+)", key):
            words.append(f"{_COUNTED[name]} {int(number) + 1}")
        return ", ".join(word for word in words if word)

    def briefly(self, key: str, operator: str) -> str:
        """Return `path 1 plan 2.3`, where `origin` says `path 1, block 2, plan 3`: for the lines of a table."""
        words = [word.split(" ") for word in self.origin(key, operator).split(", ")]
        if len(words) == 3:
            words = [words[0], ["plan", f"{words[1][-1]}.{words[2][-1]}"]]
        elif operator in _BRIEF:
            words = [*(word for word in words if word != [""]), [_BRIEF[operator]]]
        return " ".join(" ".join(word) for word in words)

    def _part(self, phase: str, at: str) -> str:
        """Return what exactly is done within a phase; empty where the phase says it all."""
        if phase == "init":
            return "retrieving models" if at.startswith(("research", "retrieve")) else ""
        match = _PART.match(at)
        if match is None or match[1] != phase:
            return ""
        number = int(match[2]) + 1
        if phase == "merge":
            return f"merging, number {number}"
        if match[3] == "plan":
            return f"refining block {number} of {self.blocks}, plan {int(match[4] or 0) + 1}"
        return f"refining, {_FINDING.get(match[3] or '', 'choosing')} block {number} of {self.blocks}"


_PHASE_OF = {
    "init": "init",
    "merge": "merge",
    "data_usage": "data-usage",
    "ablate": "refine",
    "refine": "refine",
    "ensemble": "ensemble",
    "finalize": "finalize",
}
_BRIEF = {"data_usage": "all data", "finalize": "for all rows"}
"""What a trial is called whose origin does not say it."""
_COUNTED = {"init": "model", "merge": "merge", "refine": "block", "plan": "plan"}
_FINDING = {"ablate": "ablation for", "variant": "ablation for"}


def note_words(key: str, value: Any, layout: Layout) -> str:
    """Return in words what a note says that the strategy made; empty for a note of another kind."""
    if key.startswith(NOTES):
        return _of_phase(key, value, layout)
    if key == SIZES or (key.endswith("/sizes") and isinstance(value, Mapping)):
        at = _STEP.match(key)
        return sizes_words(value, layout.place(int(at[1]), "init") if at is not None else "")
    if key == "mle_star/trials":
        return "sizes of the search fixed" + (f" for {value} trials" if isinstance(value, int) else "")
    if key == KNOWN and isinstance(value, list):
        return f"the catalogue offers {format_count(len(value), 'entry', 'entries')} for this task"
    if key.startswith(WEAK):
        trials = value.get("trials", ()) if isinstance(value, Mapping) else ()
        looked = ", ".join(f"#{number}" for number in trials)
        return f"looked at where {looked} went wrong" if looked else "nobody needs to know where a trial went wrong"
    match = _STEP.match(key)
    if match is None:
        return ""
    if key.endswith("/on"):
        step, _, part = key.removesuffix("/on").partition("/")
        name = next((phase for phase in ("merge", "refine") if part.startswith(phase)), "ensemble")
        left = "time is left" if value else "no time is left"
        return f"{left} for {layout.doing(f'{step}/{name}', key)}"
    if key.endswith("/verdict") and isinstance(value, Mapping):
        reasons = "; ".join(str(reason) for reason in value.get("reasons", ()))
        signs = "signs for its score" if value.get("sound") else "would not sign for its score"
        return f"last look at #{value.get('trial')}: {signs}{f': {reasons}' if reasons else ''}"
    return _of_step(int(match[1]), key, value)


def _of_phase(key: str, value: Any, layout: Layout) -> str:
    phase, _, what = key.removeprefix(NOTES).rpartition("/")
    if what == "ended":
        skipped = skipped_by(value)
        early = "ended" if phase.endswith(ENDED) else "skipped"
        return f"{layout.doing(phase)} {f'{early}: {skipped}' if skipped else 'done'}"
    if what == CUT:
        return f"{layout.doing(phase)} {cut_words(value)}"
    return layout.doing(phase) if what == "begun" else ""


def skipped_by(value: Any) -> str:
    """Return why a phase was cut short, by the note on its end; empty if it was not."""
    return str(value.get("skipped", "")) if isinstance(value, Mapping) else ""


def cut_words(value: Any) -> str:
    """Return `cut off: the time for the search was used up`, or `not begun: ...`, by the note on a phase cut off."""
    begun = bool(value.get("begun")) if isinstance(value, Mapping) else False
    return f"{'cut off' if begun else 'not begun'}: {skipped_by(value)}"


def sizes_words(value: Any, place: str = "") -> str:
    """Return in words how much is done, by the note on the sizes that fit the time.

    Args:
        value: The note.
        place: The path that fitted them; empty for those fitted before the paths.
    """
    sizes = value.get("sizes", value) if isinstance(value, Mapping) else {}
    told = ", ".join(f"{words} {sizes[name]}" for name, words in _SIZES.items() if name in sizes)
    return f"{place}: sizes fitted to the time: {told}" if place else f"sizes fitted to the time: {told}"


def _of_step(step: int, key: str, value: Any) -> str:
    if key.endswith("/sees") and isinstance(value, Mapping):
        return f"step {step} begins; it knows the trials of the steps below {value.get('steps')}"
    if key.endswith("/heard"):
        return f"step {step} asks with what is known by now"
    if key.endswith("/hints") and isinstance(value, int):
        return f"step {step} looks for models with {format_count(value, 'hint')} of a person"
    if key.endswith("/blocks") and isinstance(value, int):
        return f"step {step} chooses a block with {format_count(value, 'wish', 'wishes')} of a person"
    if key.endswith("/confirmed"):
        return f"#{value} confirmed as the best of those that ran beside it"
    return ""

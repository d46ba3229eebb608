"""Facts: what the journal says, arranged for telling. No wording and no formatting happens here."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from statistics import fmean

from assay.core.candidate import Candidate
from assay.core.codec import decode
from assay.core.errors import IntegrityError
from assay.core.metric import Metric
from assay.core.score import Score
from assay.core.trial import TrialState, Verdict
from assay.engine.blending import BLEND_KEY
from assay.grading import Blend
from assay.journal.history import History, Measurement, Trial
from assay.journal.objects import ObjectStore
from assay.report.lineage import Way, way_to, winner_of
from assay.report.paired import Paired, paired_gains
from assay.report.prose import clean_line

LEAST_TOP, MOST_TOP = 3, 20
MOST_FOLDERS = 500
"""Trials with a folder of their own; of more, the best and the last have one, and `report.json` has all."""


class State(StrEnum):
    """Where the run is when the report is made."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """The journal ends without the run's last event, and nobody is working on it."""
    FINISHED = "finished"


class Finding(StrEnum):
    """What the search amounts to."""

    NO_SCORE = "no score"
    NO_GAIN = "no gain"
    POSSIBLE = "possible gain"
    """Better than the baseline, but short of a `real` verdict."""
    GAIN = "gain"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a script said of itself, beside what was graded on the same views."""

    value: float
    """Mean over the views."""
    views: tuple[str, ...]
    graded: float
    differs: bool
    """Whether the two are further apart than grading noise explains."""


class Facts:
    """Questions that several parts of a report ask of the same history.

    Args:
        history: The journal so far.
        objects: Where candidates are kept.
        final: Whether nobody is working on the run any more.
        top: Length of the leaderboard, brought into 3 .. 20.
    """

    def __init__(self, history: History, objects: ObjectStore, *, final: bool, top: int = 10) -> None:
        self.history = history
        self.objects = objects
        self.final = final
        self.top = min(MOST_TOP, max(LEAST_TOP, top))
        self.missing_objects: set[str] = set()

    # --- the run -------------------------------------------------------------------------------------------------

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.history.started.run if self.history.started else ""

    @property
    def metric(self) -> Metric:
        """The task's metric."""
        return self.history.metric

    @property
    def state(self) -> State:
        """Where the run is."""
        if self.history.finished is not None:
            return State.FINISHED
        return State.INTERRUPTED if self.final else State.RUNNING

    # --- trials --------------------------------------------------------------------------------------------------

    @cached_property
    def trials(self) -> list[Trial]:
        """All trials in order of number."""
        return [self.history.trials[number] for number in sorted(self.history.trials)]

    @cached_property
    def kept(self) -> frozenset[int]:
        """Numbers of the trials that have a folder: all, or of very many those that are looked at first."""
        if len(self.trials) <= MOST_FOLDERS:
            return frozenset(self.history.trials)
        links = self.way.links if self.way is not None else ()
        members = self.blend_trial.parents if self.blend_trial is not None else ()
        chosen = [t.number for t in (*self.baselines[:MOST_TOP], *links, *self.ranking[: MOST_FOLDERS // 2])]
        last = [t.number for t in reversed(self.trials)]
        return frozenset(list(dict.fromkeys([*chosen, *members, *last]))[:MOST_FOLDERS])

    def folder(self, trial: Trial) -> str:
        """Return the folder of a trial relative to the run's, or nothing if it has none."""
        return trial_folder(trial.number, trial.title) if trial.number in self.kept else ""

    @cached_property
    def counted(self) -> list[Trial]:
        """Trials that take part in the search: neither variants of an ablation nor reseeds."""
        return [trial for trial in self.trials if trial.counts]

    @cached_property
    def ranking(self) -> list[Trial]:
        """Ranked trials, best first."""
        return self.history.ranking()

    @cached_property
    def unranked(self) -> list[Trial]:
        """Counted trials that ended without a place in the ranking."""
        return [trial for trial in self.counted if trial.state.is_final and not trial.ranks]

    @cached_property
    def winner(self) -> Trial | None:
        """The run's winner, or the best trial so far."""
        return winner_of(self.history)

    @property
    def sealed(self) -> Score | None:
        """The winner's score on the sealed rows; None where they were not opened, not graded, or opened for another."""
        opened = self.history.sealed
        mine = opened is not None and self.winner is not None and opened.trial == self.winner.number
        return opened.score if opened is not None and mine else None

    @property
    def sealed_for_another(self) -> str:
        """That the sealed rows were opened for another trial than the winner, in words; else empty.

        They are opened once: a run that is resumed after its finish may find a better trial, but no fresh rows.
        """
        opened, winner = self.history.sealed, self.winner
        if opened is None or winner is None or opened.trial == winner.number:
            return ""
        what = "the winner" if self.state is State.FINISHED else "the best so far,"
        return f"opened for #{opened.trial}, not for {what} #{winner.number}; it is opened once"

    @cached_property
    def baselines(self) -> list[Trial]:
        """Scored baselines, best first."""
        return [trial for trial in self.ranking if trial.verdict is Verdict.BASELINE]

    @property
    def baseline(self) -> Trial | None:
        """The best of the baselines."""
        return self.baselines[0] if self.baselines else None

    def with_verdict(self, verdict: Verdict) -> list[Trial]:
        """Return the counted trials with this verdict."""
        return [trial for trial in self.counted if trial.verdict is verdict]

    def in_state(self, state: TrialState) -> list[Trial]:
        """Return the counted trials in this state."""
        return [trial for trial in self.counted if trial.state is state]

    @cached_property
    def way(self) -> Way | None:
        """The way from a baseline to the winner."""
        return way_to(self.history, self.winner)

    @cached_property
    def last_real(self) -> Trial | None:
        """The last trial with an established gain on the way to the winner, or else the best one with a way of its own.

        The winner may stand on another way: of steps side by side, none has to beat what the other finds.
        """
        if self.way is not None and self.way.last_real is not None:
            return self.way.last_real
        real = (trial for trial in self.ranking if trial.verdict is Verdict.REAL)
        return next((trial for trial in real if way_to(self.history, trial) is not None), None)

    @cached_property
    def finding(self) -> Finding:
        """What the search amounts to, by verdicts alone; a label is never inferred from means."""
        if self.winner is None or self.winner.score is None:
            return Finding.NO_SCORE
        if self.last_real is not None:
            return Finding.GAIN
        if self.winner.verdict is Verdict.MAYBE:
            return Finding.POSSIBLE
        return Finding.NO_GAIN

    @property
    def blend_trial(self) -> Trial | None:
        """The trial of the run's latest blend; a resumed run may have made several."""
        blends = [t for t in self.history.trials.values() if t.operator == "blend"]
        return max(blends, key=lambda t: t.number, default=None)

    @cached_property
    def blend(self) -> Blend | None:
        """What the search for a blend came to, or None if there was none; without a trial it says why."""
        trial = self.blend_trial
        kept = self.history.notes.get(BLEND_KEY) if trial is None else trial.recipe.get("blend")
        return None if kept is None else decode(Blend, kept)

    # --- comparisons ---------------------------------------------------------------------------------------------

    def paired(self, trial: Trial, against: Trial) -> Paired | None:
        """Return the paired gains of `trial` over `against`, or None if they share no fold."""
        return paired_gains(trial, against, self.metric, folds=self.history.task.split.k)

    def claim(self, trial: Trial) -> Claim | None:
        """Return what the script of `trial` claimed on its scored views, or None if it claimed nothing.

        The two differ when they are further apart than two standard errors of the graded mean, or than the noise
        floor, whichever is larger; where neither is known, than 2 % of the graded value.
        """
        said = [
            (m, m.reported, m.score.value) for m in self.scored(trial) if m.reported is not None and m.score is not None
        ]
        if not said:
            return None
        value, graded = fmean(item[1] for item in said), fmean(item[2] for item in said)
        floor = self.history.noise.floor if self.history.noise else None
        slack = max(2 * (trial.std_error or 0.0), floor or 0.0) or 0.02 * abs(graded)
        return Claim(
            value=value,
            graded=graded,
            views=tuple(item[0].view for item in said),
            differs=abs(value - graded) > slack,
        )

    def ablations(self, whole: Trial) -> list[tuple[Trial, Paired | None]]:
        """Return the variants of `whole` with what it gains over each; None where the variant has no score."""
        variants = [t for t in self.trials if t.operator == "ablate" and whole.number in t.parents]
        return [(variant, self.paired(whole, variant) if variant.scores else None) for variant in variants]

    @cached_property
    def ablated(self) -> list[Trial]:
        """Trials that variants were made of, best first."""
        parents = {n for t in self.trials if t.operator == "ablate" for n in t.parents if n in self.history.trials}
        return self.metric.ranked([self.history.trials[n] for n in sorted(parents)], lambda t: t.score)

    @cached_property
    def curve(self) -> list[tuple[Trial, Trial]]:
        """Scored trials in the order they finished, each with the best so far."""
        steps: list[tuple[Trial, Trial]] = []
        best: Trial | None = None
        for trial in sorted((t for t in self.trials if t.ranks), key=lambda t: (t.finished, t.number)):
            if best is None or self._beats(trial, best):
                best = trial
            steps.append((trial, best))
        return steps

    def _beats(self, trial: Trial, best: Trial) -> bool:
        if trial.folds != best.folds:
            return trial.folds > best.folds
        return trial.score is not None and best.score is not None and self.metric.is_better(trial.score, best.score)

    # --- measurements --------------------------------------------------------------------------------------------

    def scored(self, trial: Trial) -> list[Measurement]:
        """Return the measurements that the score of `trial` rests on, those of its last attempt."""
        last: dict[str, Measurement] = {}
        for measurement in self.measurements(trial.number):
            if measurement.view in trial.scores and measurement.score is not None:
                last[measurement.view] = measurement
        return [last[view] for view in trial.scores if view in last]

    def measurements(self, number: int) -> list[Measurement]:
        """Return everything that was run for a trial."""
        return self._by_trial.get(number, [])

    @cached_property
    def _by_trial(self) -> dict[int, list[Measurement]]:
        found: dict[int, list[Measurement]] = {}
        for measurement in self.history.all_measurements():
            found.setdefault(measurement.trial, []).append(measurement)
        return found

    def peak_memory(self, trial: Trial) -> int | None:
        """Return the most memory that any execution of the trial used, in bytes."""
        peaks = [m.execution.peak_memory_bytes for m in self.measurements(trial.number) if m.execution]
        return max((peak for peak in peaks if peak is not None), default=None)

    def candidate(self, trial: Trial) -> Candidate | None:
        """Return the candidate of `trial`, or None when its record is lost; the report then says so."""
        return load_candidate(self.objects, trial.candidate, self.missing_objects)


def load_candidate(objects: ObjectStore, digest: str, missing: set[str] | None = None) -> Candidate | None:
    """Return the candidate record kept under `digest`, or None when it is missing or changed.

    Args:
        objects: Where it is kept.
        digest: Its name.
        missing: Gains the digest if it cannot be read.
    """
    try:
        return objects.candidate(digest)
    except IntegrityError:
        if missing is not None:
            missing.add(digest)
        return None


def trial_folder(number: int, title: str) -> str:
    """Return the folder of a trial relative to the run's: `trials/0014-stack-ridge`. It depends on nothing else."""
    ascii_title = unicodedata.normalize("NFKD", clean_line(title)).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_title)[:40].strip("-")
    return f"trials/{number:04d}-{slug}" if slug else f"trials/{number:04d}"

"""The way from the baseline to the winner, told in a sentence."""

from __future__ import annotations

import pytest

from assay.core.trial import TrialState, Verdict
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.report.lineage import Gain, Part, way_to

BASELINE, REAL, MAYBE, NOISE = Verdict.BASELINE, Verdict.REAL, Verdict.MAYBE, Verdict.NOISE


def judged(*verdicts: tuple[Verdict, int | None]) -> History:
    """Return a history whose trials have these verdicts, each against the trial with that number."""
    history = History()
    for number, (verdict, against) in enumerate(verdicts):
        reasons = ("confirmed on 1 fresh partition",) if verdict is REAL else ()
        history.trials[number] = Trial(
            number=number,
            key=f"k{number}",
            candidate="c",
            title="t",
            operator="draft",
            state=TrialState.COMPLETE,
            score=1.0,
            judgement=ev.Judged(trial=number, verdict=verdict, against=against, effect=0.0021, reasons=reasons),
        )
    return history


def text(parts: tuple[Part, ...]) -> str:
    return "".join(
        f"#{p.number}" if isinstance(p, Trial) else (f"{p.value:g}" if isinstance(p, Gain) else p) for p in parts
    )


BEATS = "beats the baseline #0 by 0.0021 (confirmed on 1 fresh partition)"


@pytest.mark.parametrize(
    ("verdicts", "word", "said"),
    [
        ([], "baseline", "nothing beat the baseline for sure"),
        ([REAL], "real", f"#1 {BEATS}"),
        ([MAYBE], "maybe", "#1 may be better than the baseline #0, which is not established"),
        ([NOISE], "noise", "#1 over the baseline #0 is within the noise"),
        ([REAL, NOISE], "real", f"#1 {BEATS}; #2 over #1 is within the noise"),
        ([REAL, MAYBE, NOISE], "real", f"#1 {BEATS}; none of the 2 steps from #1 to #3 is established"),
        ([NOISE, MAYBE], "maybe", "none of the 2 steps from the baseline #0 to #2 is established"),
        (
            [NOISE, REAL],
            "real",
            "#2 beats #1 by 0.0021 (confirmed on 1 fresh partition); #1 over the baseline #0 is within the noise",
        ),
        (
            [REAL, REAL],
            "real",
            "#2 beats #1 by 0.0021 (confirmed on 1 fresh partition); #1 beats the baseline #0, too",
        ),
        (
            [REAL, NOISE, REAL],
            "real",
            "#3 beats #2 by 0.0021 (confirmed on 1 fresh partition); "
            "1 of the 2 steps from the baseline #0 to #2 is real, too",
        ),
    ],
)
def test_what_is_established_and_what_is_not(verdicts: list[Verdict], word: str, said: str) -> None:
    history = judged((BASELINE, None), *((verdict, number) for number, verdict in enumerate(verdicts)))
    way = way_to(history, history.trials[len(verdicts)])
    assert way is not None
    assert (str(way.word), text(way.tell())) == (word, said)


def test_the_last_real_step_is_the_nearest_to_the_winner() -> None:
    history = judged((BASELINE, None), (REAL, 0), (REAL, 1), (NOISE, 2))
    way = way_to(history, history.trials[3])
    assert way is not None
    assert [trial.number for trial in way.links] == [3, 2, 1, 0]
    assert way.last_real is history.trials[2]


@pytest.mark.parametrize("verdicts", [[(MAYBE, None), (REAL, 0)], [(REAL, 1), (REAL, 0)], [(REAL, 9)]])
def test_without_a_baseline_at_its_end_there_is_no_way(verdicts: list[tuple[Verdict, int | None]]) -> None:
    history = judged(*verdicts)
    assert way_to(history, history.trials[len(verdicts) - 1]) is None
    assert way_to(history, None) is None

"""What a person who is away is told of a run, and how often."""

from __future__ import annotations

import pytest

from assay.journal.summary import Summary
from assay.report.notices import Moment, Notice, Notices
from support import histories
from support.histories import Story


def told(story: Story, *, after: int = 0) -> list[Notice]:
    _, events = story
    notices = Notices(Summary.of(events[:after]))
    return [notice for event in events[after:] for notice in notices.take(event)]


def test_a_good_night_is_a_first_score_each_real_gain_the_finish_and_the_end() -> None:
    notices = told(histories.good_run())
    assert [notice.moment for notice in notices] == ["first-score", "new-best", "new-best", "finish", "done"]
    assert notices[1].text == "new best, a real gain: #3 0.8823 roc_auc (+0.0091 over the baseline)"
    assert notices[-1].text.startswith("done: #21 0.8853 roc_auc (+0.012 over the baseline), sealed 0.881 · 19 trials")
    assert {notice.run for notice in notices} == {"brisk-otter"}


def test_a_night_that_found_nothing_says_so() -> None:
    assert "nothing better was found" in told(histories.nothing_found())[-1].text


def test_a_night_without_any_score_says_so() -> None:
    assert "no solution with a score" in told(histories.all_failed())[-1].text


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_whoever_joins_later_hears_nothing_twice(share: float) -> None:
    story = histories.good_run()
    whole, cut = told(story), int(share * len(story[1]))
    assert told(story, after=cut) == whole[len(whole) - len(told(story, after=cut)) :]


def test_a_process_that_ends_before_the_run_says_how_it_goes_on() -> None:
    notices = Notices()
    for event in histories.interrupted()[1]:
        notices.take(event)
    cut_off = notices.interrupted()
    assert cut_off is not None
    assert cut_off.moment is Moment.INTERRUPTED
    assert cut_off.text.endswith("assay resume late-falcon")


def test_a_run_that_ended_was_not_interrupted() -> None:
    notices = Notices()
    for event in histories.good_run()[1]:
        notices.take(event)
    assert notices.interrupted() is None


def test_nothing_that_a_candidate_or_a_model_wrote_is_in_a_notice() -> None:
    story = histories.hostile_texts()
    titles = {trial.title for trial in story[0].trials.values()}
    assert not any(title and title in notice.text for notice in told(story) for title in titles)

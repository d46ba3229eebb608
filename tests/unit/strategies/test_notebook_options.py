from __future__ import annotations

import pytest

from assay.core.errors import UsageError
from assay.strategies.notebook.options import REVIEW_LOCKS, NotebookOptions, ReviewOptions, cell_seconds


def test_options_are_read_from_arguments() -> None:
    found = NotebookOptions.from_arguments({"max_iterations": "3", "success_threshold": "-0.25", "only": "execute"})
    assert (found.max_iterations, found.success_threshold, found.only, found.baselines) == (3, -0.25, "execute", True)
    review = ReviewOptions.from_arguments({"protected_sections": "Loader, Final score", "locked": "a"})
    assert (review.protected_sections, review.locked) == (("Loader", "Final score"), ("a",))
    assert ReviewOptions.from_arguments({}).protected_sections == REVIEW_LOCKS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cell_timeout_s": "0"}, "must be more than 0 seconds"),
        ({"max_iterations": "0"}, "max_iterations='0': must be a whole number, at least 1"),
        ({"max_iterations": "many"}, "max_iterations='many': must be a whole number, at least 1"),
        ({"max_iterations": "-2"}, "at least 1"),
        ({"success_threshold": "nan"}, "must be a finite number"),
        ({"only": "dance"}, "must be generate, execute or analyze"),
        ({"pass_threshold": "1"}, "no option 'pass_threshold'"),
        ({"baselines": "2", "colour": "red"}, "must be 0 or 1; it has no option 'colour'"),
    ],
)
def test_what_is_wrong_is_named_all_at_once(arguments: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match="strategy 'notebook'") as caught:
        NotebookOptions.from_arguments(arguments)
    assert words in str(caught.value)


def test_a_limit_of_one_cell_reaches_the_kind() -> None:
    assert ReviewOptions.from_arguments({"cell_timeout_s": "90"}).cell_timeout_s == 90
    assert cell_seconds({"cell_timeout_s": "1.5"}) == 1.5
    assert cell_seconds({}) is None

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.report.document import Document, Items, Num, Paragraph, Said, Section, Tag, Terms
from assay.report.ledger import Ledger, Source
from assay.report.prose import UnbackedNumber, check_prose, clean, clean_line, unbacked_numbers
from assay.report.telling import verify

EVIDENCE = (0.88529, 5.0, 0.0121)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It reaches 0.885 on the folds.", ()),
        ("It reaches 0.89, rounded.", ()),
        ("It reaches 88.5 %, better by 1.2%", ()),
        ("It reaches 0.999!", ("0.999",)),
        ("A score of .999 and 1e-3", (".999", "1e-3")),
        ("gain \N{MINUS SIGN}0.0121", ("\N{MINUS SIGN}0.0121",)),
        ("99 % sure", ("99 %",)),
        ("LightGBM2 with v1.2 of fold-0, from #3", ()),
        ("1,234 trees in 5 folds", ("1,234",)),
        ("no figures at all", ()),
        ("mean of 7 inner folds, 7 outer ones", ("7",)),
        ("mean of 7 inner folds", ()),
        ("LightGBM, 10 inner fold models", ()),
        ("0.7 inner folds", ("0.7",)),
        ("1e999 and 1e-999 and 1e400", ("1e999", "1e-999", "1e400")),
        ("9" * 400, ("9" * 400,)),
        ("0.9 and again 0.999 and 0.999", ("0.999",)),
    ],
)
def test_numbers_without_evidence_are_found(text: str, expected: tuple[str, ...]) -> None:
    assert unbacked_numbers(text, EVIDENCE) == expected


@given(
    st.lists(st.floats(-2, 2) | st.integers(-300, 300).map(float), max_size=8),
    st.decimals(-300, 300, allow_nan=False, places=3) | st.decimals(-3, 3, allow_nan=False, places=1),
    st.sampled_from(["", "%", " %"]),
)
@settings(deadline=None)
def test_a_number_is_backed_by_any_that_rounds_to_it(known: list[float], number: Decimal, percent: str) -> None:
    half = 0.5 * 10.0 ** (number.as_tuple().exponent) * (1 + 1e-9)  # type: ignore[operator]
    scales = (100.0, 1.0) if percent else (1.0,)
    backed = any(abs(float(number) - one * scale) <= half for one in known for scale in scales)
    assert unbacked_numbers(f"{number}{percent}", known) == (() if backed else (f"{number}{percent}",))


def test_the_build_fails_on_an_unbacked_number_and_says_which() -> None:
    check_prose("better by 0.012", EVIDENCE)
    with pytest.raises(UnbackedNumber, match=r"'0\.013'") as caught:
        check_prose("better by 0.013", EVIDENCE)
    assert caught.value.code == "E407"
    assert caught.value.numbers == ("0.013",)


def _document(*blocks: Paragraph | Items, answer: tuple[str | Said | Tag | Num, ...] = ()) -> Document:
    section = Section(name="x", title="x", blocks=blocks)
    return Document(title="t", run="r", draft="", answer=answer, headline=None, box=Terms(()), sections=(section,))


def test_no_sentence_passes_on_somebodys_number_unmarked() -> None:
    ledger = Ledger()
    ledger.add("trial.1.score", 0.885, Source.GRADED)
    verify(_document(Paragraph(("The idea ", Said("reach 0.885")))), ledger)
    verify(_document(Paragraph((Said("reach 0.999"), " ", Tag("unverified")))), ledger)
    for document in (
        _document(Paragraph((Said("reach 0.999"),))),
        _document(Items(((Said("reach 0.999"),),))),
        _document(answer=(Said("reach 0.999"),)),
    ):
        with pytest.raises(UnbackedNumber):
            verify(document, ledger)


def test_a_claim_backs_nothing() -> None:
    ledger = Ledger()
    ledger.add("trial.1.claimed", 0.999, Source.REPORTED)
    with pytest.raises(UnbackedNumber):
        verify(_document(Paragraph((Said("reach 0.999"),))), ledger)


def test_only_numbers_with_evidence_can_be_cited() -> None:
    ledger = Ledger()
    ledger.add("run.wall_s", None, Source.MEASURED)
    ledger.add("run.nan", float("nan"), Source.MEASURED)
    for name in ("run.wall_s", "run.nan", "made.up"):
        with pytest.raises(KeyError, match="no evidence"):
            ledger.cite(name, "12")


def test_terminal_escapes_and_invisible_characters_are_gone() -> None:
    text = "a\x1b[31mred\x1b[0m \x1b]0;title\x07b\u202ec\u200bd\x00\x08e\tf\r\ng"
    assert clean(text) == "ared bcde\tf\ng"
    assert clean("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"
    assert clean_line("  two\n lines\u2028here  ") == "two lines here"
    assert clean("\x1b]8;;https://x.example\x1b\\link") == "link"
    assert clean("a\x1bPsent to the device\x1b\\b\x1bXalso\x1b\\c") == "abc"


@pytest.mark.parametrize("opening", ["P", "X", "^", "_", "]", "[", "[1;", "Pa", "]8;"])
def test_a_text_that_opens_very_many_escapes_and_ends_none_is_cleaned_in_one_pass(opening: str) -> None:
    many = clean(f"\x1b{opening}" * 100_000 + "\nthe end", 1_000_000)
    assert many.endswith("the end")
    assert "\x1b" not in many

from __future__ import annotations

from assay.operators.difference import GAP, MOST_LINES, difference

CODE = "import os\n\ndef features(frame):\n    frame['a'] = 1\n    frame['b'] = 2\n    return frame\n\nRATE = 0.05\n"


def test_what_is_left_out_is_told_as_it_stands() -> None:
    assert difference(CODE, CODE.replace("    frame['b'] = 2\n", "")) == ("    frame['b'] = 2", "")


def test_what_stands_in_its_place_is_told_beside_it() -> None:
    assert difference(CODE, CODE.replace("RATE = 0.05", "RATE = 0.1")) == ("RATE = 0.05", "RATE = 0.1")


def test_two_places_are_two_passages() -> None:
    other = CODE.replace("    frame['a'] = 1\n", "").replace("RATE = 0.05", "RATE = 0.1")
    assert difference(CODE, other) == (f"    frame['a'] = 1\n{GAP}\nRATE = 0.05", "RATE = 0.1")


def test_an_addition_and_space_at_line_ends() -> None:
    assert difference(CODE, CODE + "print(RATE)\n") == ("", "print(RATE)")
    assert difference(CODE, CODE.replace("import os", "import os  ")) == ("", "")


def test_a_long_passage_keeps_its_ends() -> None:
    left_out, _ = difference("\n".join(f"line_{n} = {n}" for n in range(100)) + "\nend\n", "end\n")
    shown = left_out.split("\n")
    assert (shown[0], shown[-1]) == ("line_0 = 0", "line_99 = 99")
    assert GAP in shown
    assert len(shown) <= MOST_LINES + 1

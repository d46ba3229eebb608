"""The shared queue: caps, ids, near-duplicates, focus."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.operators.lab.todo import Item, add, cap, focus, normalised, open_items, resolve


def text(number: int) -> str:
    """Words of no language: a different thing to do for every number."""
    draw = random.Random(number)
    return " ".join("".join(draw.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(7))


def filled(number: int) -> tuple[Item, ...]:
    return tuple(Item(id=f"C{n + 1:04d}-W01", by="worker", text=text(n)) for n in range(number))


def test_ids_name_cycle_author_and_place() -> None:
    queue = add((), 12, "worker", [text(1), text(2)]).queue
    queue = add(queue, 12, "mentor", [text(3)], challenged=True).queue
    assert [item.id for item in queue] == ["C0012-W01", "C0012-W02", "C0012-M01"]
    assert queue[0].line.startswith("- [ ] [C0012-W01] Worker: " + text(1))


@pytest.mark.parametrize(
    ("opened", "worker", "mentor", "unchallenged"),
    [(0, 2, 1, 0), (23, 2, 1, 0), (24, 2, 1, 0), (47, 2, 1, 0), (48, 1, 1, 0), (90, 1, 1, 0)],
)
def test_caps_by_author_and_by_what_is_open(opened: int, worker: int, mentor: int, unchallenged: int) -> None:
    queue = filled(opened)
    assert cap(queue, 200, "worker") == worker
    assert cap(queue, 200, "mentor", challenged=True) == mentor
    assert cap(queue, 200, "mentor") == unchallenged


def test_a_full_queue_counts_both_authors_together() -> None:
    queue = add(filled(24), 200, "mentor", [text(140)], challenged=True).queue
    assert cap(queue, 200, "worker") == 1
    queue = add(filled(48), 200, "mentor", [text(140)], challenged=True).queue
    assert cap(queue, 200, "worker") == 0


@given(
    st.integers(0, 60),
    st.lists(st.integers(0, 160), max_size=6),
    st.lists(st.integers(0, 160), max_size=4),
    st.booleans(),
)
def test_caps_are_never_exceeded(opened: int, worker: list[int], mentor: list[int], challenged: bool) -> None:
    queue = filled(opened)
    before = len(queue)
    queue = add(queue, 500, "worker", map(text, worker)).queue
    queue = add(queue, 500, "mentor", map(text, mentor), challenged=challenged).queue
    new = queue[before:]
    assert sum(item.by == "worker" for item in new) <= 2
    assert sum(item.by == "mentor" for item in new) <= (1 if challenged else 0)
    assert len(new) <= (1 if opened >= 48 else 2 if opened >= 24 else 3)
    assert len({item.id for item in queue}) == len(queue)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("try augmentation", "too little"),
        ("12 34 56 78 90 12", "too little"),
        ("Compare shift against plain training, looking only at the digits mixup!", "again"),
        ("[C0001-W01] compare shift against plain trainings, looking only at digits, mixup", "again"),
        ("x " * 200, "too little"),
    ],
)
def test_short_ones_and_near_duplicates_are_refused_with_the_reason(said: str, why: str) -> None:
    first = "compare shift against plain training, looking only at digits mixup"
    queue = (Item(id="C0001-W01", by="worker", text=first),)
    added = add(queue, 2, "worker", [said])
    assert added.queue == queue
    assert why in next(iter(added.refused.values()))
    settled = resolve(queue, ["C0001-W01"])
    assert why == "too little" or len(add(settled, 2, "worker", [said]).queue) == 2


def test_settling_marks_the_item_and_keeps_it() -> None:
    queue = resolve(filled(3), ["[c0002-w01]", "C9999-W01"], note="cycle 9")
    assert [item.done for item in queue] == [False, True, False]
    assert queue[1].line.startswith("- [x] [C0002-W01]")
    assert queue[1].line.endswith("(cycle 9)")
    assert len(open_items(queue)) == 2
    assert resolve(queue, ["C0002-W01"], note="other") == queue


def test_the_focus_shows_the_oldest_and_the_newest() -> None:
    queue = filled(40)
    shown = [item.id for item in focus(queue)]
    assert shown == [f"C{n:04d}-W01" for n in (1, 2, 3, 4, 37, 38, 39, 40)]
    assert [item.id for item in focus(filled(3))] == ["C0001-W01", "C0002-W01", "C0003-W01"]
    assert focus(()) == ()


def test_the_focus_leaves_out_what_is_done_and_what_is_said_twice() -> None:
    twice = dataclasses.replace(filled(1)[0], id="C0099-M01", by="mentor")
    queue = (*resolve(filled(4), ["C0002-W01"]), twice)
    assert [item.id for item in focus(queue)] == ["C0001-W01", "C0003-W01", "C0004-W01"]


@given(st.integers(0, 60), st.integers(2, 12), st.integers(0, 3_000))
def test_the_focus_keeps_its_bounds_and_both_ends(number: int, items: int, characters: int) -> None:
    queue = filled(number)
    shown = focus(queue, items=items, characters=characters)
    assert len(shown) <= items
    lines = {item.id: len(item.line) for item in queue}
    assert sum(lines[item.id] for item in shown) <= characters
    if number and characters >= 2 * max(lines.values()):
        ids = [item.id for item in shown]
        assert ids[0] == queue[0].id
        assert ids == sorted(ids)
        assert number < 2 or queue[-1].id in ids


def test_what_carries_the_meaning_is_words() -> None:
    assert normalised("[C0012-W01] Try 3 of the CROPS, and then rotate-by 15 deg!") == "crops rotate deg"
    assert re.fullmatch(r"[a-z ]*", normalised("Ünïcode 77 §$%"))

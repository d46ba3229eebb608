"""What a lab carries from cycle to cycle stays small however long it works."""

from __future__ import annotations

import json

from assay.core.codec import encode
from assay.models.roles import Housekeeping, Review
from assay.operators.lab.memory import DATA, NOTES, section
from assay.operators.lab.mentor import MentorRules
from assay.operators.lab.record import Cycle
from assay.operators.lab.todo import open_items
from assay.strategies.lab.memory import OPEN, Memory, after
from support.lab_bench import calm

WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett")


def item(number: int) -> str:
    """An item unlike any other: each digit of its number is two words."""
    return " ".join(
        f"{WORDS[int(digit)] * 3} {WORDS[(int(digit) + place) % 10] * 2}x"
        for place, digit in enumerate(f"{number:03d}")
    )


def test_memory_is_bounded_over_many_cycles_and_keeps_the_newest() -> None:
    memory, review = Memory(), Review.model_validate(calm())
    sizes = []
    for number in range(1, 401):
        kept = Housekeeping(todo_new=(item(number), "Look at it."), notes=f"{number} " * 100, data_notes="x" * 500)
        cycle, line = Cycle(number=number, action="wait"), f"C{number:04d} | " + "y" * 200
        memory = after(memory, cycle, kept=kept, review=review, rules=MentorRules(), line=line)
        sizes.append(len(json.dumps(encode(memory))))
    assert max(sizes[300:]) < 1.1 * max(sizes[:200])
    assert max(sizes) < 60_000
    assert len(open_items(memory.queue)) == OPEN
    notes, data = (section(memory.workpad, heading) for heading in (NOTES, DATA))
    assert notes[-1].startswith("- [C0400] 400 400")
    assert data[-1].startswith("- [C0400] xxx")
    assert all("xxx" not in line for line in notes), "no section is lost, and none runs into the other"
    assert memory.storyline[-1].startswith("C0400")
    gone = [one for one in memory.queue if one.done]
    assert gone
    assert all(one.note == "gave way to newer ones" for one in gone)


def test_what_the_queue_did_not_take_is_told_in_the_next_cycle_and_then_forgotten() -> None:
    wanted = "Compare the validation errors of small against large objects first"
    memory = Memory()
    for number, new in ((1, (wanted,)), (2, (f"{wanted} of all", "Look at it.")), (3, ())):
        kept, cycle = Housekeeping(todo_new=new), Cycle(number=number, action="wait")
        memory = after(memory, cycle, kept=kept, review=None, rules=MentorRules(), line="")
        if number == 2:
            again, short = memory.not_queued
            assert again == f"{wanted} of all (is [C0001-W01] again)"
            assert short.startswith("Look at it. (says too little: ")
    assert memory.not_queued == ()
    assert [one.text for one in open_items(memory.queue)] == [wanted]

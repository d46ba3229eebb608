from __future__ import annotations

import threading

import pytest

from assay.strategies.turns import Turns


def test_no_more_have_their_turn_than_may_and_the_lowest_rank_goes_first() -> None:
    turns, order, most, now = Turns(2), [], [0], [0]
    guard, gate = threading.Lock(), threading.Event()
    queued = threading.Barrier(6)

    def take(rank: int) -> None:
        if rank >= 0:
            queued.wait()
        with turns.turn(rank):
            with guard:
                order.append(rank)
                now[0] += 1
                most[0] = max(most[0], now[0])
            gate.wait()
            with guard:
                now[0] -= 1

    first = [threading.Thread(target=take, args=(rank,)) for rank in (-2, -1)]
    for thread in first:
        thread.start()
    while len(order) < 2:
        gate.wait(0.001)
    rest = [threading.Thread(target=take, args=(rank,)) for rank in (4, 2, 0, 3, 1)]
    for thread in rest:
        thread.start()
    queued.wait()
    while len(turns.waiting) < 5:
        gate.wait(0.001)
    gate.set()
    for thread in (*first, *rest):
        thread.join()
    assert most == [2]
    assert sorted(order[:2]) == [-2, -1]
    assert order[2] == 0, "the lowest of those that wait"
    assert sorted(order[2:]) == [0, 1, 2, 3, 4]


def test_a_turn_is_given_back_by_who_fails() -> None:
    turns = Turns(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="it failed"), turns.turn(0):
            raise ValueError("it failed")
    taken = threading.Thread(target=lambda: turns.turn(0).__enter__(), daemon=True)
    taken.start()
    taken.join(60)
    assert not taken.is_alive(), "nobody gave the turn back"

"""Refinement: which block of a script is worked on, what is tried in it, and the new lines."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from assay.core.errors import ReplyInvalid
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.star.change import Change, Move, change_of, drawn, found_in, joined, moves_of
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.order import by_promise, keys_of, within_noise
from assay.models.playbook.star.passages import member_at, passage
from assay.models.playbook.star.solutions import MOST_TITLE, known_mixture
from assay.models.playbook.star.tweaks import Tweak, tweakable, tweaks
from assay.models.roles.star import Block, CodeInputs, ExtractInputs, Extraction, Plan, PlanInputs, Target

_MOST_TARGETS = 3
_MOST_LINES = 40
_LOOKED_AT = 16
"""Moves, beside the one that leads, that a block is widened for."""
_MOST_CHANGES = 24
"""Moves whose passages are looked for, once there is something to offer: each costs a rendering."""
_DRAWS = 3
_PAIRED = 3
_REST = "The rest of the script stays as it is."


def extracted(inputs: ExtractInputs) -> Extraction:
    """Return up to three blocks with a plan each, those first whose parts ablation found to matter.

    Raises:
        ReplyInvalid: Nothing in the script is known how to change.
    """
    facts = read_facts(inputs.brief)
    mixture = known_mixture(inputs.parent.recipe, inputs.code, facts, inputs.parent.title)
    targets = [] if mixture is None else _targets(mixture, inputs, facts)
    targets = targets or _foreign_targets(inputs)
    if not targets:
        raise ReplyInvalid("no block of this script is known how to change")
    return Extraction(targets=tuple(targets[:_MOST_TARGETS]))


def planned(inputs: PlanInputs, random: Random) -> Plan:
    """Return the next move within the block; one that worked is built upon, and then numbers are drawn.

    Raises:
        ReplyInvalid: Everything known is tried.
    """
    facts = read_facts(inputs.brief)
    tried = [attempt.plan for attempt in inputs.attempts]
    mixture = known_mixture(inputs.parent.recipe, inputs.code, facts, inputs.parent.title)
    lines = _range(inputs.code, inputs.block)
    if mixture is not None and lines is not None:
        earlier = (found_in(plan, mixture, facts) for plan in tried)
        done = {
            *keys_of(inputs.brief.history),
            mixture.key,
            *(move.mixture.key for move in earlier if move is not None),
        }
        member = member_at(inputs.code, *lines)
        for move in _options(mixture, inputs, facts, random):
            if member is not None and not move.title.startswith(f"Model {member}: "):
                continue  # a block inside one member cannot bring about what happens in another
            if move.mixture.key not in done and change_of(move, inputs.code, facts, lines) is not None:
                return Plan(title=move.title[:MOST_TITLE].rstrip(), plan=_text(move.title, move.reason))
    for tweak in tweaks(inputs.block):
        if not any(_names(plan, tweak.title) for plan in tried):
            return Plan(title=tweak.title[:MOST_TITLE].rstrip(), plan=_text(tweak.title, tweak.reason))
    raise ReplyInvalid("everything known for this block is tried")


def coded(inputs: CodeInputs) -> Block | None:
    """Return the block as the plan wants it, the imports it needs, and the recipe of the changed script.

    Returns:
        None for a purpose other than refining, if the plan names no move of a recipe.

    Raises:
        ReplyInvalid: A plan to refine names no change that the playbook knows for this block.
    """
    facts = read_facts(inputs.brief)
    mixture = known_mixture(inputs.recipe, inputs.code, facts)
    lines = _range(inputs.code, inputs.block)
    if mixture is not None and lines is not None:
        move = found_in(inputs.plan, mixture, facts)
        change = change_of(move, inputs.code, facts, lines) if move is not None else None
        if move is not None and change is not None:
            code = inputs.block.replace(change.block, change.code)
            return Block(code=code, imports=change.imports, recipe=move.mixture.to_json())
    if inputs.purpose != "refine":
        return None
    named = [tweak for tweak in tweaks(inputs.block) if inputs.plan.startswith(tweak.title)]
    if named:
        return Block(code=max(named, key=lambda tweak: len(tweak.title)).code, recipe={})
    raise ReplyInvalid("the plan names no change that the playbook knows for this block")


def _targets(mixture: Mixture, inputs: ExtractInputs, facts: Facts) -> list[Target]:
    """Return the first moves with their blocks, each block widened to hold moves that stand beside it."""
    done = {*keys_of(inputs.brief.history), mixture.key}
    moves = [
        m for m in by_promise(moves_of(mixture, facts), inputs.findings, inputs.brief) if m.mixture.key not in done
    ]
    wanted = [lines for text in inputs.wanted if (lines := _range(inputs.code, text)) is not None]
    found = _Found(moves, inputs.code, facts)
    asked = [c for c in found if any(_overlap((c.first, c.last), lines) for lines in wanted)] if wanted else []
    for avoided in (inputs.refined, ()):
        targets: list[tuple[tuple[int, int], Change]] = []
        for change in (*asked, *found):
            is_done = any(change.block in text for text in avoided)
            if is_done or any(_overlap(span, (change.first, change.last)) for span, _ in targets):
                continue
            targets.append((_widened(change, found, inputs.code), change))
            if len(targets) == _MOST_TARGETS:
                break
        if targets:
            return [
                Target(block=passage(inputs.code, *span), plan=_text(change.move.title, change.move.reason))
                for span, change in targets
            ]
    return []


class _Found:
    """The first moves with their passages, found as they are asked for."""

    def __init__(self, moves: Sequence[Move], code: str, facts: Facts) -> None:
        self._moves = iter(moves)
        self._code, self._facts = code, facts
        self._known: list[Change] = []

    def __iter__(self) -> Iterator[Change]:
        place = 0
        while place < len(self._known) or (place < _MOST_CHANGES and self._more()):
            yield self._known[place]
            place += 1

    def _more(self) -> bool:
        for move in self._moves:
            change = change_of(move, self._code, self._facts)
            if change is not None:
                self._known.append(change)
                return True
        return False


def _widened(change: Change, others: _Found, code: str) -> tuple[int, int]:
    """Return the lines of a passage around `change` that holds further moves, as long as it stays short."""
    first, last = change.first, change.last
    for other, _ in zip(others, range(_LOOKED_AT), strict=False):
        low, high = min(first, other.first), max(last, other.last)
        if high - low < _MOST_LINES and _is_passage(code, low, high):
            first, last = low, high
    return first, last


def _is_passage(code: str, first: int, last: int) -> bool:
    """Whether the lines are whole statements, and stand in the script once."""
    text = passage(code, first, last)
    try:
        ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return False
    return code.count(text) == 1


def _foreign_targets(inputs: ExtractInputs) -> list[Target]:
    effects = {f.part: abs(f.effect) for f in inputs.findings if f.effect is not None and not within_noise(f)}
    blocks = tweakable(inputs.code)
    fresh = [block for block in blocks if not any(block in text for text in inputs.refined)] or list(blocks)

    def rank(block: str) -> tuple[bool, float]:
        is_wanted = any(block in text or text.strip() in block for text in inputs.wanted)
        return (not is_wanted, -max((effects.get(tweak.part, 0.0) for tweak in tweaks(block)), default=0.0))

    return [_tweak_target(block, tweaks(block)[0]) for block in sorted(fresh, key=rank)[:_MOST_TARGETS]]


def _tweak_target(block: str, tweak: Tweak) -> Target:
    return Target(block=block, plan=_text(tweak.title, tweak.reason))


def _options(mixture: Mixture, inputs: PlanInputs, facts: Facts, random: Random) -> Iterator[Move]:
    """Yield what may be tried next: single moves, numbers drawn around the present ones, two moves at once.

    What leaves something out comes last: the ablation before has measured the parts that matter.
    """
    moves = by_promise(moves_of(mixture, facts), (), inputs.brief)
    better = _improved(mixture, inputs, facts)
    if better is not None:
        yield from _further(better, inputs, facts)
    yield from (move for move in moves if not move.drops)
    for _ in range(_DRAWS):
        yield from drawn(mixture, random)
    lines = _range(inputs.code, inputs.block)
    near = (move for move in moves if not move.drops and change_of(move, inputs.code, facts, lines) is not None)
    for first in islice(near, _PAIRED):
        yield from _further(first, inputs, facts)
    yield from (move for move in moves if move.drops)


def _further(move: Move, inputs: PlanInputs, facts: Facts) -> Iterator[Move]:
    """Yield `move` together with each move from where it leads."""
    following = by_promise(moves_of(move.mixture, facts), (), inputs.brief)
    return (joined(move, other) for other in following if not other.drops)


def _improved(mixture: Mixture, inputs: PlanInputs, facts: Facts) -> Move | None:
    """Return the best attempt on this block as a move, if it beat the parent by more than noise."""
    metric, before = inputs.brief.task.metric, inputs.parent.score
    scored = [(a.plan, a.trial.score) for a in inputs.attempts if a.trial is not None and a.trial.score is not None]
    ranked = metric.ranked(scored, lambda entry: entry[1])
    if not ranked or before is None or metric.gain(ranked[0][1], before) <= (inputs.brief.noise or 0.0):
        return None
    return found_in(ranked[0][0], mixture, facts)


def _names(plan: str, title: str) -> bool:
    """Whether `plan` starts with just this title, not with a longer one."""
    return (
        plan.startswith(title) and not plan[len(title) :].startswith("; then ") and plan[len(title) :][:2] in ("", ". ")
    )


def _text(title: str, reason: str) -> str:
    return f"{title}. {reason} {_REST}"


def _range(code: str, text: str) -> tuple[int, int] | None:
    """Return first and last line of `text` in `code`; None if it is not in it."""
    clean = text.strip("\n")
    at = code.find(clean) if clean.strip() else -1
    if at < 0:
        return None
    first = code.count("\n", 0, at) + 1
    return first, first + clean.count("\n")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]

"""Changes: a move of the shelf together with the passage of the script that it rewrites.

Replacing the passage in the parent's script and adding the imports gives the script of the changed recipe, but for
its docstring, the order of imports and blank lines: both scripts are cut where they are the same line by line.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import scaled
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea
from assay.models.playbook.shelves import shelf_of
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.passages import Lines, lines_of, passage, suites_of
from assay.models.playbook.star.weave import render_mixture

_THEN = "; then "
_MOST_PART = 60


@dataclass(frozen=True, kw_only=True)
class Move:
    """A neighbour of a mixture."""

    mixture: Mixture
    title: str
    reason: str
    part: str
    """What ablation calls the part that it strengthens or leaves out; may be empty."""
    drops: bool = False
    """Whether it leaves the part out."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A move, and what it rewrites."""

    move: Move
    first: int
    """First line of the passage in the parent's script, counted from 1."""
    last: int
    block: str
    """The passage as it stands."""
    code: str
    """What takes its place."""
    imports: tuple[str, ...]
    """Statements that the script lacks."""


def moves_of(mixture: Mixture, facts: Facts) -> Sequence[Move]:
    """Return the moves of all members, those of the first ones first, then the parts that can be left out."""
    found: list[Move] = []
    for place, member in enumerate(mixture.members):
        shelf = shelf_of(member.family)
        ideas = [(idea, False) for idea in shelf.moves(member, facts)]
        ideas += [
            (Idea(recipe=p.without, title=f"Leave out {p.name}", reason=p.description, part=p.name), True)
            for p in shelf.parts(member, facts)
        ]
        found += [
            Move(
                mixture=mixture.with_member(place, idea.recipe),
                title=named(mixture, place, idea.title),
                reason=idea.reason,
                part=named(mixture, place, idea.part) if idea.part else "",
                drops=drops,
            )
            for idea, drops in ideas
            if idea.recipe.key != member.key
        ]
    if len(mixture.members) > 1:
        found += [
            Move(
                mixture=mixture.without(place),
                title=f"Leave out model {place + 1}",
                reason="What a member adds must be worth its time and its errors.",
                part=member_part(mixture, place),
                drops=True,
            )
            for place in range(len(mixture.members))
        ]
    return _one_each(found)


def member_part(mixture: Mixture, place: int) -> str:
    """Return what ablation calls the member at `place`."""
    return f"model {place + 1} ({mixture.titles[place]})"[:_MOST_PART]


def named(mixture: Mixture, place: int, text: str) -> str:
    """Return `text` with the member it is about; alone, a recipe needs no naming."""
    return text if len(mixture.members) == 1 else f"Model {place + 1}: {text}"


def found_in(plan: str, mixture: Mixture, facts: Facts) -> Move | None:
    """Return the move that `plan` starts with, or the chain of moves; None if it names none.

    A title that sets an argument to a number is understood whatever the number.
    """
    options = [move for move in moves_of(mixture, facts) if plan.startswith(move.title)]
    move = max(options, key=lambda option: len(option.title), default=None)
    # `Set C to 3.0` begins `Set C to 3.05`: the number that stands there decides.
    spelled = _set_number(plan, mixture)
    if spelled is not None and (move is None or len(spelled.title) > len(move.title)):
        move = spelled
    if move is None or not plan[len(move.title) :].startswith(_THEN):
        return move
    rest = found_in(plan[len(move.title) + len(_THEN) :], move.mixture, facts)
    return joined(move, rest) if rest is not None else move


def joined(first: Move, second: Move) -> Move:
    """Return both moves as one; `second` starts from where `first` leads."""
    return replace(
        second, title=f"{first.title}{_THEN}{second.title}", reason=f"{first.reason} {second.reason}", drops=False
    )


def drawn(mixture: Mixture, random: Random) -> Sequence[Move]:
    """Return moves that set one argument of a member to a number drawn around the present one."""
    found = []
    for place, member in enumerate(mixture.members):
        for name, old in member.params.items():
            if isinstance(old, bool) or not isinstance(old, int | float) or old <= 0:
                continue
            share = isinstance(old, float) and old <= 1
            value = scaled(old, random.uniform(0.5, 2.0), old / 4, 1.0 if share else old * 4)
            if value != old:
                found.append(_setting(mixture, place, name, value))
    random.shuffle(found)
    return found


def change_of(move: Move, code: str, facts: Facts, within: tuple[int, int] | None = None) -> Change | None:
    """Return `move` with the passage of `code` that it rewrites; None if no passage brings it about.

    Args:
        move: Starts from what `code` was rendered from.
        code: The script as it stands.
        facts: Of the task.
        within: First and last line that the passage may have; anywhere by default.
    """
    low, high = within or (1, len(code))
    target = render_mixture(move.mixture, facts, title="x", plan="x")
    have = lines_of(code).imports
    imports = tuple(i.statement for i in lines_of(target).imports if i not in have)
    for first, last, text in _candidates(code, target):
        block = passage(code, first, last)
        fits = low <= first and last <= high and code.count(block) == 1 and text != block
        if fits:
            return Change(move=move, first=first, last=last, block=block, code=text, imports=imports)
    return None


def _candidates(code: str, target: str) -> Iterator[tuple[int, int, str]]:
    """Yield runs of statements that hold the whole difference, the smallest first, with what takes their place."""
    old, new = lines_of(code), lines_of(target)
    begin, end = _difference(old, new)
    if begin == len(old.texts) and begin == len(new.texts):
        return
    lines = target.splitlines()
    runs = []
    for suite in suites_of(code):
        before = [bisect_left(old.numbers, first) for first, _ in suite]
        after = [len(old.numbers) - bisect_right(old.numbers, last) for _, last in suite]
        for i in (i for i in range(len(suite)) if before[i] <= begin):
            j = next(
                (j for j in range(i, len(suite)) if after[j] <= end and before[i] + after[j] < len(new.texts)), None
            )
            if j is not None:
                runs.append((suite[j][1] - suite[i][0], suite[i][0], suite[j][1], before[i], after[j]))
    for _, first, last, above, below in sorted(runs):
        numbers, texts = new.numbers[above : len(new.numbers) - below], new.texts[above : len(new.texts) - below]
        run = lines[numbers[0] - 1 : numbers[-1]] if numbers else []
        # An import that stands between them belongs to no passage.
        if run and tuple(line for line in run if line.strip()) == texts:
            yield first, last, "\n".join(run)


def _difference(old: Lines, new: Lines) -> tuple[int, int]:
    """Return how many lines at the start and at the end are the same."""
    shorter = min(len(old.texts), len(new.texts))
    begin = next((k for k in range(shorter) if old.texts[k] != new.texts[k]), shorter)
    rest = shorter - begin
    end = next((k for k in range(rest) if old.texts[-1 - k] != new.texts[-1 - k]), rest)
    return begin, end


def _set_number(plan: str, mixture: Mixture) -> Move | None:
    for place, member in enumerate(mixture.members):
        for name, old in member.params.items():
            head = named(mixture, place, f"Set {name} to ")
            if plan.startswith(head) and isinstance(old, int | float) and not isinstance(old, bool):
                value = _number(plan[len(head) :], whole=isinstance(old, int))
                if value is not None and value != old:
                    return _setting(mixture, place, name, value)
    return None


def _number(text: str, *, whole: bool) -> int | float | None:
    word = text.split()[0].rstrip(".,;:") if text.split() else ""
    try:
        return int(word) if whole else float(word)
    except ValueError:
        return None


def _setting(mixture: Mixture, place: int, name: str, value: object) -> Move:
    member: Recipe = mixture.members[place]
    changed = replace(member, params={**member.params, name: value})  # type: ignore[dict-item]
    return Move(
        mixture=mixture.with_member(place, changed),
        title=named(mixture, place, f"Set {name} to {value}"),
        reason=f"The settings in a list are tried; {name} was {member.params[name]}.",
        part=named(mixture, place, "tuned settings"),
    )


def _one_each(moves: Sequence[Move]) -> Sequence[Move]:
    """Return the first move of each title: the title is all that a plan says."""
    seen: dict[str, Move] = {}
    for move in moves:
        seen.setdefault(move.title, move)
    return list(seen.values())

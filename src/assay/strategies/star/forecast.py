"""How many questions a run of `mle_star` will put."""

from __future__ import annotations

from collections.abc import Mapping

from assay.strategies.star.options import StarOptions


def star_questions(options: StarOptions) -> dict[str, tuple[int, int]]:
    """Return the fewest and the most questions by role.

    Fewest: the first merge fails, and every path ends as soon as its patience allows. What time allows of them is
    another question: see `within_time`.
    """
    paths, models, inner, rounds = options.paths, options.models, options.inner, options.rounds
    starts = 1 if options.shared_start else paths
    most_outer = options.outer
    least_outer = min(most_outer, options.patience) if options.patience else most_outer
    least_inner = min(inner, options.inner_patience) if options.inner_patience else inner
    merges = (min(1, models - 1), models - 1)
    scripts = [
        starts * (models + merged) + paths * outer * plans + rounds
        for merged, outer, plans in zip(merges, (least_outer, most_outer), (least_inner, inner), strict=True)
    ]
    # All data used, and fit for all rows: looked at where they change something.
    leaks = (scripts[0], scripts[1] + starts * options.data_usage + 1) if options.leakage else (0, 0)
    asked = {
        "research": (starts * options.research, starts * options.research),
        "retrieve": (starts, starts),
        "init": (starts * models, starts * models),
        "merge": (starts * merges[0], starts * merges[1]),
        "data_usage": (starts * options.data_usage, starts * options.data_usage),
        "ablate": (paths * least_outer, paths * most_outer),
        "summarize": (paths * least_outer, paths * most_outer),
        "extract": (paths * least_outer, paths * most_outer * 2),
        "plan": (paths * least_outer * max(0, least_inner - 1), paths * most_outer * max(0, inner - 1)),
        "code": (paths * least_outer * least_inner, paths * most_outer * inner + starts + 1),
        "ensemble_plan": (rounds, rounds),
        "ensemble": (rounds, rounds),
        "leakage": leaks,
        "finalize": (1, 1),
        "validate": (options.validate, options.validate),
        "debug": (0, scripts[1]),
    }
    return {role: counts for role, counts in asked.items() if counts[1]}


def within_time(
    asked: Mapping[str, tuple[int, int]], reachable: Mapping[str, tuple[int, int]] | None
) -> dict[str, tuple[int, int]]:
    """Return the questions that the sizes ask for, as far as time allows; all of them where it does not bound them."""
    if reachable is None:
        return dict(asked)
    found = {}
    for role, (fewest, most) in asked.items():
        few, many = reachable.get(role, (0, 0))
        found[role] = (min(fewest, few), min(most, many))
    return found

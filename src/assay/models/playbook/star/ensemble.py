"""Ensembles over the solutions of all paths: a new way each round, led by what the earlier rounds scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from assay.core.metric import Metric, Needs
from assay.core.plain import plain
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.star.mixture import Scale, united
from assay.models.playbook.star.solutions import known_mixture, program_of, shortened
from assay.models.playbook.star.weave import Rule, Script, can_hold_out, weave
from assay.models.roles import Program
from assay.models.roles.star import Attempt, Ensembled, EnsembleInputs, EnsemblePlanInputs, Plan, Solution

_HELD_OUT_COST = 1.8
"""Runs of each member where four fifths of the rows choose the weights first."""
_ORDERED = frozenset({"roc_auc", "roc_auc_mean_columnwise", "average_precision", "spearman"})


@dataclass(frozen=True, kw_only=True)
class Way:
    """How solutions are combined. The title names it: a plan that starts with it asks for this way."""

    title: str
    reason: str
    weights: tuple[float, ...]
    """One a solution, best first; 0 leaves it out."""
    scale: Scale = Scale.MEAN
    holdout: bool = False


def planned_ensemble(inputs: EnsemblePlanInputs, random: Random) -> Plan:
    """Return the first way that was not tried, in the terms that scored best so far."""
    facts = read_facts(inputs.brief)
    count = len(inputs.solutions)
    ways = _ways(facts, count)
    tried = [way for attempt in inputs.attempts if (way := _way_of(attempt.plan, ways)) is not None]
    liked = _liked_scale(inputs.attempts, ways, facts.task.metric)
    fresh = [way for way in ways if way not in tried]
    # Each scale is tried plainly once; then the better one is kept to.
    fresh.sort(key=lambda way: (way.title not in (_MEAN, *_SCALE_TITLES.values()), way.scale is not liked))
    way = fresh[0] if fresh else _random_way(count, liked, random)
    return Plan(title=way.title, plan=f"{way.title}. {way.reason}{_learned(inputs.attempts, facts)}")


def ensemble(inputs: EnsembleInputs) -> Ensembled:
    """Return the script that combines `inputs.solutions` as the plan says, within half the time of a trial.

    Solutions for which that is too short are left out, down to a single one: who asks sees it by `members`.

    Raises:
        ReplyInvalid: A script cannot be part of another.
    """
    facts = read_facts(inputs.brief)
    metric = facts.task.metric
    ranked = metric.ranked(inputs.solutions, lambda solution: solution.trial.score)
    way = (
        _way_of(inputs.plan, _ways(facts, len(ranked))) or _written(inputs.plan, ranked) or _ways(facts, len(ranked))[0]
    )
    wanted = [(s, w) for s, w in zip(ranked, way.weights, strict=True) if w > 0]
    chosen, dropped = _affordable(wanted, way, facts)
    plan = inputs.plan.strip() or way.title
    if dropped:
        names = "; ".join(solution.trial.title for solution in dropped)
        plan += f" Left out, so that the whole ends within half the time of a trial: {names}."
    program = _program(chosen, way, facts, plan)
    return Ensembled(**program.model_dump(), members=tuple(solution.trial.number for solution, _ in chosen))


_MEAN = "Mean of all solutions"
_SCALE_TITLES = {Scale.RANK: "Mean of ranks", Scale.LOG: "Mean of logarithms"}
_SCALE_SUFFIX = {Scale.MEAN: "", Scale.RANK: ", on ranks", Scale.LOG: ", on logarithms"}
_SCALE_REASONS = {
    Scale.RANK: "The metric looks at the order alone, and ranks make models with different spreads count alike.",
    Scale.LOG: "Logarithms average errors in proportion, so that no model's extremes lead the mean.",
}


def _ways(facts: Facts, count: int) -> Sequence[Way]:
    """Return all ways that fit the metric and `count` solutions; the plain mean first."""
    equal = (1.0,) * count
    ways = [Way(title=_MEAN, reason="Equal shares cannot overfit, and errors of their own cancel out.", weights=equal)]
    if count == 1:
        return ways
    scales = _scales(facts)
    ways += [Way(title=_SCALE_TITLES[s], reason=_SCALE_REASONS[s], weights=equal, scale=s) for s in scales[1:]]
    for scale in scales:
        end = _SCALE_SUFFIX[scale]
        if can_hold_out(facts):
            reason = (
                "The script sets a fifth of the rows aside, takes the shares that predict them best, then refits all."
            )
            ways.append(
                Way(title=f"Weights from held-out rows{end}", reason=reason, weights=equal, scale=scale, holdout=True)
            )
        falling = tuple(float(count - k) for k in range(count))
        reason = "What did better in cross-validation deserves more say, but none is silenced."
        ways.append(Way(title=f"Falling shares by score{end}", reason=reason, weights=falling, scale=scale))
        for kept in {2, 3, count - 1}:
            if 2 <= kept < count:
                reason = "A weak solution costs the mean more than its difference brings."
                few = tuple(1.0 if k < kept else 0.0 for k in range(count))
                ways.append(Way(title=f"The best {kept} alone{end}", reason=reason, weights=few, scale=scale))
        double = (3.0, *(1.0,) * (count - 1))
        reason = "The best leads, and the others smooth its errors."
        ways.append(Way(title=f"Triple share for the best{end}", reason=reason, weights=double, scale=scale))
    return ways


def _scales(facts: Facts) -> Sequence[Scale]:
    """Return the terms in which an average makes sense for this metric, the plain one first."""
    needs, name = facts.task.output.needs, facts.task.metric.name.lower()
    if name in _ORDERED and needs in (Needs.PROBABILITY, Needs.VALUES):
        return (Scale.MEAN, Scale.RANK)
    if needs is Needs.VALUES and facts.shape == "regression":
        low = min((t.low for t in facts.profile.targets if t.low is not None), default=-1.0)
        return (Scale.MEAN, Scale.LOG) if low >= 0 and (facts.is_skewed or facts.loss != "squared") else (Scale.MEAN,)
    is_flags = needs is Needs.LABELS and not facts.is_classes
    return (Scale.MEAN,) if is_flags or facts.shape == "regression" or not facts.is_classes else (Scale.MEAN, Scale.LOG)


def _way_of(plan: str, ways: Sequence[Way]) -> Way | None:
    """Return the way that `plan` starts with; the longest title counts, as some titles begin others."""
    named = [way for way in ways if plan.startswith(way.title)]
    return max(named, key=lambda way: len(way.title), default=None)


def _liked_scale(attempts: Sequence[Attempt], ways: Sequence[Way], metric: Metric) -> Scale:
    scored = [
        (attempt.trial.score, way.scale)
        for attempt in attempts
        if attempt.trial is not None and (way := _way_of(attempt.plan, ways)) is not None
    ]
    best = metric.ranked(scored, lambda entry: entry[0])
    return best[0][1] if best and best[0][0] is not None else Scale.MEAN


def _random_way(count: int, scale: Scale, random: Random) -> Way:
    shares = tuple(float(random.randint(1, 9)) for _ in range(count))
    words = " ".join(f"{share:.0f}" for share in shares)
    title = f"Shares {words}{_SCALE_SUFFIX[scale]}"
    return Way(title=title, reason="All planned ways are tried; these shares are drawn.", weights=shares, scale=scale)


def _written(plan: str, ranked: Sequence[Solution]) -> Way | None:
    """Return the way of a plan that spells shares out, as those of `_random_way` do."""
    head = plan.partition(".")[0]
    numbers, _, end = head.removeprefix("Shares ").partition(",")
    parts = numbers.split()
    if not head.startswith("Shares ") or len(parts) != len(ranked) or not all(part.isdigit() for part in parts):
        return None
    scale = next((s for s, suffix in _SCALE_SUFFIX.items() if suffix and suffix == f",{end}"), Scale.MEAN)
    return Way(title=head, reason="", weights=tuple(map(float, parts)), scale=scale)


def _learned(attempts: Sequence[Attempt], facts: Facts) -> str:
    scored = [(a.trial.score, a.trial.title) for a in attempts if a.trial is not None and a.trial.score is not None]
    if not scored:
        return ""
    score, title = facts.task.metric.ranked(scored, lambda entry: entry[0])[0]
    return f" Best ensemble so far: {title} ({plain(score)})."


def _affordable(
    chosen: Sequence[tuple[Solution, float]], way: Way, facts: Facts
) -> tuple[Sequence[tuple[Solution, float]], Sequence[Solution]]:
    """Return what fits half the time of a trial, without the costliest of those that are not the best."""
    limit = facts.machine.trial_timeout_s / 2 / (_HELD_OUT_COST if way.holdout else 1.0)
    kept, dropped = list(chosen), []
    while len(kept) > 1 and sum(solution.trial.wall_s for solution, _ in kept) > limit:
        costliest = max(kept[1:], key=lambda entry: entry[0].trial.wall_s)
        kept.remove(costliest)
        dropped.append(costliest[0])
    return kept, dropped


def _program(chosen: Sequence[tuple[Solution, float]], way: Way, facts: Facts, plan: str) -> Program:
    known = [known_mixture(s.trial.recipe, s.code, facts, s.trial.title) for s, _ in chosen]
    # Averages of ranks or of logarithms are no averages of the members: only the same terms can be taken apart.
    parts = [
        (mixture, weight)
        for mixture, (_, weight) in zip(known, chosen, strict=True)
        if mixture is not None and not mixture.holdout and mixture.scale in (Scale.MEAN, way.scale)
    ]
    title = shortened(way.title)
    if len(parts) == len(chosen):
        mixture = united(parts, scale=way.scale, holdout=way.holdout)
        return program_of(mixture, facts, title=title, plan=plan)
    if len(chosen) == 1:
        only = chosen[0][0]
        return Program(title=title, plan=plan, code=only.code, recipe=only.trial.recipe)
    scripts = [Script(title=s.trial.title, code=s.code) for s, _ in chosen]
    total = sum(weight for _, weight in chosen)
    weights = tuple(float(f"{weight / total:.4g}") for _, weight in chosen)
    rule = Rule(scale=way.scale, weights=() if len(set(weights)) == 1 or way.holdout else weights, holdout=way.holdout)
    code = weave(scripts, facts, rule, title=title, plan=plan)
    return Program(title=title, plan=plan, code=code, recipe={})

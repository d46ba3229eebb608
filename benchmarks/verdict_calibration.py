"""Print how often verdicts err, for more settings than the test holds.

    python benchmarks/verdict_calibration.py [SEARCHES]

With the default of 1,000 searches a setting takes about 20 s. Of searches of equal candidates: `naive` is the share in
which one beats its incumbent by more than the noise deviation on the search folds, `false real` the share with a
`real`, `their cost` the folds of confirmations over those of the search, `folds run` what racing left of the search.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.searches import World, measure

SETTINGS = {
    "k=5 normal": World(folds=5),
    "k=5 heavy tails": World(folds=5, tails=5),
    "k=3 normal": World(folds=3),
    "k=3 heavy tails": World(folds=3, tails=5),
    "k=10 normal": World(folds=10),
    "k=2 normal": World(folds=2),
    "k=1 normal": World(folds=1, rho=0.0, difficulty=0.0),
    "k=5 independent folds": World(folds=5, rho=0.0),
    "k=3 independent folds": World(folds=3, rho=0.0),
    "k=5 half of the dependence lasting": World(folds=5, lasting=0.5),
    "k=3 half of the dependence lasting": World(folds=3, lasting=0.5),
    "k=5 all of the dependence lasting": World(folds=5, lasting=1.0),
    "k=3 all of the dependence lasting": World(folds=3, lasting=1.0),
    "k=5 baseline half as noisy": World(folds=5, quiet_baseline=0.5),
    "k=3 baseline half as noisy": World(folds=3, quiet_baseline=0.5),
    "k=5, 20 candidates": World(folds=5, candidates=20),
    "k=5, 400 candidates": World(folds=5, candidates=400),
}


def main(searches: int) -> None:
    print(f"{searches} searches a row; one candidate better by three noise deviations for the power")
    heads = f"{'naive':>7} {'false real':>10} {'power':>7} {'confirmations':>14} {'their cost':>11} {'folds run':>10}"
    print(f"{'setting':36} {heads}")
    for seed, (name, world) in enumerate(SETTINGS.items()):
        rates = measure(world, searches=searches, seed=2 * seed)
        print(
            f"{name:36} {rates.naive:7.1%} {rates.false_real:10.1%} {rates.power:7.1%} {rates.confirmations:14.1f} "
            f"{rates.cost:11.1%} {rates.raced:10.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

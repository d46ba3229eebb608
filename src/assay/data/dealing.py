"""Dealing: how rows are put into folds by chance, class by class and group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.data.labels import sorted_labels

if TYPE_CHECKING:
    import numpy as np

_ENOUGH_TO_SEAL = 3
"""Rows of a class of which one is sealed whatever its share: two are left to learn from and to test on."""


def deal(strata: list[str], k: int, random: np.random.Generator) -> np.ndarray:
    """Return a fold for each row: stratum by stratum, shuffled, dealt out in turn, so that all sizes differ by one.

    Args:
        strata: Name of the stratum of each row.
        k: Number of folds, at least 1.
        random: Decides who goes where.

    Returns:
        A number in [0, k) for each row.
    """
    import numpy as np

    dealt = np.empty(len(strata), dtype=int)
    start = 0
    own = np.array(strata, dtype=object)
    for name in sorted_labels(set(strata)):
        members = random.permutation(np.flatnonzero(own == name))
        dealt[members] = (start + np.arange(len(members))) % k
        start += len(members)
    return dealt


def spread(strata: list[str], random: np.random.Generator) -> np.ndarray:
    """Return the rows in an order of which every beginning holds each stratum in its share, in random order within.

    Args:
        strata: Name of the stratum of each row.
        random: Decides the order within each.

    Returns:
        The numbers of all rows.
    """
    import numpy as np

    place = np.empty(len(strata))
    own = np.array(strata, dtype=object)
    for name in sorted_labels(set(strata)):
        members = random.permutation(np.flatnonzero(own == name))
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(place, kind="stable")


def one_of_each(strata: list[str], order: np.ndarray, taken: np.ndarray) -> list[int]:
    """Return the first row in `order` of each stratum that `taken` lacks, if a row for each of two folds is left.

    A few metrics have no score without a row of each class, and a rare one has less than a row in a small share.

    Args:
        strata: Name of the stratum of each row.
        order: Numbers of all rows.
        taken: The beginning of it.
    """
    have = {strata[row] for row in taken}
    members: dict[str, list[int]] = {}
    for row in order:
        members.setdefault(strata[row], []).append(int(row))
    return [rows[0] for name, rows in members.items() if name not in have and len(rows) >= _ENOUGH_TO_SEAL]


def deal_groups(groups: list[str], strata: list[str], k: int, random: np.random.Generator) -> np.ndarray:
    """Return a fold for each row so that no group is in two; sizes and classes are kept as even as groups allow.

    Groups in random order, large ones first, each go to the fold that lacks most of what they bring.

    Args:
        groups: Name of the group of each row.
        strata: Name of the stratum of each row.
        k: Number of folds, at least 1.
        random: Decides among groups of like size.

    Returns:
        A number in [0, k) for each row.
    """
    import numpy as np

    names, codes = np.unique(np.array(groups, dtype=str), return_inverse=True)
    classes, labels = np.unique(np.array(strata, dtype=str), return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (codes, labels), 1)
    order = random.permutation(len(names))
    order = order[np.argsort(-np.round(np.log2(counts[order].sum(axis=1)), 1), kind="stable")]
    share = counts.sum(axis=0)
    held = np.zeros((k, len(classes)))
    fold_of = np.empty(len(names), dtype=int)
    for group in order:
        after = (held + counts[group]) / share
        uneven = [
            np.square(np.delete(held / share, fold, axis=0)).sum() + np.square(after[fold]).sum() for fold in range(k)
        ]
        fold_of[group] = int(np.argmin(uneven))
        held[fold_of[group]] += counts[group]
    dealt: np.ndarray = fold_of[codes]
    return dealt

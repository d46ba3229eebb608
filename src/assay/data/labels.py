"""Labels in the order in which everything lists them."""

from __future__ import annotations


def sorted_labels(labels: set[str]) -> tuple[str, ...]:
    """Return `labels` in the order of their numbers if all are numbers, else of their letters."""
    try:
        return tuple(sorted(labels, key=lambda label: (float(label), label)))
    except ValueError:
        return tuple(sorted(labels))

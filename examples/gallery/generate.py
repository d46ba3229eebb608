"""Writes the small data sets of the gallery: the same bytes wherever it runs. Standard library only.

python generate.py houses data/houses      # a regression: prices of houses in four towns
python generate.py messages data/messages  # texts: which desk a customer's message belongs to
python generate.py bookings data/bookings  # a leak: a column that is filled in after the fact
python generate.py coins data/coins        # nothing to find: labels are coins, columns are dice
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

TOWNS = {"Aalen": 0.8, "Brig": 1.6, "Cham": 1.1, "Dole": 0.9}


def write_houses(folder: Path, *, train: int = 300, test: int = 60) -> None:
    """Write description, training and test rows, and a sample submission: prices that grow with area, by town.

    Args:
        folder: Made here.
        train: Labelled rows.
        test: Rows without a price.
    """
    rng = Random(11)
    rows = []
    for number in range(train + test):
        area, rooms, town = rng.randint(30, 220), rng.randint(1, 7), rng.choice(sorted(TOWNS))
        price = TOWNS[town] * (20 + 1.5 * area + 4 * rooms) * rng.uniform(0.9, 1.1)
        rows.append((number, area, rooms, town, f"{price:.1f}"))
    text = "# House prices\n\nPredict `price`, in thousands. Scored by RMSE.\n"
    _write(folder, ("id", "area", "rooms", "town", "price"), rows, train=train, text=text, blank="0")


DESKS = {
    "billing": ["invoice", "charged", "refund", "payment", "card", "amount", "price", "receipt"],
    "delivery": ["parcel", "courier", "tracking", "address", "arrived", "late", "box", "street"],
    "account": ["password", "login", "email", "profile", "locked", "settings", "name", "delete"],
}
COMMON = ["my", "order", "please", "help", "still", "again", "yesterday", "number", "cannot", "why", "the", "was", "is"]
OPENINGS = ["Hello,", "Hi there,", "Good morning,", "Dear team,", "To whom it may concern,", "Quick question:"]


def write_messages(folder: Path, *, train: int = 600, test: int = 150) -> None:
    """Write customers' messages, each with the desk that it belongs to; one in twelve went to a wrong desk.

    Args:
        folder: Made here.
        train: Labelled rows.
        test: Rows without a desk.
    """
    rng = Random(23)
    rows = []
    for number in range(train + test):
        desk = rng.choice(sorted(DESKS))
        others = [word for name in sorted(DESKS) if name != desk for word in DESKS[name]]
        words = rng.choices(DESKS[desk], k=rng.randint(1, 3)) + rng.choices(COMMON, k=rng.randint(4, 9))
        words += rng.choices(others, k=rng.randint(0, 2))
        rng.shuffle(words)
        label = rng.choice(sorted(DESKS)) if rng.random() < 1 / 12 else desk
        rows.append((number, f"{rng.choice(OPENINGS)} {' '.join(words)}.", label))
    text = (
        "# Which desk?\n\nPredict `desk`, the desk that a customer's `message` belongs to: account, billing or "
        "delivery. Scored by accuracy.\n"
    )
    _write(folder, ("id", "message", "desk"), rows, train=train, text=text, blank="account")


def write_bookings(folder: Path, *, train: int = 800, test: int = 200) -> None:
    """Write bookings of a hotel that are cancelled or not; `refund_eur` is filled in once they are.

    Args:
        folder: Made here.
        train: Labelled rows.
        test: Rows without the label: in them, too, the refunds stand, as in an export that was made afterwards.
    """
    rng = Random(37)
    rows = []
    for number in range(train + test):
        ahead, nights, guests = rng.randint(0, 300), rng.randint(1, 14), rng.randint(1, 4)
        price, returning = round(rng.uniform(55, 240), 2), int(rng.random() < 0.3)
        chance = 0.12 + 0.0016 * ahead - 0.1 * returning + 0.0006 * (price - 120)
        cancelled = int(rng.random() < min(0.95, max(0.02, chance)))
        kept = cancelled and rng.random() < 0.02  # a few non-refundable rates
        refund = 0.0 if not cancelled or kept else round(price * nights, 2)
        rows.append((number, ahead, nights, guests, price, returning, refund, cancelled))
    header = ("id", "days_ahead", "nights", "guests", "price_eur", "returning_guest", "refund_eur", "cancelled")
    text = (
        "# Cancellations\n\nPredict the probability that a booking is cancelled: `cancelled` is 1 or 0. "
        "Scored by AUC.\n"
    )
    _write(folder, header, rows, train=train, text=text, blank="0.5")


def write_coins(folder: Path, *, train: int = 500, test: int = 100) -> None:
    """Write rows whose label is a coin and whose columns are dice: no column knows anything of the label.

    Args:
        folder: Made here.
        train: Labelled rows.
        test: Rows without a label.
    """
    rng = Random(41)
    names = tuple(f"die_{place}" for place in range(1, 9))
    rows = [(number, *(round(rng.gauss(0, 1), 3) for _ in names), rng.randint(0, 1)) for number in range(train + test)]
    text = "# Coins\n\nPredict the probability of heads: `heads` is 1 or 0. Scored by log loss.\n"
    _write(folder, ("id", *names, "heads"), rows, train=train, text=text, blank="0.5")


def _write(
    folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]], *, train: int, text: str, blank: str
) -> None:
    folder.mkdir(parents=True)
    _table(folder / "train.csv", header, rows[:train])
    _table(folder / "test.csv", header[:-1], [row[:-1] for row in rows[train:]])
    _table(folder / "sample_submission.csv", (header[0], header[-1]), [(row[0], blank) for row in rows[train:]])
    (folder / "description.md").write_text(text, encoding="utf-8")


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


WRITERS = {"houses": write_houses, "messages": write_messages, "bookings": write_bookings, "coins": write_coins}


def main() -> None:
    """Write the data set that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=sorted(WRITERS))
    parser.add_argument("folder", type=Path, help="made here; must not exist")
    asked = parser.parse_args()
    WRITERS[asked.what](asked.folder)


if __name__ == "__main__":
    main()

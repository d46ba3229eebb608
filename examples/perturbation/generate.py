"""Writes a perturbation screen with a known truth: cell profiles before and after compounds at doses, on plates.

    python generate.py [FOLDER]      writes FOLDER/data (what a run sees) and FOLDER/truth (what made it)

A compound acts through a few mechanisms. Which ones, how strongly and at what dose follows from its fingerprint, but
for a share that no fingerprint tells. A mechanism moves many features at once. Every plate shifts and scales all
features; control wells say by how much. `pre_*` of a treated well is a control well of its plate, as in real screens,
so that it carries the plate's level and the noise of one well.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES, BITS, MECHANISMS = 100, 64, 6
DOSES = (0.1, 0.5, 2.0, 10.0)
"""In micromoles per litre."""


@dataclass(frozen=True, kw_only=True)
class Screen:
    """How large a screen is."""

    compounds: int = 190
    """Of the training rows."""
    new_compounds: int = 40
    """Of the test rows: none of them is in the training rows."""
    replicates: int = 3
    plates: int = 24
    controls: int = 16
    """Control wells of each plate."""
    noise: float = 0.8
    """Standard deviation of a well's feature, in units of the strongest effects."""
    unexplained: float = 0.25
    """Share of a compound's strength that its fingerprint does not tell."""
    seed: int = 7


def main(folder: Path, screen: Screen | None = None) -> None:
    """Write the screen below `folder`."""
    screen = screen or Screen()
    draw = np.random.default_rng(screen.seed)
    truth = _truth(draw, screen)
    wells, controls = _wells(draw, screen, truth)
    data, kept = folder / "data", folder / "truth"
    data.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    post = [name for name in wells.columns if name.startswith("post_")]
    new = wells["compound"].isin({f"C{n:03d}" for n in range(screen.compounds, len(truth["bits"]))})
    wells[~new].to_csv(data / "train.csv", index=False)
    wells[new].drop(columns=post).to_csv(data / "test.csv", index=False)
    sample = pd.DataFrame(0.0, index=wells[new].index, columns=post)
    sample.insert(0, "well", wells.loc[new, "well"])
    sample.to_csv(data / "sample_submission.csv", index=False)
    controls.to_csv(data / "controls.csv", index=False)
    wells.loc[new, ["well", *post]].to_csv(kept / "answers.csv", index=False)
    np.savez_compressed(kept / "truth.npz", **truth)


def _truth(draw: np.random.Generator, screen: Screen) -> dict[str, np.ndarray]:
    count = screen.compounds + screen.new_compounds
    # Compounds come in chemical series: those of one series share most bits.
    series = draw.random((24, BITS)) < 0.3
    flips = draw.random((count, BITS)) < 0.08
    bits = series[draw.integers(0, len(series), count)] ^ flips
    told = bits @ draw.normal(0, 1, (BITS, MECHANISMS)) / np.sqrt(0.3 * BITS)
    own = draw.normal(0, told.std(), told.shape)
    strength = np.sqrt(1 - screen.unexplained) * told + np.sqrt(screen.unexplained) * own
    # A compound does something through a mechanism only if it fits well: most strengths are small.
    strength = np.sign(strength) * np.maximum(np.abs(strength) - 0.6, 0)
    potency = 0.3 + 1.2 * (bits @ draw.normal(0, 1, BITS)) / np.sqrt(0.3 * BITS)
    return {
        "bits": bits,
        "strength": strength,
        "half_dose": np.exp(potency),
        "directions": draw.normal(0, 1, (MECHANISMS, FEATURES)) * (draw.random((MECHANISMS, FEATURES)) < 0.4),
        "resting": draw.normal(0, 2, FEATURES),
        "shift": draw.normal(0, 0.7, (screen.plates, FEATURES)),
        "scale": np.exp(draw.normal(0, 0.1, (screen.plates, FEATURES))),
    }


def effect(truth: dict[str, np.ndarray], compound: np.ndarray, dose: np.ndarray) -> np.ndarray:
    """Return what compounds at doses do to the features (wells, features), without plate and noise."""
    share = dose / (dose + truth["half_dose"][compound])
    return np.asarray((truth["strength"][compound] * share[:, None]) @ truth["directions"])


def _wells(
    draw: np.random.Generator, screen: Screen, truth: dict[str, np.ndarray]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    count = len(truth["bits"])
    grid = [(c, d, r) for c in range(count) for d in DOSES for r in range(screen.replicates)]
    compound, dose = np.array([g[0] for g in grid]), np.array([g[1] for g in grid])
    # Replicates of a compound lie on different plates.
    first = draw.integers(0, screen.plates, count)
    plate = (first[compound] + 7 * np.array([g[2] for g in grid])) % screen.plates

    def measured(profile: np.ndarray, at: np.ndarray) -> np.ndarray:
        seen = truth["shift"][at] + truth["scale"][at] * (truth["resting"] + profile)
        return np.asarray((seen + draw.normal(0, screen.noise, seen.shape)).round(3))

    control_plate = np.repeat(np.arange(screen.plates), screen.controls)
    control = measured(np.zeros((len(control_plate), FEATURES)), control_plate)
    chosen = plate * screen.controls + draw.integers(0, screen.controls, len(plate))
    post = measured(effect(truth, compound, dose), plate)

    names = [f"{k:03d}" for k in range(FEATURES)]
    order = draw.permutation(len(grid))
    head = pd.DataFrame(
        {
            "well": [f"W{n:05d}" for n in range(len(grid))],
            "plate": [f"P{n:02d}" for n in plate[order]],
            "compound": [f"C{n:03d}" for n in compound[order]],
            "dose": dose[order],
        }
    )
    bits = pd.DataFrame(truth["bits"][compound[order]].astype(int), columns=[f"bit_{k:02d}" for k in range(BITS)])
    pre = pd.DataFrame(control[chosen[order]], columns=[f"pre_{n}" for n in names])
    after = pd.DataFrame(post[order], columns=[f"post_{n}" for n in names])
    table = pd.DataFrame(control, columns=[f"pre_{n}" for n in names])
    table.insert(0, "plate", [f"P{n:02d}" for n in control_plate])
    return pd.concat([head, bits, pre, after], axis=1), table


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))

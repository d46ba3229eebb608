from sklearn.base import BaseEstimator, RegressorMixin
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

SEED = int(os.environ.get("ASSAY_SEED", "0"))  # nothing here is random
INPUT, OUTPUT = Path("input"), Path("output")
ALPHAS = np.logspace(-4, 2, 25)


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_csv(INPUT / "train.csv"), pd.read_csv(INPUT / "test.csv")


def features(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "log_area": np.log(frame["area"].astype(float)),
            "rooms": frame["rooms"].astype(float),
            "rooms_per_area": frame["rooms"] / frame["area"],
            "town": frame["town"].astype(str),
        }
    )


ROUNDS = 30


class TownShape(RegressorMixin, BaseEstimator):
    """Price as the town's level times one linear shape in area and rooms, errors in proportion to the price."""

    alpha_ = 0.0  # no shrinkage; `main` prints it

    def fit(self, inputs: pd.DataFrame, target: np.ndarray) -> "TownShape":
        numbers, towns = self.numbers(inputs), inputs["town"].to_numpy()
        rate = pd.Series(target / numbers[:, 1]).groupby(towns).mean()
        self.levels_ = rate / rate.mean()
        weights = 1.0 / target**2
        for _ in range(ROUNDS):
            level = self.level(towns)
            root = np.sqrt(weights)
            self.shape_ = np.linalg.lstsq(numbers * (level * root)[:, None], target * root, rcond=None)[0]
            shape = numbers @ self.shape_
            ratio = pd.DataFrame({"above": weights * target * shape, "below": weights * shape**2}).groupby(towns).sum()
            self.levels_ = ratio["above"] / ratio["below"]
            weights = 1.0 / np.maximum(self.predict(inputs), 0.2 * target.mean()) ** 2
        return self

    def predict(self, inputs: pd.DataFrame) -> np.ndarray:
        return self.level(inputs["town"].to_numpy()) * (self.numbers(inputs) @ self.shape_)

    def level(self, towns: np.ndarray) -> np.ndarray:
        return self.levels_.reindex(towns).fillna(self.levels_.mean()).to_numpy()

    @staticmethod
    def numbers(inputs: pd.DataFrame) -> np.ndarray:
        area = np.exp(inputs["log_area"].to_numpy())
        return np.column_stack([np.ones(len(area)), area, inputs["rooms"].to_numpy()])


def target_of(frame: pd.DataFrame) -> np.ndarray:
    return frame["price"].to_numpy(dtype=float)


def fit(inputs: pd.DataFrame, target: np.ndarray) -> Pipeline:
    return Pipeline([("ridge", TownShape())]).fit(inputs, target)


def predict(model: Pipeline, inputs: pd.DataFrame, smear: float) -> np.ndarray:
    return model.predict(inputs) * smear


def main() -> None:
    begun = time.time()
    train, test = load()
    print(f"loaded: {len(train)} training rows, {len(test)} test rows", flush=True)
    inputs, target = features(train), target_of(train)
    model = fit(inputs, target)
    smear = 1.0  # the fit is on the price itself; the line below still asks for the factor
    print(f"fitted: alpha {model['ridge'].alpha_:.4f}, {time.time() - begun:.1f} s", flush=True)
    price = predict(model, features(test), smear)
    OUTPUT.mkdir(exist_ok=True)
    pd.DataFrame({"id": test["id"], "price": price}).to_csv(OUTPUT / "submission.csv", index=False)
    print(f"written: mean {price.mean():.1f}, {time.time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()

from sklearn.base import BaseEstimator, TransformerMixin
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


class Shape(TransformerMixin, BaseEstimator):
    """Area and rooms for all towns, and for each town its own level, slope in area and slope in rooms."""

    def fit(self, inputs: pd.DataFrame, target: np.ndarray | None = None) -> "Shape":
        self.towns_ = sorted(inputs["town"].unique())
        self.scaler_ = StandardScaler().fit(self.numbers(inputs))
        return self

    def transform(self, inputs: pd.DataFrame) -> np.ndarray:
        numbers = self.scaler_.transform(self.numbers(inputs))
        is_town = (inputs["town"].to_numpy()[:, None] == np.array(self.towns_)[None, :]).astype(float)
        own = [is_town, is_town * numbers[:, :1], is_town * numbers[:, 1:]]
        return np.hstack([numbers, *own])

    @staticmethod
    def numbers(inputs: pd.DataFrame) -> np.ndarray:
        return np.column_stack([np.exp(inputs["log_area"].to_numpy()), inputs["rooms"].to_numpy()])


def ridge() -> Pipeline:
    return Pipeline([("shape", Shape()), ("ridge", RidgeCV(alphas=ALPHAS))])


def target_of(frame: pd.DataFrame) -> np.ndarray:
    return frame["price"].to_numpy(dtype=float)


def fit(inputs: pd.DataFrame, target: np.ndarray) -> Pipeline:
    prices = np.exp(ridge().fit(inputs, np.log(target)).predict(inputs))
    for _ in range(2):
        weights = 1.0 / np.maximum(prices, 0.2 * target.mean()) ** 2
        model = ridge().fit(inputs, target, ridge__sample_weight=weights / weights.mean())
        prices = model.predict(inputs)
    return model


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

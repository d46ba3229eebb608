import os
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
INPUT, OUTPUT = Path("input"), Path("output")
ALPHAS = np.logspace(-4, 2, 25)
WEIGHTS = {"lines": 0.75, "trees": 0.25}
SETTINGS = {
    "n_estimators": 300,
    "learning_rate": 0.03,
    "num_leaves": 6,
    "min_child_samples": 8,
    "min_data_per_group": 5,
    "cat_smooth": 1.0,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 1.0,
    "random_state": SEED,
    "n_jobs": THREADS,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_csv(INPUT / "train.csv"), pd.read_csv(INPUT / "test.csv")


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_csv(INPUT / "train.csv"), pd.read_csv(INPUT / "test.csv")


# Lines per town on the price


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


# Trees on the price per area


def tree_features(frame: pd.DataFrame, towns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": frame["area"].astype(float),
            "rooms": frame["rooms"].astype(float),
            "rooms_per_area": frame["rooms"] / frame["area"],
            "town": pd.Categorical(frame["town"], categories=towns),
        }
    )


def tree_target_of(frame: pd.DataFrame) -> np.ndarray:
    return np.log(frame["price"].to_numpy() / frame["area"].to_numpy())


def tree_weights_of(frame: pd.DataFrame) -> np.ndarray:
    return (frame["price"].to_numpy() / frame["price"].mean()) ** 2


def tree_fit(inputs: pd.DataFrame, target: np.ndarray, weights: np.ndarray) -> lgb.LGBMRegressor:
    return lgb.LGBMRegressor(**SETTINGS).fit(inputs, target, sample_weight=weights)


def tree_predict(model: lgb.LGBMRegressor, inputs: pd.DataFrame, frame: pd.DataFrame) -> np.ndarray:
    return np.exp(model.predict(inputs)) * frame["area"].to_numpy()


def lines_prices(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    model = fit(features(train), target_of(train))
    return predict(model, features(test), 1.0)


def trees_prices(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    towns = sorted(train["town"].unique())
    model = tree_fit(tree_features(train, towns), tree_target_of(train), tree_weights_of(train))
    return tree_predict(model, tree_features(test, towns), test)


def combine(prices: dict[str, np.ndarray]) -> np.ndarray:
    return sum(WEIGHTS[name] * price for name, price in prices.items())


def main() -> None:
    begun = time.time()
    train, test = load()
    print(f"loaded: {len(train)} training rows, {len(test)} test rows", flush=True)
    price = combine({"lines": lines_prices(train, test), "trees": trees_prices(train, test)})
    OUTPUT.mkdir(exist_ok=True)
    pd.DataFrame({"id": test["id"], "price": price}).to_csv(OUTPUT / "submission.csv", index=False)
    print(f"written: mean {price.mean():.1f}, {time.time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()

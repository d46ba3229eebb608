import os
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
INPUT, OUTPUT = Path("input"), Path("output")
ALPHAS = np.logspace(-4, 2, 25)
TREES = {
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


# Ridge on log price


def features(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "log_area": np.log(frame["area"].astype(float)),
            "rooms": frame["rooms"].astype(float),
            "rooms_per_area": frame["rooms"] / frame["area"],
            "town": frame["town"].astype(str),
        }
    )


def columns() -> ColumnTransformer:
    curve = SplineTransformer(n_knots=4, degree=3, knots="quantile", extrapolation="linear")
    return ColumnTransformer(
        [
            ("curve", curve, ["log_area"]),
            ("line", StandardScaler(), ["log_area", "rooms", "rooms_per_area"]),
            ("town", OneHotEncoder(handle_unknown="ignore"), ["town"]),
        ]
    )


def target_of(frame: pd.DataFrame) -> np.ndarray:
    return np.log(frame["price"].to_numpy())


def fit(inputs: pd.DataFrame, target: np.ndarray) -> Pipeline:
    return Pipeline([("columns", columns()), ("ridge", RidgeCV(alphas=ALPHAS))]).fit(inputs, target)


def smearing(model: Pipeline, inputs: pd.DataFrame, target: np.ndarray) -> float:
    return float(np.exp(target - model.predict(inputs)).mean())


def predict(model: Pipeline, inputs: pd.DataFrame, smear: float) -> np.ndarray:
    return np.exp(model.predict(inputs)) * smear


def ridge_prices(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    inputs, target = features(train), target_of(train)
    model = fit(inputs, target)
    return predict(model, features(test), smearing(model, inputs, target))


# LightGBM on log price per area


def tree_features(frame: pd.DataFrame, towns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": frame["area"].astype(float),
            "rooms": frame["rooms"].astype(float),
            "rooms_per_area": frame["rooms"] / frame["area"],
            "town": pd.Categorical(frame["town"], categories=towns),
        }
    )


def tree_target(frame: pd.DataFrame) -> np.ndarray:
    return np.log(frame["price"].to_numpy() / frame["area"].to_numpy())


def tree_weights(frame: pd.DataFrame) -> np.ndarray:
    return (frame["price"].to_numpy() / frame["price"].mean()) ** 2


def tree_prices(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    towns = sorted(train["town"].unique())
    model = lgb.LGBMRegressor(**TREES)
    model.fit(tree_features(train, towns), tree_target(train), sample_weight=tree_weights(train))
    return np.exp(model.predict(tree_features(test, towns))) * test["area"].to_numpy()


def combine(prices: list[np.ndarray]) -> np.ndarray:
    return np.mean(prices, axis=0)


def main() -> None:
    begun = time.time()
    train, test = load()
    print(f"loaded: {len(train)} training rows, {len(test)} test rows", flush=True)
    ridge = ridge_prices(train, test)
    print(f"ridge fitted: mean {ridge.mean():.1f}, {time.time() - begun:.1f} s", flush=True)
    trees = tree_prices(train, test)
    print(f"trees fitted: mean {trees.mean():.1f}, {time.time() - begun:.1f} s", flush=True)
    price = combine([ridge, trees])
    OUTPUT.mkdir(exist_ok=True)
    pd.DataFrame({"id": test["id"], "price": price}).to_csv(OUTPUT / "submission.csv", index=False)
    print(f"written: mean {price.mean():.1f}, {time.time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()

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


def main() -> None:
    begun = time.time()
    train, test = load()
    print(f"loaded: {len(train)} training rows, {len(test)} test rows", flush=True)
    inputs, target = features(train), target_of(train)
    model = fit(inputs, target)
    smear = smearing(model, inputs, target)
    print(f"fitted: alpha {model['ridge'].alpha_:.4f}, smear {smear:.4f}, {time.time() - begun:.1f} s", flush=True)
    price = predict(model, features(test), smear)
    OUTPUT.mkdir(exist_ok=True)
    pd.DataFrame({"id": test["id"], "price": price}).to_csv(OUTPUT / "submission.csv", index=False)
    print(f"written: mean {price.mean():.1f}, {time.time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()

import os
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
INPUT, OUTPUT = Path("input"), Path("output")
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


def features(frame: pd.DataFrame, towns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": frame["area"].astype(float),
            "rooms": frame["rooms"].astype(float),
            "rooms_per_area": frame["rooms"] / frame["area"],
            "town": pd.Categorical(frame["town"], categories=towns),
        }
    )


def target_of(frame: pd.DataFrame) -> np.ndarray:
    return np.log(frame["price"].to_numpy() / frame["area"].to_numpy())


def weights_of(frame: pd.DataFrame) -> np.ndarray:
    return (frame["price"].to_numpy() / frame["price"].mean()) ** 2


def fit(inputs: pd.DataFrame, target: np.ndarray, weights: np.ndarray) -> lgb.LGBMRegressor:
    return lgb.LGBMRegressor(**SETTINGS).fit(inputs, target, sample_weight=weights)


def predict(model: lgb.LGBMRegressor, inputs: pd.DataFrame, frame: pd.DataFrame) -> np.ndarray:
    return np.exp(model.predict(inputs)) * frame["area"].to_numpy()


def main() -> None:
    begun = time.time()
    train, test = load()
    print(f"loaded: {len(train)} training rows, {len(test)} test rows", flush=True)
    towns = sorted(train["town"].unique())
    inputs = features(train, towns)
    model = fit(inputs, target_of(train), weights_of(train))
    print(f"fitted: {inputs.shape[1]} features, {time.time() - begun:.1f} s", flush=True)
    price = predict(model, features(test, towns), test)
    OUTPUT.mkdir(exist_ok=True)
    pd.DataFrame({"id": test["id"], "price": price}).to_csv(OUTPUT / "submission.csv", index=False)
    print(f"written: mean {price.mean():.1f}, {time.time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()

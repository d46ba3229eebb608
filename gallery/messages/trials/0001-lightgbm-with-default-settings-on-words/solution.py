"""LightGBM with default settings on words.

The plain model to beat.
"""

import os
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.sparse import hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
ID = "id"
TARGET = "desk"

train = pd.read_csv("input/train.csv", dtype={"id": str})
test = pd.read_csv("input/test.csv", dtype={"id": str})
y, labels = pd.factorize(train[TARGET], sort=True)
text = train["message"].fillna("").astype(str)
text_test = test["message"].fillna("").astype(str)

words = TfidfVectorizer(
    ngram_range=(1, 2),
    token_pattern=r"(?u)\b\w+\b",
    sublinear_tf=True,
    min_df=2,
    max_features=200_000,
)
blocks = [words.fit_transform(text)]
blocks_test = [words.transform(text_test)]

# Trees want few dense columns: the main directions of the n-gram space.
svd = TruncatedSVD(min(100, hstack(blocks).shape[1] - 1), random_state=SEED)
blocks, blocks_test = [svd.fit_transform(hstack(blocks))], [svd.transform(hstack(blocks_test))]

X, X_test = np.hstack(blocks), np.hstack(blocks_test)

PARAMS = {
}


def make_model(seed):
    """Gradient boosting on the dense columns."""
    return lgb.LGBMClassifier(**PARAMS, random_state=seed, n_jobs=THREADS, verbose=-1)


def fit_predict(X, y, X_test):
    """Train on all rows and predict X_test."""
    model = make_model(SEED)
    model.fit(X, y)
    return model.predict_proba(X_test)


pred = fit_predict(X, y, X_test)

Path("output").mkdir(exist_ok=True)
answer = labels[pred.argmax(axis=1)]
submission = pd.DataFrame({ID: test[ID], "desk": answer})
probabilities = pd.DataFrame(pred, columns=[str(label) for label in labels])
probabilities.insert(0, ID, test[ID].to_numpy())
probabilities.to_csv("output/probabilities.csv", index=False)
submission.to_csv("output/submission.csv", index=False)

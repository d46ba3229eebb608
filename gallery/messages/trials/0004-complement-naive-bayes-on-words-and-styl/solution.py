"""Complement naive Bayes on words and style.

A generative voice that needs few rows and does not mind unbalanced classes.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
ID = "id"
TARGET = "desk"

train = pd.read_csv("input/train.csv", dtype={"id": str})
test = pd.read_csv("input/test.csv", dtype={"id": str})
y, labels = pd.factorize(train[TARGET], sort=True)
text = train["message"].fillna("").astype(str)
text_test = test["message"].fillna("").astype(str)


def style_counts(text):
    """How a text is written: logarithms of counts and scaled shares, all of a few units."""
    length = text.str.len().clip(lower=1)
    counts = pd.DataFrame(
        {
            "characters": np.log1p(text.str.len()),
            "words": np.log1p(text.str.split().str.len()),
            "digits": np.log1p(text.str.count(r"\d")),
            "long_numbers": np.log1p(text.str.count(r"\d{5,}")),
            "upper": 5 * text.str.count(r"[A-Z]") / length,
            "shouted": np.log1p(text.str.count(r"\b[A-Z]{2,}\b")),
            "exclamations": np.log1p(text.str.count("!")),
            "questions": np.log1p(text.str.count(r"\?")),
            "currency": np.log1p(text.str.count(r"[$€£¥]")),
            "links": np.log1p(text.str.count(r"https?:|www\.|\.com|\.co\b|\.net")),
            "non_letters": 5 * text.str.count(r"[^A-Za-z\s]") / length,
            "digit_share": 5 * text.str.count(r"\d") / length,
        }
    )
    counts["has_digits"] = counts["digits"] > 0
    return counts.astype(float)


words = TfidfVectorizer(
    ngram_range=(1, 2),
    token_pattern=r"(?u)\b\w+\b",
    sublinear_tf=True,
    min_df=2,
    max_features=200_000,
)
blocks = [words.fit_transform(text)]
blocks_test = [words.transform(text_test)]

blocks.append(0.3 * style_counts(text))
blocks_test.append(0.3 * style_counts(text_test))

X, X_test = hstack(blocks).tocsr(), hstack(blocks_test).tocsr()


def make_model(seed):
    """Naive Bayes against the complement of each class, which unbalanced classes do not bias."""
    return ComplementNB(alpha=0.2)


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

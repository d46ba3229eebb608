"""Packages that a cell may miss: which distribution holds a module, by an allow list and never by a guess.

A name that sounds like a module can be anybody's. Nothing is installed from within a sandbox; what is named here can be
added by a person.
"""

from __future__ import annotations

_SAME = (
    "catboost",
    "category_encoders",
    "h5py",
    "hdbscan",
    "joblib",
    "lightgbm",
    "lifelines",
    "matplotlib",
    "networkx",
    "nltk",
    "numpy",
    "optuna",
    "pandas",
    "plotly",
    "polars",
    "pyarrow",
    "pynndescent",
    "rdkit",
    "scanpy",
    "scipy",
    "seaborn",
    "shap",
    "spacy",
    "statsmodels",
    "tensorflow",
    "torch",
    "torchvision",
    "tqdm",
    "transformers",
    "xgboost",
)
DISTRIBUTIONS = {
    **{name: name.replace("_", "-") for name in _SAME},
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "imblearn": "imbalanced-learn",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "PyYAML",
}
"""Module to the distribution that holds it."""


def hint_on(module: str) -> str:
    """Return what can be done about a module that is missing."""
    found = DISTRIBUTIONS.get(module)
    who = f"A person can add it: python -m pip install {found}." if found else "No package of that name is known here."
    return f"Nothing can be installed from within, so use what is installed, without {module!r}. {who}"

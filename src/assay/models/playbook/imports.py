"""The import lines of a rendered script: exactly the names that its body uses, in the usual order."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

_MODULES = {
    "difflib": "difflib",
    "gc": "gc",
    "lgb": "lightgbm as lgb",
    "np": "numpy as np",
    "os": "os",
    "pd": "pandas as pd",
    "re": "re",
    "shutil": "shutil",
    "torch": "torch",
    "xgb": "xgboost as xgb",
}

_MEMBERS = {
    "Path": "pathlib",
    "CatBoostClassifier": "catboost",
    "CatBoostRegressor": "catboost",
    "csr_matrix": "scipy.sparse",
    "hstack": "scipy.sparse",
    "vstack": "scipy.sparse",
    "CalibratedClassifierCV": "sklearn.calibration",
    "SVC": "sklearn.svm",
    "LinearSVC": "sklearn.svm",
    "LinearSVR": "sklearn.svm",
    "KMeans": "sklearn.cluster",
    "ColumnTransformer": "sklearn.compose",
    "TransformedTargetRegressor": "sklearn.compose",
    "PCA": "sklearn.decomposition",
    "TruncatedSVD": "sklearn.decomposition",
    "ExtraTreesClassifier": "sklearn.ensemble",
    "ExtraTreesRegressor": "sklearn.ensemble",
    "HistGradientBoostingClassifier": "sklearn.ensemble",
    "HistGradientBoostingRegressor": "sklearn.ensemble",
    "RandomForestClassifier": "sklearn.ensemble",
    "RandomForestRegressor": "sklearn.ensemble",
    "VotingClassifier": "sklearn.ensemble",
    "VotingRegressor": "sklearn.ensemble",
    "CountVectorizer": "sklearn.feature_extraction.text",
    "TfidfVectorizer": "sklearn.feature_extraction.text",
    "SimpleImputer": "sklearn.impute",
    "Nystroem": "sklearn.kernel_approximation",
    "LogisticRegression": "sklearn.linear_model",
    "Ridge": "sklearn.linear_model",
    "RidgeCV": "sklearn.linear_model",
    "balanced_accuracy_score": "sklearn.metrics",
    "cohen_kappa_score": "sklearn.metrics",
    "f1_score": "sklearn.metrics",
    "jaccard_score": "sklearn.metrics",
    "matthews_corrcoef": "sklearn.metrics",
    "GroupKFold": "sklearn.model_selection",
    "KFold": "sklearn.model_selection",
    "StratifiedKFold": "sklearn.model_selection",
    "ComplementNB": "sklearn.naive_bayes",
    "KNeighborsClassifier": "sklearn.neighbors",
    "KNeighborsRegressor": "sklearn.neighbors",
    "MLPClassifier": "sklearn.neural_network",
    "MLPRegressor": "sklearn.neural_network",
    "MinMaxScaler": "sklearn.preprocessing",
    "OneHotEncoder": "sklearn.preprocessing",
    "OrdinalEncoder": "sklearn.preprocessing",
    "QuantileTransformer": "sklearn.preprocessing",
    "SplineTransformer": "sklearn.preprocessing",
    "StandardScaler": "sklearn.preprocessing",
    "TargetEncoder": "sklearn.preprocessing",
    "normalize": "sklearn.preprocessing",
    "perf_counter": "time",
    "roc_auc_score": "sklearn.metrics",
    "make_pipeline": "sklearn.pipeline",
    "nn": "torch",
    "FitFailedWarning": "sklearn.exceptions",
    "ConvergenceWarning": "sklearn.exceptions",
    "filterwarnings": "warnings",
}


@lru_cache(maxsize=64)
def import_lines(body: str) -> str:
    """Return the imports that `body` needs, standard library first, with an empty line between the groups."""
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    modules = [_MODULES[name] for name in used & _MODULES.keys()]
    members: dict[str, list[str]] = {}
    for name in sorted(used & _MEMBERS.keys()):
        members.setdefault(_MEMBERS[name], []).append(name)
    return arranged(modules, members)


def arranged(modules: Iterable[str], members: Mapping[str, Sequence[str]]) -> str:
    """Return import statements, standard library first, with an empty line between the groups.

    Args:
        modules: What follows `import`, such as `numpy as np`.
        members: By module, what is taken from it, such as `Ridge` or `Ridge as Shrunk`.
    """
    lines = [(module.split()[0], f"import {module}") for module in modules]
    lines += [(module, _member_line(module, names)) for module, names in members.items()]
    groups = []
    for standard in (True, False):
        group = [entry for entry in lines if (entry[0].partition(".")[0] in sys.stdlib_module_names) is standard]
        # `import x` before `from x import y`, each by module name: the order of isort.
        group.sort(key=lambda entry: (entry[1].startswith("from"), entry[0]))
        if group:
            groups.append("\n".join(text for _, text in group))
    return "\n\n".join(groups)


def _member_line(module: str, names: Sequence[str]) -> str:
    constants_first = sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    line = f"from {module} import {', '.join(constants_first)}"
    return line if len(line) <= 100 else f"from {module} import (\n    " + ",\n    ".join(constants_first) + ",\n)"

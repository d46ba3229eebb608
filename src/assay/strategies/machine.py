"""The machine as candidates will find it: cores, memory, GPU, interpreter and packages."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import psutil

from assay.core.cores import usable_cores
from assay.core.errors import MachineError
from assay.models.roles import Machine
from assay.sandbox.gpus import Gpu, find_gpus

PACKAGES = (
    "catboost",
    "chronos-forecasting",
    "imbalanced-learn",
    "implicit",
    "interpret",
    "interpret-core",
    "lifelines",
    "lightgbm",
    "matplotlib",
    "networkx",
    "neuralforecast",
    "nltk",
    "numpy",
    "optuna",
    "pandas",
    "pillow",
    "polars",
    "pyarrow",
    "pygam",
    "pytabkit",
    "rtdl_revisiting_models",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "spacy",
    "statsmodels",
    "tabm",
    "tabpfn",
    "tensorflow",
    "torch",
    "torchvision",
    "transformers",
    "xgboost",
    "xgboost-cpu",
)
"""Distributions that a candidate may be told of, if its interpreter has them."""

NEEDED = ("numpy", "pandas")
"""Those without which no solution reads the data."""

_ASK = """
import json, platform, sys
from importlib import metadata
found = {}
for name in json.loads(sys.argv[1]):
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


def interpreter_facts(python: Path | None) -> tuple[str, Mapping[str, str]]:
    """Return version and useful distributions of the candidates' interpreter.

    Args:
        python: Its executable; None means Assay's own.

    Raises:
        MachineError: It is not there or does not run (E502).
    """
    if python is None:
        return platform.python_version(), {name: version for name in PACKAGES if (version := _version(name))}
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _ASK, json.dumps(PACKAGES)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        facts = json.loads(done.stdout)
        return str(facts["python"]), dict(facts["packages"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise MachineError(
            "E502", f"{str(python)!r} does not run as a Python interpreter: {error}", fix="assay doctor"
        ) from error


def describe_machine(
    python: Path | None,
    *,
    workers: int,
    trial_timeout_s: float,
    needed: Sequence[str] = NEEDED,
    gpus: Sequence[Gpu] | None = None,
) -> Machine:
    """Return what one execution may count on when `workers` run side by side.

    Args:
        python: Interpreter of the candidates; None means Assay's own.
        workers: Executions side by side, 1 or more.
        trial_timeout_s: Most seconds of one execution.
        needed: Distributions without which nothing would run.
        gpus: Graphics processors, of which an execution that asks for one has one; None looks for them.

    Raises:
        MachineError: The interpreter does not run, or lacks what every solution needs (E502).
    """
    version, packages = interpreter_facts(python)
    missing = [name for name in needed if name not in packages]
    if missing:
        raise MachineError(
            "E502",
            f"{str(python or sys.executable)!r} lacks {' and '.join(missing)}, without which no baseline runs",
            fix=f"{python or sys.executable} -m pip install {' '.join((*missing, 'scikit-learn'))}",
        )
    cores = usable_cores()
    memory = psutil.virtual_memory().total / 2**30
    return Machine(
        cores=max(1, cores // max(1, workers)),
        memory_gb=round(memory / 2 / max(1, workers), 1),
        gpu=_named(find_gpus() if gpus is None else gpus),
        trial_timeout_s=trial_timeout_s,
        python=version,
        packages=dict(packages),
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _named(gpus: Sequence[Gpu]) -> str:
    """Return the name of the first GPU, or empty: no GPU is said as such and never as a device name."""
    return gpus[0].name if gpus else ""

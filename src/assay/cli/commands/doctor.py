"""The command `doctor`: what this machine can do, and what would make it better."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from assay.cli.commands.bytecode import compile_command, uncompiled
from assay.cli.output import Output
from assay.cli.shell import Shell
from assay.core.cores import usable_cores
from assay.core.exits import Exit
from assay.models.cache_place import CACHE_VARIABLE, cache_root
from assay.report.formatting import format_bytes

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "OLLAMA_API_KEY", "ASSAY_API_KEY")
SETTINGS = (
    "ASSAY_RUNS",
    "ASSAY_ASCII",
    "ASSAY_BASE_URL",
    "ASSAY_PRICE",
    "ASSAY_WEB_SEARCH",
    "OPENAI_BASE_URL",
    "ANTHROPIC_BASE_URL",
    "OLLAMA_BASE_URL",
    "GOOGLE_GEMINI_BASE_URL",
    "NO_COLOR",
    "CI",
    "TERM",
)
PACKAGES = (
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "lightgbm",
    "matplotlib",
    "xgboost",
    "catboost",
    "torch",
    "pydantic-ai-slim",
    "nbclient",
    "ipykernel",
    "jupytext",
    "mlflow-skinny",
)
IMPORTS = ("numpy", "pandas", "scipy", "sklearn", "joblib", "lightgbm", "matplotlib", "xgboost", "catboost", "torch")
"""Import names of the libraries that candidates start with."""
LOW_DISK_BYTES = 2_000_000_000


def doctor(shell: Shell, root: Path) -> int:
    """Examine the machine; exit 7 when nothing could be run here."""
    from assay.models.program.formats import KNOWN
    from assay.sandbox import diagnose_machine
    from assay.sandbox.gpus import find_gpus

    isolation = diagnose_machine()
    free = _free_bytes(root)
    packages = {name: _version(name) for name in PACKAGES}
    keys = {name: bool(os.environ.get(name)) for name in KEYS}
    programs = {name: shutil.which(name) for name in KNOWN}
    usable = isolation.tier != "none"
    fixes = list(isolation.fixes)
    if free is not None and free < LOW_DISK_BYTES:
        fixes.append(f"free some disk: only {format_bytes(free)} left for {str(root)!r}")
    slow = uncompiled(IMPORTS)
    if slow:
        fixes.append(f"for faster starts of every solution, compile {', '.join(slow)} once: {compile_command()}")
    cache = cache_root(os.environ)
    value: dict[str, Any] = {
        "usable": usable,
        "sandbox": {
            "tier": isolation.tier,
            "description": isolation.description,
            "bubblewrap": isolation.bwrap,
            "landlock_abi": isolation.landlock_abi,
            "limits": isolation.limits,
            "grading": isolation.helper,
        },
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "system": platform.platform(),
        "cores": usable_cores(),
        "gpus": [gpu.name for gpu in find_gpus()],
        "packages": packages,
        "not_compiled": slow,
        "disk_free_bytes": free,
        "cache": str(cache) if cache is not None else None,
        "keys": keys,
        "programs": programs,
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ and "URL" not in name},
        "fixes": fixes,
    }
    shell.output.answer("doctor", value, "\n".join(_lines(shell.output, value)))
    return 0 if usable else Exit.MACHINE


def _lines(output: Output, value: dict[str, Any]) -> list[str]:
    sandbox = value["sandbox"]
    good = output.paint("✓", "green") if value["usable"] else output.paint("✗", "red")
    present = [f"{name} {version}" for name, version in value["packages"].items() if version]
    absent = [name for name, version in value["packages"].items() if not version]
    keys = [name for name, there in value["keys"].items() if there]
    programs = [f"{name} at {path}" for name, path in value["programs"].items() if path]
    free = value["disk_free_bytes"]
    lines = [
        f"{good} sandbox   tier {sandbox['tier']}",
        *(f"    {line}" for line in sandbox["description"].splitlines()),
        f"    bubblewrap: {sandbox['bubblewrap'] or 'not installed'} · Landlock ABI {sandbox['landlock_abi']}"
        f" · limits: {sandbox['limits']}",
        f"    the grading process gives up all but its files by: {sandbox['grading']}",
        f"  python    {value['python']['version']} at {value['python']['executable']}",
        f"  machine   {value['cores']} cores · {value['system']}",
        f"  gpus      {', '.join(value['gpus']) or 'none'}",
        f"  packages  {', '.join(present)}",
    ]
    if absent:
        lines.append(f"            not installed: {', '.join(absent)}")
    lines += [
        f"  disk      {format_bytes(free)} free",
        f"  cache     {value['cache'] or 'off'} (answers of the web and of indexes, for later runs; {CACHE_VARIABLE})",
        f"  keys      {', '.join(f'{k} is set' for k in keys) if keys else 'none set; the playbook needs none'}",
        f"  programs  {', '.join(programs) or 'no ' + ', no '.join(value['programs'])} (for --model cli:NAME)",
    ]
    if value["settings"]:
        lines.append("  settings  " + " ".join(f"{k}={v}" for k, v in value["settings"].items()))
    lines += [f"fix: {fix}" for fix in value["fixes"]]
    return lines


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "present" if importlib.util.find_spec(distribution.replace("-", "_")) else None


def _free_bytes(root: Path) -> int | None:
    folder = root.absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None

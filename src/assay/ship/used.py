"""Used: what a run is known to have contacted and imported, and which columns its winner names."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from assay.core.candidate import Candidate
from assay.core.errors import AssayError, IntegrityError
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report.lineage import winner_of
from assay.strategies.description import task_of


@dataclass(frozen=True, kw_only=True)
class Package:
    """One distribution that candidates could import."""

    name: str
    version: str
    licence: str
    """As the installed distribution of the same version says; empty where there is none."""


def hosts_of(folder: Path, history: History) -> dict[str, str]:
    """Return the hosts that the engine is known to have contacted; candidates have no network."""
    hosts: dict[str, str] = {}
    try:
        options = json.loads((folder / "run.json").read_text(encoding="utf-8")).get("options", {})
    except (OSError, ValueError):
        options = {}
    asked = any(q.answer and q.answer.usage.requests for q in history.questions.values())
    for spec in sorted({str(options.get("model", "")), *map(str, options.get("role_models", {}).values())}):
        provider = spec.partition(":")[0]
        if not asked or provider in ("", "playbook", "recorded"):
            continue
        if provider == "cli":
            hosts[f"whatever the program {spec} contacts"] = "the engine, asking it"
            continue
        host = urlsplit(str(options.get("base_url") or "")).hostname
        hosts[host or f"the usual address of {provider}"] = f"the engine, asking {spec}"
    for question in history.questions.values():
        for address in question.answer.sources if question.answer else ():
            hosts.setdefault(urlsplit(address).hostname or address, "the provider's web search, for " + question.role)
    store = urlsplit(str(options.get("mlflow") or ""))
    if store.hostname:
        hosts[store.hostname] = "the engine, writing to the experiment store"
    return hosts


def packages_of(started: ev.RunStarted) -> list[Package]:
    """Return the distributions that candidates could import, with their licences."""
    found = []
    for name, version in sorted(started.versions.items()):
        if name in ("assay", "python"):
            continue
        found.append(Package(name=name, version=version, licence=_licence(name, version)))
    return found


def _licence(name: str, version: str) -> str:
    try:
        told = metadata.metadata(name)
        if metadata.version(name) != version:
            return ""
    except metadata.PackageNotFoundError:
        return ""
    for text in told.get_all("License-Expression") or []:
        return str(text)
    classifiers = [c.rpartition(" :: ")[2] for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    short = "".join((told.get_all("License") or [])[:1]).strip().splitlines()[:1]
    return ", ".join(classifiers) or (short[0][:80] if short else "")


def columns_named(folder: Path, history: History, objects: ObjectStore) -> tuple[tuple[str, ...], int]:
    """Return the columns of the test file that the winner's code names, and how many columns there are."""
    winner = winner_of(history)
    if winner is None or not history.task.graded:
        return (), 0
    try:
        candidate = objects.candidate(winner.candidate)
    except (IntegrityError, AssayError):
        return (), 0
    header = _header(folder, history)
    words = set(_words(candidate))
    return tuple(name for name in header if name in words), len(header)


def _header(folder: Path, history: History) -> tuple[str, ...]:
    places = [folder / "views" / "fold-0", task_of(folder, history).folder]
    name = history.task.data.test or "test.csv"
    for place in places:
        path = place / Path(name).name
        if path.is_file() and path.suffix.lower() in (".csv", ".tsv"):
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
                return tuple(next(csv.reader(stream, delimiter="\t" if path.suffix == ".tsv" else ","), ()))
    return ()


def _words(candidate: Candidate) -> Iterator[str]:
    sources = [text for name, text in candidate.files.items() if name.endswith(".py")]
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

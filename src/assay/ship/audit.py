"""Audit: what a run did, from its journal, and whether journal and files are what was written."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.core.candidate import Candidate
from assay.core.digest import digest_file
from assay.core.errors import AssayError, IntegrityError, NothingFound
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event, body_digest
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.scrub import Scrubber
from assay.strategies.launch import task_of

SKIPPED = "W443"
_TEXTS = (".json", ".jsonl", ".md", ".py", ".ipynb", ".txt", ".csv", ".tsv", ".toml", ".html", ".log", ".patch", "")
_MOST_TEXT = 8 * 2**20
"""Larger files are not looked through for secrets, and are counted."""
_NOT_OURS = ("views", "private", "work")
"""Folders that hold the user's data and nothing that a run wrote of its own."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    at: float
    """Seconds since the epoch."""
    what: str
    """`question`, `edit`, `score`, `person`, `holdout`, `delivery`, `engine`."""
    text: str
    """Of Assay's own."""
    said: str = ""
    """Words of a model or a person; untrusted."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Whether the journal is what was written."""

    events: int
    """Whole events before the first that does not fit."""
    broken: str = ""
    """Where and how it is broken; empty if it is not."""
    last: str = ""
    """Digest of the last whole event."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The objects that the journal names."""

    whole: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Package:
    """One distribution that candidates could import."""

    name: str
    version: str
    licence: str
    """As the installed distribution of the same version says; empty where there is none."""


@dataclass(kw_only=True)
class Audit:
    """What was found."""

    run: str
    history: History
    chain: Chain
    kept: Kept
    timeline: list[Moment] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    """Host to who contacted it, and what for."""
    packages: list[Package] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """Files of the run that hold what looks like a key."""
    not_scanned: int = 0
    columns: tuple[str, ...] = ()
    """Columns that the winner's code names."""
    all_columns: int = 0
    people: list[Moment] = field(default_factory=list)
    opened: int = 0
    """How often the sealed rows were graded."""
    chosen_after: int = 0
    """Trials made or judged after they were first looked at, which could rest on them."""

    @property
    def sound(self) -> bool:
        """Whether journal and objects are what was written and no secret is in the run's files."""
        return not (self.chain.broken or self.kept.changed or self.secrets)


def audit(folder: Path) -> Audit:
    """Return what the journal and the files of a run tell. Nothing is changed and nothing is run.

    Raises:
        NothingFound: There is no journal, or it never began (E201).
    """
    events, chain = read_chain(folder / "events.jsonl")
    history = History(events)
    if history.started is None:
        raise NothingFound("E201", f"the run {folder.name!r} never started", fix="assay ls")
    objects = ObjectStore(folder / "objects")
    secrets, unread = _secrets(folder)
    found = Audit(
        run=history.started.run,
        history=history,
        chain=chain,
        kept=kept_objects(events, folder / "objects"),
        timeline=list(_timeline(events, history)),
        hosts=_hosts(folder, history),
        packages=_packages(history.started),
        secrets=secrets,
        not_scanned=unread,
    )
    found.people = [moment for moment in found.timeline if moment.what == "person"]
    found.columns, found.all_columns = _columns(folder, history, objects)
    found.opened = sum(opened.score is not None for _, opened in history.openings)
    found.chosen_after = len(history.after_opening)
    return found


def read_chain(path: Path) -> tuple[list[Event], Chain]:
    """Return the events of a journal up to the first that does not fit, and where that is."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NothingFound("E201", f"{str(path)!r} cannot be read: {error}", fix="assay ls") from error
    events: list[Event] = []
    previous, broken = "", ""
    for index, line in enumerate(content.split(b"\n")[:-1]):
        try:
            value = json.loads(line)
            if value["previous"] != previous:
                raise ValueError("it does not follow the line before it")
            if value["digest"] != body_digest(value):
                raise ValueError("its digest is not that of its content")
            events.append(Event.from_dict(value))
        except (ValueError, KeyError, TypeError) as error:
            broken = f"line {index + 1} is not what was written: {error}"
            break
        previous = events[-1].digest
    return events, Chain(events=len(events), broken=broken, last=previous)


# --- objects and files -----------------------------------------------------------------------------------------------


def kept_objects(events: list[Event], root: Path) -> Kept:
    """Return which of the objects that the events name are below `root`, and whether they are what was written."""
    whole, missing, changed = 0, [], []
    for digest in sorted(set(_named(events))):
        path = next(
            (p for p in (root / digest[:2] / digest, root / digest[:2] / digest[2:], root / digest) if p.is_file()),
            None,
        )
        if path is None:
            missing.append(digest)
        elif digest_file(path) != digest:
            changed.append(digest)
        else:
            whole += 1
    return Kept(whole=whole, missing=tuple(missing), changed=tuple(changed))


def _named(events: list[Event]) -> Iterator[str]:
    """Yield the digests of the objects that events name."""
    for event in events:
        payload = event.payload
        if isinstance(payload, ev.Answered) and payload.reply:
            yield payload.reply
        elif isinstance(payload, ev.RunStarted) and payload.given:
            yield payload.given
        elif isinstance(payload, ev.TrialCreated | ev.TrialFinished | ev.Repaired) and payload.candidate:
            yield payload.candidate
        elif isinstance(payload, ev.Executed):
            yield from payload.execution.outputs.values()
            if payload.execution.log:
                yield payload.execution.log


def _secrets(folder: Path) -> tuple[list[str], int]:
    scrubber = Scrubber()
    found, unread = [], 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] in _NOT_OURS or path.is_symlink() or not path.is_file() or path.suffix.lower() not in _TEXTS:
            continue
        if path.stat().st_size > _MOST_TEXT:
            unread += 1
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if scrubber.scrub(text) != text:
            found.append("/".join(parts))
    return found, unread


# --- what happened ---------------------------------------------------------------------------------------------------


def _timeline(events: list[Event], history: History) -> Iterator[Moment]:
    for event in events:
        told = _told(event.payload, history)
        if told is not None:
            what, text, said = told
            yield Moment(at=event.time, what=what, text=text, said=said)


def _told(payload: ev.Payload, history: History) -> tuple[str, str, str] | None:
    for kinds, tell in _TELLERS:
        if isinstance(payload, kinds):
            return tell(payload, history)
    return None


def _question(payload: ev.Answered, _: History) -> tuple[str, str, str]:
    cost = f", ${payload.usage.cost_usd}" if payload.usage.cost_usd is not None else ""
    tokens = f", {payload.usage.tokens:,} tokens{cost}" if payload.usage.requests else ""
    failed = ": no usable answer" if payload.error else ""
    looked = f", {len(payload.sources)} web pages looked at" if payload.searched else ""
    return (
        "question",
        f"{payload.model or 'nobody'} answered {payload.role} ({payload.key}){tokens}{looked}{failed}",
        "",
    )


def _created(payload: ev.TrialCreated, _: History) -> tuple[str, str, str]:
    parents = f" from {', '.join(f'#{n}' for n in payload.parents)}" if payload.parents else ""
    return "edit", f"#{payload.trial} written: {payload.operator}{parents}, {payload.candidate[:12]}", payload.title


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _repaired(payload: ev.Repaired, _: History) -> tuple[str, str, str]:
    return "edit", f"#{payload.trial} mended by {payload.by}, {payload.candidate[:12]}", payload.cause


def _finished(payload: ev.TrialFinished, history: History) -> tuple[str, str, str]:
    score = f" {payload.score:.6g} over {_count(payload.folds, 'fold')}" if payload.score is not None else ""
    verdict = history.trials[payload.trial].verdict if payload.trial in history.trials else None
    word = f", {verdict}" if verdict and payload.state is TrialState.COMPLETE else ""
    return "score", f"#{payload.trial} {payload.state}{score}{word}", payload.reason


def _sealed(payload: ev.SealedOpened, _: History) -> tuple[str, str, str]:
    score = f": {payload.score.value:.6g} on {payload.score.rows:,} rows" if payload.score is not None else ": no score"
    return "holdout", f"sealed rows opened for #{payload.trial}{score}", "; ".join(payload.problems)


def _told_by(payload: ev.Told, _: History) -> tuple[str, str, str]:
    return "person", f"a person said ({payload.what})", payload.text


def _planned(payload: ev.FinishPlanned, _: History) -> tuple[str, str, str]:
    return "person", "a person planned the finish" if payload.plan is not None else "a person took the plan back", ""


def _noted_score(payload: ev.ScoredElsewhere, _: History) -> tuple[str, str, str]:
    return "person", f"a person noted {payload.score:.6g} for #{payload.trial}, measured elsewhere", payload.where


def _resumed(payload: ev.RunResumed, _: History) -> tuple[str, str, str]:
    return "person", "the run was taken up again" + (", with new limits" if payload.limits is not None else ""), ""


def _remarked(payload: ev.Remarked, _: History) -> tuple[str, str, str]:
    return "person" if payload.code == SKIPPED else "engine", payload.code, payload.text


def _written(payload: ev.SubmissionWritten, _: History) -> tuple[str, str, str]:
    return "delivery", f"submission of #{payload.trial} written, {payload.rows:,} rows", ""


def _checked(payload: ev.Validated, _: History) -> tuple[str, str, str]:
    return "engine", f"#{payload.trial} checked for {payload.check.words}: {payload.verdict}", payload.detail


def _ended(payload: ev.RunFinished, _: History) -> tuple[str, str, str]:
    winner = f", winner #{payload.winner}" if payload.winner is not None else ""
    return "engine", f"run ended by {payload.stopped_by}{winner}, exit {payload.exit_code}", ""


_TELLERS: tuple[tuple[type[ev.Payload], Callable[[Any, History], tuple[str, str, str]]], ...] = (
    (ev.Answered, _question),
    (ev.TrialCreated, _created),
    (ev.Repaired, _repaired),
    (ev.TrialFinished, _finished),
    (ev.SealedOpened, _sealed),
    (ev.Told, _told_by),
    (ev.FinishPlanned, _planned),
    (ev.ScoredElsewhere, _noted_score),
    (ev.RunResumed, _resumed),
    (ev.Remarked, _remarked),
    (ev.SubmissionWritten, _written),
    (ev.Validated, _checked),
    (ev.RunFinished, _ended),
)


def _hosts(folder: Path, history: History) -> dict[str, str]:
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


def _packages(started: ev.RunStarted) -> list[Package]:
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


def _columns(folder: Path, history: History, objects: ObjectStore) -> tuple[tuple[str, ...], int]:
    """Return the columns of the test file that the winner's code names, and how many columns there are."""
    from assay.report.way import winner_of

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
    import csv

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


def counts(found: Audit) -> Counter[str]:
    """Return how often each kind of moment occurs."""
    return Counter(moment.what for moment in found.timeline)

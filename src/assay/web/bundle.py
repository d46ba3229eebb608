"""Bundle: the dashboard of one run as a file, or a folder, that opens without a server and without a network.

Every answer that the pages would ask for is written into the page, made by the very functions that answer them. What
had to be left out is counted and said.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from assay.core.errors import AssayError, UsageError
from assay.models.scrub import Scrubber
from assay.report.files import replace_file
from assay.report.formatting import format_count
from assay.web.browse import Entry, content, listing
from assay.web.bundle_page import page_text
from assay.web.pages import PAGES, page_of
from assay.web.pages.files import image_type
from assay.web.view import RunReader, RunView

MOST_TRIALS = 500
"""Trials with a page of their own: those that have a folder in the run."""
MOST_PAIRS = 20
"""Trials that are compared with the first of the usual comparison, the best ones."""
MOST_FILES = 400
MOST_FILE = 150_000
"""Bytes of one file's text."""
MOST_ANSWERS = 48_000_000
"""Bytes of everything together; then no further trial or file is taken."""
MOST_IMAGE = 600_000
LEFT_OUT = ("objects", "private", "views", "work", "checkout", "llm", "long")
"""Folders that a bundle never takes: data, hidden labels, prompts, and what other files are made from."""


@dataclass(kw_only=True)
class Bundle:
    """What goes into the page."""

    run: str
    answers: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """What was left out, in sentences."""
    bytes: int = 0
    """About the size of the answers."""

    @property
    def full(self) -> bool:
        """Whether nothing large may be added."""
        return self.bytes >= MOST_ANSWERS


def bundle_run(folder: Path, *, look: bool = True) -> Bundle:
    """Return every page of a run with its data.

    Args:
        folder: The run's folder.
        look: Whether to work out also what takes seconds: how alike errors are, and what the data show.

    Raises:
        NothingFound: The run has not begun (E201).
        IntegrityError: Its journal is not what was written (E401).
    """
    with RunReader(folder).view() as run:
        made = Bundle(run=run.name)
        _Maker(run, made, look=look).all()
        return made


def render(made: Bundle) -> str:
    """Return the page of a bundle: one HTML file that needs nothing else."""
    answers = {**made.answers, "about": {"run": made.run, "said": made.said}}
    return page_text(answers, title=f"{made.run} · Assay")


def write_bundle(made: Bundle, target: Path, *, replace: bool = False) -> Path:
    """Write a bundle and return its page.

    Args:
        made: What goes into it.
        target: A name ending in `.html` for the file itself; any other for a folder that it stands in as `index.html`.
        replace: Whether a page that is there already gives way; nothing else is ever removed.

    Raises:
        UsageError: Something is there already (E072).
        MachineError: It cannot be written (E501).
    """
    page = target if target.suffix.lower() in (".html", ".htm") else target / "index.html"
    there = page.exists() or (page != target and target.exists() and not _is_bundle(target))
    if there and not (replace and page.is_file()):
        raise UsageError("E072", f"{str(target)!r} is there already", fix="-o with another name, or --force")
    replace_file(page, render(made))
    return page


def _is_bundle(folder: Path) -> bool:
    """Return whether nothing stands in a folder that a bundle could not have written."""
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {"index.html"}


def key_of(run: str, page: str, rest: str = "", query: Mapping[str, str] | None = None) -> str:
    """Return the name under which the page finds an answer, as `keyOf` in `source.js` makes it."""
    asked = urlencode({name: value for name, value in (query or {}).items() if value})
    return f"{quote(run, safe=_UNRESERVED)}/{page}{f'/{rest}' if rest else ''}{f'?{asked}' if asked else ''}"


_UNRESERVED = "!'()*~-._"
"""What `encodeURIComponent` leaves as it is."""


class _Maker:
    def __init__(self, run: RunView, made: Bundle, *, look: bool) -> None:
        self._run = run
        self._made = made
        self._look = look
        self._scrubber = Scrubber()
        self._places = _places(run)
        self._head = {**_head(run), "life": run.liveness.life.value}

    def all(self) -> None:
        """Make every page, the small ones first."""
        plain = [page.name for page in PAGES if page.name not in ("trial", "files", "compare", "report", "data")]
        for name in plain:
            self._add(name)
        slow = {"wait": "1"}
        self._runs()
        self._add("data", {"look": "1", **slow} if self._look else {}, under={})
        self._add("report", {"inline": "1", **slow}, under={})
        self._compare()
        self._trials()
        self._files()

    def _add(
        self,
        page: str,
        query: Mapping[str, str] | None = None,
        *,
        rest: str = "",
        under: Mapping[str, str] | None = None,
    ) -> dict[str, Any] | None:
        """Make one answer; None where the page has nothing to say, which is said in its place."""
        asked = dict(query or {})
        try:
            data = page_of(page).data(self._run, {**asked, "rest": rest})
        except AssayError as error:
            self._made.said.append(f"{page}{f' {rest}' if rest else ''}: {error.code} {error.message}")
            return None
        shown = _as_told(data, self._places)
        answer = self._scrubber.scrub_json({"run": self._head, "data": shown, "write": False})
        self._made.answers[key_of(self._run.name, page, rest, asked if under is None else under)] = answer
        self._made.bytes += len(json.dumps(data, ensure_ascii=False, default=str))
        return data

    def _runs(self) -> None:
        """Put this one run into the list."""
        from assay.web.library import Library
        from assay.web.runs import runs_data

        found = runs_data(Library(self._run.folder.parent))
        mine = [run for run in found["runs"] if run["name"] == self._run.name]
        self._made.answers["runs"] = {"data": {"folder": "this bundle", "runs": mine, "hidden": 0}, "write": False}

    def _compare(self) -> None:
        query = {"overlap": "1", "wait": "1"} if self._look and self._run.history.task.graded else {}
        usual = self._add("compare", query, under={})
        if usual is None or not usual["trials"]:
            return
        first = usual["trials"][0]["number"]
        ranked = [trial.number for trial in self._run.facts.ranking] or sorted(self._run.history.trials)
        others = [number for number in ranked if number != first]
        for number in others[:MOST_PAIRS]:
            self._add("compare", {"trials": f"{first},{number}"})
        self._made.said.append(
            f"Compare has the usual pair, and #{first} with {format_count(len(others[:MOST_PAIRS]), 'other trial')}; "
            "errors were compared for the usual pair only."
        )

    def _trials(self) -> None:
        kept = sorted(self._run.facts.kept)[:MOST_TRIALS]
        done = 0
        for number in kept:
            if self._made.full:
                break
            self._add("trial", rest=str(number))
            done += 1
        total = len(self._run.history.trials)
        if done < total:
            self._made.said.append(f"{done:,} of {total:,} trials have a page: the best and the last.")

    def _files(self) -> None:
        taken = skipped = 0
        for name, one in _walk(self._run.folder):
            if self._made.full or taken >= MOST_FILES:
                skipped += 1
                continue
            if one is None:
                self._add("files", rest=name)
            elif one.bytes <= (MOST_IMAGE if image_type(name) else MOST_FILE):
                self._file(name)
                taken += 1
            else:
                skipped += 1
        self._say(taken, skipped)

    def _say(self, taken: int, skipped: int) -> None:
        """Say what is left out, on the page Files too."""
        self._made.said.append(
            f"{format_count(taken, 'file')} of the run folder {'is' if taken == 1 else 'are'} in it, "
            f"{skipped:,} larger or further ones are not, nor are {', '.join(LEFT_OUT)}."
        )
        top = self._made.answers.get(key_of(self._run.name, "files"))
        if top is not None:
            top["data"]["bundle"] = self._made.said

    def _file(self, name: str) -> None:
        data = self._add("files", rest=name)
        kind = image_type(name)
        if data is not None and kind is not None:
            image = content(self._run.folder, name, most=MOST_IMAGE).data
            answer = self._made.answers[key_of(self._run.name, "files", name)]
            answer["data"]["inline"] = f"data:{kind};base64,{base64.b64encode(image).decode()}"


def _head(run: RunView) -> dict[str, Any]:
    from assay.web.app import head_of

    return head_of(run)


def _places(run: RunView) -> dict[str, str]:
    """Return where run and data lie on this machine, which does not concern others, with how the journal tells it."""
    from assay.strategies.description import task_of

    told = run.history.task.folder
    places = {str(run.folder.absolute()): run.name, str(run.folder.resolve()): run.name}
    if not told.is_absolute():
        places[str(task_of(run.folder, run.history).folder)] = str(told)
    return dict(sorted(places.items(), key=lambda pair: -len(pair[0])))


def _as_told(value: Any, places: Mapping[str, str]) -> Any:
    """Return JSON with every place in it told as the journal tells it."""
    if isinstance(value, str):
        for place, told in places.items():
            value = value.replace(place, told)
        return value
    if isinstance(value, dict):
        return {key: _as_told(item, places) for key, item in value.items()}
    return [_as_told(item, places) for item in value] if isinstance(value, (list, tuple)) else value


def _walk(root: Path, name: str = "") -> Iterator[tuple[str, Entry | None]]:
    """Yield the folders of a run, None beside each, and the plain files in them, those on top first."""
    entries, _ = listing(root, name)
    yield name, None
    for one in entries:
        if one.kind == "file":
            yield f"{name}/{one.name}".lstrip("/"), one
    for one in entries:
        if one.kind == "folder" and not (not name and one.name in LEFT_OUT):
            yield from _walk(root, f"{name}/{one.name}".lstrip("/"))

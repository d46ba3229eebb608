"""Files: the run folder as it is on the disk; what is text is shown as text, whatever it claims to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from assay.core.errors import NothingFound
from assay.report.files import safe_name
from assay.report.prose import clean, clean_line
from assay.web import told
from assay.web.browse import CLOSED, Entry, content, is_folder, listing
from assay.web.view import RunView

MOST_TEXT = 300_000
"""Bytes of a file that are shown."""
MOST_RAW = 20_000_000
"""Bytes of a file that are sent whole."""
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
_DRAWING = _IMAGES[".svg"]
_ABOUT = {
    "events.jsonl": "the journal: the truth, from which the rest can be made again",
    "objects": "candidates, logs and predictions, each under its digest",
    "run.json": "task and options, for people",
    "report.html": "the report: one file to read, print or send",
    "report.md": "the report as text",
    "report.json": "every number with its evidence",
    "paper.html": "the work of the lab as a study",
    "submission.csv": "the current best predictions, always valid",
    "best": "the winner's files and how to run them",
    "trials": "a folder for every trial: plan, code, patch, verdict",
    "leaderboard.md": "all trials as a table",
    "leaderboard.csv": "the same for programs",
    "results.tsv": "the same, short",
    "history.md": "what was tried",
    "story.md": "what happened, in order",
    "plots": "the plots of the report",
    "llm": "every call to a language model",
    "views": "the data as each fold shows them",
    "private": "hidden answers; not shown here",
    "work": "where candidates run; disposable",
    "handoff": "the files for the planning team",
    "checkout": "the repository that the lab works on",
    "heartbeat.json": "what the engine is doing",
    "summary.json": "the journal in short",
    "assay.log": "what the program remarked",
    "progress.png": "score over time",
}


def files(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return a folder's entries or a file's text.

    Args:
        run: The run.
        query: `rest`: path in the run folder; `end=1`: the end of a long file instead of its beginning.

    Raises:
        NothingFound: There is nothing of that name that could be shown (E211).
    """
    name = query.get("rest", "").strip("/")
    found = {"path": name, "parts": [part for part in name.split("/") if part], "folder": str(run.folder)}
    if is_folder(run.folder, name):
        entries, left_out = listing(run.folder, name)
        shown = [_entry(one, name) for one in entries]
        return {**found, "kind": "folder", "entries": shown, "left_out": left_out}
    return {**found, **_file(run, name, end=query.get("end") == "1")}


def raw_file(run: RunView, rest: str, query: Mapping[str, str]) -> Response:
    """Return a file for an image or to be read alone: images as such, everything else as plain text.

    A drawing (SVG) is one only for the page that shows it, which says `as=image`: alone it could hold frames.

    Raises:
        NothingFound: There is no such file, or it is too large (E211).
    """
    found = content(run.folder, rest, most=MOST_RAW)
    if found.bytes > MOST_RAW:
        raise NothingFound(
            "E211", f"{rest[:200]!r} is larger than {told.size(MOST_RAW)['text']}", fix="open the folder"
        )
    kind = image_type(rest)
    drawn = kind is not None and (kind != _DRAWING or query.get("as") == "image")
    return Response(found.data, media_type=kind if drawn else "text/plain; charset=utf-8")


def _entry(one: Entry, folder: str) -> dict[str, Any]:
    closed = not folder and one.name in CLOSED
    return {
        "name": clean_line(one.name, 200),
        "opens": one.kind in ("folder", "file") and not closed and clean_line(one.name, 200) == safe_name(one.name),
        "kind": one.kind,
        "size": told.size(one.bytes) if one.kind == "file" else {"value": None, "text": ""},
        "changed": told.moment(one.changed),
        "about": _ABOUT.get(one.name, "") if not folder else "",
    }


def _file(run: RunView, name: str, *, end: bool) -> dict[str, Any]:
    found = content(run.folder, name, most=MOST_TEXT, end=end)
    about = {"size": told.size(found.bytes), "changed": told.moment(found.changed), "name": name.rpartition("/")[2]}
    if image_type(name) and found.bytes <= MOST_RAW:
        return {**about, "kind": "image"}
    if b"\0" in found.data[:8_192]:
        return {**about, "kind": "binary"}
    text = found.data.decode("utf-8", errors="replace")
    return {
        **about,
        "kind": "text",
        "text": clean(text, MOST_TEXT),
        "cut": found.bytes > len(found.data),
        "end": end,
        "shown": told.size(len(found.data)),
        "diff": name.endswith((".patch", ".diff")),
    }


def image_type(name: str) -> str | None:
    """Return the media type of an image by its name; None for anything else."""
    return _IMAGES.get("." + name.rpartition(".")[2].lower())

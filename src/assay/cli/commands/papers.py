"""The command `papers`: what the literature says on a few words."""

from __future__ import annotations

from pathlib import Path

from assay.cli.output import clean
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.models.literature import Addresses, Found, Literature, Origin, cache_folder
from assay.models.literature.indexes import INDEXES
from assay.report.formatting import format_count

MIRROR = "ASSAY_LITERATURE_URL"
"""Variable that names a mirror of the indexes, each in a folder of its name."""

_WORDS = {
    Origin.LIVE: "asked just now",
    Origin.CACHE: "from the cache of {dated}",
    Origin.PACK: "from the pack of {dated} that ships with Assay: no index could be asked, or none knew anything",
}


def papers(shell: Shell, query: str, *, limit: str, offline: bool, sources: tuple[str, ...], cache: Path | None) -> int:
    """Look `query` up in the indexes, the cache and the pack."""
    if not query.strip():
        raise UsageError("E002", "QUERY: says nothing", fix='assay papers "perturbation response of unseen compounds"')
    most = _count(limit)
    found = library(shell, offline=offline, sources=sources, cache=cache).look_up(query, most)
    shell.output.answer("papers", found.model_dump(mode="json"), "\n".join(lines(found)))
    return 0


def library(shell: Shell, *, offline: bool, sources: tuple[str, ...] = (), cache: Path | None = None) -> Literature:
    """Return the literature as the environment has it.

    Raises:
        UsageError: There is no such index (E002).
    """
    unknown = [name for name in sources if name not in INDEXES]
    if unknown:
        raise UsageError("E002", f"--source {unknown[0]!r}: is none of {', '.join(INDEXES)}", fix="assay papers --help")
    env = shell.output.env
    mirror = env.get(MIRROR)
    return Literature(
        cache=cache or cache_folder(env),
        offline=offline,
        addresses=Addresses.at(mirror) if mirror else None,
        sources=sources or tuple(INDEXES),
        environ=env,
        clock=shell.output.clock,
    )


def lines(found: Found) -> list[str]:
    """Return what was found for people; the words of the papers are not Assay's."""
    head = f"{format_count(len(found.papers), 'paper')} {_WORDS[found.origin].format(dated=found.dated)}"
    told = [head, *(f"remark   {remark}" for remark in found.remarks)]
    for paper in found.papers:
        told += ["", paper.line, f"  {paper.abstract[:400]}".rstrip()]
    return [clean(line) for line in told]


def _count(text: str) -> int:
    if not (text.isdigit() and 1 <= int(text) <= 50):
        raise UsageError("E002", f"--limit {text!r}: is no whole number from 1 to 50", fix="assay papers --help")
    return int(text)

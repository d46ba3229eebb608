"""Reach: what code reaches for beyond its workspace. A patch may mend what is there; it may not widen this."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NETWORK = _words(
    "socket ssl http urllib urllib3 requests httpx aiohttp ftplib smtplib telnetlib paramiko websockets "
    "websocket xmlrpc boto3 botocore grpc wget pycurl asyncio.open_connection"
)
_PROCESS = _words("subprocess pty multiprocessing ctypes cffi signal resource fcntl")
_CALLS = {
    "process": _words("os.system os.popen os.fork os.execv os.execve os.spawnl os.spawnv os.kill os.posix_spawn"),
    "dynamic": _words("exec eval compile __import__ importlib.import_module pickle.loads pickle.load"),
    "permission": _words("os.chmod os.chown os.setuid os.setgid os.umask"),
    "link": _words("os.symlink os.link"),
}
_METHODS = {"chmod": "permission", "symlink_to": "link", "hardlink_to": "link"}
_PATH = re.compile(r"^(?:/|~|[A-Za-z]:\\|\.\./)|/\.\.(?:/|$)")
_ADDRESS = re.compile(r"^[a-z][a-z0-9+]*://[^\s]+$", re.I)


def reach(sources: Iterable[str]) -> frozenset[str]:
    """Return what the blocks reach for, each as kind and name, for example `network:requests` or `path:/etc/hosts`.

    It is read from the text alone: code that hides what it does is held by the sandbox, not by this.

    Args:
        sources: Python text; one that does not parse reaches for `unreadable:code`.
    """
    found: set[str] = set()
    for source in sources:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            found.add("unreadable:code")
            continue
        names = dict(_imports(tree))
        for node in ast.walk(tree):
            found.update(_of(node, names))
    return frozenset(found)


def widened(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """Return what `after` reaches for and `before` did not, sorted; empty where a patch widens nothing.

    Of code that could not be read before, what stood in its text by name counts as its reach.
    """
    old, new = tuple(before), reach(after)
    known, text = reach(old), "\n".join(old)
    if "unreadable:code" in known:
        known |= {item for item in new if item.partition(":")[2].rpartition(".")[2] in text}
    return tuple(sorted(new - known))


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each local name with the dotted name that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _of(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield from _module(alias.name)
        case ast.ImportFrom():
            yield from _module(node.module or "")
        case ast.Call():
            yield from _call(node, names)
        case ast.Attribute():
            if _dotted(node, names) == "os.environ":
                yield "environment:os.environ"
        case ast.Constant(value=str() as text) if len(text) <= 500 and "\n" not in text:
            if _ADDRESS.match(text):
                yield f"address:{text}"
            elif _PATH.search(text) and " " not in text.strip():
                yield f"path:{text}"


def _module(name: str) -> Iterator[str]:
    top = name.partition(".")[0]
    if top in _NETWORK:
        yield f"network:{top}"
    elif top in _PROCESS:
        yield f"process:{top}"


def _call(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    called = _dotted(node.func, names)
    for kind, calls in _CALLS.items():
        if called in calls:
            yield f"{kind}:{called}"
    if called in ("os.getenv", "os.environ.get"):
        yield "environment:os.environ"
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        yield f"{_METHODS[node.func.attr]}:{node.func.attr}"


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])

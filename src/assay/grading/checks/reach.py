"""L01, L04, L12, L13: files and secrets that are none of a candidate's business."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from assay.grading.checks.finding import CheckFinding, Context, Severity, found
from assay.grading.checks.script import Script, argument

_ROOTS = re.compile(r"^/(?:proc|etc|root|home|var|opt|mnt|data|kaggle|srv|run|sys|workspace|content|work|Users)(?:/|$)")
_HARMLESS = re.compile(
    r"^/proc/(?:cpuinfo|meminfo|stat|loadavg|version|self/(?:status|statm|stat|cgroup)|sys/kernel/\w+)$"
    r"|^/etc/(?:os-release|localtime|timezone|hostname)$|^/sys/(?:fs/cgroup|devices/system/(?:cpu|node))\b"
)
_OTHERS = re.compile(
    r"^/proc/(?!self/)|^/proc/self/(?:mem|maps|fd|root|cwd)|^/etc/(?:shadow|passwd|ssh)|/\.(?:ssh|aws|gnupg|netrc|kaggle)\b"
)
_ANSWERS = re.compile(
    r"(?:^|/)(?:private|sealed|hidden)/|(?:^|[/_-])(?:answers?|ground_?truth|test_labels?|test_targets?|hidden_labels?)"
    r"(?:[_-]\w+)?\.(?:csv|tsv|parquet|json|jsonl|npy|npz|pkl|txt)$"
)
_WALKS = frozenset({"os.walk", "os.listdir", "os.scandir", "os.fwalk", "glob.glob", "glob.iglob"})
_METHOD_WALKS = frozenset({"glob", "rglob", "iterdir", "walk"})
_SECRET = re.compile(r"(?:API_?KEY|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|ACCESS_KEY)", re.IGNORECASE)
_TOLD = frozenset({"print", "json.dump", "json.dumps", "str", "repr", "pprint.pprint", "open"})
_LINKS = frozenset({"os.symlink", "os.link"})
_DEVICES = frozenset({"os.mkfifo", "os.mknod"})
_METHOD_LINKS = frozenset({"symlink_to", "hardlink_to"})


def paths(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L01: paths out of the workspace. Kaggle's own paths and other absolute ones are only warned about."""
    skipped = script.docstrings() | _messages(script)
    folded: set[int] = set()
    for node in script.nodes:
        if not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) or id(node) in skipped | folded:
            continue
        text = script.text(node)
        if text is None or len(text) > 300:
            continue
        folded |= {id(part) for part in ast.walk(node)}
        severity = _escape(text)
        if severity is not None:
            sentence = f"the path {text!r} is outside ./input and ./output; a candidate reads ./input only"
            yield found("L01", severity, node, sentence)


def _escape(text: str) -> Severity | None:
    """Return how bad a path is, None if it is fine or no path."""
    if re.search(r"\s", text) or "://" in text:
        return None
    if _OTHERS.search(text) and not _HARMLESS.search(text):
        return Severity.REJECT
    outside = _ROOTS.match(text) is not None or text.startswith("~/")
    if outside and _ANSWERS.search(text):
        return Severity.REJECT
    if outside and not _HARMLESS.search(text):
        return Severity.WARN
    if re.search(r"(?:^|/)\.\.(?:/|$)", text) and not text.startswith("/"):
        plain = posixpath.normpath(text)
        if plain.startswith("../input/") or plain in ("..", "../input", "../output"):
            return Severity.WARN
        return Severity.REJECT if plain.startswith("..") else None
    return None


def _messages(script: Script) -> set[int]:
    """Return the identities of texts that are only shown to people."""
    shown: set[int] = set()
    for node in script.nodes:
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _speaks(script.called(node))):
            shown |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr)}
    return shown


def _speaks(name: str) -> bool:
    return name == "print" or name.startswith(("logging.", "warnings.", "re.", "logger."))


def walks(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L01: listing folders above the workspace."""
    for call in script.calls:
        name = script.called(call)
        start: str | None = None
        if name in _WALKS and call.args:
            start = script.text(call.args[0])
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _METHOD_WALKS:
            start = script.text(call.func.value)
        if start is not None and re.match(r"^(?:/(?:\*|$)|\.\.(?:/|$)|/(?:proc|home|root|etc|var)(?:/|$))", start):
            if start.startswith("../input"):
                continue
            yield found("L01", Severity.REJECT, call, f"it searches {start!r}, which is outside the workspace")


def answers(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L04: reading files that would hold the answers, unless they are the user's own or the script's own."""
    known = context.known_files
    made = {text for call in script.calls if _writes(script, call) for text in _texts(script, call)}
    for call in script.calls:
        name = script.called(call)
        reads = name == "open" or name.rsplit(".", 1)[-1].startswith(("read_", "load", "genfromtxt"))
        if not reads or not call.args:
            continue
        text = script.text(call.args[0])
        if text is None or not _ANSWERS.search(text.lower()) or text in made:
            continue
        if text.rsplit("/", 1)[-1].lower() not in known:
            yield found("L04", Severity.REJECT, call, f"it reads {text!r}, which would be the hidden answers")


def _writes(script: Script, call: ast.Call) -> bool:
    if script.called(call) == "open":
        return bool(set(script.text(argument(call, 1, "mode")) or "") & set("wax"))
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return method.startswith(("to_", "write_", "save", "dump"))


def _texts(script: Script, call: ast.Call) -> Iterator[str]:
    owner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    for node in (*call.args, *owner):
        text = script.text(node)
        if text is not None:
            yield text


def test_labels(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L04: using a target column of the test rows, which have none."""
    test = context.task.data.test
    if test is None:
        return
    frames = {name for name, values in script.assigned.items() if len(values) == 1 and script.reads(values[0], test)}
    used: dict[tuple[str, str], ast.Subscript] = {}
    stored: set[tuple[str, str]] = set()
    for node in script.nodes:
        if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in frames):
            continue
        column = script.text(node.slice)
        if column in context.task.targets and column is not None:
            key = (node.value.id, column)
            if isinstance(node.ctx, ast.Load):
                used.setdefault(key, node)
            else:
                stored.add(key)
    for key, node in used.items():
        if key not in stored:
            yield found("L04", Severity.WARN, node, f"it reads {key[1]!r} of the test rows, which have no labels")


def secrets(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L12: reading keys from the environment, or telling the whole of it."""
    for node in script.nodes:
        name = _variable(script, node)
        if name is not None and _SECRET.search(name) and not name.startswith(("HF_", "WANDB_", "HUGGING")):
            yield found("L12", Severity.REJECT, node, f"it reads the secret {name!r} from the environment")
        if isinstance(node, ast.Call) and script.called(node) in _TOLD:
            inside = [part for argument in node.args for part in ast.walk(argument)]
            whole = [part for part in inside if script.dotted(part) == "os.environ" and not _narrowed(part, inside)]
            if whole:
                yield found("L12", Severity.REJECT, node, "it tells the whole environment")
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.match(r"^/proc/\S*/environ$", node.value)
        ):
            yield found("L12", Severity.REJECT, node, f"it reads an environment by {node.value!r}")


def _variable(script: Script, node: ast.AST) -> str | None:
    """Return the environment variable that `node` reads, or None."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and script.dotted(node.value) == "os.environ":
        return script.text(node.slice)
    if isinstance(node, ast.Call) and script.called(node) in ("os.getenv", "os.environ.get"):
        return script.text(node.args[0]) if node.args else None
    return None


def _narrowed(part: ast.AST, inside: list[ast.AST]) -> bool:
    """Return whether `os.environ` is only indexed or asked for one name here."""
    for node in inside:
        if isinstance(node, ast.Subscript) and node.value is part:
            return True
        if isinstance(node, ast.Attribute) and node.value is part and node.attr in ("get", "setdefault", "pop"):
            return True
        if isinstance(node, ast.Compare) and part in node.comparators:
            return True
    return False


def odd_outputs(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L13: an output that is a link, a FIFO or a device instead of a file."""
    for call in script.calls:
        name = script.called(call)
        made: str | None = None
        if name in _LINKS:
            made = script.text(argument(call, 1, "dst"))
        elif name in _DEVICES:
            made = script.text(argument(call, 0, "path"))
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _METHOD_LINKS:
            made = script.text(call.func.value)
        if made is not None and re.match(r"^(?:\./)?output(?:/|$)", made):
            yield found("L13", Severity.REJECT, call, f"it makes {made!r} a link or a pipe; outputs are plain files")

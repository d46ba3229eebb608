"""L05 to L09 and L14: network, other processes, patched metrics, hidden code, masked errors, a missing output."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from assay.grading.checks.finding import CheckFinding, Context, Severity, found
from assay.grading.checks.script import Script

_CONNECTS = re.compile(
    r"^(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request|Session|Client|AsyncClient)$"
    r"|^urllib\.request\.(?:urlopen|urlretrieve)$|^http\.client\.HTTPS?Connection$|^socket\.create_connection$"
    r"|^ftplib\.FTP(?:_TLS)?$|^smtplib\.SMTP(?:_SSL)?$|^aiohttp\.(?:ClientSession|request)$|^paramiko\.SSHClient$"
    r"|^websockets?\.(?:connect|create_connection)$|^telnetlib\.Telnet$"
)
_LOCAL = re.compile(r"^(?:https?://)?(?:localhost|127\.0\.0\.1|\[?::1\]?)(?:[:/]|$)")
_KERNEL = frozenset(
    {
        "kill",
        "mount",
        "pidfd_getfd",
        "pidfd_open",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "setns",
        "syscall",
        "unshare",
    }
)
_LIBRARIES = frozenset({"ctypes.CDLL", "ctypes.cdll.LoadLibrary", "ctypes.PyDLL"})
_GUARDED = re.compile(
    r"^sklearn\.metrics(?:\.|$)|^scipy\.stats\.|^assay(?:\.|$)|^builtins\.open$"
    r"|^pandas\.(?:DataFrame|Series)\.(?:to_csv|equals)$|^numpy\.(?:mean|sqrt|abs|isfinite|isnan)$"
)
_FETCHES = re.compile(r"\b(?:pip3?|conda|mamba|uv|apt|apt-get|curl|wget|git\s+clone)\b")
_DECODERS = re.compile(
    r"(?:b64decode|b32decode|b85decode|a85decode|decompress|fromhex|unhexlify|marshal\.loads|codecs\.decode)$"
)


def network(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L05: connecting to another machine. Names of hosts, sockets between own processes and localhost pass."""
    for call in script.calls:
        name = script.called(call)
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Tuple) and first.elts:
            first = first.elts[0]
        target = script.text(first) if first is not None else None
        local = target is not None and _LOCAL.match(target) is not None
        if _CONNECTS.match(name) and not local:
            yield found("L05", Severity.REJECT, call, f"it calls {name}: candidates have no network")
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("connect", "connect_ex", "sendto"):
            owner = call.func.value
            made = script.assigned.get(owner.id, []) if isinstance(owner, ast.Name) else [owner]
            sockets = [m for m in made if isinstance(m, ast.Call) and script.called(m) == "socket.socket"]
            if sockets and not local:
                yield found("L05", Severity.REJECT, call, "it connects a socket: candidates have no network")


def processes(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L05: looking into or signalling processes that are not its own."""
    libraries = any(script.called(call) in _LIBRARIES for call in script.calls)
    iterates = any(script.called(call) == "psutil.process_iter" for call in script.calls)
    for call in script.calls:
        name = script.called(call)
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if libraries and attribute in _KERNEL and (attribute != "kill" or _of_library(script, call.func)):
            yield found("L05", Severity.REJECT, call, f"it calls {attribute} of the C library on other processes")
        if name in ("os.kill", "os.killpg", "psutil.Process") and _parent(script, call):
            yield found("L05", Severity.REJECT, call, f"it calls {name} on the process that started it")
        if iterates and attribute in ("environ", "open_files", "memory_maps", "kill", "terminate", "suspend"):
            yield found("L05", Severity.REJECT, call, f"it asks every process of the machine for {attribute}")


def _of_library(script: Script, function: ast.expr) -> bool:
    """Return whether a method is of a C library: what one starts has a `kill` too."""
    owner = function.value if isinstance(function, ast.Attribute) else function
    values = script.assigned.get(owner.id, []) if isinstance(owner, ast.Name) else [owner]
    return any(isinstance(value, ast.Call) and script.called(value) in _LIBRARIES for value in values)


def shell(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L05: shell lines and magics of a notebook that want something from outside. They end in nothing: a warning."""
    for call in script.calls:
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if not (isinstance(owner, ast.Call) and script.called(owner) == "get_ipython"):
            continue
        said = " ".join(script.text(argument) or "" for argument in call.args)
        if _FETCHES.search(said):
            yield found("L05", Severity.WARN, call, f"{said[:60]!r}: there is no network, so it gets nothing")


def _parent(script: Script, call: ast.Call) -> bool:
    inside = [part for argument in call.args[:1] for part in ast.walk(argument)]
    for name in [part.id for part in inside if isinstance(part, ast.Name)]:
        inside += [part for value in script.assigned.get(name, []) for part in ast.walk(value)]
    everyone = any(isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub) for part in inside)
    return everyone or any(script.dotted(part) == "os.getppid" for part in inside)


def patches(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L06: replacing functions that scores or outputs are made with, or importing Assay itself."""
    for module, line in script.imports:
        if module == "assay" or module.startswith("assay."):
            sentence = f"it imports {module}: a candidate must stand without Assay"
            yield CheckFinding(code="L06", severity=Severity.REJECT, line=line, sentence=sentence)
    for node in script.nodes:
        replaced = _replaced(script, node)
        if replaced and _GUARDED.match(replaced):
            yield found("L06", Severity.REJECT, node, f"it replaces {replaced}")


def _replaced(script: Script, node: ast.AST) -> str:
    """Return the dotted name that `node` gives another value, or ''."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Attribute):
                return script.dotted(target)
            if isinstance(target, ast.Subscript) and script.dotted(target.value) == "sys.modules":
                return script.text(target.slice) or ""
    if isinstance(node, ast.Call):
        name = script.called(node)
        if name == "setattr" and len(node.args) == 3:
            return f"{script.dotted(node.args[0])}.{script.text(node.args[1]) or ''}"
        if name in ("unittest.mock.patch", "mock.patch") and node.args:
            return script.text(node.args[0]) or ""
        if name == "unittest.mock.patch.object" and len(node.args) > 1:
            return f"{script.dotted(node.args[0])}.{script.text(node.args[1]) or ''}"
    return ""


def hidden_code(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L14: running code that is packed so that nobody can read it."""
    for call in script.calls:
        if script.called(call) not in ("exec", "eval", "builtins.exec", "builtins.eval") or not call.args:
            continue
        inside = list(ast.walk(call.args[0]))
        for name in [part.id for part in inside if isinstance(part, ast.Name)]:
            inside += [part for value in script.assigned.get(name, []) for part in ast.walk(value)]
        names = [script.called(part) or _method(part) for part in inside if isinstance(part, ast.Call)]
        if any(_DECODERS.search(name) for name in names):
            yield found(
                "L14", Severity.REJECT, call, "it runs code that it first unpacks: nobody can read what it does"
            )


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def masked_errors(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L07: an except clause that hides every error."""
    for node in script.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or script.dotted(node.type) in ("Exception", "BaseException")
        silent = all(isinstance(s, ast.Pass | ast.Continue) or _is_ellipsis(s) for s in node.body)
        if node.type is None or (broad and silent):
            yield found("L07", Severity.WARN, node, "an except clause hides every error; name the one that is expected")


def _is_ellipsis(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def exits(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L08: ending the process from within; `sys.exit(main())` under the main guard is a habit and passes."""
    guarded = {
        id(part)
        for node in script.tree.body
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
        for part in ast.walk(node)
    }
    for call in script.calls:
        name = script.called(call)
        if name in ("exit", "quit", "sys.exit", "os._exit", "os.abort") and id(call) not in guarded:
            yield found("L08", Severity.WARN, call, f"it calls {name}(), so what follows never runs")


def output(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L09: the file that the contract asks for is nowhere named."""
    wanted = context.task.output.file
    if not context.is_entry:
        return
    stem = wanted.rsplit(".", 1)[0]
    for node in script.nodes:
        text = script.text(node) if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) else None
        if text is not None and stem in text:
            return
    sentence = f"it never names {wanted!r}; predictions are expected in ./output/{wanted}"
    yield CheckFinding(code="L09", severity=Severity.WARN, line=0, sentence=sentence)

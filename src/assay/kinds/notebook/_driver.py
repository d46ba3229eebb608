"""The driver: runs a notebook's cells one by one, inside the sandbox, and tells the engine what became of each.

It is started as a file by the candidates' interpreter and imports nothing of this package. It reads its order, which
holds a secret, and removes it before a kernel exists; from then on no other process can read its memory. Each line that
it prints for the engine carries a number and a code made with that secret: code in a cell can print such a line, but
no valid one, and a valid one that is printed again is not believed. What cells print is passed on, within bounds.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import hmac
import json
import logging
import os
import re
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

_BEGAN = time.monotonic()
"""The imports below count as time of the run."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARK = "@assay-notebook"
_PR_SET_DUMPABLE = 4
_MISSING_EXIT = 3
_START_S = 60
_INTERRUPT_S = 3.0
_POLL_S = 0.1
_TRACEBACK = 6_000
_MOST_OUTPUTS = 200
_MOST_MESSAGE = 32 * 2**20
_STDERR_KEPT = 8_000

try:
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
except ImportError as error:  # told by exit code too: no secret has been read yet
    sys.stdout.write(f"{MARK} missing {error.name}\n")
    sys.stdout.flush()
    sys.exit(_MISSING_EXIT)


class Teller:
    """Prints signed lines for the engine, and passes on what cells print.

    Args:
        key: The secret.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._number = 0

    def tell(self, event: str, **facts: Any) -> None:
        """Print one signed line."""
        self._number += 1
        text = json.dumps({"n": self._number, "event": event, **facts})
        code = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        self.say(f"\n{MARK} {code} {text}\n")

    def say(self, text: str) -> None:
        """Print text of a cell."""
        sys.stdout.write(text)
        sys.stdout.flush()


class Bounded(NotebookClient):
    """Executes cells and keeps their outputs within a bound.

    Args:
        nb: The notebook.
        km: The kernel's manager.
        teller: Told what cells print.
        keep: Most characters of output kept of a cell.
    """

    def __init__(self, nb: Any, km: Any, teller: Teller, keep: int) -> None:
        super().__init__(
            nb,
            km=km,
            timeout=None,
            startup_timeout=_START_S,
            force_raise_errors=True,
            skip_cells_with_tag="",
            store_widget_state=False,
            on_cell_executed=self._executed,
        )
        self.log.setLevel(logging.CRITICAL)
        self._teller = teller
        self._keep = keep
        self.begin()

    def begin(self) -> None:
        """Count from nothing: a cell starts."""
        self._kept = 0
        self._cut = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self.asked_to_exit = False

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take one message of the kernel; what passes the bound is counted and dropped, but for its end."""
        kind, content = msg["msg_type"], msg["content"]
        if kind.startswith("comm") or kind in ("update_display_data", "clear_output"):
            return None
        if kind == "stream":
            text = str(content.get("text", ""))
            room = self._room(cell)
            if len(text) > room:
                self._to_tail(text[room:])
                content["text"] = text = text[:room]
            if not text:
                return None
            self._kept += len(text)
            self._teller.say(text)
        elif kind in ("display_data", "execute_result"):
            size = len(json.dumps(content.get("data", {})))
            if size > self._room(cell):
                content["data"] = {"text/plain": f"[an output of {size} characters was left out]"}
                content["metadata"] = {}
                size = 80
                if len(cell.outputs) >= _MOST_OUTPUTS:
                    return None
            self._kept += size
            plain = content["data"].get("text/plain", "")
            self._teller.say(f"{plain}\n" if isinstance(plain, str) else "")
        elif kind == "error":
            content["traceback"] = [str(line)[-_TRACEBACK:] for line in content.get("traceback", [])[-50:]]
            content["evalue"] = str(content.get("evalue", ""))[:_TRACEBACK]
            if sum(output.output_type == "error" for output in cell.outputs):
                return None
        return super().process_message(msg, cell, cell_index)

    def finish(self, cell: Any) -> None:
        """Put the end of what was cut behind the cell's outputs."""
        if not self._cut:
            return
        tail = "".join(self._tail)[-self._keep // 4 :]
        text = f"\n[... {self._cut - len(tail)} characters of output cut ...]\n{tail}"
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
        self._teller.say(text)

    def _room(self, cell: Any) -> int:
        return 0 if len(cell.outputs) >= _MOST_OUTPUTS else max(0, self._keep - self._kept)

    def _to_tail(self, text: str) -> None:
        self._cut += len(text)
        text = text[-self._keep :]
        self._tail.append(text)
        self._tail_size += len(text)
        while self._tail_size - len(self._tail[0]) >= self._keep // 4:
            self._tail_size -= len(self._tail.popleft())

    def _executed(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        payload = execute_reply["content"].get("payload") or []
        self.asked_to_exit = any(isinstance(p, dict) and p.get("source") == "ask_exit" for p in payload)


class Driver:
    """One run of one notebook.

    Args:
        order: What to run and how; see `assay.kinds.notebook.launch`.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._teller = Teller(bytes.fromhex(order["key"]))
        self._nb = nbformat.reads(json.dumps(order["notebook"]), 4)
        self._inbox = os.open(order["inbox"], os.O_RDONLY | os.O_DIRECTORY) if order["inbox"] else -1
        self._folder = os.open(order["folder"], os.O_RDONLY | os.O_DIRECTORY)
        self._results: dict[str, dict[str, Any]] = {}
        self._rounds = 0
        self._used_s = 0.0
        self._stderr = b""

    async def run(self) -> int:
        """Run all cells; return the exit code."""
        with tempfile.TemporaryDirectory(prefix="k") as place:
            manager = self._manager(place)
            client = Bounded(self._nb, manager, self._teller, self._order["keep"])
            try:
                await client.async_start_new_kernel(stdout=-3, stderr=self._collect_stderr())
                await client.async_start_new_kernel_client()
                getattr(client.kc, "iopub_channel").socket.maxmsgsize = _MOST_MESSAGE  # noqa: B009
            except Exception as error:
                self._end("no kernel", f"{type(error).__name__}: {error}; {self._said()}", None)
                return 1
            self._used_s = time.monotonic() - _BEGAN
            self._teller.tell("ready", wall_s=round(self._used_s, 3))
            try:
                outcome, detail, cell = await self._cells(client, manager)
            finally:
                await self._kill(manager)
            self._end(outcome, detail, cell)
            return 0 if outcome == "ok" else 1

    async def _cells(self, client: Bounded, manager: Any) -> tuple[str, str, str | None]:
        index = 0
        while index < len(self._nb.cells):
            cell = self._nb.cells[index]
            if cell.cell_type != "code":
                index += 1
                continue
            outcome, facts = await self._cell(client, manager, cell, index)
            if outcome == "ok":
                index += 1
                continue
            again = await self._mended(cell, outcome, facts) if facts.pop("alive") else None
            if again is None:
                return outcome, facts["detail"], str(cell.id)
            index = again
        return "ok", "", None

    async def _cell(self, client: Bounded, manager: Any, cell: Any, index: int) -> tuple[str, dict[str, Any]]:
        """Run one cell; return its outcome and what is known of it."""
        left = self._order["run_s"] - self._used_s
        limit = min(left, self._order["cell_s"] or left)
        self._teller.tell("start", id=cell.id)
        client.begin()
        began = time.monotonic()
        task = asyncio.ensure_future(client.async_execute_cell(cell, index))
        done, _ = await asyncio.wait({task}, timeout=max(0.0, limit))
        alive = True
        if not done:
            outcome = "run timeout" if limit >= left else "cell timeout"
            alive = await self._interrupt(manager, task) and outcome == "cell timeout"
            facts: dict[str, Any] = {"ename": "", "evalue": "", "detail": f"it did not end within {limit:.0f} s"}
            facts["traceback"] = _traceback(cell)
        else:
            outcome, facts = self._judge(client, manager, task, cell)
            alive = outcome == "error"
        client.finish(cell)
        wall_s = time.monotonic() - began
        self._used_s += wall_s
        facts |= {"wall_s": round(wall_s, 3), "line": _line(cell, facts["traceback"])}
        cell.metadata["assay"] = {**cell.metadata.get("assay", {}), "wall_s": facts["wall_s"], "outcome": outcome}
        if facts["traceback"]:
            self._teller.say(f"{facts['traceback']}\n")
        self._teller.tell("cell", id=cell.id, outcome=outcome, executed=self._save(), **facts)
        return outcome, {**facts, "alive": alive}

    def _judge(self, client: Bounded, manager: Any, task: Any, cell: Any) -> tuple[str, dict[str, Any]]:
        facts: dict[str, Any] = {"ename": "", "evalue": "", "detail": "", "traceback": ""}
        error = task.exception()
        if client.asked_to_exit:
            return "exit", {**facts, "detail": "the cell called exit(), which ends the kernel"}
        if error is None:
            return "ok", facts
        if isinstance(error, CellExecutionError):
            facts |= {"ename": str(error.ename)[:200], "evalue": str(error.evalue)[:2_000]}
            facts["traceback"] = _traceback(cell)
            if facts["ename"] == "SystemExit":
                return "exit", {**facts, "detail": f"the cell called sys.exit({facts['evalue']})"}
            return "error", {**facts, "detail": f"{facts['ename']}: {facts['evalue']}"}
        if isinstance(error, DeadKernelError):
            return "dead kernel", {**facts, "detail": _how_it_died(manager), "traceback": self._said()}
        return "error", {
            **facts,
            "ename": type(error).__name__,
            "detail": f"the kernel spoke nonsense: {error!r}"[:500],
        }

    async def _interrupt(self, manager: Any, task: Any) -> bool:
        """Interrupt the kernel; return whether it obeyed and can go on."""
        with suppress(Exception):
            await manager.interrupt_kernel()
        done, _ = await asyncio.wait({task}, timeout=_INTERRUPT_S)
        if not done:
            await self._kill(manager)
            await asyncio.wait({task}, timeout=_INTERRUPT_S)
            task.cancel()
            return False
        return isinstance(task.exception(), CellExecutionError)

    async def _mended(self, cell: Any, outcome: str, facts: dict[str, Any]) -> int | None:
        """Wait for the engine's answer; return the index to go on from, or None to end."""
        if self._inbox < 0:
            return None
        self._rounds += 1
        self._teller.tell("halt", round=self._rounds, id=cell.id)
        until = time.monotonic() + self._order["wait_s"]
        while time.monotonic() < until:
            with suppress(OSError, ValueError):
                name = f"answer-{self._rounds}.json"
                answer = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._inbox)
                with os.fdopen(answer, encoding="utf-8") as stream:
                    return self._go_on(json.loads(stream.read()))
            await asyncio.sleep(_POLL_S)
        return None

    def _go_on(self, answer: dict[str, Any]) -> int | None:
        if "notebook" not in answer:
            return None
        done = {cell.id: cell for cell in self._nb.cells}
        cells = nbformat.reads(json.dumps(answer["notebook"]), 4).cells
        start = next(index for index, cell in enumerate(cells) if cell.id == answer["from"])
        self._nb.cells[:] = [*(done.get(cell.id, cell) for cell in cells[:start]), *cells[start:]]
        return start

    def _end(self, outcome: str, detail: str, cell: str | None) -> None:
        self._teller.tell("end", outcome=outcome, detail=detail[:2_000], id=cell or "", executed=self._save())

    def _save(self) -> str:
        """Write the notebook as it is now; return the digest of what was written."""
        data = nbformat.writes(self._nb).encode(errors="replace")
        with suppress(OSError):
            part = os.open(
                "executed.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644, dir_fd=self._folder
            )
            with os.fdopen(part, "wb") as stream:
                stream.write(data)
            os.rename("executed.part", "executed.ipynb", src_dir_fd=self._folder, dst_dir_fd=self._folder)
        return hashlib.sha256(data).hexdigest()

    def _manager(self, place: str) -> Any:
        options = (
            "--InteractiveShell.xmode=Plain",
            "--InteractiveShell.colors=nocolor",
            "--HistoryManager.enabled=False",
        )
        argv = [sys.executable, "-X", "faulthandler", "-m", "ipykernel_launcher", "-f", "{connection_file}", *options]
        os.environ.update(IPYTHONDIR=f"{place}/i", JUPYTER_RUNTIME_DIR=place, JUPYTER_DATA_DIR=f"{place}/d")
        manager = AsyncKernelManager(transport="ipc", ip=f"{place}/s", connection_file=f"{place}/c.json")
        manager._kernel_spec = KernelSpec(argv=argv, display_name="Python", language="python")
        return manager

    async def _kill(self, manager: Any) -> None:
        with suppress(Exception):
            await asyncio.wait_for(manager.shutdown_kernel(now=True), _INTERRUPT_S)

    def _collect_stderr(self) -> int:
        """Return a descriptor for the kernel's own error output, of which the end is kept."""
        end, begin = os.pipe()

        def collect() -> None:
            with suppress(OSError):
                while data := os.read(end, 1 << 16):
                    self._stderr = (self._stderr + data)[-_STDERR_KEPT:]

        threading.Thread(target=collect, daemon=True).start()
        return begin

    def _said(self) -> str:
        return self._stderr.decode(errors="replace")[-_TRACEBACK:]


def _traceback(cell: Any) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    lines = "\n".join(errors[-1].traceback).splitlines() if errors else []
    return "\n".join(line for line in lines if line.strip())[-_TRACEBACK:]


def _line(cell: Any, traceback: str) -> int:
    """Return the innermost line of the cell that raised, from 1; 0 if the traceback does not say."""
    found = re.findall(rf"Cell In ?\[{cell.execution_count}\], line (\d+)", traceback)
    return int(found[-1]) if found else 0


def _how_it_died(manager: Any) -> str:
    code = getattr(getattr(manager.provisioner, "process", None), "returncode", None)
    if code is None:
        return "the kernel no longer answers"
    return f"the kernel was killed by signal {-code}" if code < 0 else f"the kernel ended with exit code {code}"


def main(path: str) -> int:
    """Carry out the order in the file at `path`."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a cell can print half a character
    order = json.loads(Path(path).read_text(encoding="utf-8"))
    Path(path).unlink()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return asyncio.run(Driver(order).run())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

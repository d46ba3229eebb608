"""Running: one execution under way, from its workspace to what it left; under a driver it can halt and go on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.execution import Execution, Outcome, UnitOutcome
from assay.core.files import write_whole
from assay.core.view import View
from assay.engine.left_behind import left_behind
from assay.engine.output_size import most_output_bytes
from assay.engine.parts import Parts
from assay.engine.run_slots import Place
from assay.engine.warm_pool import Wish
from assay.kinds.base import Driven, Imports, Launch, Told
from assay.kinds.plain_paths import plain_paths
from assay.sandbox import Mount, SandboxLimits, Workspace, collect, remove_tree
from assay.sandbox.base import Command, Finished, SandboxProcess

LOG_TAIL = 8_000
MOST_HALTED_S = 1_500.0
"""Longest that a halted run waits, all halts together."""
_INBOX = ".assay-inbox"
_LOOK_S = 0.2
_SEEN = 100_000
_MOST_ARTEFACT = 64 * 2**20


class Running:
    """One started execution. Used by one thread at a time; `close` ends it at any point.

    Args:
        parts: What the run is put together from.
        candidate: What runs.
        view: What it is shown.
        seed: Told to it.
        limits: Its bounds.
        live: Whether it halts at a unit that fails, for kinds that can.
        given: Further files to begin with: path in the workspace to a file of ours, which is copied.
        place: Says which graphics processor it has, if any.
    """

    def __init__(
        self,
        parts: Parts,
        candidate: Candidate,
        view: View,
        seed: int,
        limits: SandboxLimits,
        *,
        live: bool = False,
        given: Mapping[str, Path] | None = None,
        place: Place | None = None,
    ) -> None:
        self._parts = parts
        self._gpu = place.gpu if place is not None else None
        self._view = view
        self._limits = limits
        self._kind = parts.kinds[candidate.kind]
        self._driven = self._kind if isinstance(self._kind, Driven) else None
        self._candidate = candidate
        self._answered = 0
        self._waited_s = 0.0
        self._halted_at: float | None = None
        work = parts.folder / "work"
        work.mkdir(exist_ok=True)
        self._inbox: Path | None = None
        self._refused = self._removed = False
        self._warm = parts.warm.take(self._wish(seed)) if parts.warm is not None else None
        try:
            self._root = self._warm.root if self._warm is not None else _fresh(work, view.key.name)
        except BaseException:
            self._give_back()
            raise
        try:
            if live and self._driven is not None:
                self._inbox = Path(tempfile.mkdtemp(prefix="inbox-", dir=work))
                self._inbox.chmod(0o755)  # the candidate's user reads it
            self._launch = self._lay_out(seed)
            for name, source in (given or {}).items():
                shutil.copyfile(source, self._root / name)
            self.process = self._start(seed)
        except BaseException:
            if self._warm is not None:
                self._warm.close()
            self._remove()
            raise
        self._began = parts.clock.monotonic()

    @property
    def candidate(self) -> Candidate:
        """What runs: as it was started, or as it was last mended."""
        return self._candidate

    def wait(self) -> Execution:
        """Return how it ended, or what is known of it where it has halted.

        What has ended is removed from the disk; a halted run goes on by `go_on` or is ended by `close`.
        """
        finished = self._finished() if self._inbox is not None else self.process.wait()
        if finished is None and self._inbox is None:
            raise LookupError("a process without a time limit to wait for did not end")
        if finished is None:
            return self._so_far()
        try:
            return self._take(finished)
        finally:
            self._remove()

    @property
    def halted(self) -> bool:
        """Whether it waits for an answer."""
        return self._halted_at is not None

    def go_on(self, mended: Candidate, unit: str) -> bool:
        """Let a halted run go on from `unit` as `mended` has it; return False where that would not be the same run."""
        if self._driven is None or self._launch is None or self._inbox is None or self._halted_at is None:
            return False
        answer = self._driven.answer(self._launch, self._candidate, mended, unit)
        self._waited_s += self._parts.clock.monotonic() - self._halted_at
        if answer is None or self._waited_s > MOST_HALTED_S:
            return False
        self._halted_at = None
        self._answered += 1
        self._candidate = mended
        path = self._inbox / self._driven.answer_name(self._answered)
        write_whole(path, answer)
        path.chmod(0o644)
        return True

    def close(self) -> None:
        """End it, whatever it does, and remove it from the disk."""
        self.process.kill(Outcome.STOPPED)
        self.process.wait()
        self._remove()

    def _lay_out(self, seed: int) -> Launch | None:
        for name, text in self._candidate.files.items():
            _write(self._root, name, text)
        (self._root / "output").mkdir()
        if self._driven is None:
            return None
        launch = self._driven.launch(
            self._candidate,
            python=self._parts.python,
            seed=seed,
            limits=self._limits,
            inbox=_INBOX if self._inbox is not None else "",
        )
        for name, text in launch.files.items():
            _write(self._root, name, text)
        return launch

    def _start(self, seed: int) -> SandboxProcess:
        parts, limits = self._parts, self._limits
        shown = [Mount(source=self._view.input, target="input")]
        if self._inbox is not None:
            shown.append(Mount(source=self._inbox, target=_INBOX, live=True))
            limits = replace(limits, wall_s=limits.wall_s + MOST_HALTED_S)  # our own clock holds the limit
        workspace = Workspace(
            root=self._root,
            mounts=tuple(shown),
            secrets=parts.secrets,
            devices=self._gpu.devices if self._gpu else (),
            hidden=parts.hidden,
        )
        limits = replace(limits, gpus=1 if self._gpu else 0)
        command = self._with_gpu(self._launch.command) if self._launch is not None else self._command(seed)
        if self._warm is not None:
            process = self._warm.hand_over(command, workspace, limits)
            if process is not None:
                return process
            self._refused = True
        return parts.sandbox.start(command, workspace, limits)

    def _command(self, seed: int) -> Command:
        threads = self._limits.threads
        return self._with_gpu(
            self._kind.command(self._candidate, python=self._parts.python, seed=seed, threads=threads)
        )

    def _with_gpu(self, command: Command) -> Command:
        return replace(command, env={**command.env, **self._parts.gpus.variables(self._gpu)})

    def _wish(self, seed: int) -> Wish | None:
        """Return what can be started ahead for executions such as this, or None."""
        if self._driven is not None or self._gpu is not None or not isinstance(self._kind, Imports):
            return None
        imports = self._kind.early_imports(self._candidate)
        return Wish(command=self._command(seed), limits=self._limits, imports=imports)

    def _finished(self) -> Finished | None:
        """Wait for the end or a halt; end what has used up its time, in which waiting for answers does not count."""
        seen = None
        while True:
            finished = self.process.wait(_LOOK_S)
            if finished is not None:
                return finished
            now = self._parts.clock.monotonic()
            if now - self._began - self._waited_s > self._limits.wall_s:
                self.process.kill(Outcome.TIMEOUT)
                continue
            printed = self.process.tail(_SEEN)
            if printed != seen and self._told(printed.encode()).halts > self._answered:
                self._halted_at = now
                return None
            seen = printed

    def _told(self, printed: bytes) -> Told:
        if self._driven is None or self._launch is None:
            return Told(log=printed)
        return self._driven.told(self._launch, printed)

    def _so_far(self) -> Execution:
        """Return the execution up to the unit that failed. Nothing is taken while somebody could still write."""
        told = self._told(self.process.tail(self._limits.log_bytes).encode())
        timeout = bool(told.units) and told.units[-1].outcome is UnitOutcome.TIMEOUT
        last = told.units[-1] if told.units else None
        so_far = Execution(
            outcome=Outcome.TIMEOUT if timeout else Outcome.ERROR,
            wall_s=round(self._parts.clock.monotonic() - self._began - self._waited_s, 3),
            log=self._parts.objects.put(told.log) if told.log else "",
            log_tail=told.log.decode(errors="replace")[-LOG_TAIL:],
            refused=dict.fromkeys(self._kind.outputs[:1], "the run had halted"),
            tier=self._parts.sandbox.tier,
            detail=f"cell {last.unit}: {last.error}" if last else "",
            units=told.units,
        )
        return plain_paths(so_far, self._root)

    def _take(self, finished: Finished) -> Execution:
        """Take the outputs and the log of an ended process into the object store."""
        told = self._told(finished.log)
        outputs, refused = self._collect([f"output/{name}" for name in self._kind.outputs], self._most_bytes())
        if self._launch is not None:
            more, missing = self._collect(self._launch.takes, _MOST_ARTEFACT, told)
            outputs, refused = {**outputs, **more}, {**refused, **missing}
        outcome, detail = _ending(finished, told, driven=self._launch is not None)
        wall_s = finished.wall_s - self._waited_s
        own = (*self._candidate.files, *(self._launch.files if self._launch else ()), *self._names())
        taken = Execution(
            outcome=outcome,
            exit_code=finished.exit_code,
            wall_s=round(wall_s, 3),
            cpu_s=finished.cpu_s,
            peak_memory_bytes=finished.peak_memory_bytes,
            log=self._parts.objects.put(told.log) if told.log else "",
            log_tail=told.log.decode(errors="replace")[-LOG_TAIL:],
            outputs=outputs,
            refused=refused,
            files=left_behind(self._root, but=own),
            stuck_at="" if self._launch is not None else finished.stuck_at,
            tier=finished.tier or self._parts.sandbox.tier,
            node=finished.node,
            detail=detail,
            units=told.units,
        )
        return plain_paths(taken, self._root)

    def _names(self) -> tuple[str, ...]:
        takes = self._launch.takes if self._launch else ()
        return (*(f"output/{name}" for name in self._kind.outputs), *takes)

    def _most_bytes(self) -> int:
        return most_output_bytes(self._parts.task, self._view)

    def _collect(
        self, names: Sequence[str], max_bytes: int, told: Told | None = None
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return digests of what could be taken and reasons for the rest, by the last part of the names.

        Args:
            names: Paths in the workspace.
            max_bytes: Largest file that is taken.
            told: Who says what digests they must have; None where anything is taken.
        """
        private = self._parts.folder / "private" / "taken"
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
        into = Path(tempfile.mkdtemp(dir=private))
        outputs, refused = {}, {}
        try:
            # From the workspace on: a folder such as `./output` may have become a link, or be gone.
            collected = collect(self._root, list(names), into, max_bytes=max_bytes)
            for name, taken in collected.taken.items():
                if told is not None and told.digests.get(name) != taken.digest:
                    refused[_last(name)] = "not what the driver wrote"
                else:
                    outputs[_last(name)] = self._parts.objects.adopt(taken.path, taken.digest)
        finally:
            shutil.rmtree(into, ignore_errors=True)
        return outputs, {**refused, **{_last(name): reason for name, reason in collected.refused.items()}}

    def _remove(self) -> None:
        if not self._removed:
            self._removed = True
            self._give_back()
        remove_tree(self._root)
        if self._inbox is not None:
            remove_tree(self._inbox)

    def _give_back(self) -> None:
        if self._parts.warm is not None:
            self._parts.warm.done(refused=self._refused)


def _fresh(work: Path, name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=work))


def _ending(finished: Finished, told: Told, *, driven: bool) -> tuple[Outcome, str]:
    """Return how it ended: what the sandbox saw from outside goes before what a driver says."""
    if not driven or finished.outcome not in (Outcome.OK, Outcome.ERROR):
        return finished.outcome, finished.detail
    if told.broken:
        return Outcome.INFRA, told.broken
    if told.outcome is None:
        return Outcome.ERROR, f"the driver was ended from within the notebook ({finished.detail or 'no last word'})"
    return told.outcome, told.detail


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

"""What every sandbox must do, as test classes: subclass one and override the `sandbox` fixture.

    class TestMySandbox(ProcessSandboxContract):
        @pytest.fixture
        def sandbox(self) -> Iterator[Sandbox]:
            sandbox = MySandbox()
            yield sandbox
            sandbox.close()

`SandboxContract` is what a fake can keep, too; `ProcessSandboxContract` adds what only real processes can show.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import IntegrityError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Finished, Mount, Sandbox, SandboxLimits, SandboxProcess, Workspace

_PATIENCE_S = 60.0


class SandboxContract:
    """Behaviour that the engine relies on."""

    @pytest.fixture
    def sandbox(self) -> Sandbox:
        """Override: return an open sandbox and close it afterwards."""
        raise NotImplementedError("override the fixture `sandbox`")

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Workspace:
        """A fresh workspace with a read-only view mounted as `./input`."""
        view = tmp_path / "view"
        view.mkdir(mode=0o755)
        (view / "train.csv").write_text("id,y\n1,2\n", encoding="utf-8")
        root = tmp_path / "workspace"
        root.mkdir(mode=0o755)
        return Workspace(root=root, mounts=(Mount(source=view, target="input"),))

    @staticmethod
    def start(sandbox: Sandbox, workspace: Workspace, source: str, **limits: Any) -> SandboxProcess:
        """Start `source` as a Python script."""
        (workspace.root / "main.py").write_text(source, encoding="utf-8")
        command = Command(argv=("python", "main.py"), env={"SEED": "7"})
        return sandbox.start(command, workspace, replace(_LIMITS, **limits))

    @classmethod
    def run(cls, sandbox: Sandbox, workspace: Workspace, source: str, **limits: Any) -> Finished:
        """Run `source` to its end."""
        finished = cls.start(sandbox, workspace, source, **limits).wait(_PATIENCE_S)
        assert finished is not None, "the process did not end"
        return finished

    def test_a_good_end(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Exit code, output and written files come back."""
        source = "import pathlib\npathlib.Path('out.txt').write_text('x')\nprint('done')\n"
        finished = self.run(sandbox, workspace, source)
        assert (finished.outcome, finished.exit_code) == (Outcome.OK, 0), finished
        assert finished.log == b"done\n"
        assert (workspace.root / "out.txt").read_text(encoding="utf-8") == "x"

    def test_a_bad_end(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """A failure of the candidate is a state, not an exception."""
        finished = self.run(sandbox, workspace, "import sys\nsys.exit(3)\n")
        assert (finished.outcome, finished.exit_code) == (Outcome.ERROR, 3), finished

    def test_mounts_and_variables_are_seen(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """`./input` and the command's own variables are there."""
        finished = self.run(
            sandbox, workspace, "import os\nprint(open('input/train.csv').read(), os.environ['SEED'])\n"
        )
        assert finished.log == b"id,y\n1,2\n 7\n", finished

    def test_the_same_workspace_can_be_used_again(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """A second attempt sees and may change what the first one wrote."""
        source = "with open('n.txt', 'a') as f:\n    f.write('x')\nprint(open('n.txt').read())\n"
        assert self.run(sandbox, workspace, source).log == b"x\n"
        assert self.run(sandbox, workspace, source).log == b"xx\n"

    def test_wait_can_be_impatient_and_kill_repeated(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """A killed process reports the first outcome that was given."""
        process = self.start(sandbox, workspace, "import time\ntime.sleep(40)\n")
        assert process.wait(0.01) is None
        process.kill(Outcome.STOPPED)
        process.kill(Outcome.TIMEOUT)
        finished = process.wait(_PATIENCE_S)
        assert finished is not None
        assert finished.outcome is Outcome.STOPPED
        process.kill()
        assert process.wait() is finished
        assert process.last_output_age_s() >= 0

    def test_secrets_are_never_mounted(self, sandbox: Sandbox, workspace: Workspace, tmp_path: Path) -> None:
        """A mount above, at or below a secret is refused before anything starts."""
        private = tmp_path / "private"
        private.mkdir()
        (private / "answers.csv").touch()
        for source in (tmp_path, private, private / "answers.csv"):
            shown = Workspace(root=workspace.root, mounts=(Mount(source=source, target="data"),), secrets=(private,))
            with pytest.raises(IntegrityError) as caught:
                self.start(sandbox, shown, "")
            assert caught.value.code == "E410"

    @pytest.mark.parametrize("target", ["/etc", "../up", ""])
    def test_mount_targets_stay_inside(self, sandbox: Sandbox, workspace: Workspace, target: str) -> None:
        """A target that leaves the workspace is our fault and said so."""
        source = workspace.mounts[0].source
        with pytest.raises(MachineError):
            self.start(sandbox, Workspace(root=workspace.root, mounts=(Mount(source=source, target=target),)), "")

    def test_missing_folders_are_the_machines_fault(
        self, sandbox: Sandbox, workspace: Workspace, tmp_path: Path
    ) -> None:
        """Neither a missing workspace nor a missing source blames the candidate."""
        nowhere = tmp_path / "nowhere"
        with pytest.raises(MachineError):
            sandbox.start(Command(argv=("python", "-c", "")), Workspace(root=nowhere), _LIMITS)
        with pytest.raises(MachineError):
            self.start(sandbox, Workspace(root=workspace.root, mounts=(Mount(source=nowhere, target="x"),)), "")

    def test_attach_knows_no_strangers(self, sandbox: Sandbox) -> None:
        """A handle of nobody's gives None."""
        assert sandbox.attach("1:1") is None

    def test_close_ends_everything(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Closing kills what runs, may be repeated, and nothing can be started afterwards."""
        process = self.start(sandbox, workspace, "import time\ntime.sleep(40)\n")
        sandbox.close()
        finished = process.wait(_PATIENCE_S)
        assert finished is not None
        assert finished.outcome is Outcome.STOPPED
        sandbox.close()
        with pytest.raises(MachineError):
            self.start(sandbox, workspace, "")

    def test_it_says_what_it_is(self, sandbox: Sandbox) -> None:
        """Tier and description are for reports."""
        assert sandbox.tier in ("T1", "T2", "T3", "external", "off", "fake")
        assert sandbox.description.startswith("sandbox: ")


class ProcessSandboxContract(SandboxContract):
    """What only a sandbox of real processes can show."""

    def test_the_environment_is_built_from_nothing(
        self, sandbox: Sandbox, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No variable of ours, private home and temporary folder, threads as allotted."""
        monkeypatch.setenv("API_KEY", "canary")
        source = (
            "import os, tempfile\n"
            "e = os.environ\n"
            "print('canary' in str(dict(e)), e['OMP_NUM_THREADS'], os.path.isdir(e['HOME']), sorted(os.listdir('.')))\n"
            "tempfile.NamedTemporaryFile().write(b'x')\n"
        )
        finished = self.run(sandbox, workspace, source, threads=2)
        assert finished.log == b"False 2 True ['input', 'main.py']\n", finished

    def test_a_time_out_keeps_output_and_says_where(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """The line that it was stuck on is known and what was printed is kept."""
        source = "import time\nprint('begun')\ndef stuck():\n    time.sleep(40)\nstuck()\n"
        finished = self.run(sandbox, workspace, source, wall_s=1.0)
        assert finished.outcome is Outcome.TIMEOUT
        assert finished.log == b"begun\n"
        assert "line 4 in stuck" in finished.stuck_at

    def test_a_signal_is_an_error_with_its_name(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """A crash shows as 128 and the signal."""
        finished = self.run(sandbox, workspace, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
        assert (finished.outcome, finished.exit_code) == (Outcome.ERROR, 139)
        assert "SIGSEGV" in finished.detail

    def test_output_is_bounded(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Too much of it ends the process; head and tail are kept."""
        source = "import sys\nprint('first')\nwhile True:\n    sys.stdout.write('x' * 100_000)\n"
        finished = self.run(sandbox, workspace, source, output_bytes=4 * 2**20, log_bytes=2**16)
        assert finished.outcome is Outcome.OUTPUT
        assert finished.log.startswith(b"first\n")
        assert len(finished.log) < 2**16 + 100

    def test_both_streams_come_in_order_and_live(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Standard output and error are one stream, readable while the process runs."""
        source = "import sys, time\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\ntime.sleep(40)\n"
        process = self.start(sandbox, workspace, source)
        deadline = time.monotonic() + _PATIENCE_S
        while process.tail() != "a\nb\nc\n" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.tail() == "a\nb\nc\n"
        assert process.tail(2) == "c\n"
        process.kill()
        assert process.wait(_PATIENCE_S) is not None

    def test_the_whole_tree_is_dead_at_the_end(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Daemons that left the session do not survive the script."""
        source = (
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        while True:\n"
            "            open('alive', 'w').write(str(time.monotonic()))\n"
            "            time.sleep(0.01)\n"
            "    os._exit(0)\n"
            "while not os.path.exists('alive'):\n"
            "    time.sleep(0.01)\n"
        )
        finished = self.run(sandbox, workspace, source)
        assert finished.outcome is Outcome.OK, finished
        before = (workspace.root / "alive").read_bytes()
        time.sleep(0.1)
        assert (workspace.root / "alive").read_bytes() == before

    def test_peaks_are_measured(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """A process that lives for a while leaves memory and processor time behind."""
        source = "import time\nx = b'x' * 100_000_000\nt = time.monotonic()\nwhile time.monotonic() < t + 1: pass\n"
        finished = self.run(sandbox, workspace, source)
        assert finished.outcome is Outcome.OK, finished
        assert finished.peak_memory_bytes is not None
        assert 100_000_000 < finished.peak_memory_bytes < 300_000_000
        assert finished.cpu_s is not None
        assert finished.cpu_s > 0.1

    def test_a_missing_interpreter_is_the_machines_fault(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """It is refused before the start."""
        with pytest.raises(MachineError) as caught:
            sandbox.start(Command(argv=("python",), interpreter=Path("/no/bin/python")), workspace, _LIMITS)
        assert caught.value.code == "E513"

    def test_a_missing_program_is_the_candidates_fault(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """The command was let go and could not be found."""
        finished = sandbox.start(Command(argv=("no-such-program",)), workspace, _LIMITS).wait(_PATIENCE_S)
        assert finished is not None
        assert finished.outcome is Outcome.ERROR
        assert finished.exit_code not in (0, None)

    def test_nothing_is_left_open(self, sandbox: Sandbox, workspace: Workspace) -> None:
        """Descriptors of finished processes are given back."""
        for _ in range(2):
            self.run(sandbox, workspace, "")
        before = _open_descriptors()
        for _ in range(3):
            self.run(sandbox, workspace, "")
        deadline = time.monotonic() + _PATIENCE_S
        while _open_descriptors() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _open_descriptors() <= before


def _open_descriptors() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - Path would open one more


_LIMITS = SandboxLimits(wall_s=50, memory_bytes=2**30)

"""The log for bug reports: what libraries say goes to `assay.log` of the run, never onto the screen."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from assay.cli.shell import Shell

if TYPE_CHECKING:
    from assay.models.scrub import Scrubber

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RunLog(logging.Handler):
    """Appends records to the log file of the run at hand; before there is a run, they are dropped.

    The journal is the record of a run. This file only helps whoever mends Assay, so that it may fail silently.

    Args:
        shell: Knows the run's folder.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(logging.INFO)
        self._shell = shell
        self._scrubber: Scrubber | None = None
        self.setFormatter(logging.Formatter(_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        folder = self._shell.run_folder
        if folder is None:
            return
        if self._scrubber is None:
            from assay.models.scrub import Scrubber

            self._scrubber = Scrubber()
        try:
            with (folder / "assay.log").open("a", encoding="utf-8") as stream:
                stream.write(self._scrubber.scrub(self.format(record)) + "\n")
        except OSError:
            return


def keep_log(shell: Shell) -> None:
    """Send the log of this process to the run's own file."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, RunLog)]:
        root.removeHandler(handler)
    root.addHandler(RunLog(shell))
    logging.getLogger("assay").setLevel(logging.INFO)

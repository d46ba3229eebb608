"""Floor 6: reports, tables and the files of a run folder, as pure functions of the journal.

`write_reports` and `write_trial` are loaded when first asked for: screens import `formatting` alone and start fast.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.report.trials import write_trial
    from assay.report.write import write_reports

__all__ = ["write_reports", "write_trial"]


def __getattr__(name: str) -> Any:
    if name == "write_reports":
        from assay.report.write import write_reports

        return write_reports
    if name == "write_trial":
        from assay.report.trials import write_trial

        return write_trial
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

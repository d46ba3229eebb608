"""Floor 2: the kinds of candidate."""

from assay.kinds.base import Failure, Kind, Unit
from assay.kinds.blocks import BlocksKind
from assay.kinds.command import CommandKind
from assay.kinds.notebook import NotebookKind
from assay.kinds.script import ScriptKind

__all__ = ["BlocksKind", "CommandKind", "Failure", "Kind", "NotebookKind", "ScriptKind", "Unit"]

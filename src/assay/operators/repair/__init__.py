"""Repair in tiers: rules that need nobody, then whoever answers."""

from assay.operators.repair.model import NotebookModelRepairer
from assay.operators.repair.rules import Patch, find_patch
from assay.operators.repair.tiers import RuleRepairer, TieredRepairer

__all__ = ["NotebookModelRepairer", "Patch", "RuleRepairer", "TieredRepairer", "find_patch"]

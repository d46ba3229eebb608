"""Floor 2: MLflow as the experiment store, and runs of generated code as evidence."""

from assay.tracking.evidence import Evidence, FileEvidence, Finding
from assay.tracking.issue import Attempt, Issued, issue
from assay.tracking.keep import evidence_record
from assay.tracking.place import Place, resolve_place
from assay.tracking.process import StoreLost, require_mlflow
from assay.tracking.records import Artifact, Point, RunRecord, RunState, StoredRun
from assay.tracking.required import Required
from assay.tracking.store import RunWriter, Store, make_template
from assay.tracking.verify import verify

__all__ = [
    "Artifact",
    "Attempt",
    "Evidence",
    "FileEvidence",
    "Finding",
    "Issued",
    "Place",
    "Point",
    "Required",
    "RunRecord",
    "RunState",
    "RunWriter",
    "Store",
    "StoreLost",
    "StoredRun",
    "evidence_record",
    "issue",
    "make_template",
    "require_mlflow",
    "resolve_place",
    "verify",
]

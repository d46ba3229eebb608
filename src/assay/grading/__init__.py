"""Floor 2: metrics, validation of prediction files, the grading process, blends, checks and statistics.

Importing this package loads no numeric library; those live in the grading process.
"""

from assay.grading.blend import Blend, Mixed, blend_script
from assay.grading.checks import CheckFinding, Severity, check_candidate, check_predictions, check_script
from assay.grading.grade import Grade, Graded, Invalid, PredictionStats
from assay.grading.likeness import Likeness, likeness
from assay.grading.reported import reported_mismatch, reported_score
from assay.grading.service import NOT_MIXED, Grader

__all__ = [
    "NOT_MIXED",
    "Blend",
    "CheckFinding",
    "Grade",
    "Graded",
    "Grader",
    "Invalid",
    "Likeness",
    "Mixed",
    "PredictionStats",
    "Severity",
    "blend_script",
    "check_candidate",
    "check_predictions",
    "check_script",
    "likeness",
    "reported_mismatch",
    "reported_score",
]

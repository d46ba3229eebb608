"""The strategy `lab`: a worker and a mentor that run one experiment after another on a user's training repository."""

from assay.strategies.lab.config import LAB_FILE, LabConfig, lab_task, read_lab
from assay.strategies.lab.lab import Lab

__all__ = ["LAB_FILE", "Lab", "LabConfig", "lab_task", "read_lab"]

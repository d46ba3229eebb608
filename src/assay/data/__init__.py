"""Floor 1: understanding, checking and splitting the data; views.

Importing this package loads no numeric library; views are built in a child process.
"""

from assay.data.check import check
from assay.data.demo import demo_answers, write_demo
from assay.data.facts import verify_data
from assay.data.findings import DataFinding, Severity
from assay.data.given import Given, SplitWish
from assay.data.in_child import check_apart, inspect_apart, profile_apart
from assay.data.inspection import Inspection, Line
from assay.data.intake import inspect
from assay.data.metric_names import METRICS, named
from assay.data.profile import profile
from assay.data.task_file import TaskFile, load_task, load_task_file
from assay.data.task_writing import task_toml, write_task
from assay.data.views import Views

__all__ = [
    "METRICS",
    "DataFinding",
    "Given",
    "Inspection",
    "Line",
    "Severity",
    "SplitWish",
    "TaskFile",
    "Views",
    "check",
    "check_apart",
    "demo_answers",
    "inspect",
    "inspect_apart",
    "load_task",
    "load_task_file",
    "named",
    "profile",
    "profile_apart",
    "task_toml",
    "verify_data",
    "write_demo",
    "write_task",
]

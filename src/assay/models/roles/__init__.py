"""Roles: the named kinds of question, each with typed inputs and a typed reply.

A role's prompt has the same name: `operators/prompts/<role>.yaml` renders exactly the fields of its inputs.
"""

from assay.models.roles.basic import (
    BASIC_ROLES,
    AblateInputs,
    Ablation,
    BaselineInputs,
    DebugInputs,
    DraftInputs,
    ImproveInputs,
    Repair,
    Variant,
)
from assay.models.roles.shared import (
    Brief,
    Fenced,
    Finding,
    Inputs,
    Internal,
    Machine,
    Program,
    Reply,
    Role,
    TrialSummary,
)

ROLES: dict[str, Role] = {role.name: role for role in BASIC_ROLES}

__all__ = [
    "ROLES",
    "AblateInputs",
    "Ablation",
    "BaselineInputs",
    "Brief",
    "DebugInputs",
    "DraftInputs",
    "Fenced",
    "Finding",
    "ImproveInputs",
    "Inputs",
    "Internal",
    "Machine",
    "Program",
    "Repair",
    "Reply",
    "Role",
    "TrialSummary",
    "Variant",
]

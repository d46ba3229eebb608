"""Requests for tests of models: a role with messages, without data behind it."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from assay.models.base import Message, Request
from assay.models.roles import Ablation, Program, Repair

R = TypeVar("R", bound=BaseModel)


class NoInputs(BaseModel):
    """Inputs of a question that only its messages describe."""


def request_for(
    reply_type: type[R], *, role: str = "draft", user: str = "Write a script.", key: str = "q/1"
) -> Request[R]:
    messages = (Message(role="system", content="You are careful."), Message(role="user", content=user))
    return Request(role=role, inputs=NoInputs(), messages=messages, reply_type=reply_type, key=key)


def program_request(**changes: Any) -> Request[Program]:
    return request_for(Program, **changes)


def repair_request(**changes: Any) -> Request[Repair]:
    return request_for(Repair, role="debug", **changes)


def ablation_request(**changes: Any) -> Request[Ablation]:
    return request_for(Ablation, role="ablate", **changes)


GOOD = """```json
{"title": "Ridge on logs", "plan": "The target is skewed."}
```
```python
import pandas as pd

print("done", flush=True)
```
"""

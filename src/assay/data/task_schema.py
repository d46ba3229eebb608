"""The JSON Schema of task.toml, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.data.task_keys import KEYS, Form, Key, tables

_TYPES: Mapping[Form, Mapping[str, Any]] = {
    Form.TEXT: {"type": "string"},
    Form.TEXTS: {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    Form.LIST: {"type": "array", "items": {"type": "string"}},
    Form.WHOLE: {"type": "integer"},
    Form.NUMBER: {"type": "number"},
    Form.SWITCH: {"type": "boolean"},
    Form.AMOUNT: {"type": ["string", "number"]},
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of task.toml, for editors that complete and check as you type."""
    properties: dict[str, Any] = {key.name: _schema_of(key) for key in KEYS if "." not in key.name}
    for table, keys in tables().items():
        needed = [name for name, key in keys.items() if key.needed]
        properties[table] = {
            "type": "object",
            "properties": {name: _schema_of(key) for name, key in keys.items()},
            "additionalProperties": False,
            **({"required": needed} if needed else {}),
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "task.toml of Assay",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _schema_of(key: Key) -> dict[str, Any]:
    bounds = {"enum": list(key.choices) or None, "minimum": key.least, "maximum": key.most}
    told = {name: value for name, value in bounds.items() if value is not None}
    return {**_TYPES[key.form], "description": f"{key.meaning} Without it: {key.default}.", **told}

"""The form in which a language model writes a reply: small fields as JSON, each script as a fenced block of its own.

Code inside JSON strings is where weak models fail (escapes, line breaks, cut-off quotes), and it costs tokens.
So a reply type is shown as one JSON object without its scripts, followed by one fenced block per script.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from annotated_types import MaxLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from assay.models.replies import Parts
from assay.models.roles import Fenced, Internal

R = TypeVar("R", bound=BaseModel)
M = TypeVar("M")

_FIRST_IMPORT = re.compile(r"^(?:import|from) \w", re.MULTILINE)

_PLACEHOLDER = 60
"""A script in JSON that is this short and one line says only where the script is."""

_SUBSTANCE = 60
"""Characters of prose from which a reply without JSON is worth being put into form."""


class FormError(ValueError):
    """A reply is not in the asked form.

    Args:
        message: What is wrong, for the model that is to mend it.
        only_form: Whether all content seems to be there, so that putting it into form is enough.
    """

    def __init__(self, message: str, *, only_form: bool = False) -> None:
        super().__init__(message)
        self.only_form = only_form


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in the JSON object that a fenced block fills."""

    holder: dict[str, Any]
    field: str
    language: str


def describe(reply_type: type[BaseModel], *, scripts: bool = True) -> str:
    """Return the instructions that end a prompt: the form, with a line on each field.

    Args:
        reply_type: The type of the reply.
        scripts: Whether the fenced scripts are asked for, or only the JSON object.
    """
    skeleton = _skeleton(reply_type)
    lines = ["Reply in exactly this form and nothing else."]
    if skeleton != "{}":
        lines += ["```json", skeleton, "```"]
    if scripts:
        lines += _fence_lines(reply_type)
    lines += _notes(reply_type)
    return "\n".join(lines)


def json_names(reply_type: type[BaseModel]) -> frozenset[str]:
    """Return the names of the top-level fields that stand in the JSON object."""
    fields = reply_type.model_fields.items()
    return frozenset(name for name, field in fields if not (_is_marked(field, Fenced) or _is_marked(field, Internal)))


def has_scripts(reply_type: type[BaseModel]) -> bool:
    """Return whether any field, however deep, is a fenced block."""
    for field in reply_type.model_fields.values():
        inner = _inner_model(field.annotation)
        if _is_marked(field, Fenced) or (inner is not None and has_scripts(inner)):
            return True
    return False


def assemble(parts: Parts, reply_type: type[R]) -> R:
    """Put the parts of a reply together.

    Raises:
        FormError: Something is missing, is wrong or was cut.
    """
    names = json_names(reply_type)
    scripts = _scripts(parts)
    complete = bool(scripts) if has_scripts(reply_type) else len(parts.prose) > _SUBSTANCE
    if parts.object is None and names and not (scripts and _is_code_enough(reply_type)):
        raise FormError(f"there is no JSON object with {_listed(names)}", only_form=complete)
    data = _told(dict(parts.object or {}), reply_type)
    _fill(list(_slots(data, reply_type)), scripts)
    try:
        return reply_type.model_validate(data)
    except ValidationError as error:
        missing = all(e["type"] == "missing" for e in error.errors())
        raise FormError(_explain(error), only_form=missing and complete) from error


def _is_code_enough(reply_type: type[BaseModel]) -> bool:
    """Return whether a script of its own is all that a reply must hold; models then leave the empty rest out."""
    required = [field for field in reply_type.model_fields.values() if field.is_required()]
    return bool(required) and all(_is_marked(field, Fenced) for field in required)


def _scripts(parts: Parts) -> list[str]:
    if parts.code:
        return list(parts.code)
    # A script without any fence around it; its validation decides whether it is one.
    start = _FIRST_IMPORT.search(parts.prose)
    return [parts.prose[start.start() :] + "\n"] if start else []


def _fill(slots: list[Slot], scripts: list[str]) -> None:
    if not slots:
        return
    if len(scripts) < len(slots):
        what = "python block" if len(slots) == 1 else f"{len(slots)} python blocks, one for each entry in order"
        raise FormError(f"expected {what}, found {len(scripts)}")
    # Snippets that illustrate the prose are shorter than the scripts themselves.
    longest = sorted(range(len(scripts)), key=lambda i: -len(scripts[i]))[: len(slots)]
    for slot, index in zip(slots, sorted(longest), strict=True):
        slot.holder[slot.field] = scripts[index]


def _slots(data: dict[str, Any], reply_type: type[BaseModel]) -> Iterator[Slot]:
    for name, field in reply_type.model_fields.items():
        fenced = _marker(field, Fenced)
        inner = _inner_model(field.annotation)
        if fenced is not None:
            given = data.get(name)
            if not isinstance(given, str) or ("\n" not in given.strip() and len(given) < _PLACEHOLDER):
                yield Slot(holder=data, field=name, language=fenced.language)
        elif inner is not None:
            value = data.get(name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    yield from _slots(item, inner)


def _told(data: dict[str, Any], reply_type: type[BaseModel]) -> dict[str, Any]:
    """Drop what a model has no say in, and cut what is merely too long."""
    kept: dict[str, Any] = {}
    for name, value in data.items():
        field = reply_type.model_fields.get(name)
        if field is None or _is_marked(field, Internal):
            continue
        limit = next((m.max_length for m in field.metadata if isinstance(m, MaxLen)), None)
        if limit is not None and isinstance(value, str | list) and len(value) > limit:
            value = value[: limit - 1].rstrip() + "…" if isinstance(value, str) else value[:limit]
        inner = _inner_model(field.annotation)
        if inner is not None and isinstance(value, dict) and _is_sequence(field.annotation):
            value = [value]
        if inner is not None and isinstance(value, list):
            value = [_told(item, inner) if isinstance(item, dict) else item for item in value]
        elif inner is not None and isinstance(value, dict):
            value = _told(value, inner)
        kept[name] = value
    return kept


def _explain(error: ValidationError) -> str:
    told = []
    for entry in error.errors()[:5]:
        place = ".".join(str(step) for step in entry["loc"]) or "reply"
        told.append(f"{place}: {entry['msg'].removeprefix('Value error, ')}")
    return "; ".join(told)


def _skeleton(reply_type: type[BaseModel]) -> str:
    names = {n: f for n, f in reply_type.model_fields.items() if n in json_names(reply_type)}
    return "{" + ", ".join(f'"{name}": {_sample(field.annotation)}' for name, field in names.items()) + "}"


def _sample(annotation: Any) -> str:
    """Return a value of `annotation` as it would stand in JSON, with an ellipsis for what is to be filled in."""
    inner = _inner_model(annotation)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _sample(args[0])
    if _is_sequence(annotation) and inner is not None:
        return f"[{_skeleton(inner)}, ...]"
    if isinstance(annotation, type) and inner is not None:
        return _skeleton(inner)
    if origin is Literal:
        return " or ".join(f'"{a}"' if isinstance(a, str) else str(a) for a in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("null" if a is type(None) else _sample(a) for a in args)
    if _is_sequence(annotation):
        return f"[{_sample(args[0]) if args else '...'}, ...]"
    return {str: '"..."', int: "0", float: "0.0", bool: "true or false"}.get(annotation, "{...}")


def _fence_lines(reply_type: type[BaseModel]) -> Iterator[str]:
    for name, field in reply_type.model_fields.items():
        fenced, inner = _marker(field, Fenced), _inner_model(field.annotation)
        if fenced is not None:
            yield from (f"```{fenced.language}", f"# {name}: {_meaning(field)}", "```")
        elif inner is not None and has_scripts(inner) and _is_sequence(field.annotation):
            yield from _fence_lines(inner)
            yield f"... one such block for each of `{name}`, in the same order."
        elif inner is not None:
            yield from _fence_lines(inner)


def _notes(reply_type: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in reply_type.model_fields.items():
        if _is_marked(field, Fenced) or _is_marked(field, Internal):
            continue
        limit = next((f" (at most {m.max_length} characters)" for m in field.metadata if isinstance(m, MaxLen)), "")
        inner = _inner_model(field.annotation)
        yield f"- `{prefix}{name}`: {_meaning(field)}{'' if _is_sequence(field.annotation) else limit}"
        if inner is not None:
            yield from _notes(inner, f"{prefix}{name}{'[]' if _is_sequence(field.annotation) else ''}.")


def _meaning(field: FieldInfo) -> str:
    """Return the first paragraph of what is said of a field, as one line."""
    return " ".join((field.description or "").strip().partition("\n\n")[0].split())


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))


def _marker(field: FieldInfo, kind: type[M]) -> M | None:
    return next((m for m in field.metadata if isinstance(m, kind)), None)


def _is_marked(field: FieldInfo, kind: type[object]) -> bool:
    return any(isinstance(m, kind) for m in field.metadata)


def _is_sequence(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (list, tuple)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model that `annotation` is, may be or has as its items."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if _is_sequence(annotation):
        return _inner_model(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((inner for inner in map(_inner_model, typing.get_args(annotation)) if inner), None)
    return None

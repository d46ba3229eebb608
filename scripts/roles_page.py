"""Writes docs/roles.md, the page of every kind of question that a model or the playbook answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from page_parts import DOCS, code, fields_of, opening, table

from assay.models.roles import ROLES, Brief, Role
from assay.models.roles.shared import COMMON

PAGE = DOCS / "roles.md"
PROMPTS = Path("src/assay/operators/prompts")

HEAD = opening(
    "Roles",
    """
A role is a kind of question with typed inputs and a typed reply. The playbook and language models answer the same
roles, and the engine alone decides what an answer is worth: no reply holds a score that is ranked. A reply that is
not of the form is sent back to its author, twice at most; then the question counts as not answered.

Each prompt is a file that renders exactly the fields of its inputs. `--role-model ROLE=MODEL` lets a model of its own
answer a role, `--variant ROLE=NAME` takes a variant of its prompt, and `assay cost` shows what each took. What is
sent of your data is told by [what is sent to a provider](what-is-sent.md).
""",
    "src/assay/models/roles",
)


def page() -> str:
    """Return the page."""
    parts = [HEAD, table(("role", "asked by"), ((f"[{name}](#{name})", role.asked) for name, role in ROLES.items()))]
    for role in ROLES.values():
        parts += [role_text(role), fields_text(role.inputs, "input"), reply_text(role)]
    parts += [f"## brief\n\n{Brief.__doc__}\n", fields_text(Brief, "field")]
    return "\n".join(parts)


def role_text(role: Role) -> str:
    file = PROMPTS / f"{role.name}.yaml"
    variants = variants_of(file)
    lines = [
        f"## {role.name}",
        f"{first(role.inputs)} Asked by {role.asked}. Prompt: `{file.as_posix()}`"
        + (f", with the variant {', '.join(map(code, variants))}." if variants else "."),
    ]
    if role.search:
        lines.append("A model that can may search the web before it answers.")
    return "\n\n".join(lines) + "\n"


def reply_text(role: Role) -> str:
    """Return what the reply holds, without what no language model is told of."""
    return f"Reply: {first(role.reply)}\n\n{fields_text(role.reply, 'reply', hidden=hidden_fields(role))}"


def hidden_fields(role: Role) -> frozenset[str]:
    from assay.models.roles import Internal

    fields: Mapping[str, Any] = role.reply.model_fields
    return frozenset(name for name, field in fields.items() if any(isinstance(m, Internal) for m in field.metadata))


def fields_text(cls: type[Any], head: str, *, hidden: frozenset[str] = frozenset()) -> str:
    """Return the fields of a question or a reply.

    Raises:
        LookupError: One of them says nowhere what it means.
    """
    rows = []
    for field in fields_of(cls):
        words = field.words or COMMON.get(field.name, "")
        if field.name in hidden:
            continue
        if not words:
            raise LookupError(f"{cls.__name__}.{field.name} has no text under it")
        rows.append((code(field.name), code(field.type), words))
    return table((head, "type", "meaning"), rows)


def variants_of(file: Path) -> list[str]:
    told = yaml.safe_load((DOCS.parent / file).read_text(encoding="utf-8"))
    return list(told.get("variants", {}))


def first(cls: type[Any]) -> str:
    """Return the sentence that a class says of itself."""
    return (cls.__doc__ or "").partition("\n")[0]

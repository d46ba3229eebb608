"""Prompts: YAML files with declared variables, rendered strictly.

A prompt has the name of its role and declares exactly the fields of the role's inputs. A project folder may replace one
by a file of the same name; what such a file leaves out stays as shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assay.core.errors import TaskError
from assay.models.base import Message
from assay.models.roles import ROLES, Inputs
from assay.operators.prompt_filters import FILTERS

PARTS = "brief"
"""The file of shared parts; a project folder may replace parts of it, too."""


class _Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str | None = None
    user: str | None = None


class _PromptFile(_Texts):
    variables: tuple[str, ...] | None = None
    """Fields of the role's inputs; None in an override means those of the shipped prompt."""
    variants: dict[str, _Texts] = Field(default_factory=dict)


class _PartsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: dict[str, str]


class Prompts:
    """The prompts of one project: those that are shipped, some replaced by the project's own.

    Args:
        overrides: Folder that may hold `<role>.yaml` and `brief.yaml`; need not exist.
        variants: Name of the variant to take, by role; the prompt itself for roles that are not named.
    """

    def __init__(self, overrides: Path | None = None, variants: Mapping[str, str] | None = None) -> None:
        self._overrides = overrides
        self._chosen = dict(variants or {})
        self._files: dict[str, _PromptFile] = {}

    def render(self, role: str, inputs: Inputs, *, variant: str | None = None) -> tuple[Message, ...]:
        """Return the messages of a role's prompt, the stable system message first.

        Args:
            role: A key of `ROLES`.
            inputs: What the role is told.
            variant: Name of a variant of the prompt; None for the chosen one, or the prompt itself.

        Raises:
            TaskError: There is no such prompt (E150), its file is malformed (E151), it uses a variable that it may
                not (E152), or it cannot be rendered (E153).
        """
        texts = self._texts(role, variant or self._chosen.get(role))
        given = {name: getattr(inputs, name) for name in type(inputs).model_fields}
        messages = []
        for kind, text in (("system", texts.system), ("user", texts.user)):
            rendered = _squeezed(self._rendered(role, kind, text or "", given))
            if rendered:
                messages.append(Message(role="system" if kind == "system" else "user", content=rendered))
        if not messages or messages[-1].role != "user":
            raise TaskError("E153", f"the prompt {role!r} has no text for the user's message")
        return tuple(messages)

    def check(self) -> None:
        """Load every prompt and check its variables.

        Raises:
            TaskError: As `render`, for the first prompt that is wrong.
        """
        for role in ROLES:
            for variant in (None, *self._load(role).variants):
                self._texts(role, variant)

    def check_chosen(self) -> None:
        """Load the variants that were chosen.

        Raises:
            TaskError: There is no such role or variant (E150), or its file is wrong, as in `render`.
        """
        for role, variant in self._chosen.items():
            self._texts(role, variant)

    def _texts(self, role: str, variant: str | None) -> _Texts:
        prompt = self._load(role)
        if variant is None:
            return prompt
        chosen = prompt.variants.get(variant)
        if chosen is None:
            known = ", ".join(sorted(prompt.variants)) or "none"
            raise TaskError("E150", f"the prompt {role!r} has no variant {variant!r}; it has {known}")
        return _Texts(system=chosen.system or prompt.system, user=chosen.user or prompt.user)

    def _load(self, role: str) -> _PromptFile:
        if role in self._files:
            return self._files[role]
        if role not in ROLES:
            raise TaskError("E150", f"there is no role {role!r}; there are {', '.join(sorted(ROLES))}")
        shipped = _read(role, _shipped(role), _PromptFile)
        prompt: _PromptFile = shipped
        own = self._own(role)
        if own is not None:
            changes = _read(role, own, _PromptFile).model_dump(exclude_unset=True)
            prompt = _PromptFile.model_validate({**prompt.model_dump(), **changes})
        self._check(role, prompt)
        self._files[role] = prompt
        return prompt

    def _own(self, name: str) -> Path | None:
        path = self._overrides / f"{name}.yaml" if self._overrides else None
        return path if path is not None and path.is_file() else None

    def _check(self, role: str, prompt: _PromptFile) -> None:
        """Refuse variables that the role does not have, wherever a template uses them."""
        allowed = set(ROLES[role].inputs.model_fields)
        declared = set(prompt.variables or ())
        if declared != allowed:
            wrong = ", ".join(sorted(declared ^ allowed))
            raise TaskError(
                "E152",
                f"the prompt {role!r} must declare the variables {', '.join(sorted(allowed))}; wrong: {wrong}",
                fix=f"correct `variables` in {role}.yaml",
            )
        for texts in (prompt, *prompt.variants.values()):
            for text in (texts.system, texts.user):
                if text:
                    self._check_text(role, text, allowed)

    def _check_text(self, role: str, text: str, allowed: set[str]) -> None:
        try:
            used = jinja2.meta.find_undeclared_variables(self._environment.parse(text))
        except jinja2.TemplateSyntaxError as error:
            raise TaskError(
                "E151", f"the prompt {role!r} is no template: {error.message}, line {error.lineno}"
            ) from error
        unknown = used - allowed
        if unknown:
            raise TaskError(
                "E152",
                f"the prompt {role!r} uses {', '.join(sorted(unknown))}, which it is not told; "
                f"it is told {', '.join(sorted(allowed))}",
            )

    def _rendered(self, role: str, kind: str, text: str, given: Mapping[str, Any]) -> str:
        where = f"the {kind} text of the prompt {role!r}"
        try:
            return self._environment.from_string(text).render(given)
        except jinja2.TemplateNotFound as error:
            raise TaskError("E153", f"{where} includes {error.name!r}, which is no part") from error
        except jinja2.UndefinedError as error:
            raise TaskError("E152", f"{where} uses what there is not: {error.message}") from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise TaskError("E153", f"{where} cannot be rendered: {error}") from error

    @cached_property
    def _environment(self) -> ImmutableSandboxedEnvironment:
        parts = _read(PARTS, _shipped(PARTS), _PartsFile).parts
        own = self._own(PARTS)
        if own is not None:
            parts = {**parts, **_read(PARTS, own, _PartsFile).parts}
        environment = ImmutableSandboxedEnvironment(
            loader=jinja2.DictLoader(parts),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        environment.filters.update(FILTERS)
        return environment


def render(
    role: str, inputs: Inputs, *, overrides: Path | None = None, variant: str | None = None
) -> tuple[Message, ...]:
    """Return the messages of one prompt; see `Prompts.render`. Who renders often keeps a `Prompts`."""
    return Prompts(overrides).render(role, inputs, variant=variant)


def _shipped(name: str) -> Any:
    path = resources.files("assay.operators").joinpath("prompts", f"{name}.yaml")
    if not path.is_file():
        raise TaskError("E150", f"there is no prompt {name!r}")
    return path


def _read(name: str, path: Any, shape: type[Any]) -> Any:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return shape.model_validate(found)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise TaskError("E151", f"{name}.yaml is not readable as YAML: {error}") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()[:5])
        raise TaskError("E151", f"{name}.yaml is not a prompt: {told}") from error


def _squeezed(text: str) -> str:
    """Return `text` without runs of empty lines, which template tags leave behind; code blocks keep theirs."""
    lines: list[str] = []
    fence = ""
    for line in text.strip().split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(ticks) >= 3:
            fence = ticks
        elif fence and len(ticks) >= len(fence) and line.rstrip() == ticks:
            fence = ""
        if line.strip() or fence or (lines and lines[-1]):
            lines.append(line if fence else line.rstrip())
    return "\n".join(lines)

"""Ideas: what `idea.json` holds, read and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from assay.core.errors import NothingFound, TaskError
from assay.models.roles import Idea


class IdeaFile(BaseModel):
    """The content of `idea.json`."""

    ideas: tuple[Idea, ...] = Field(min_length=1)


def read_ideas(name: str) -> list[dict[str, Any]]:
    """Return the ideas of a file as JSON values, every one whole.

    Args:
        name: Path of the file.

    Raises:
        NothingFound: There is no such file (E201).
        TaskError: It holds no ideas, or one without title, description, reasoning or expected impact (E145).
    """
    try:
        found = IdeaFile.model_validate(json.loads(Path(name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NothingFound("E201", f"there is no file of ideas {name!r}", fix="assay ideas DIR writes one") from None
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()[:5])
        raise TaskError("E145", f"{name!r} is no file of ideas: {told}", fix="assay ideas DIR writes one") from error
    except (OSError, ValueError) as error:
        raise TaskError("E145", f"{name!r} cannot be read: {error}", fix="assay ideas DIR writes one") from error
    return [idea.model_dump(mode="json") for idea in found.ideas]

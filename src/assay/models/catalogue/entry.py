"""Entry: one family of models, as a practitioner would tell a colleague about it."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Modality(StrEnum):
    """What a row of the data is, and with it the names that an example may use."""

    TABLES = "tables"
    """`X` and `X_test` are frames, `y` is an array: floats, or labels 0..k-1."""
    TEXT = "text"
    """`texts` and `texts_test` are lists of str, `y` is an array."""
    PAIRS = "pairs"
    """`left`, `right`, `left_test` and `right_test` are lists of str, `y` is an array."""
    IMAGES = "images"
    """`X` and `X_test` are uint8 arrays of shape (n, height, width, channels), `y` holds labels 0..k-1."""
    SERIES = "series"
    """`train` is a frame of `series`, `t` (0, 1, ...) and `y`; `horizon` and `season` are numbers of steps."""
    SEQUENCES = "sequences"
    """`X` and `X_test` are float arrays of shape (n, length, channels), `rate` is in Hz, `y` holds labels 0..k-1."""
    INTERACTIONS = "interactions"
    """`events` is a frame of `user`, `item` and `t`; `users` are those to recommend `k` items each."""


class Solves(StrEnum):
    """What kind of answer a family gives."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"
    FORECAST = "forecast"
    RANKING = "ranking"
    """A few labels or items, best first."""
    ANOMALY = "anomaly"
    """Rare rows that few labels or none describe."""
    SURVIVAL = "survival"
    """Times to an event that some rows have not had."""


class Source(BaseModel):
    """A publication."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    authors: Text
    title: Text
    year: int = Field(ge=1950, le=2026)
    venue: Text
    arxiv: str = Field(default="", pattern=r"^(\d{4}\.\d{4,5})?$")
    doi: str = Field(default="", pattern=r"^(10\.\d{4,9}/\S+)?$")

    @property
    def line(self) -> str:
        """The publication in one line."""
        where = f" arXiv:{self.arxiv}" if self.arxiv else f" doi:{self.doi}" if self.doi else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}.{where}"


class Cost(BaseModel):
    """What training takes, in orders of magnitude. Whoever needs it exactly measures it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(gt=0)
    """Seconds for 10,000 rows (1,000 for images and sequences, 100,000 values for series), on four cores."""
    gpu_seconds: float | None = Field(default=None, gt=0)
    """The same with a GPU; None where it changes nothing."""
    grows: Literal["linear", "quadratic", "cubic"] = "linear"
    """With the number of rows."""
    words: Text
    """What it depends on."""


class Entry(BaseModel):
    """One family of models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    """Unique, for example `lightgbm`."""
    title: Text
    family: str = Field(pattern=r"^[a-z]+( [a-z]+)*$")
    """Kin of the same family err alike, so one list does not hold many of them."""
    modality: Modality
    problems: tuple[Solves, ...] = Field(min_length=1)
    summary: Text
    """What it is and what it is good at."""
    suits: tuple[str, ...] = ()
    """Traits of a task that speak for it: keys of `assay.models.catalogue.traits.TRAITS`."""
    avoid: tuple[str, ...] = ()
    """Traits that speak against it."""
    only: tuple[str, ...] = ()
    """Traits without any of which it makes no sense; empty for none."""
    standing: int = Field(ge=1, le=10)
    """How often it is among the first things a good practitioner would try on its modality."""
    cost: Cost
    needs: tuple[str, ...] = ()
    """Distributions beside numpy and pandas."""
    gpu: Literal["no", "helps", "required"] = "no"
    weights: str = ""
    """Pretrained weights that must be on the machine already: candidates have no network."""
    pitfalls: tuple[Text, ...] = Field(min_length=1)
    example: Text
    """A few lines of Python over the names that the modality gives; they end with predictions in `pred`."""
    sources: tuple[Source, ...] = ()
    dated: datetime.date
    """When the entry was last looked through."""

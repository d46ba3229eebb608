"""Recipe: the settings from which a script is rendered. Equal recipes give equal scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assay.core.digest import canonical_json

Value = str | int | float | bool
"""What one setting may be."""

_ORDER = (
    "objective", "loss_function", "loss", "n_estimators", "iterations", "max_iter", "n_neighbors", "epochs", "width",
    "learning_rate", "learning_rate_init", "num_leaves", "max_leaf_nodes", "max_depth", "depth", "min_child_samples",
    "min_child_weight", "min_samples_leaf", "subsample", "subsample_freq", "colsample_bytree", "max_features",
)  # fmt: skip
"""How a practitioner lists the arguments of a model; others follow by name."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model, the features it is given, and the settings of both."""

    family: str
    """The shelf that renders it: a template of the same name."""
    model: str
    features: tuple[str, ...] = ()
    """Names of the optional steps, in the order in which the template takes them."""
    params: Mapping[str, Value] = field(default_factory=dict)
    """Arguments of the model itself, in its library's own names."""
    options: Mapping[str, Value] = field(default_factory=dict)
    """Settings of the script around the model, such as `folds` or `seeds`."""

    def __post_init__(self) -> None:
        # A recipe that comes back from the journal has lost its order, and must render the same script as before.
        object.__setattr__(self, "params", dict(sorted(self.params.items(), key=_place)))

    @property
    def key(self) -> str:
        """Text that is equal for equal recipes."""
        return canonical_json({**self.to_json(), "features": sorted(self.features)})

    def option(self, name: str, default: Value) -> Any:
        """Return the option `name`, or `default` where the recipe says nothing."""
        return self.options.get(name, default)

    def with_params(self, **changes: Value) -> Recipe:
        """Return the recipe with arguments of the model changed."""
        return replace(self, params={**self.params, **changes})

    def with_options(self, **changes: Value) -> Recipe:
        """Return the recipe with options changed."""
        return replace(self, options={**self.options, **changes})

    def with_feature(self, name: str) -> Recipe:
        """Return the recipe with the step `name` added."""
        return self if name in self.features else replace(self, features=(*self.features, name))

    def without_feature(self, name: str) -> Recipe:
        """Return the recipe with the step `name` left out."""
        return replace(self, features=tuple(f for f in self.features if f != name))

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values."""
        return {
            "family": self.family,
            "model": self.model,
            "features": list(self.features),
            "params": dict(self.params),
            "options": dict(self.options),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Recipe | None:
        """Return the recipe that `to_json` made `value` from; None for anything else."""
        if not isinstance(value.get("family"), str) or not isinstance(value.get("model"), str):
            return None
        return cls(
            family=value["family"],
            model=value["model"],
            features=tuple(value.get("features", ())),
            params=dict(value.get("params", {})),
            options=dict(value.get("options", {})),
        )


def _place(entry: tuple[str, Value]) -> tuple[int, str]:
    name = entry[0]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)

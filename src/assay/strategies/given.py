"""Given: what a run was told of its data and its machine, kept so that its search can be walked again without them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from assay.core.codec import decode, encode
from assay.core.errors import IntegrityError
from assay.core.profile import DataProfile
from assay.journal.objects import ObjectStore
from assay.models.roles import Machine


@dataclass(frozen=True, kw_only=True)
class Given:
    """What questions and checks read of the world outside the journal."""

    profile: DataProfile
    machine: Machine

    def keep(self, objects: ObjectStore) -> str:
        """Keep it as an object and return the digest to find it by.

        Raises:
            MachineError: It cannot be written (E501).
        """
        return objects.put_json({"profile": encode(self.profile), "machine": self.machine.model_dump(mode="json")})


def read_given(objects: ObjectStore, digest: str) -> Given:
    """Return what `Given.keep` kept under `digest`.

    Raises:
        IntegrityError: It is gone, changed, or of another version (E403).
    """
    try:
        told = json.loads(objects.get(digest))
        return Given(profile=decode(DataProfile, told["profile"]), machine=Machine.model_validate(told["machine"]))
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError("E403", f"the object {digest!r} is no description of data and machine: {error}") from error

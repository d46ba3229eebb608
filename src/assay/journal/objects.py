"""The object store: content by its SHA-256, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.digest import canonical_json, digest_bytes
from assay.core.errors import IntegrityError, MachineError
from assay.core.files import write_whole


class ObjectStore:
    """Files under `root`, each named by its digest. Safe for several threads.

    Args:
        root: Folder; created when first written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Return where the object is, or would be."""
        return self._root / digest[:2] / digest

    def put(self, content: bytes) -> str:
        """Keep `content` and return its digest; on the disk when this returns.

        Raises:
            MachineError: The disk is full or the folder cannot be written (E501).
        """
        digest = digest_bytes(content)
        path = self.path(digest)
        if path.exists():
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise MachineError("E501", f"cannot keep a file of {len(content)} bytes: {error}") from error
        return digest

    def adopt(self, source: Path, digest: str) -> str:
        """Move the file `source`, whose digest the caller has computed, into the store."""
        path = self.path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            source.unlink()
        else:
            source.replace(path)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of an object.

        Raises:
            IntegrityError: It is not there, or its content has changed (E403).
        """
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise IntegrityError("E403", f"the object {digest!r} is missing from the run folder") from None
        if digest_bytes(content) != digest:
            raise IntegrityError("E403", f"the object {digest!r} is not what was written")
        return content

    def put_json(self, value: Any) -> str:
        """Keep `value` as canonical JSON."""
        return self.put(canonical_json(value).encode())

    def put_candidate(self, candidate: Candidate) -> str:
        """Keep a whole candidate record and return the digest to find it by."""
        return self.put_json(encode(candidate))

    def candidate(self, digest: str) -> Candidate:
        """Return the candidate record kept under `digest`."""
        return decode(Candidate, json.loads(self.get(digest)))

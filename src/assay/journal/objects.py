"""The object store: content by its SHA-256, written whole or not at all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.digest import canonical_json, digest_bytes, digest_file
from assay.core.errors import IntegrityError, MachineError
from assay.core.files import flush_file, flush_folder, write_whole


class ObjectStore:
    """Files under `root`, each named by its digest. Safe for several threads.

    An object is on the disk, its name included, before `put` or `adopt` returns: events that name it come later.
    What lies there from an earlier process is trusted only after its digest was computed.

    Args:
        root: Folder; created when first written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._whole: set[str] = set()
        """Digests of objects that this store has written or checked."""

    def path(self, digest: str) -> Path:
        """Return where the object is, for readers of files; its content is checked the first time.

        Raises:
            IntegrityError: It is not there, or its content has changed (E403).
        """
        path = self._place(digest)
        if digest not in self._whole:
            try:
                found = digest_file(path)
            except FileNotFoundError:
                raise _missing(digest) from None
            if found != digest:
                raise _changed(digest)
            self._whole.add(digest)
        return path

    def put(self, content: bytes) -> str:
        """Keep `content` and return its digest; on the disk when this returns.

        Raises:
            MachineError: The disk is full or the folder cannot be written (E501).
        """
        digest = digest_bytes(content)
        try:
            if not self._has(digest):
                path = self._prepared(digest)
                write_whole(path, content)
                self._keep(path)
        except OSError as error:
            raise _not_kept(f"a file of {len(content)} bytes", error) from error
        return digest

    def adopt(self, source: Path, digest: str) -> str:
        """Move the file `source`, whose digest the caller has computed, into the store; on the disk when this returns.

        Raises:
            MachineError: The disk is full or the folder cannot be written (E501).
        """
        try:
            if self._has(digest):
                source.unlink(missing_ok=True)  # two outputs with the same content are one file
            else:
                path = self._prepared(digest)
                flush_file(source)
                source.replace(path)
                self._keep(path)
        except OSError as error:
            raise _not_kept("what a candidate left", error) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of an object.

        Raises:
            IntegrityError: It is not there, or its content has changed (E403).
        """
        try:
            content = self._place(digest).read_bytes()
        except FileNotFoundError:
            raise _missing(digest) from None
        if digest_bytes(content) != digest:
            raise _changed(digest)
        return content

    def put_json(self, value: Any) -> str:
        """Keep `value` as canonical JSON and return its digest.

        Args:
            value: JSON values.

        Raises:
            MachineError: As by `put`.
        """
        return self.put(canonical_json(value).encode())

    def put_candidate(self, candidate: Candidate) -> str:
        """Keep a whole candidate record and return the digest to find it by.

        Raises:
            MachineError: As by `put`.
        """
        return self.put_json(encode(candidate))

    def candidate(self, digest: str) -> Candidate:
        """Return the candidate record kept under `digest`.

        Raises:
            IntegrityError: As by `get`.
        """
        return decode(Candidate, json.loads(self.get(digest)))

    def _place(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _has(self, digest: str) -> bool:
        """Return whether the object is there and whole; one that a crash tore is written again."""
        if digest not in self._whole and self._place(digest).exists():
            with suppress(IntegrityError):
                self.path(digest)
        return digest in self._whole

    def _prepared(self, digest: str) -> Path:
        """Return the object's place in a folder that is there, by its name on the disk, too."""
        path = self._place(digest)
        for folder in (self._root, path.parent):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                flush_folder(folder.parent)
        return path

    def _keep(self, path: Path) -> None:
        flush_folder(path.parent)
        self._whole.add(path.name)


def _missing(digest: str) -> IntegrityError:
    return IntegrityError("E403", f"the object {digest!r} is missing from the run folder")


def _changed(digest: str) -> IntegrityError:
    return IntegrityError("E403", f"the object {digest!r} is not what was written")


def _not_kept(what: str, error: OSError) -> MachineError:
    return MachineError(
        "E501", f"cannot keep {what}: {error}", kept="every finished trial", fix="free some space, then assay resume"
    )

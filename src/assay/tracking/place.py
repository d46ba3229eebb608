"""Place: which experiment store is meant, and what its process may know of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assay.core.errors import UsageError
from assay.models.endpoint import require_no_secret

LOCAL = "local"
"""The wish for the store in the folder of runs."""
DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks", "databricks-uc")
_HARMLESS = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")
_REMOTE = ("MLFLOW_", "AWS_", "AZURE_", "GOOGLE_", "DATABRICKS_", "SSL_", "REQUESTS_", "CURL_", "PG", "MYSQL_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "HOME")

_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""MLflow itself would ask a server that is down for minutes; whoever sets these variables has their own."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An experiment store."""

    uri: str
    """Tracking address, absolute; holds no password."""

    @property
    def database(self) -> Path | None:
        """The file, where the store is an SQLite database."""
        parts = urlsplit(self.uri)
        return Path(unquote(parts.path[1:])) if parts.scheme == "sqlite" else None

    @property
    def artifacts(self) -> Path | None:
        """The folder for artefacts of a local store; None where the server knows."""
        return None if self.database is None else self.database.parent / ARTIFACTS

    def environment(self, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables that the store's process gets.

        A local store needs none of the person's own. One elsewhere needs its credentials, which are named `MLFLOW_…`,
        `AWS_…` and the like; keys of language models are never among them.

        Args:
            environ: The process's own if None.
        """
        environ = os.environ if environ is None else environ
        kept = {name: value for name, value in environ.items() if name in _HARMLESS}
        if self.database is None:
            prefixes = (*_REMOTE, *_PROXIES)
            kept |= {name: value for name, value in environ.items() if name.upper().startswith(prefixes)}
        off = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"}
        return {"LANG": "C.UTF-8", **_PATIENCE, **kept, **off, "MLFLOW_TRACKING_URI": self.uri}


def resolve_place(wish: str, runs: Path, environ: Mapping[str, str] | None = None) -> Place:
    """Return the store that a person means.

    Args:
        wish: `local`, an address such as `http://host:5000` or `sqlite:////data/mlflow.db`, or the path of a `.db`.
            `local` and empty mean `MLFLOW_TRACKING_URI` where that is set, else `mlflow.db` in the folder of runs.
        runs: The folder of runs.
        environ: The process's own if None.

    Raises:
        UsageError: E061, the address holds a password; E070, it is none that can be used.
    """
    environ = os.environ if environ is None else environ
    if wish in ("", LOCAL):
        wish = environ.get("MLFLOW_TRACKING_URI", "") or str(runs / DATABASE)
    if "://" not in wish and wish.endswith((".db", ".sqlite", ".sqlite3")):
        wish = f"sqlite:///{Path(wish).absolute()}"
    require_no_secret(wish)
    scheme = urlsplit(wish).scheme.partition("+")[0] or wish
    if scheme not in _SCHEMES:
        raise UsageError(
            "E070",
            f"{wish!r} is no address of an MLflow store that can be used: {', '.join(_SCHEMES)} can; the store of plain"
            " files (mlruns) is no longer kept up by MLflow",
            fix="--mlflow sqlite:////folder/mlflow.db",
        )
    place = Place(uri=wish)
    if place.database is not None:
        place = Place(uri=f"sqlite:///{place.database.absolute()}")
    return place

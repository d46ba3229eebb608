"""The variables that a program is given: what leads to its login and to the network, and nothing else of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EXTRA_VARIABLE = "ASSAY_CLI_ENV"
"""Names further variables that a program is given, separated by commas."""

_COMMON = (
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",  # through which a keyring is asked for a login
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def reduced(environ: Mapping[str, str], keeps: Iterable[str]) -> dict[str, str]:
    """Return the part of `environ` that a program needs.

    Args:
        environ: Our own variables.
        keeps: The program's own names; one that ends in `_` stands for all that begin so.
    """
    extra = [name.strip() for name in environ.get(EXTRA_VARIABLE, "").split(",") if name.strip()]
    names = [*_COMMON, *_PROXIES, *(name.lower() for name in _PROXIES), *extra]
    prefixes: list[str] = []
    for name in keeps:
        (prefixes if name.endswith("_") else names).append(name)
    kept = frozenset(names)
    return {name: value for name, value in environ.items() if name in kept or name.startswith(tuple(prefixes))}

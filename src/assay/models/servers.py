"""Servers of models on this machine: which of the usual addresses answer, and with which models; no other is asked."""

from __future__ import annotations

import http.client
import ipaddress
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from assay.models.endpoint import PROVIDERS

USUAL = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp"}
"""By port, who usually listens there; all of them speak the interface of OpenAI."""
LIMIT_S = 1.0
"""Most seconds until a server of this machine has answered."""
_MOST_BYTES = 2**20
_MOST_MODELS = 50


@dataclass(frozen=True, kw_only=True)
class LocalServer:
    """A server that answered."""

    address: str
    """For `--base-url`."""
    usual: str
    """Who usually listens at its port; empty for any other."""
    models: tuple[str, ...]
    """Names of its models, as it says them: untrusted."""


def local_servers(environ: Mapping[str, str], ports: Mapping[int, str] = USUAL) -> list[LocalServer]:
    """Return the servers on this machine that list their models, at the usual ports and where variables say.

    Args:
        environ: Variables that may hold addresses; one that is not on this machine is not contacted.
        ports: The usual ones.
    """
    places = {("127.0.0.1", port): "/v1" for port in ports}
    for provider in PROVIDERS.values():
        for name in provider.base_urls:
            place = _here(environ.get(name, ""))
            if place is not None and provider.dialect == "openai":
                places[place[:2]] = place[2]
    with ThreadPoolExecutor(len(places) or 1, thread_name_prefix="servers") as pool:
        found = pool.map(lambda item: _models(item[0][0], item[0][1], item[1]), places.items())
    servers = []
    for ((host, port), path), models in zip(places.items(), found, strict=True):
        if models is not None:
            written = f"[{host}]" if ":" in host else host
            usual = ports.get(port, "")
            servers.append(LocalServer(address=f"http://{written}:{port}{path}", usual=usual, models=models))
    return servers


def _here(address: str) -> tuple[str, int, str] | None:
    """Return host, port and path of an address on this machine; None for any other."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 80
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return None
    if not local or parts.scheme != "http":
        return None
    return ("127.0.0.1" if host == "localhost" else host), port, parts.path.rstrip("/")


def _models(host: str, port: int, path: str) -> tuple[str, ...] | None:
    """Return the models that a server lists; None where nobody answers, or answers otherwise."""
    # Without a proxy, whatever variables say: the request stays on this machine.
    connection = http.client.HTTPConnection(host, port, timeout=LIMIT_S)
    try:
        connection.request("GET", f"{path}/models")
        answer = connection.getresponse()
        listed = json.loads(answer.read(_MOST_BYTES))["data"] if answer.status == http.client.OK else None
        return None if listed is None else tuple(str(one["id"]) for one in listed[:_MOST_MODELS])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()

"""Fetcher: one bounded GET, repeated when that may help, never faster than a server allows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tenacity

from assay.core.clock import Clock, SystemClock

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

_MOST_BYTES = 8 * 2**20
_CHUNK = 2**16
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be gone the next time."""


class SourceDown(Exception):
    """An index gave no usable answer.

    Args:
        reason: One line, without query or key.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Passing(SourceDown):
    """It may answer later."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Fetcher:
    """Gets bytes from public indexes.

    Args:
        attempts: Calls of one request in all, at least 1.
        first_wait_s: Wait after the first failure; it doubles.
        patience_s: A server that asks for a longer wait is given up at once.
        timeout_s: Most seconds of one call.
        clock: Measures pauses and waits them out.
    """

    def __init__(
        self,
        *,
        attempts: int = 3,
        first_wait_s: float = 1.5,
        patience_s: float = 30.0,
        timeout_s: float = 20.0,
        clock: Clock | None = None,
    ) -> None:
        self._attempts = attempts
        self._first_wait_s = first_wait_s
        self._patience_s = patience_s
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        pause_s: float = 1.0,
    ) -> bytes:
        """Return the body at `url`.

        Args:
            url: Where.
            params: Query, added to that of the address.
            headers: Sent along.
            pause_s: Least seconds between two calls of the same server.

        Raises:
            SourceDown: No answer after all attempts, or one that will not change.
        """

        def call() -> bytes:
            self._take_turn(urlsplit(url).netloc, pause_s)
            return self._once(url, params, headers)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_repeating),
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=self._wait_s,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(call)
        except _Passing as error:
            tried = retrying.statistics.get("attempt_number", 1)
            raise SourceDown(f"{error.reason}; given up after {tried} calls") from error

    def _take_turn(self, host: str, pause_s: float) -> None:
        with self._lock:
            now = self._clock.monotonic()
            at = max(now, self._next.get(host, now))
            self._next[host] = at + pause_s
        if at > now:
            self._clock.sleep(at - now)

    def _once(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None) -> bytes:
        import requests

        where = _place(url)
        try:
            with requests.get(
                url,
                params=dict(params or {}),
                headers={"User-Agent": "assay (literature search)", **(headers or {})},
                timeout=self._timeout_s,
                stream=True,
            ) as response:
                _check(response, where)
                return self._body(response, where)
        except requests.RequestException as error:
            raise _Passing(f"{where} cannot be reached ({type(error).__name__})") from error

    def _body(self, response: requests.Response, where: str) -> bytes:
        ends, body = self._clock.monotonic() + self._timeout_s, bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > _MOST_BYTES:
                raise SourceDown(f"{where} sent more than {_MOST_BYTES // 2**20} MB")
            if self._clock.monotonic() > ends:
                raise _Passing(f"{where} was still sending after {self._timeout_s:.0f} s")
        return bytes(body)

    def _worth_repeating(self, error: BaseException) -> bool:
        return isinstance(error, _Passing) and (error.retry_after_s or 0.0) <= self._patience_s

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        logger.info("%s; call %d", error, state.attempt_number)
        asked = error.retry_after_s if isinstance(error, _Passing) else None
        doubled: float = self._first_wait_s * 2.0 ** (state.attempt_number - 1)
        return doubled if asked is None else max(asked, 0.0)


def get_json(get: Callable[[], bytes], name: str) -> Any:
    """Return the JSON that `get` brings.

    Raises:
        SourceDown: It is none.
    """
    import json

    try:
        return json.loads(get())
    except (ValueError, RecursionError) as error:
        raise SourceDown(f"{name} answered with something that is no JSON") from error


def _check(response: requests.Response, where: str) -> None:
    status = response.status_code
    if status in _PASSING:
        raise _Passing(f"{where} answered with status {status}", _seconds(response.headers.get("Retry-After")))
    if status != 200:
        raise SourceDown(f"{where} answered with status {status}")


def _seconds(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header; a date in it is taken as not said."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _place(url: str) -> str:
    """Return server and path: a query may hold a key."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"

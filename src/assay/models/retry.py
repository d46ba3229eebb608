"""Calls repeated with growing delay. The only place that retries: the providers' own retries are switched off."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

import tenacity

from assay.core.errors import ModelError, ProviderDown, Unwanted
from assay.core.usage import Usage
from assay.models.completion import Around, Completer, Completion, Prompt, Unreachable

logger = logging.getLogger(__name__)

ATTEMPTS = 4
"""Calls in all, over about a quarter of a minute: whoever asked learns then that the provider is away."""


class RetryingCompleter(Around):
    """Repeats a call that failed in a way that may pass.

    Args:
        completer: Makes the calls; whatever is not `Unreachable` ends the retries at once.
        attempts: Calls in all, at least 1.
        first_wait_s: Wait after the first failure; it doubles each time. A wait that the provider names goes first.
        longest_wait_s: Bound of the doubling.
        patience_s: A provider that asks for a longer wait than this is given up at once.
        sleep: Waits a number of seconds; tests pass their own.
    """

    def __init__(
        self,
        completer: Completer,
        *,
        attempts: int = ATTEMPTS,
        first_wait_s: float = 2.0,
        longest_wait_s: float = 60.0,
        patience_s: float = 600.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(completer)
        self._attempts = attempts
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._patience_s = patience_s
        self._sleep = sleep

    def complete(self, prompt: Prompt) -> Completion:
        """Return the first completion that comes; its usage, or the error's, counts the broken calls before it too.

        Raises:
            ProviderDown: All attempts failed, or the provider asked for more patience than there is.
            Unwanted: Nobody waits for the answer any more, so it was not tried again.
            ModelError: Whatever else the inner completer raised, unchanged.
        """
        # Seeded by the question, so that parallel questions do not knock again in step.
        jitter = random.Random(prompt.key)
        broken: list[Usage] = []

        def call() -> Completion:
            if broken and not prompt.wanted():
                raise Unwanted(f"{self.name} was not called again after {len(broken)} failed calls")
            try:
                return self._completer.complete(prompt)
            except ModelError as error:
                broken.append(error.usage)
                raise

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_repeating),
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=lambda state: self._wait_s(state, jitter),
            sleep=self._sleep,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            completion = retrying(call)
        except Unreachable as error:
            given_up = self._given_up(error, retrying.statistics.get("attempt_number", 1))
            given_up.usage = sum(broken, Usage())
            raise given_up from error
        except ModelError as error:
            error.usage = sum(broken, Usage())
            raise
        return replace(completion, usage=sum(broken, Usage()) + completion.usage)

    def _worth_repeating(self, error: BaseException) -> bool:
        return isinstance(error, Unreachable) and (error.retry_after_s or 0.0) <= self._patience_s

    def _wait_s(self, state: tenacity.RetryCallState, jitter: random.Random) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Unreachable) and error.retry_after_s:
            return error.retry_after_s
        doubled = self._first_wait_s * 2.0 ** (state.attempt_number - 1)
        return min(doubled, self._longest_wait_s) * jitter.uniform(0.9, 1.1)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.info("%s: %s; attempt %d, waiting %.1f s", self.name, error, state.attempt_number, state.upcoming_sleep)

    def _given_up(self, error: Unreachable, attempts: int) -> ProviderDown:
        if (error.retry_after_s or 0.0) > self._patience_s:
            return ProviderDown(f"{error.message}; it asks to wait {error.retry_after_s:.0f} s", lasting=True)
        return ProviderDown(f"{error.message}; given up after {attempts} attempts")

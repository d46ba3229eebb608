"""A coding-agent program, or any other, as a completer: one process for each call, the prompt on standard input."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.clock import Clock, SystemClock
from assay.core.errors import ModelError, ProgramUnusable, ProviderDown, ReplyInvalid, Unwanted
from assay.core.prices import Prices
from assay.core.usage import Usage
from assay.models.base import Message
from assay.models.completion import Completer, Completion, Finish, Layer, Prompt, Unreachable
from assay.models.language import LanguageModel
from assay.models.program.choice import MISSING, ModelProgram, resolve_program
from assay.models.program.environment import reduced
from assay.models.program.failures import failure
from assay.models.program.process import Cause, Ended, Start, run_program
from assay.models.program.replies import Counted, Said
from assay.models.retry import RetryingCompleter
from assay.models.scrub import Scrubber

OUTPUT_TOKENS = 32_000
"""Room for a long script, its thoughts and what a program adds of its own; also what a cap holds back for one call."""
TIMEOUT_S = 1_200.0
_ATTEMPTS = 3
"""Fewer than with a provider: the programs try again themselves, for minutes."""
_LONGEST_OUTPUT = 2_000_000
_CHARACTERS_PER_TOKEN = 4
_NOT_STARTED = (126, 127)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def open_program(
    spec: str,
    *,
    timeout_s: float = TIMEOUT_S,
    attempts: int = _ATTEMPTS,
    prices: Prices | None = None,
    environ: Mapping[str, str] | None = None,
    layers: Sequence[Layer] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> LanguageModel:
    """Return a program as a language model, ready to ask; nothing is started yet.

    Args:
        spec: `cli:COMMAND`; see `resolve_program`.
        timeout_s: Longest duration of one call, in seconds.
        attempts: Calls in all when it is overloaded or fails in passing.
        prices: What its tokens cost; None means that the program says so, or that it is unknown.
        environ: The variables to choose its own from; the process's own if None.
        layers: Put around every single call, the innermost first; retries and re-asks go through them anew.
        sleep: Waits between attempts.

    Raises:
        UsageError: The spec cannot be meant.
    """
    variables = os.environ if environ is None else environ
    program = resolve_program(spec, environ=variables)
    completer: Completer = ProgramCompleter(program, environ=variables, timeout_s=timeout_s, prices=prices)
    for layer in layers:
        completer = layer(completer)
    retrying = RetryingCompleter(completer, attempts=attempts, sleep=sleep)
    return LanguageModel(retrying, max_output_tokens=OUTPUT_TOKENS, search=program.may_search(variables))


class ProgramCompleter:
    """Starts a program for each prompt, in an empty folder of its own, with few variables; leaves nothing running.

    Args:
        program: Which one.
        environ: The variables to choose its own from, and whether it may search the web (ASSAY_WEB_SEARCH=on).
        timeout_s: Longest duration of one call, in seconds.
        longest_output: Bytes of standard output at which it is ended.
        prices: Those of a person count before what the program says that a call cost; None or unknown ones do not.
        clock: Measures the time-out, and the wait that a program names as a moment.
    """

    def __init__(
        self,
        program: ModelProgram,
        *,
        environ: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
        longest_output: int = _LONGEST_OUTPUT,
        prices: Prices | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._program = program
        self._environ = environ
        self._timeout_s = timeout_s
        self._longest_output = longest_output
        self._prices = prices or Prices()
        self._clock = clock or SystemClock()
        self._scrubber = Scrubber(environ)
        self._answered = threading.Event()

    @property
    def name(self) -> str:
        """The program's name, for example `cli:claude`."""
        return self._program.name

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what a call of this size costs by the stated price; None without one."""
        return self._prices.of(input_tokens, output_tokens)

    def complete(self, prompt: Prompt) -> Completion:
        """Start the program with `prompt`; see `Completer.complete` for what it raises besides.

        Raises:
            ProgramUnusable: It is missing (E309), not logged in (E310), or fails whatever it is asked (E311).
            Unwanted: Nobody waited for the answer any more; the program was ended.
        """
        located = self._program.locate()
        search = prompt.search and self._program.may_search(self._environ)
        form = self._program.format_for(search=search)
        text = _as_text(prompt.messages, form.preface)
        with _folder() as folder:
            start = Start(
                argv=self._program.argv(located, folder, search=search),
                stdin=text.encode("utf-8", "replace"),
                folder=folder / "work",
                private=folder,
                env=self._variables(prompt, folder),
                timeout_s=self._timeout_s,
                longest_output=self._longest_output,
            )
            for name, content in form.files.items():
                (folder / name).write_text(content, encoding="utf-8")
            try:
                ended = run_program(start, wanted=prompt.wanted, clock=self._clock)
            except OSError as error:
                raise Unreachable(f"{self.name} could not be started: {error}") from error
        return self._completion(ended, len(text))

    def _variables(self, prompt: Prompt, folder: Path) -> dict[str, str]:
        kept = reduced(self._environ, self._program.format.keeps)
        filled = {
            name: value.replace("{folder}", str(folder)).replace("{tokens}", str(prompt.max_output_tokens))
            for name, value in self._program.format.sets.items()
        }
        return {**filled, **kept, "TMPDIR": str(folder / "tmp")}

    def _completion(self, ended: Ended, asked: int) -> Completion:
        if ended.cause is not Cause.ITSELF:
            raise self._broken_off(ended, asked)
        said = self._program.format.read(ended.stdout, ended.stderr)
        if said is None or said.error is not None or (ended.exit_code and said.finish is Finish.STOP):
            raise self._failed(ended, said)
        self._answered.set()
        # A key that is said back would go into the journal with the reply.
        return Completion(
            text=self._scrubber.scrub(said.text),
            model=f"{self.name}:{said.model}" if said.model else self.name,
            finish=said.finish,
            searched=said.searched,
            usage=self._usage(said.counted, asked, len(said.text)),
        )

    def _broken_off(self, ended: Ended, asked: int) -> ModelError:
        """Return the error for a call that we ended. What it took nobody says; so it counts as what was asked."""
        error: ModelError
        if ended.cause is Cause.OUTPUT:
            error = ReplyInvalid(
                f"{self.name} printed more than {self._longest_output:,} bytes and was ended",
                raw=self._scrubber.scrub(ended.stdout[:10_000]),
            )
        elif ended.cause is Cause.UNWANTED:
            error = Unwanted(f"{self.name} was ended, because nobody waited for the answer any more")
        else:
            last = self._last_words(ended)
            error = ProviderDown(
                f"{self.name} gave no answer within {self._timeout_s:g} s and was ended"
                + (f"; it said: {last}" if last else "")
            )
        error.usage = self._usage(None, asked, len(ended.stdout))
        return error

    def _failed(self, ended: Ended, said: Said | None) -> ModelError:
        if ended.exit_code in _NOT_STARTED and not ended.stdout.strip():
            words = self._last_words(ended) or "it cannot be run"
            return ProgramUnusable(MISSING, f"{self.name}: {words}", fix=self._program.format.install)
        now, answered = self._clock.now(), self._answered.is_set()
        known = self._program.format
        if said is not None and said.error is not None:
            words = self._clean(said.error)
            error = failure(self.name, known, words, status=said.status, now=now, answered=answered)
        else:
            error = failure(self.name, known, self._stray_words(ended, said), now=now, answered=answered)
        if said is not None and said.counted is not None and said.counted.input_tokens:
            error.usage = self._usage(said.counted, 0, 0)
        return error

    def _stray_words(self, ended: Ended, said: Said | None) -> str:
        """Return what to say of an end without an error in the program's own form."""
        if ended.exit_code > 128:
            what = f"ended by signal {ended.exit_code - 128}"
        elif ended.exit_code:
            what = f"exit code {ended.exit_code}"
        else:
            what = f"no answer in the form of {self._program.format.name}"
        last = self._last_words(ended)
        return f"{what}: {last}" if last else f"{what}, and nothing was said"

    def _last_words(self, ended: Ended) -> str:
        said = self._program.format.read(ended.stdout, ended.stderr)
        if said is not None and said.error:
            return self._clean(said.error)
        return self._clean(ended.stderr, end=True) or self._clean(ended.stdout, end=True)

    def _clean(self, text: str, *, end: bool = False) -> str:
        words = self._scrubber.scrub(_ANSI.sub("", text)).strip()
        return words[-500:] if end else words[:500]

    def _usage(self, counted: Counted | None, asked: int, replied: int) -> Usage:
        # A program that does not count must not get past a cap on tokens.
        if counted is None:
            counted = Counted(
                input_tokens=asked // _CHARACTERS_PER_TOKEN, output_tokens=replied // _CHARACTERS_PER_TOKEN
            )
        stated = self._prices.of(counted.input_tokens, counted.output_tokens, cached_tokens=counted.cached_tokens)
        return Usage(
            requests=1,
            input_tokens=counted.input_tokens,
            cached_tokens=counted.cached_tokens,
            output_tokens=counted.output_tokens,
            reasoning_tokens=counted.reasoning_tokens,
            cost_usd=counted.cost_usd if stated is None else stated,
        )


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a private folder with an empty `work` and `tmp` in it; whatever a program writes there goes with it."""
    with tempfile.TemporaryDirectory(prefix="assay-cli-", ignore_cleanup_errors=True) as name:
        for inner in ("work", "tmp"):
            (Path(name) / inner).mkdir()
        yield Path(name)


def _as_text(messages: tuple[Message, ...], preface: str) -> str:
    """Return the talk as one text: programs take one question, so earlier turns are told in it."""
    parts = [preface] if preface else []
    for message in messages:
        if message.role == "assistant":
            parts.append(f"--- Your reply was ---\n{message.content}\n--- End of your reply ---")
        else:
            parts.append(message.content)
    return "\n\n".join(parts) + "\n"


if TYPE_CHECKING:

    def _conforms(completer: ProgramCompleter) -> Completer:
        return completer

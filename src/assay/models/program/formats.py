"""The coding-agent programs that Assay knows: with which flags each is told to only answer, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assay.models.program.replies import Reader, read_claude, read_codex, read_gemini, read_plain

ONLY_ANSWER = (
    "You answer one question with text. You have no tools and no files here: run nothing, read nothing, write nothing, "
    "and do not ask back. Reply with the answer alone, whole and in the asked form."
)
MAY_SEARCH = (
    "You answer one question with text. Search the web first where that helps. You have no other tools and no files "
    "here: run nothing, read nothing, write nothing, and do not ask back. Reply with the answer alone, whole and in "
    "the asked form."
)
"""Stands in place of the program's own instructions where it lets them be replaced, else before the question."""

INSTRUCTIONS, NO_TOOLS = "instructions.md", "tools.toml"
"""Files beside the working folder that a program's flags or variables may name as `{folder}/NAME`."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Words of a command line that a person's own flags replace."""

    names: tuple[str, ...]
    """If any of these is among the person's words, ours are left out."""
    words: tuple[str, ...]


def _flag(*words: str, alias: str = "") -> Flags:
    return Flags(names=(words[0], alias) if alias else (words[0],), words=words)


def _settings(*settings: str) -> tuple[Flags, ...]:
    """Settings of Codex: those of a person come after ours and win, so none is left out."""
    return tuple(Flags(names=(), words=("-c", setting)) for setting in settings)


@dataclass(frozen=True, kw_only=True)
class ProgramFormat:
    """How one program is called and read."""

    name: str
    """`claude`, `codex`, `gemini`; empty for a program that Assay does not know."""
    read: Reader
    head: tuple[str, ...] = ()
    """First words after the program."""
    flags: tuple[Flags, ...] = ()
    tail: tuple[str, ...] = ()
    """Last words, after a person's own."""
    keeps: tuple[str, ...] = ()
    """Variables that hold its login or lead there; one that ends in `_` stands for all that begin so."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Variables that it is given unless a person has set them; `{folder}` and `{tokens}` are filled in."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files that its flags and variables name."""
    preface: str = ""
    """Put before the question."""
    install: str = ""
    """The command that installs it."""
    login: str = ""
    """What logs it in."""


CLAUDE = ProgramFormat(
    name="claude",
    read=read_claude,
    head=("-p",),
    flags=(
        _flag("--output-format", "json"),
        _flag("--tools", ""),
        _flag("--setting-sources", ""),
        _flag("--strict-mcp-config"),
        _flag("--disable-slash-commands"),
        _flag("--no-session-persistence"),
        Flags(names=("--chrome", "--no-chrome"), words=("--no-chrome",)),
        Flags(names=("--system-prompt", "--system-prompt-file"), words=("--system-prompt", ONLY_ANSWER)),
    ),
    keeps=(
        "ANTHROPIC_",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
        "MAX_THINKING_TOKENS",
    ),
    sets={
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "{tokens}",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    },
    install="npm install -g @anthropic-ai/claude-code",
    login="run `claude` and type /login, or set ANTHROPIC_API_KEY",
)

CODEX = ProgramFormat(
    name="codex",
    read=read_codex,
    head=("exec", "--json"),
    flags=(
        _flag("--ephemeral"),
        _flag("--skip-git-repo-check"),
        _flag("--ignore-user-config"),
        _flag("--ignore-rules"),
        _flag("--sandbox", "read-only", alias="-s"),
        _flag("--color", "never"),
        *_settings(
            'approval_policy="never"',
            'web_search="disabled"',
            "features.shell_tool=false",
            "features.unified_exec=false",
            "features.view_image=false",
            "features.image_generation=false",
            "features.sleep_tool=false",
            "features.goals=false",
            "features.apps=false",
            "features.plugins=false",
            "features.hooks=false",
            "agents.enabled=false",
            "skills.include_instructions=false",
            # It would wait for a lost network for ever, in silence; Assay waits better, and says so.
            "features.unbounded_connection_retries=false",
        ),
    ),
    tail=("-",),
    keeps=("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY", "CODEX_HOME", "CODEX_CA_CERTIFICATE"),
    preface=ONLY_ANSWER,
    install="npm install -g @openai/codex",
    login="run `codex login`, or set CODEX_API_KEY",
)

GEMINI = ProgramFormat(
    name="gemini",
    read=read_gemini,
    flags=(
        _flag("--output-format", "json", alias="-o"),
        Flags(names=("--approval-mode", "--yolo", "-y"), words=("--approval-mode", "plan")),
        _flag("--policy", f"{{folder}}/{NO_TOOLS}"),
        _flag("--skip-trust"),
        _flag("--extensions", "none", alias="-e"),
        _flag("--allowed-mcp-server-names", "none"),
    ),
    keeps=(
        "GEMINI_API_KEY",
        "GEMINI_MODEL",
        "GEMINI_CLI_HOME",
        "GOOGLE_API_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_",
        "GOOGLE_GENAI_",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_VERTEX_BASE_URL",
    ),
    sets={"GEMINI_SYSTEM_MD": f"{{folder}}/{INSTRUCTIONS}"},
    files={
        INSTRUCTIONS: ONLY_ANSWER + "\n",
        NO_TOOLS: '[[rule]]\ntoolName = "*"\ndecision = "deny"\npriority = 999\n',
    },
    install="npm install -g @google/gemini-cli",
    login="run `gemini` and choose how to log in, or set GEMINI_API_KEY",
)

PLAIN = ProgramFormat(name="", read=read_plain)
"""A program that is given the question on standard input and prints the answer."""

_POLICY_WITH_SEARCH = """\
[[rule]]
toolName = "*"
decision = "deny"
priority = 900

[[rule]]
toolName = "google_web_search"
decision = "allow"
priority = 950
"""


def _instead(known: ProgramFormat, *others: Flags) -> tuple[Flags, ...]:
    """Return the flags of `known`, those that `others` stand for replaced."""
    named = {name for flags in others for name in flags.names}
    return (*(flags for flags in known.flags if not named & set(flags.names)), *others)


KNOWN: Mapping[str, ProgramFormat] = {known.name: known for known in (CLAUDE, CODEX, GEMINI)}

SEARCHING: Mapping[str, ProgramFormat] = {
    "claude": replace(
        CLAUDE,
        flags=_instead(
            CLAUDE,
            _flag("--tools", "WebSearch"),
            _flag("--allowedTools", "WebSearch", alias="--allowed-tools"),
            Flags(names=("--system-prompt", "--system-prompt-file"), words=("--system-prompt", MAY_SEARCH)),
        ),
    ),
    "codex": replace(CODEX, flags=(*CODEX.flags, *_settings('web_search="live"')), preface=MAY_SEARCH),
    "gemini": replace(GEMINI, files={INSTRUCTIONS: MAY_SEARCH + "\n", NO_TOOLS: _POLICY_WITH_SEARCH}),
}
"""The same programs with their own web search and nothing else."""

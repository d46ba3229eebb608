"""The environment variables that Assay reads. Every option goes before its variable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable."""

    name: str
    about: str
    """Which part of Assay reads it."""
    meaning: str


_SCREEN, _RUNS, _MODELS, _KEYS, _PAPERS, _MACHINE = (
    "the screen",
    "runs",
    "models",
    "keys",
    "the literature",
    "the machine",
)

VARIABLES = (
    Variable(name="ASSAY_RUNS", about=_RUNS, meaning="Folder of the run folders; `runs` without it."),
    Variable(
        name="ASSAY_MLFLOW",
        about=_RUNS,
        meaning="Where every trial is shown in MLflow: an address, `local`, or `off`.",
    ),
    Variable(
        name="MLFLOW_TRACKING_URI",
        about=_RUNS,
        meaning="The store that `local` means; without it, `mlflow.db` in the folder of runs.",
    ),
    Variable(
        name="ASSAY_CACHE",
        about=_RUNS,
        meaning="Folder of what is kept for other runs, such as searches of the web; `off` keeps nothing.",
    ),
    Variable(name="ASSAY_BASE_URL", about=_MODELS, meaning="Address of the server of `openai:` models."),
    Variable(name="OPENAI_BASE_URL", about=_MODELS, meaning="The same, where ASSAY_BASE_URL is not set."),
    Variable(name="ANTHROPIC_BASE_URL", about=_MODELS, meaning="Address for `anthropic:` models."),
    Variable(name="GOOGLE_GEMINI_BASE_URL", about=_MODELS, meaning="Address for `google:` models."),
    Variable(name="OLLAMA_BASE_URL", about=_MODELS, meaning="Address for `ollama:` models; this machine without it."),
    Variable(
        name="ASSAY_PRICE",
        about=_MODELS,
        meaning="Prices in US dollars for a million tokens in and out, such as `1.25,10`, where they are not known.",
    ),
    Variable(
        name="ASSAY_WEB_SEARCH",
        about=_MODELS,
        meaning="`on` or `off`: whether roles that may search the web do so by the provider's own tool.",
    ),
    Variable(
        name="ASSAY_CLI_ENV",
        about=_MODELS,
        meaning="Names of variables, with commas, that a program of `cli:` is given beside the usual ones.",
    ),
    Variable(name="ASSAY_API_KEY", about=_KEYS, meaning="For a server that `--base-url` or ASSAY_BASE_URL names."),
    Variable(name="OPENAI_API_KEY", about=_KEYS, meaning="For `openai:` models."),
    Variable(name="ANTHROPIC_API_KEY", about=_KEYS, meaning="For `anthropic:` models."),
    Variable(name="GOOGLE_API_KEY", about=_KEYS, meaning="For `google:` models."),
    Variable(name="GEMINI_API_KEY", about=_KEYS, meaning="The same, where GOOGLE_API_KEY is not set."),
    Variable(name="OLLAMA_API_KEY", about=_KEYS, meaning="For an `ollama:` server that wants one."),
    Variable(name="SEMANTIC_SCHOLAR_API_KEY", about=_PAPERS, meaning="For more requests to Semantic Scholar."),
    Variable(name="OPENALEX_API_KEY", about=_PAPERS, meaning="For more requests to OpenAlex."),
    Variable(name="NCBI_API_KEY", about=_PAPERS, meaning="For more requests to PubMed."),
    Variable(
        name="ASSAY_LITERATURE_URL",
        about=_PAPERS,
        meaning="Address of a mirror of the indexes, each in a folder of its name.",
    ),
    Variable(name="ASSAY_ASCII", about=_SCREEN, meaning="Anything: signs outside ASCII are put into ASCII."),
    Variable(name="NO_COLOR", about=_SCREEN, meaning="Anything: no colours."),
    Variable(name="CI", about=_SCREEN, meaning="Anything: a line per event, and nothing is redrawn."),
    Variable(name="TERM", about=_SCREEN, meaning="`dumb`: a line per event, and nothing is redrawn."),
    Variable(
        name="CUDA_VISIBLE_DEVICES",
        about=_MACHINE,
        meaning="Which graphics processors candidates may use, one execution on each at a time.",
    ),
    Variable(name="XDG_CACHE_HOME", about=_MACHINE, meaning="Folder of caches; `~/.cache` without it."),
    Variable(
        name="XDG_CONFIG_HOME",
        about=_MACHINE,
        meaning="Folder of what `assay model setup` chose and of units of `assay service`; `~/.config` without it.",
    ),
)
"""In the order of the page. What candidates are given, `ASSAY_SEED` and `ASSAY_THREADS`, Assay itself does not read."""

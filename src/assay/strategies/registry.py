"""Registry: the strategies by name, each made from a run's options."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assay.core.errors import UsageError
from assay.engine.run import Strategy
from assay.models import can_search
from assay.operators.lab.context import Role
from assay.strategies.known import STRATEGIES, refuse_blocks
from assay.strategies.notebook.options import NotebookOptions, ReviewOptions
from assay.strategies.notebook.review import NotebookReview
from assay.strategies.notebook.strategy import NotebookSearch
from assay.strategies.options import RunOptions
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from assay.strategies.tree import Tree, TreeOptions


def open_strategy(options: RunOptions) -> Strategy:
    """Return the strategy that `options` name.

    Raises:
        UsageError: There is no such strategy (E024), it has no such option (E025), or no use for blocks (E029).
    """
    make = _MAKERS.get(options.strategy)
    if make is None:
        raise UsageError("E024", f"there is no strategy {options.strategy!r}", fix=f"--strategy {'|'.join(STRATEGIES)}")
    refuse_blocks(options.strategy, options.blocks)
    return make(options)


def _tree(options: RunOptions) -> Strategy:
    return Tree(TreeOptions.from_arguments(options.arguments))


def _mle_star(options: RunOptions) -> Strategy:
    spec, address = options.model_of("retrieve")
    web = can_search(spec, base_url=address)
    star = StarOptions.from_arguments(options.arguments)
    return MleStar(star, hints=options.hints, blocks=options.blocks, web=web)


def _code_tasks(options: RunOptions) -> Strategy:
    from assay.strategies.code_tasks.options import TaskOptions
    from assay.strategies.code_tasks.strategy import CodeTasks

    return CodeTasks(TaskOptions.from_arguments(options.arguments))


def _notebook(options: RunOptions) -> Strategy:
    return NotebookSearch(NotebookOptions.from_arguments(options.arguments))


def _notebook_review(options: RunOptions) -> Strategy:
    return NotebookReview(ReviewOptions.from_arguments(options.arguments))


def _lab(options: RunOptions) -> Strategy:
    from assay.strategies.lab import Lab

    models: dict[Role, tuple[str, str | None]] = {
        "worker": options.model_of("lab_worker"),
        "mentor": options.model_of("lab_mentor"),
    }
    searching = [role for role, (spec, address) in models.items() if can_search(spec, base_url=address)]
    return Lab.from_arguments(options.arguments, sandbox=options.sandbox, searching=searching)


_MAKERS: Mapping[str, Callable[[RunOptions], Strategy]] = {
    "tree": _tree,
    "mle_star": _mle_star,
    "lab": _lab,
    "code_tasks": _code_tasks,
    "notebook": _notebook,
    "notebook_review": _notebook_review,
}

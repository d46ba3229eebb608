"""Cells: a mixture of recipes as the cells of a notebook; each model is a function from ./input to ./output."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.imports import arranged, import_lines
from assay.models.playbook.layout import tidy
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.render import context_of, render, sentence
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.embed import Import, embed, indented
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.weave import Rule, Script, can_hold_out, ending_of
from assay.models.roles.notebook import CellEdge, Section, WrittenCell

SLOTS = 3
"""Models that a notebook has room for."""
COMBINE, TRAINING, LOAD, BASELINE = "combine", "training", "load", "baseline"
_ROOM = "# Room for another model, unlike those before it.\n"
_SHARED = frozenset({"take", "answers_of", "tables_of", "hold_out", "loss"})
"""Functions of the protocol, which is the same for the baseline and the method."""
_OWN = frozenset({"mixed", "best_weights", "MODELS", "WEIGHTS"})
"""What belongs to the method."""


def model_id(place: int) -> str:
    """Return the id of the cell of the model at `place`, from 0."""
    return f"model_{place + 1}"


def cells_of(mixture: Mixture, facts: Facts) -> dict[str, str]:
    """Return the code of each cell by its id, in the order in which they run."""
    statements = _Ending(mixture, facts)
    found = {LOAD: _load(facts, statements), BASELINE: plain_model(facts)}
    for place in range(SLOTS):
        filled_slot = place < len(mixture.members)
        found[model_id(place)] = _model(mixture, place, facts) if filled_slot else _ROOM
    found[COMBINE] = _combine(mixture, statements)
    found[TRAINING] = _training(mixture, statements)
    return found


def written_cells(mixture: Mixture, facts: Facts) -> tuple[WrittenCell, ...]:
    """Return the cells with their names, purposes and sections."""
    return tuple(_described(name, code, mixture) for name, code in cells_of(mixture, facts).items())


def edges() -> tuple[CellEdge, ...]:
    """Return what depends on what."""
    models = tuple(model_id(place) for place in range(SLOTS))
    return (
        CellEdge(tail=("setup",), head=LOAD),
        *(CellEdge(tail=(LOAD,), head=name) for name in (BASELINE, *models)),
        CellEdge(tail=models, head=COMBINE),
        CellEdge(tail=(BASELINE, COMBINE), head=TRAINING),
        CellEdge(tail=(TRAINING,), head="saving"),
    )


class _Ending:
    """The end of a mixture's script, statement by statement."""

    def __init__(self, mixture: Mixture, facts: Facts) -> None:
        self.held = can_hold_out(facts)
        scripts = [Script(title=title, code=_script(member, facts)) for member, title in _members(mixture)]
        weights = () if self.held else mixture.shares
        self.text = ending_of(scripts, facts, Rule(scale=mixture.scale, weights=weights, holdout=self.held))
        self.tree = ast.parse(self.text)
        self._lines = self.text.splitlines()

    def named(self, names: frozenset[str]) -> list[str]:
        """Return the texts of the definitions and assignments of these names, comments above them included."""
        return [self._text(at) for at, node in enumerate(self.tree.body) if _names_of(node) & names]

    def constants(self) -> list[str]:
        """Return assignments before the first function that are not the method's."""
        first = next(at for at, node in enumerate(self.tree.body) if isinstance(node, ast.FunctionDef))
        return [self._text(at) for at, node in enumerate(self.tree.body[:first]) if not _names_of(node) & _OWN]

    def run(self) -> tuple[list[str], list[str], tuple[str, str] | None]:
        """Return what runs on rows set aside, what runs on everything, and the tables and truth of the former."""
        last = max(at for at, node in enumerate(self.tree.body) if isinstance(node, ast.FunctionDef))
        rest = range(last + 1, len(self.tree.body))
        chosen = next((at for at in rest if "WEIGHTS" in _names_of(self.tree.body[at])), None)
        if chosen is None:
            return [], [self._text(at) for at in rest], None
        call = self.tree.body[chosen]
        arguments = call.value.args if isinstance(call, ast.Assign) and isinstance(call.value, ast.Call) else []
        tables, truth = (ast.get_source_segment(self.text, node) or "" for node in arguments[:2])
        after = range(chosen + 2, len(self.tree.body))  # the line after it prints the weights
        aside = [self._text(at) for at in range(last + 1, chosen)]
        return aside, [self._text(at) for at in after], (tables, truth)

    def _text(self, at: int) -> str:
        node = self.tree.body[at]
        first = node.lineno - 1
        while first > 0 and self._lines[first - 1].startswith("#"):
            first -= 1
        return "\n".join(self._lines[first : node.end_lineno])


def _load(facts: Facts, ending: _Ending) -> str:
    """Return the cell that shows the data and holds the protocol."""
    parts = [*ending.constants(), *ending.named(_SHARED)]
    if facts.family not in (Family.IMAGES, Family.CUSTOM):
        context = context_of(Recipe(family=facts.family, model="notebook"), facts)
        shown = [
            f"train, test = {context['read_train']}, {context['read_test']}",
            'print(f"{len(train):,} rows to learn from, {len(test):,} to predict, {train.shape[1]} columns")',
        ]
        parts.insert(0, "\n".join(shown))
    body = tidy("\n\n".join(parts))
    return f"{import_lines(body)}\n\n{body}"


def plain_model(facts: Facts) -> str:
    """Return the cell that defines `baseline()`, the plain model."""
    plain = shelf_for(facts).baseline(facts)
    return _function("baseline", plain.title, _script(plain.recipe, facts))


def _model(mixture: Mixture, place: int, facts: Facts) -> str:
    return _function(model_id(place), mixture.titles[place], _script(mixture.members[place], facts))


def _function(name: str, title: str, script: str) -> str:
    part = embed(script)
    members: dict[str, list[str]] = {}
    for taken in sorted(set(part.imports)):
        if taken.member:
            members.setdefault(taken.module, []).append(taken.statement.partition(" import ")[2])
    imports = arranged([_module(taken) for taken in set(part.imports) if not taken.member], members)
    return f'{imports}\n\n\ndef {name}():\n    """{sentence(title)}"""\n{indented(part.body).rstrip()}\n'


def _module(taken: Import) -> str:
    return taken.statement[len("import ") :]


def _combine(mixture: Mixture, ending: _Ending) -> str:
    models = ", ".join(model_id(place) for place in range(len(mixture.members)))
    shares = [float(f"{share:.4g}") for share in mixture.shares]
    head = [f"MODELS = [{models}]", f"WEIGHTS = {shares}"]
    if ending.held:
        head.append(f"# Whether the weights are found on rows set aside.\nLEARN_WEIGHTS = {mixture.holdout}")
    parts = [text for text in ending.named(_OWN - {"MODELS", "WEIGHTS"}) if text.startswith("def")]
    body = tidy("\n".join(head) + "\n\n\n" + "\n\n\n".join(parts))
    return f"{import_lines(body)}\n\n{body}"


def _training(mixture: Mixture, ending: _Ending) -> str:
    aside, final, measured = ending.run()
    parts: list[str] = []
    if measured is not None:
        shown = [text.replace("answers_of(MODELS)", "answers_of([baseline, *MODELS])") for text in aside]
        parts += ["# First on rows that no model has learned from, the baseline and the method alike.", *shown]
        parts.append(f"aside, truth = {measured[0]}, {measured[1]}")
        parts.append("if LEARN_WEIGHTS:\n    WEIGHTS = best_weights(aside[1:], truth)")
        parts.append('print(f"loss on rows set aside: baseline {loss(truth, aside[0]):.5g}")')
        parts.append('print(f"loss on rows set aside: method {loss(truth, mixed(aside[1:], WEIGHTS)):.5g}")')
    parts += [
        "# Then on everything: the baseline, whose files are taken away, and the method.",
        "baseline()",
        'baseline_submission = pd.read_csv("output/submission.csv", dtype=str)',
        'for path in Path("output").iterdir():\n    path.unlink()',
        *final,
    ]
    body = tidy("\n".join(parts))
    return f"{import_lines(body)}\n\n{body}"


def _described(name: str, code: str, mixture: Mixture) -> WrittenCell:
    told: dict[str, tuple[str, str, Section]] = {
        LOAD: ("Loading", "Shows the data; holds what treats baseline and method alike.", "data"),
        BASELINE: ("Baseline", "The plain model to beat.", "baseline"),
        COMBINE: ("Combination", "How the models' predictions become one.", "method"),
        TRAINING: (
            "Training",
            "Trains both alike, compares them on rows set aside, predicts the test rows.",
            "training",
        ),
    }
    if name in told:
        title, purpose, section = told[name]
    else:
        place = int(name.rpartition("_")[2]) - 1
        there = place < len(mixture.titles)
        title = mixture.titles[place] if there else f"Model {place + 1}"
        purpose, section = "A model of the new method." if there else "Room for another model.", "method"
    return WrittenCell(id=name, name=textwrap.shorten(title, 80), purpose=purpose, section=section, code=code)


def _script(recipe: Recipe, facts: Facts) -> str:
    return render(recipe, facts, title="x", plan="x")


def _members(mixture: Mixture) -> Sequence[tuple[Recipe, str]]:
    return list(zip(mixture.members, mixture.titles, strict=True))


def _names_of(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        names = [n for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
        return {n.id for n in names}
    return set()


def shortened(mixture: Mixture) -> Mixture:
    """Return the mixture with as many models as a notebook has room for."""
    return mixture if len(mixture.members) <= SLOTS else replace(mixture.only(range(SLOTS)), weights=())

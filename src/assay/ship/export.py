"""Export: puts a trial of a run into a folder or an archive that runs without Assay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from assay.core.codec import encode
from assay.core.digest import digest_bytes
from assay.core.errors import UsageError
from assay.report.diffs import patch
from assay.report.files import safe_name
from assay.report.markdown import escape
from assay.report.prose import clean_line
from assay.ship import cards
from assay.ship.chosen import NOTEBOOK, Chosen
from assay.ship.record import NAME, TASK, Record, record_toml
from assay.ship.requirements import imported, pinned, requirement_lines, script_head
from assay.ship.twin import notebook_twin
from assay.ship.write_out import as_bytes, is_taken, write_out

IN_THE_WAY = "E072"
_FLAT = "notebook.py"


class Form(StrEnum):
    """How much is written."""

    WHOLE = "whole"
    SCRIPT = "script"
    """The code and what it needs."""
    NOTEBOOK = "notebook"
    KAGGLE = "kaggle"
    """A notebook for a code competition, without internet, and its metadata."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written."""

    path: Path
    trial: int
    files: tuple[str, ...]
    unpinned: tuple[str, ...]
    """Packages whose versions the run did not record."""


def export(chosen: Chosen, target: Path, form: Form = Form.WHOLE, *, replace: bool = False) -> Exported:
    """Write a solution; the target is whole or as it was.

    Args:
        chosen: What is written.
        target: A folder, or an archive if its name ends in `.zip`.
        form: How much is written.
        replace: Whether what is at `target` gives way.

    Raises:
        UsageError: Something is there already (E072).
        MachineError: It cannot be written (E501).
    """
    if is_taken(target) and not replace:
        raise UsageError(
            IN_THE_WAY, f"{str(target)!r} is there already", fix="-o with another name, or --force to replace it"
        )
    packages = _packages(chosen)
    files = _forms(chosen, form, packages)
    write_out(target, files)
    unpinned = tuple(name for name, version in packages.items() if not version)
    return Exported(path=target, trial=chosen.trial.number, files=tuple(sorted(files)), unpinned=unpinned)


def _forms(chosen: Chosen, form: Form, packages: Mapping[str, str]) -> dict[str, str | bytes]:
    needs = "\n".join(requirement_lines(packages)) + "\n"
    if form is Form.WHOLE:
        return _whole(chosen, packages, needs)
    if form is Form.SCRIPT:
        code = _code(chosen)
        entry = _program(chosen)
        code[entry] = script_head(packages, _python(chosen)) + "\n" + code[entry]
        return {**code, "requirements.txt": needs}
    if form is Form.NOTEBOOK:
        return {"notebook.ipynb": _twin(chosen, "data"), "requirements.txt": needs}
    return _kaggle(chosen)


def _whole(chosen: Chosen, packages: Mapping[str, str], needs: str) -> dict[str, str | bytes]:
    head = script_head(packages, _python(chosen))
    files: dict[str, str | bytes] = {f"code/{name}": text for name, text in _code(chosen).items()}
    files["train.py"] = head + "\n" + _own_program("train.py")
    if chosen.predicts:
        files["predict.py"] = head + "\n" + _own_program("predict.py")
    files |= {
        "solution.json": _json(_facts(chosen)),
        "notebook.ipynb": _twin(chosen, "data"),
        "requirements.txt": needs,
        "README.md": cards.readme(chosen),
        "MODEL_CARD.md": cards.model_card(chosen),
        "DATASHEET.md": cards.datasheet(chosen),
        "CITATION.cff": cards.citation(chosen),
        **_evidence(chosen),
    }
    digests = {name: digest_bytes(as_bytes(content)) for name, content in sorted(files.items())}
    files[NAME] = record_toml(_record(chosen, packages, digests))
    return files


def _evidence(chosen: Chosen) -> dict[str, str | bytes]:
    trial, facts, history = chosen.trial, chosen.facts, chosen.history
    base = facts.baseline
    files: dict[str, str | bytes] = {
        TASK: _json({key: value for key, value in encode(chosen.task).items() if key != "folder"}),
        "evidence/metrics.json": _json(
            {
                "metric": chosen.task.metric.name,
                "direction": str(chosen.task.metric.direction),
                "score": trial.score,
                "std_error": trial.std_error,
                "folds": trial.folds,
                "verdict": str(trial.verdict) if trial.verdict else None,
                "baseline": {"trial": base.number, "score": base.score} if base else None,
                "noise_floor": history.noise.floor if history.noise else None,
                "trials": len(history.trials),
                "checks": [encode(check) for check in history.validated(trial.number)],
                "provenance": "graded",
            }
        ),
        "evidence/folds.csv": _folds_csv(chosen),
        "evidence/sealed.json": _json(encode(chosen.sealed) if chosen.sealed is not None else None),
    }
    if base is not None and base.number != trial.number:
        before = facts.candidate(base)
        if before is not None:
            names = {"old_name": f"baseline-{base.number}", "new_name": f"trial-{trial.number}"}
            files["evidence/from-baseline.diff"] = patch(before, chosen.candidate, **names)
    return files


def _folds_csv(chosen: Chosen) -> str:
    base = chosen.facts.baseline
    lines = ["view,score,baseline"]
    for view, score in chosen.trial.scores.items():
        lines.append(f"{view},{score!r},{base.scores.get(view, '') if base else ''}")
    return "\n".join(lines) + "\n"


def _record(chosen: Chosen, packages: Mapping[str, str], digests: Mapping[str, str]) -> Record:
    last = chosen.history.last
    return Record(
        run=chosen.started.run,
        trial=chosen.trial.number,
        events=last.number + 1 if last else 0,
        journal=last.digest if last else "",
        python=_python(chosen),
        workers=max(1, chosen.started.limits.workers),
        data_digest=chosen.task.data_digest,
        data=chosen.data(),
        programs=chosen.programs(),
        folds=chosen.folds(),
        sealed=chosen.sealed_score(),
        tolerance=chosen.tolerance(),
        packages={name: version for name, version in packages.items() if version},
        predicts=chosen.predicts,
        files=digests,
    )


def _facts(chosen: Chosen) -> dict[str, Any]:
    """Return what `train.py` and `predict.py` must know."""
    data = chosen.task.data
    return {
        "program": _program(chosen),
        "seed": 0,
        "files": {"train": data.train, "test": data.test, "sample": data.sample, "description": data.description},
        "shown": chosen.shown_names(),
        "side": list(data.side),
        "targets": list(chosen.task.targets),
        "columns": list(chosen.columns()),
        "sample": chosen.sample(),
        "delimiter": chosen.delimiter,
        "output": {
            "file": chosen.task.output.file,
            "id": chosen.task.output.id_column,
            "columns": list(chosen.task.output.columns),
        },
    }


def _code(chosen: Chosen) -> dict[str, str]:
    """Return the candidate's files, and the code of a notebook as a script beside them."""
    files = {safe: text for name, text in chosen.candidate.files.items() if (safe := safe_name(name)) is not None}
    if chosen.kind == NOTEBOOK:
        from assay.kinds.notebook import flatten, notebook_of

        files[_FLAT] = flatten(notebook_of(chosen.candidate)).text
    return files


def _program(chosen: Chosen) -> str:
    return _FLAT if chosen.kind == NOTEBOOK else chosen.candidate.entry


def _packages(chosen: Chosen) -> dict[str, str]:
    code = _code(chosen)
    sources = [text for name, text in code.items() if name.endswith(".py")]
    modules = set(imported(sources))
    if any(name.endswith((".parquet", ".pq")) for name in chosen.shown_names().values() if name):
        modules.add("pyarrow")
    own = {Path(name).stem for name in code} | {Path(name).parts[0] for name in code}
    return pinned(modules, chosen.started.versions, own=own)


def _python(chosen: Chosen) -> str:
    return str(chosen.started.versions.get("python", ""))


def _twin(chosen: Chosen, data: str) -> str:
    title = f"# {escape(clean_line(chosen.task.name, 80))}\n\nTrial {chosen.trial.number} of the run"
    title += f" `{clean_line(chosen.started.run, 80)}`, as a notebook."
    return notebook_twin(chosen.candidate, title=title, data=data, seed=0, output=chosen.task.output.file)


def _kaggle(chosen: Chosen) -> dict[str, str | bytes]:
    slug = "".join(c if c.isalnum() else "-" for c in chosen.task.name.lower()).strip("-") or "competition"
    metadata = {
        "id": f"USERNAME/{slug}-assay",
        "title": f"{slug}-assay",
        "code_file": "notebook.ipynb",
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": False,
        "enable_internet": False,
        "competition_sources": [slug],
        "dataset_sources": [],
    }
    return {"notebook.ipynb": _twin(chosen, f"/kaggle/input/{slug}"), "kernel-metadata.json": _json(metadata)}


def _own_program(name: str) -> str:
    return resources.files("assay.ship.programs").joinpath(name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

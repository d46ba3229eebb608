"""Cards: what a solution says to the people who get it. Numbers come from the journal, words of authors are quoted."""

from __future__ import annotations

from statistics import fmean

from assay.core.clock import iso_utc
from assay.core.metric import Direction
from assay.core.task import SplitKind
from assay.report.formatting import format_duration, format_gain, format_score, format_spread, score_decimals
from assay.report.markdown import escape
from assay.report.prose import clean, clean_line
from assay.ship.chosen import NOTEBOOK, Chosen


def readme(chosen: Chosen) -> str:
    """Return `README.md`: what it is and three commands."""
    task, trial = chosen.task, chosen.trial
    what = f"trial {trial.number} of the run `{clean_line(chosen.started.run, 80)}`"
    file = f"DATA/{chosen.task.data.test}" if chosen.task.data.test else "NEW.csv"
    commands = ["uv run train.py --data DATA -o submission.csv"]
    if chosen.predicts:
        commands.append(f"uv run predict.py {file} --data DATA -o predictions.csv")
    commands.append("assay verify . --data DATA")
    files = [
        ("train.py", "trains on all labelled rows and predicts the test file"),
        ("predict.py", "predicts the rows of any file that has the columns of the test file; trains anew each time")
        if chosen.predicts
        else ("", ""),
        ("code/", "the solution itself, as it was scored: it reads `./input` and writes `./output`"),
        ("notebook.ipynb", "the same as a notebook"),
        ("requirements.txt", "the packages with the versions that the scores were measured with"),
        ("MODEL_CARD.md, DATASHEET.md", "what it is for, how good it is, what it was made from"),
        ("evidence/", "scores by fold, the sealed check, the difference from the baseline"),
        ("verify.toml", "what `assay verify` measures again"),
    ]
    lines = [
        f"# Solution: {escape(clean_line(task.name, 80))}",
        "",
        f"This is {what}, by Assay. It runs without Assay.",
        "",
        f"{_score_sentence(chosen)} {_sealed_sentence(chosen)}",
        "",
        "`DATA` is the folder with the data files" + _data_names(chosen) + ". They are not in here.",
        "",
        *(f"    {command}" for command in commands),
        "",
        "Without `uv`: `pip install -r requirements.txt`, then `python train.py ...`. The first two commands need only"
        " Python and the packages; the third trains again in a sandbox and says whether the scores are reproduced.",
        "",
        f"One fit took {_fit_time(chosen)} on a search fold. There is no saved model: the code learns and predicts in"
        " one go.",
        "",
        "What is here:",
        "",
        *(f"- `{name}`: {words}" for name, words in files if name),
    ]
    return "\n".join(lines) + "\n"


def model_card(chosen: Chosen) -> str:
    """Return `MODEL_CARD.md`, in the sections of Mitchell et al., "Model Cards for Model Reporting" (2019)."""
    task, trial, history = chosen.task, chosen.trial, chosen.history
    checks = history.validated(trial.number)
    lines = [
        f"# Model card: {escape(clean_line(task.name, 80))}",
        "",
        "## Model",
        "",
        f"- Idea, in its author's words: {escape(clean_line(trial.title, 200))}",
        f"- Written by: {escape(clean_line(chosen.started.model, 80))}; scored by Assay"
        f" {clean_line(str(chosen.started.versions.get('assay', '')), 30)} in the run"
        f" `{clean_line(chosen.started.run, 80)}` on {iso_utc(trial.finished)[:10]}",
        f"- Kind: {_kind_words(chosen)}",
        f"- Content digest of the code: `{chosen.candidate.digest}`",
        "",
        "## Use",
        "",
        "What was asked for:",
        "",
        *(f"> {escape(line)}" for line in clean(task.statement, 4_000).strip().splitlines()),
        "",
        f"It predicts {_targets(chosen)} for rows like those of the training data, and is meant for that alone. Rows"
        " from another source, time or population may be predicted worse, and nothing here measures that.",
        "",
        "## Scores",
        "",
        _score_sentence(chosen),
        "",
        _sealed_sentence(chosen),
        "",
        _baseline_sentence(chosen),
        "",
        f"{len(history.trials)} trials were made; the winner of many looks better than it is, and only the sealed"
        " score is free of that. All scores are of the model before its last fit on all rows.",
        "",
        "## Checks",
        "",
        *([f"- {check.check.words}: {check.verdict}: {escape(clean_line(check.detail, 300))}" for check in checks]),
        *(["None was made of this trial."] if not checks else []),
        *[f"- remark: {escape(clean_line(flag, 300))}" for flag in trial.flags],
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in _limits(chosen)),
        "",
        "## Licence",
        "",
        "None is stated. The code was made by the run named above, the data have a licence of their own; settle both"
        " before you pass this on.",
    ]
    return "\n".join(lines) + "\n"


def datasheet(chosen: Chosen) -> str:
    """Return `DATASHEET.md`: the data in short, after Gebru et al., "Datasheets for Datasets" (2018)."""
    task = chosen.task
    lines = ["# Datasheet", "", "| file | rows | SHA-256 |", "|---|---:|---|"]
    for file in chosen.data():
        rows = "unknown" if file.rows is None else f"{file.rows:,}"
        lines.append(f"| {escape(clean_line(file.name, 120))} | {rows} | `{file.digest}` |")
    split = task.split
    how = f"{split.kind.value}, {split.k} {'fold' if split.k == 1 else 'folds'}"
    by = f", by `{clean_line(split.column, 80)}`" if split.column else ""
    sealed = f"{task.holdout.fraction:.0%} of the labelled rows, looked at once" if task.holdout.fraction else "nothing"
    lines += [
        "",
        f"- Predicted: {_targets(chosen)}",
        f"- Rows are identified by: {f'`{clean_line(task.id_column, 80)}`' if task.id_column else 'their place'}",
        f"- Split of the search: {how}{by}, seed {split.seed}",
        f"- Sealed: {sealed}",
        f"- Most training rows in the search: {task.row_cap:,}",
        f"- One digest over all data files: `{task.data_digest or 'unknown'}`",
        "",
        "How the data were collected, whether people stand behind the rows and what they agreed to is not known to"
        " Assay: ask whoever gave you the data. The data are not part of this folder.",
    ]
    return "\n".join(lines) + "\n"


def citation(chosen: Chosen) -> str:
    """Return `CITATION.cff`."""
    day = iso_utc(chosen.trial.finished)[:10]
    title = clean_line(f"Solution of {chosen.task.name}, trial {chosen.trial.number}", 120).replace('"', "'")
    version = clean_line(str(chosen.started.versions.get("assay", "")), 30)
    return (
        "cff-version: 1.2.0\nmessage: If you use this solution, please cite it.\n"
        f'title: "{title}"\ntype: software\nauthors:\n'
        f'  - name: "The owner of the run {clean_line(chosen.started.run, 80)}"\n'
        f'date-released: {day}\nversion: "{chosen.candidate.digest[:12]}"\n'
        f'abstract: "Made and scored by Assay {version}."\n'
    )


def _fit_time(chosen: Chosen) -> str:
    return format_duration(chosen.trial.wall_s) if chosen.trial.wall_s else "an unknown time"


def _score_sentence(chosen: Chosen) -> str:
    trial, metric = chosen.trial, chosen.task.metric
    way = "lower" if metric.direction is Direction.LOWER else "higher"
    decimals = score_decimals([trial.score], trial.std_error)
    value = (
        f"{format_score(trial.score, decimals=decimals)} {format_spread(trial.std_error, decimals=decimals)}".strip()
    )
    return (
        f"Search score: {value} {escape(metric.name)} ({way} is better), the mean over {trial.folds}"
        f" {'fold' if trial.folds == 1 else 'folds'} with its standard error."
    )


def _sealed_sentence(chosen: Chosen) -> str:
    sealed = chosen.sealed.score if chosen.sealed is not None else None
    if sealed is None:
        return "No score on sealed rows: they were not opened for this trial."
    value = format_score(sealed.value, sealed.std_error)
    interval = ""
    if sealed.low is not None and sealed.high is not None:
        places = score_decimals([sealed.value], sealed.std_error)
        interval = (
            f", 95 % interval {format_score(sealed.low, decimals=places)}"
            f" to {format_score(sealed.high, decimals=places)}"
        )
    return f"On {sealed.rows:,} sealed rows that nothing had been chosen on: {value}{interval}."


def _baseline_sentence(chosen: Chosen) -> str:
    base = chosen.facts.baseline
    if base is None or base.number == chosen.trial.number:
        return "It is the baseline itself." if base is not None else "There is no baseline to compare with."
    paired = chosen.facts.paired(chosen.trial, base)
    verdict = str(chosen.trial.verdict) if chosen.trial.verdict is not None else "none"
    gain = format_gain(fmean(paired.gains), paired.std_error) if paired is not None else "unknown"
    return (
        f"Baseline #{base.number}: {format_score(base.score, base.std_error)}; gain over it, fold by fold: {gain}"
        f" (positive is better). Verdict on the last step to this trial: {verdict}."
    )


def _limits(chosen: Chosen) -> list[str]:
    task = chosen.task
    limits = ["It was not tried on rows from anywhere but the files in `DATASHEET.md`; drift is not looked for."]
    limits.append("Differences between groups of rows or of people were not examined.")
    if chosen.is_blend:
        limits.append("It is a blend: every call trains all of its members.")
    if chosen.predicts:
        limits.append("The rows of one call are shown together; the code may use how they are distributed.")
    else:
        limits.append("The data are prepared by a program of the task's own, so that there is no `predict.py`.")
    if task.split.kind in (SplitKind.KFOLD, SplitKind.STRATIFIED):
        limits.append("Folds were drawn at random: rows that belong together, or times, were not kept apart.")
    if chosen.kind == NOTEBOOK:
        limits.append(
            "`code/notebook.py` is the notebook's code as a script; magics that are no Python are calls of IPython."
        )
    return limits


def _kind_words(chosen: Chosen) -> str:
    if chosen.is_blend:
        return f"a blend of {len(chosen.members)} solutions"
    count = len(chosen.candidate.files)
    return f"a {clean_line(chosen.kind, 20)}" + (f" of {count} files" if count > 1 else "")


def _targets(chosen: Chosen) -> str:
    return ", ".join(f"`{clean_line(name, 80)}`" for name in chosen.task.targets[:10])


def _data_names(chosen: Chosen) -> str:
    names = [file for file in (chosen.task.data.train, chosen.task.data.test) if file is not None]
    return f" ({', '.join(f'`{clean_line(name, 120)}`' for name in names)})"

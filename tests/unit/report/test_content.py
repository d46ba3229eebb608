"""What the reports say of each kind of night."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from assay.core.codec import encode
from assay.core.trial import Verdict
from assay.core.validation import Check, Standing
from assay.engine.blending import BLEND_KEY
from assay.grading import Blend
from assay.journal.events import NoiseMeasured, Remarked, Validated
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report.blended import blend_section
from assay.report.document import Paragraph, Table, plain
from assay.report.facts import Facts, trial_folder
from assay.report.numbers import build_ledger
from assay.report.opening import box, next_steps
from assay.report.telling import Teller
from assay.report.trust import threats_section
from support.histories import STORIES

Write = Callable[[str], tuple[Path, History]]


def report(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return value


def markdown(folder: Path) -> str:
    return (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("story", "title", "state"),
    [
        ("good_run", "adult-income: a gain over the baseline", "finished"),
        ("nothing_found", "house-prices: no gain over the baseline", "finished"),
        ("all_failed", "house-prices: nothing could be scored", "finished"),
        ("interrupted", "house-prices: a possible gain, not established, so far", "interrupted"),
        ("just_started", "house-prices: nothing scored yet", "interrupted"),
        ("forecast", "m4-hourly: a gain over the baseline", "finished"),
    ],
)
def test_the_title_gives_the_outcome_away(story: str, title: str, state: str, written: Write) -> None:
    folder, _ = written(story)
    assert report(folder)["title"] == title
    assert report(folder)["state"] == state
    assert markdown(folder).startswith(f"# {title}\n")
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {title}\n")


def test_the_sealed_score_is_the_headline_with_its_interval(written: Write) -> None:
    folder, history = written("good_run")
    assert history.sealed is not None
    assert history.sealed.score is not None
    text = markdown(folder)
    assert (
        "**0.8811** (95 % interval 0.8699 to 0.8923) roc_auc on the sealed holdout, higher is better, 300 rows" in text
    )
    numbers = report(folder)["numbers"]
    assert numbers["sealed.score"]["value"] == history.sealed.score.value
    assert numbers["sealed.score"]["source"] == "graded"
    assert numbers["sealed.score"]["digests"]


def test_a_sealed_score_of_an_earlier_winner_is_not_the_winners(written: Write) -> None:
    folder, history = written("second_wind")
    assert history.sealed is not None
    assert history.finished is not None
    assert (history.sealed.trial, history.finished.winner) == (2, 4)
    text = markdown(folder)
    assert f"**{history.trials[4].score:.5f}** (" in text
    assert ") roc_auc, mean of the search folds" in text
    assert "the sealed holdout was opened for #2, not for the winner #4; it is opened once" in text
    assert "no rows are left to check" in text
    assert "The sealed score is worse than the search score" not in text
    assert not list(folder.rglob("sealed*.png"))


def test_without_a_sealed_holdout_the_search_score_is_named_as_such(written: Write) -> None:
    text = markdown(written("forecast")[0])
    assert "smape, mean of the search folds, lower is better, nothing was sealed" in text
    assert "No rows were sealed" in text


@pytest.mark.parametrize("story", sorted(STORIES))
def test_numbers_equal_the_journals_and_come_in_the_metrics_order(story: str, written: Write) -> None:
    folder, history = written(story)
    value = report(folder)
    assert value["leaderboard"] == [t.number for t in history.ranking()[:10]]
    for trial in history.trials.values():
        shown = value["numbers"].get(f"trial.{trial.number}.score")
        assert (shown["value"] if shown else None) == trial.score
        for view, score in trial.scores.items():
            assert value["numbers"][f"trial.{trial.number}.{view}"]["value"] == score


@pytest.mark.parametrize("story", ["good_run", "forecast"])
def test_an_improvement_is_positive_whatever_the_direction(story: str, written: Write) -> None:
    folder, history = written(story)
    winner, baseline = report(folder)["winner"], report(folder)["baselines"][0]
    mine, theirs = history.trials[winner], history.trials[baseline]
    gains = [history.metric.gain(mine.scores[view], theirs.scores[view]) for view in mine.scores]
    shown = report(folder)["numbers"][f"pair.{winner}.{baseline}.mean"]["value"]
    assert shown > 0
    assert math.isclose(shown, fmean(gains))
    k = len(gains)
    error = report(folder)["numbers"][f"pair.{winner}.{baseline}.std_error"]["value"]
    assert math.isclose(error, stdev(gains) * math.sqrt(1 / k + 1 / (k - 1)))
    effect = report(folder)["numbers"][f"pair.{winner}.{baseline}.d"]["value"]
    assert math.isclose(effect, fmean(gains) / stdev(gains))
    assert f"Cohen's d of these gains is {effect:.1f}, 95 % interval " in markdown(folder)


def test_claims_stand_apart_and_are_flagged_when_they_differ(written: Write) -> None:
    folder, history = written("good_run")
    rows = {
        r["trial"]: r for r in csv.DictReader(io.StringIO((folder / "leaderboard.csv").read_text(encoding="utf-8")))
    }
    assert (float(rows["8"]["claimed_by_script"]), rows["8"]["claim_differs"]) == (pytest.approx(0.9312), "yes")
    assert (float(rows["3"]["claimed_by_script"]), rows["3"]["claim_differs"]) == (pytest.approx(0.8841), "no")
    assert float(rows["8"]["score"]) == history.trials[8].score
    numbers = report(folder)["numbers"]
    assert numbers["trial.8.claimed"]["source"] == "reported"
    assert "claimed by the script 0.9312, graded 0.8774" in markdown(folder)
    ranked = [int(r["trial"]) for r in rows.values() if r["rank"]]
    assert ranked == [t.number for t in history.ranking()]


def test_a_failure_is_a_state_with_a_reason_and_never_a_number(written: Write) -> None:
    folder, _ = written("all_failed")
    text = markdown(folder)
    assert "No candidate produced a score: of 4 trials, 4 failed and 0 were rejected." in text
    assert "No module named 'torch'" in text
    lines = (folder / "results.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id\tscore\tmemory\tstatus\tidea"
    assert [line.split("\t")[1:4:2] for line in lines[1:]] == [["-", "failed"]] * 4
    assert report(folder)["winner"] is None
    assert not (folder / "best").exists()


def test_rejected_trials_are_listed_with_their_reason(written: Write) -> None:
    folder, _ = written("rejected_leak")
    for name in ("report.md", "leaderboard.md", "history.md"):
        assert "L02 the encoder is fitted on rows that it must not see" in (folder / name).read_text(encoding="utf-8")
    assert "\trejected\t" in (folder / "results.tsv").read_text(encoding="utf-8")


def test_what_mattered_is_measured_by_ablation(written: Write) -> None:
    folder, history = written("good_run")
    section = markdown(folder).split("## What mattered")[1].split("\n## ")[0]
    whole, variant = history.trials[3], history.trials[9]
    loss = fmean(whole.scores[v] - variant.scores[v] for v in whole.scores)
    assert f"+{loss:.4f} ±" in section
    assert "ordinal encoding" in section


def test_the_blend_is_shown_with_its_weights_and_whom_it_left_out(written: Write) -> None:
    folder, _ = written("good_run")
    section = markdown(folder).split("## What was blended")[1].split("\n## ")[0]
    assert "The blend [#21](trials/0021-blend-of-boosting-and-extra-trees/) scores " in section
    rows = {match[1]: match[0] for match in re.finditer(r"^\| +\[(#\d+)\].*", section, re.MULTILINE)}
    assert list(rows) == ["#3", "#5", "#12", "#7"]
    assert rows["#3"].split("|")[4].strip() == "0.72"
    assert "too much like #3: their predictions correlate by 0.994" in rows["#12"]
    assert "no predictions on fold-3" in rows["#7"]
    numbers = report(folder)["numbers"]
    assert numbers["blend.5.weight"]["value"] == 0.28


def test_a_run_without_a_blend_says_why() -> None:
    history, _ = STORIES["nothing_found"]()
    history.notes[BLEND_KEY] = encode(Blend(weights={1: 1.0}, left_out={2: "adding it does not improve the mix"}))
    facts = Facts(history, ObjectStore(Path("nowhere")), final=True)
    section = blend_section(Teller(facts, build_ledger(facts)))
    assert section is not None
    lead, table = section.blocks
    assert isinstance(lead, Paragraph)
    assert isinstance(table, Table)
    assert plain(lead.parts) == "There is no blend: no mix was better than #1 Plain LightGBM alone."
    assert [plain(row[4]) for row in table.rows] == ["", "adding it does not improve the mix"]


def test_a_run_that_never_came_to_blending_says_nothing_of_it(written: Write) -> None:
    assert "blended" not in markdown(written("interrupted")[0])


def test_threats_name_what_speaks_against_the_result(written: Write) -> None:
    text = markdown(written("good_run")[0]).split("## Threats")[1].split("\n## ")[0]
    assert "The sealed holdout was opened once, for [#21]" in text
    assert "17 candidates were scored on the same folds" in text
    assert "is 0.8851 instead of 0.8853" in text
    assert "of the model before the final refit on all data" in text
    assert "Not checked: " in text


def test_an_unmeasured_noise_is_a_threat_and_a_measured_one_is_told(written: Write) -> None:
    assert "Gains under 0.0009 count as noise, measured by 3 reseeds of the baseline." in markdown(
        written("good_run")[0]
    )
    history, _ = STORIES["good_run"]()
    history.noise = NoiseMeasured(floor=None, reseeds=1)
    facts = Facts(history, ObjectStore(Path("nowhere")), final=True)
    items = [plain(item) for item in threats_section(Teller(facts, build_ledger(facts))).blocks[0].items]  # type: ignore[union-attr]
    assert "The noise of equal candidates was not measured, so no gain could be called real." in items


def test_what_was_found_about_the_data_stands_in_the_box_and_comes_first(written: Write) -> None:
    assert "Do not believe the score yet" not in markdown(written("good_run")[0])
    history, _ = STORIES["good_run"]()
    found = (
        ("W203", "refund gives cancelled away; ask when it becomes known"),
        ("W206", "a column is constant"),
    )
    history.remarks += [(0.0, Remarked(code=code, text=text)) for code, text in found]
    facts = Facts(history, ObjectStore(Path("nowhere")), final=True)
    teller = Teller(facts, build_ledger(facts))
    rows = [(name, plain(cell)) for name, cell in box(teller).rows]
    assert [cell for name, cell in rows if name == "Data"] == [f"W203 {found[0][1]}"]
    steps = [plain(item) for item in next_steps(teller).blocks[0].items]  # type: ignore[union-attr]
    assert steps[0] == "Do not believe the score yet: settle first what the box says of the data."


def test_checks_that_were_skipped_do_not_look_like_failures(written: Write) -> None:
    history, _ = STORIES["nothing_found"]()
    assert history.finished is not None
    winner = history.finished.winner or 0
    ends = (Check.LINT, Standing.PASSED), (Check.SHUFFLED, Standing.SKIPPED), (Check.SEEDS, Standing.FAILED)
    history.validations = {
        (winner, check): Validated(winner=winner, trial=winner, check=check, verdict=verdict) for check, verdict in ends
    }
    facts = Facts(history, ObjectStore(Path("nowhere")), final=True)
    rows = {name: plain(cell) for name, cell in box(Teller(facts, build_ledger(facts))).rows}
    assert rows["Checks"] == "1 of 3 passed, 1 failed, 1 skipped"


def test_few_scored_trials_ask_for_more_time(written: Write) -> None:
    text = markdown(written("unpriced_run")[0]).split("## What to do next")[1].split("\n## ")[0]
    assert "Give it more: 2 trials with a score are few to choose from." in text


def test_an_interrupted_run_says_so_and_how_to_go_on(written: Write) -> None:
    folder, _ = written("interrupted")
    text = markdown(folder)
    assert "This run was interrupted" in text
    assert "`assay resume late-falcon`" in text
    assert "The run was resumed 1 time" in text
    assert "T2, then T1" in text
    assert "*W12* the sandbox has no memory limit" in text
    assert "1 unfinished" in text


def test_the_curve_over_time_leaves_out_the_pause_before_a_resumption(written: Write) -> None:
    folder, history = written("interrupted")
    before, after = history.trials[1], history.trials[2]
    assert after.finished - before.finished > 3000
    assert before.finished_s < after.finished_s <= history.wall_s < 100
    svg = (folder / "plots/progress.svg").read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert "seconds of running" in texts
    assert max(int(text) for text in texts if text.isdecimal()) < 100


def test_a_run_under_way_is_a_draft(written: Write) -> None:
    _, history = written("interrupted")
    facts = Facts(history, ObjectStore(Path("nowhere")), final=False)
    assert facts.state == "running"


def test_money_is_shown_and_unknown_prices_make_it_a_lower_bound(written: Write) -> None:
    paid, _ = written("paid_run")
    assert "- Money: $0.32 for 15 requests" in markdown(paid)
    unpriced, _ = written("unpriced_run")
    assert "- Money: ≥ $0.05 for 2 requests" in markdown(unpriced)
    assert "The price of 1 request is unknown" in markdown(unpriced)
    assert "- Money: none" in markdown(written("good_run")[0])


def test_the_report_holds_the_lineage_of_every_attempt(written: Write) -> None:
    folder, history = written("good_run")
    trials = report(folder)["trials"]
    assert [t["trial"] for t in trials] == sorted(history.trials)
    mended = next(t for t in trials if t["repairs"])
    assert [m["attempt"] for m in mended["measurements"]] == [1, 2, 2, 2, 2, 2]
    assert mended["measurements"][0]["outcome"] == "error"
    assert mended["measurements"][0]["graded"] is None
    assert len({m["code"] for m in mended["measurements"]}) == 2
    assert trials[21]["parents"] == [3, 5]


def test_a_gain_is_called_one_only_by_verdict(written: Write) -> None:
    folder, history = written("nothing_found")
    assert not [t for t in history.trials.values() if t.verdict is Verdict.REAL]
    assert "a gain over" not in report(folder)["title"]
    assert "nothing that was tried is better beyond doubt" in report(folder)["answer"]


def test_the_verdict_tells_which_step_over_the_baseline_is_real(written: Write) -> None:
    folder, history = written("second_wind")
    text = markdown(folder)
    judged = history.trials[2].judgement
    assert judged is not None
    found = re.search(r"Verdict: \W*real\W* \[#2\]\S+ beats the baseline \[#1\]\S+ by ([0-9.]+)", text)
    assert found is not None
    assert float(found[1]) == pytest.approx(judged.effect, abs=0.0005)
    assert re.search(r"; none of the 2 steps from \[#2\]\S+ to \[#4\]\S+ is established\.", text)
    assert report(folder)["numbers"]["judged.2.effect"]["value"] == judged.effect
    assert "is not told apart from [#2]" in text


@pytest.mark.parametrize(("asked", "given"), [(1, 3), (3, 3), (12, 12), (99, 20)])
def test_the_leaderboard_is_3_to_20_long(asked: int, given: int, written: Write) -> None:
    _, history = written("good_run")
    assert Facts(history, ObjectStore(Path("nowhere")), final=True, top=asked).top == given


def test_folder_names_are_short_and_safe() -> None:
    assert trial_folder(14, "Stack with a ridge") == "trials/0014-stack-with-a-ridge"
    assert trial_folder(3, "../../etc/passwd \x1b[31m") == "trials/0003-etc-passwd"
    assert trial_folder(7, "\N{GREEK SMALL LETTER ALPHA}") == "trials/0007"
    assert len(trial_folder(1, "x" * 500)) <= len("trials/0001-") + 40

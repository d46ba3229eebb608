"""Ways of faking evidence, at the store's level. Each starts from what an honest experiment leaves."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.core.digest import digest_file
from assay.core.errors import IntegrityError
from assay.tracking import Required, evidence_record
from assay.tracking.issue import FOLDER
from support.tracked import REQUIRED, Workplace

Forge = Callable[[Workplace], None]


def test_honest_evidence_is_verified_and_holds_what_was_recorded(workplace: Workplace) -> None:
    workplace.honest()
    evidence = workplace.verify()
    assert evidence.verified, evidence.findings
    assert evidence.run_id == workplace.issued.run_id
    assert evidence.params == {"depth": "4"}
    assert [point.value for point in evidence.metrics["loss"]] == [0.9, 0.6, 0.5]
    assert evidence.artifacts["plots/curve.svg"].digest == digest_file(workplace.artifacts / "plots/curve.svg")
    record = evidence_record(evidence, workplace.attempt, workplace.root / "private")
    copied = next(one for one in record.artifacts if one.path == "plots/curve.svg")
    assert Path(copied.file).read_text(encoding="utf-8") == "numbers"


def no_store(place: Workplace) -> None:
    shutil.rmtree(place.workspace / FOLDER)


def garbage(place: Workplace) -> None:
    place.database.write_text(f"run_id {place.issued.run_id} FINISHED accuracy=0.99", encoding="utf-8")


def half_a_page(place: Workplace) -> None:
    content = place.database.read_bytes()
    place.database.write_bytes(content[:100] + os.urandom(4096) + content[4196:])


def grown_beyond_the_limit(place: Workplace) -> None:
    os.truncate(place.database, 300 * 2**20)


def link_to_a_store_elsewhere(place: Workplace) -> None:
    kept = place.root / "kept.db"
    shutil.move(place.database, kept)
    place.database.symlink_to(kept)


def second_name_of_a_store_elsewhere(place: Workplace) -> None:
    kept = place.root / "kept.db"
    shutil.move(place.database, kept)
    place.database.hardlink_to(kept)


def views_for_tables(place: Workplace) -> None:
    place.sql("ALTER TABLE runs RENAME TO real_runs")
    place.sql("CREATE VIEW runs AS SELECT * FROM real_runs")


def an_endless_table(place: Workplace) -> None:
    place.sql("DROP TABLE params")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key, '' AS value FROM n"
    place.sql(f"CREATE VIEW params AS {endless}")


def run_deleted(place: Workplace) -> None:
    place.sql("DELETE FROM runs WHERE run_uuid = ?", place.issued.run_id)


def run_of_its_own(place: Workplace) -> None:
    place.sql("UPDATE runs SET run_uuid = ?", "f" * 32)


def marked_deleted(place: Workplace) -> None:
    place.sql("UPDATE runs SET lifecycle_stage = 'deleted'")


def another_token(place: Workplace) -> None:
    place.sql("UPDATE tags SET value = ? WHERE key = 'assay.token'", "0" * 32)


def key_of_another_task(place: Workplace) -> None:
    place.sql("UPDATE tags SET value = 'calm-otter/other/attempt-1' WHERE key = 'assay.key'")


def another_start(place: Workplace) -> None:
    place.sql("UPDATE runs SET start_time = start_time - 3600000")


def artifacts_elsewhere(place: Workplace) -> None:
    place.sql("UPDATE runs SET artifact_uri = '/etc'")


def never_finished(place: Workplace) -> None:
    place.finish("RUNNING")


def failed(place: Workplace) -> None:
    place.finish("FAILED")


def ended_tomorrow(place: Workplace) -> None:
    place.sql("UPDATE runs SET end_time = end_time + 86400000")


def no_param(place: Workplace) -> None:
    place.sql("DELETE FROM params")


def empty_param(place: Workplace) -> None:
    place.sql("UPDATE params SET value = ' '")


def no_metric(place: Workplace) -> None:
    place.sql("DELETE FROM metrics WHERE key = 'loss'")


def not_a_number(place: Workplace) -> None:
    place.metric("loss", 0.0, 3, nan=True)


def infinite(place: Workplace) -> None:
    place.metric("loss", 1.7976931348623157e308, 3)


def words_for_a_number(place: Workplace) -> None:
    place.metric("loss", "excellent", 3)


def constant(place: Workplace) -> None:
    place.sql("UPDATE metrics SET value = 0.5 WHERE key = 'loss'")


def equal_arms(place: Workplace) -> None:
    place.sql("DELETE FROM metrics WHERE key = 'accuracy_deep'")
    for seed, value in enumerate((0.70, 0.72, 0.69)):
        place.metric("accuracy_deep", value, seed)


def arms_a_constant_apart(place: Workplace) -> None:
    place.sql("DELETE FROM metrics WHERE key LIKE 'accuracy_%'")
    for seed, value in enumerate((0.5, 0.25, 0.75)):
        place.metric("accuracy_plain", value, seed)
        place.metric("accuracy_deep", value + 0.125, seed)


def arms_without_a_common_step(place: Workplace) -> None:
    place.sql("UPDATE metrics SET step = step + 100 WHERE key = 'accuracy_deep'")


def recorded_before_the_start(place: Workplace) -> None:
    place.sql("UPDATE metrics SET timestamp = timestamp - 3600000 WHERE key = 'loss'")


def no_artifact(place: Workplace) -> None:
    (place.artifacts / "plots/curve.svg").unlink()


def empty_artifact(place: Workplace) -> None:
    place.artifact("plots/curve.svg", "")


def old_artifact(place: Workplace) -> None:
    os.utime(place.artifacts / "plots/curve.svg", (1_700_000_000, 1_700_000_000))


def linked_artifact(place: Workplace) -> None:
    (place.artifacts / "plots/curve.svg").unlink()
    (place.artifacts / "plots/curve.svg").symlink_to("/etc/passwd")


def linked_folder(place: Workplace) -> None:
    shutil.move(place.artifacts / "plots", place.root / "plots")
    (place.artifacts / "plots").symlink_to(place.root / "plots")


def hard_link(place: Workplace) -> None:
    secret = place.root / "labels.csv"
    secret.write_text("id,y\n", encoding="utf-8")
    (place.artifacts / "plots/curve.svg").unlink()
    (place.artifacts / "plots/curve.svg").hardlink_to(secret)


def fifo(place: Workplace) -> None:
    (place.artifacts / "plots/curve.svg").unlink()
    os.mkfifo(place.artifacts / "plots/curve.svg")


def strange_name(place: Workplace) -> None:
    place.param("../../escape", "1")


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (no_store, "V01"),
        (garbage, "V01"),
        (half_a_page, "V01"),
        (grown_beyond_the_limit, "V01"),
        (link_to_a_store_elsewhere, "V01"),
        (second_name_of_a_store_elsewhere, "V01"),
        (views_for_tables, "V01"),
        (an_endless_table, "V01"),
        (run_deleted, "V02"),
        (run_of_its_own, "V02"),
        (marked_deleted, "V03"),
        (another_token, "V03"),
        (key_of_another_task, "V03"),
        (another_start, "V03"),
        (artifacts_elsewhere, "V03"),
        (never_finished, "V04"),
        (failed, "V04"),
        (ended_tomorrow, "V11"),
        (no_param, "V05"),
        (empty_param, "V05"),
        (no_metric, "V06"),
        (not_a_number, "V08"),
        (infinite, "V08"),
        (words_for_a_number, "V08"),
        (constant, "V09"),
        (equal_arms, "V10"),
        (arms_a_constant_apart, "V10"),
        (arms_without_a_common_step, "V10"),
        (recorded_before_the_start, "V11"),
        (no_artifact, "V07"),
        (empty_artifact, "V12"),
        (old_artifact, "V11"),
        (linked_artifact, "V13"),
        (linked_folder, "V07"),
        (hard_link, "V13"),
        (fifo, "V13"),
        (strange_name, "V13"),
    ],
)
def test_a_forgery_is_found_and_kept_out_of_the_store(workplace: Workplace, forge: Forge, code: str) -> None:
    workplace.honest()
    forge(workplace)
    evidence = workplace.verify()
    assert code in evidence.codes, evidence.findings
    assert all(finding.sentence for finding in evidence.findings)
    with pytest.raises(IntegrityError, match="no evidence"):
        evidence_record(evidence, workplace.attempt, workplace.root / "private")


def test_the_store_of_another_attempt_counts_for_nothing(
    workplace: Workplace, another: Callable[[], Workplace]
) -> None:
    other = another()
    other.honest()
    assert other.verify().verified
    shutil.rmtree(workplace.workspace / FOLDER)
    shutil.copytree(other.workspace / FOLDER, workplace.workspace / FOLDER)
    assert workplace.verify().codes == ("V02",)


def test_another_store_under_the_issued_id_counts_for_nothing(
    workplace: Workplace, another: Callable[[], Workplace]
) -> None:
    """The id can be read by the code; the rest of what was issued would have to be there, too."""
    other = another()
    other.honest()
    foreign, own = other.issued.run_id, workplace.issued.run_id
    for table in ("runs", "params", "metrics", "tags"):
        other.sql(f"UPDATE {table} SET run_uuid = ? WHERE run_uuid = ?", own, foreign)
    shutil.copyfile(other.database, workplace.database)
    workplace.artifact("plots/curve.svg")
    evidence = workplace.verify()
    assert evidence.codes == ("V03",)
    assert "token" in evidence.findings[0].sentence


def test_an_id_in_a_text_or_a_run_of_ones_own_is_no_evidence(workplace: Workplace) -> None:
    (workplace.workspace / "log.txt").write_text(f"MLflow Run ID: {workplace.issued.run_id}\n", encoding="utf-8")
    workplace.sql("CREATE TABLE seen AS SELECT * FROM runs")
    workplace.sql("UPDATE seen SET run_uuid = ?, status = 'FINISHED'", "a" * 32)
    workplace.sql("INSERT INTO runs SELECT * FROM seen")
    evidence = workplace.verify()
    assert {"V04", "V06"} <= set(evidence.codes)
    assert [remark.code for remark in evidence.remarks] == ["V14"]


def test_a_run_that_was_only_opened_to_be_there_is_none(workplace: Workplace) -> None:
    workplace.metric("status", 1.0)
    workplace.artifact("note.txt")
    workplace.finish()
    assert workplace.verify(Required()).codes == ("V09",)


def test_a_single_value_of_a_metric_that_was_asked_for_is_evidence(workplace: Workplace) -> None:
    workplace.metric("accuracy", 0.91)
    workplace.artifact("note.txt")
    workplace.finish()
    assert workplace.verify(Required(metrics=("accuracy",))).verified
    assert workplace.verify(Required(varying=("accuracy",))).codes == ("V09",)


def test_a_copy_of_what_the_code_was_given_is_no_result(workplace: Workplace) -> None:
    workplace.honest()
    curve = workplace.artifacts / "plots/curve.svg"
    assert workplace.verify(given={digest_file(curve): "input/curve.svg"}).codes == ("V11",)


def test_a_document_needs_its_files_and_no_run(workplace: Workplace, past: Callable[[Path], None]) -> None:
    wanted = Required(run=False, files=("output/*.md",))
    assert workplace.verify(wanted).codes == ("V07",)
    (workplace.workspace / "output").mkdir()
    page = workplace.workspace / "output/guide.md"
    page.write_text("# Guide\n", encoding="utf-8")
    evidence = workplace.verify(wanted)
    assert evidence.verified
    assert evidence.files["output/guide.md"].size == len("# Guide\n")
    past(page)
    assert workplace.verify(wanted).codes == ("V11",)


def test_an_unfinished_transaction_does_not_hide_what_was_recorded(workplace: Workplace) -> None:
    workplace.honest()
    connection = sqlite3.connect(workplace.database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM params")
    try:
        assert workplace.verify(REQUIRED).verified
    finally:
        connection.close()

"""`assay schema`: JSON Schema for editors and programs, and journals that hold to it."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from assay.data.task_schema import json_schema
from assay.journal.event_schema import event_schema
from assay.journal.events import PAYLOADS
from support.histories import STORIES

Assay = Any


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(event_schema())


def test_standard_output_is_the_schema_alone(assay: Assay) -> None:
    assert json.loads(assay("schema").out) == json_schema()
    assert json.loads(assay("schema", "events").out) == event_schema()
    told = assay("schema", "task", "--json").json
    assert (told["of"], told["value"]) == ("task", json_schema())


def test_what_has_no_schema_is_an_error_with_a_next_step(assay: Assay) -> None:
    said = assay("schema", "report")
    assert (said.code, said.out) == (2, "")
    assert "error[E099]: there is no schema of 'report', only of task and events" in said.err


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_line_of_a_journal_is_as_the_schema_says(story: str, validator: Any) -> None:
    _, events = STORIES[story](None)
    for event in events:
        line = json.loads(json.dumps(event.as_dict()))
        assert [error.message for error in validator.iter_errors(line)] == []


def test_a_line_that_is_not_as_it_should_be_is_seen(validator: Any) -> None:
    _, events = STORIES["good_run"](None)
    good = json.loads(json.dumps(events[0].as_dict()))
    for change in ({"kind": "run-begun"}, {"number": -1}, {"data": {}}):
        assert not validator.is_valid({**copy.deepcopy(good), **change})
    assert {line["properties"]["kind"]["const"] for line in event_schema()["oneOf"]} == set(PAYLOADS)

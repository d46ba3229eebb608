from __future__ import annotations

import pytest

from assay.models.scrub import MASK, Scrubber, scrub

SHAPES = [
    "sk-proj-abcdefghijklmnop1234",
    "sk-ant-api03-abcdefghijklmnop",
    "ghp_abcdefghijklmnopqrstuvwx",
    "github_pat_11ABCDEFG0abcdefghijkl",
    "hf_abcdefghijklmnopqrstuv",
    "AKIAABCDEFGHIJKLMNOP",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01",
    "xoxb-123456789012-abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SHAPES)
def test_known_shapes_are_masked_wherever_they_stand(secret: str) -> None:
    assert scrub(f"a '{secret}', b", {}) == f"a '{MASK}', b"


def test_headers_and_addresses() -> None:
    assert scrub("Authorization: Bearer abcdefghijklmnop123", {}) == f"Authorization: Bearer {MASK}"
    assert scrub("postgres://me:hunter2@db/x", {}) == f"postgres://me:{MASK}@db/x"


@pytest.mark.parametrize(
    "name", ["MY_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "db_password", "KEY", "TOKEN_2", "NPM_AUTH"]
)
def test_values_of_variables_that_sound_secret(name: str) -> None:
    assert scrub("value: correct-horse!", {name: "correct-horse"}) == f"value: {MASK}!"


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEYBOARD", "us-layout-1"), ("MY_KEY", "short"), ("PATH", "/usr/bin:/bin"), ("SSH_AUTH_SOCK", "/run/agent.sock")],
)
def test_ordinary_values_stay(name: str, value: str) -> None:
    assert scrub(f"x {value} y", {name: value}) == f"x {value} y"


def test_a_secret_that_begins_with_another_is_masked_whole() -> None:
    assert scrub("abcdefgh-longer", {"A_KEY": "abcdefgh", "B_KEY": "abcdefgh-longer"}) == MASK


def test_ordinary_text_stays_as_it_is() -> None:
    text = "The task-specific ask-price of sk-learn, bearer of news; basic idea: see https://example.org/a@b"
    assert scrub(text, {}) == text


def test_values_inside_json_are_masked() -> None:
    value = {"a": ["x correct-horse", 1, None], "correct-horse": {"b": True}}
    assert Scrubber({"A_KEY": "correct-horse"}).scrub_json(value) == {"a": [f"x {MASK}", 1, None], MASK: {"b": True}}


def test_a_private_key_is_masked_with_its_head_lines() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE+/=\n-----END RSA PRIVATE KEY-----"
    assert scrub(f"see {key} there", {}) == f"see {MASK} there"


@pytest.mark.parametrize("piece", ["-----BEGIN PRIVATE KEY-----", "-eyJ", "-----BEGIN "])
def test_beginnings_of_secrets_without_end_take_no_time(piece: str) -> None:
    # Read to the end of the text at each of them, this would take minutes.
    text = piece * (250_000 // len(piece))
    assert scrub(text, {}) == text

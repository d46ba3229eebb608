from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.web.app import Dashboard
from support.dashboard import ADDRESS, dashboard_of, let_in, stranger, write_run
from support.histories import good_run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "brisk-otter", good_run)
    return root


@pytest.fixture
def dashboard(root: Path) -> Dashboard:
    return dashboard_of(root)


@pytest.mark.parametrize("path", ["/", "/api/runs", "/api/run/brisk-otter/overview", "/files/brisk-otter/trial/0"])
def test_who_was_not_let_in_sees_nothing(dashboard: Dashboard, path: str) -> None:
    client = stranger(dashboard)
    assert client.get(path).status_code == 403
    client.cookies.set("assay-7788", "made-up")
    answer = client.get(path)
    assert answer.status_code == 403
    assert "otter" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "ä", "0" * 32])
def test_a_wrong_token_opens_nothing(dashboard: Dashboard, token: str) -> None:
    client = stranger(dashboard)
    answer = client.get("/open", params={"token": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert client.get("/api/runs").status_code == 403


def test_the_owners_link_works_once_and_for_its_browser_again(dashboard: Dashboard) -> None:
    owner = let_in(dashboard)
    assert owner.get("/api/runs").json()["write"] is True
    assert owner.get("/open", params={"token": dashboard.keys.owner}).status_code == 200
    assert owner.get("/api/runs").json()["write"] is True
    late = stranger(dashboard)
    assert late.get("/open", params={"token": dashboard.keys.owner}).status_code == 403
    assert late.get("/api/runs").status_code == 403


def test_the_viewers_link_works_often_and_lets_nobody_write(dashboard: Dashboard) -> None:
    for _ in range(2):
        assert let_in(dashboard, write=False).get("/api/runs").json()["write"] is False


def test_the_owners_link_lets_a_viewer_write(dashboard: Dashboard) -> None:
    client = let_in(dashboard, write=False)
    client.get("/open", params={"token": dashboard.keys.owner})
    assert client.get("/api/runs").json()["write"] is True


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(dashboard: Dashboard) -> None:
    answer = stranger(dashboard).get("/open", params={"token": dashboard.keys.owner, "run": "a b"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert 'content="0; url=/#/a%20b"' in answer.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7788", 200),
        ("localhost:9999", 200),
        ("[::1]:7788", 200),
        ("evil.example:7788", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_machine_are_answered_to(dashboard: Dashboard, host: str, status: int) -> None:
    assert let_in(dashboard).get("/api/runs", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_reads_nothing(dashboard: Dashboard, site: str) -> None:
    client = let_in(dashboard)
    assert client.get("/api/runs", headers={"Sec-Fetch-Site": site}).status_code == 403
    follows = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert client.get("/api/runs", headers=follows).status_code == 403
    assert client.get("/", headers=follows).status_code == 200


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:7789", "https://127.0.0.1:7788"]
)
@pytest.mark.parametrize("where", ["tell", "steer"])
def test_steering_from_another_origin_is_refused(
    dashboard: Dashboard, root: Path, origin: str | None, where: str
) -> None:
    headers = {"Origin": origin} if origin is not None else {}
    body = {"text": "hello", "verb": "finish"}
    answer = let_in(dashboard).post(f"/api/run/brisk-otter/{where}", json=body, headers=headers)
    assert answer.status_code == 403
    assert not (root / "brisk-otter" / "control").exists()


@pytest.mark.parametrize("where", ["tell", "steer"])
def test_steering_as_a_viewer_is_refused(dashboard: Dashboard, root: Path, where: str) -> None:
    client = let_in(dashboard, write=False)
    body = {"text": "hello", "verb": "finish"}
    answer = client.post(f"/api/run/brisk-otter/{where}", json=body, headers={"Origin": ADDRESS})
    assert answer.status_code == 403
    assert not (root / "brisk-otter" / "control").exists()


@pytest.mark.parametrize("path", ["/", "/open", "/api/runs", "/static/app.js", "/api/run/nope/overview", "/nowhere"])
def test_every_answer_has_the_strict_headers(dashboard: Dashboard, path: str) -> None:
    headers = let_in(dashboard).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_what_is_framed_may_run_and_load_nothing(dashboard: Dashboard) -> None:
    policy = let_in(dashboard).get("/files/brisk-otter/trial/0").headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


def test_pages_hold_no_inline_script_or_style_and_name_no_other_host() -> None:
    import assay.web.app as app

    for path in sorted(app.STATIC.rglob("*")):
        if path.suffix not in (".html", ".js", ".css", ".svg"):
            continue
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.", text), path
        assert "innerHTML" not in text, path
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=\"", text), path


def test_the_whole_page_is_small() -> None:
    import assay.web.app as app

    size = sum(path.stat().st_size for path in app.STATIC.rglob("*") if path.is_file())
    assert size < 300_000, "all scripts, styles and pages together"

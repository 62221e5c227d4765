"""The console's files over HTTP, and what every answer says to browsers."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from danshu.faces.http import app
from danshu.faces.http.console import Console
from danshu.hub.compose import Hub
from tests.fixtures.hub import House, order

PAGE = (
    '<!doctype html><html><head><meta name="csp-nonce" content="__CSP_NONCE__">'
    '<link nonce="__CSP_NONCE__"></head><body><div id="root"></div></body></html>'
)
SCRIPT = "export const word = 'console';\n" * 100
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Console:
    """A console that was built, beside a file that nobody may read."""
    folder = tmp_path_factory.mktemp("site") / "static"
    (folder / "files").mkdir(parents=True)
    (folder / ".vite").mkdir()
    (folder.parent / "secret.txt").write_text("secret")
    (folder / ".vite" / "manifest.json").write_text("secret")
    (folder / ".stamp").write_text("secret")
    (folder / "index.html").write_text(PAGE)
    (folder / "logo.svg").write_text("<svg/>")
    script = folder / "files" / "app-1a2b.js"
    script.write_text(SCRIPT)
    script.with_name("app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    script.with_name("app-1a2b.js.br").write_bytes(b"brotli")
    return Console(folder)


def ask(console: Console, path: str, method: str = "GET", **headers: str) -> Answer:
    """Ask as a server does; the answer's status, headers and body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": raw, "scheme": "http"}
    asyncio.run(console(scope, send))
    told = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    assert len(told) == len(sent[0]["headers"]), "a header is said twice"
    return sent[0]["status"], told, sent[1]["body"]


def test_an_asset_is_kept_for_ever(built: Console) -> None:
    status, told, body = ask(built, "/files/app-1a2b.js")
    assert (status, body.decode()) == (200, SCRIPT)
    assert told["content-type"].startswith("text/javascript")
    assert "immutable" in told["cache-control"]
    assert told["content-length"] == str(len(body))
    assert ask(built, "/files/app-1a2b.js", if_none_match=told["etag"])[::2] == (304, b"")
    assert ask(built, "/files/app-1a2b.js", if_none_match='"other"')[0] == 200
    assert "immutable" not in ask(built, "/logo.svg")[1]["cache-control"]


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0.0", ""),
        ("identity", ""),
    ],
)
def test_the_smallest_body_that_is_understood(built: Console, accept: str, encoding: str) -> None:
    _, told, body = ask(built, "/files/app-1a2b.js", accept_encoding=accept)
    assert told.get("content-encoding", "") == encoding
    assert told["vary"] == "accept-encoding"
    assert told["content-length"] == str(len(body))
    if encoding == "gzip":
        assert gzip.decompress(body).decode() == SCRIPT


def test_head_says_the_same_without_a_body(built: Console) -> None:
    for path in ("/", "/logo.svg", "/files/none.js"):
        status, _, body = ask(built, path)
        again, heard, nothing = ask(built, path, "HEAD")
        assert (again, heard["content-length"], nothing) == (status, str(len(body)), b"")


@pytest.mark.parametrize(
    ("path", "compiles"),
    [("/policies/019a-x", True), ("/policies", False), ("/orders/policies/x", False), ("/", False)],
)
def test_only_the_canvas_may_compile(built: Console, path: str, compiles: bool) -> None:
    _, told, _ = ask(built, path)
    script = re.search(r"script-src ([^;]+);", told["content-security-policy"])
    assert script
    assert script[1] == ("'self' 'wasm-unsafe-eval'" if compiles else "'self'")


@pytest.mark.parametrize("path", ["/", "/orders", "/orders/019a-x", "/go/A.1", "/e/t", "/index"])
def test_every_page_is_the_page_with_a_fresh_nonce(built: Console, path: str) -> None:
    nonces = set()
    for _ in range(2):
        status, told, body = ask(built, path)
        nonce = re.search(r"'nonce-([\w-]{20,})'", told["content-security-policy"])
        assert nonce
        nonces.add(nonce[1])
        assert body.decode() == PAGE.replace("__CSP_NONCE__", nonce[1])
        assert (status, told["cache-control"]) == (200, "no-store")
    assert len(nonces) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/files/gone.js",
        "/files/",
        "/files/x",
        "/favicon.ico",
        "/a/b.css",
        "/.vite/manifest.json",
    ],
)
def test_a_file_that_is_not_there_is_a_problem_and_no_page(built: Console, path: str) -> None:
    status, told, body = ask(built, path)
    assert (status, told["content-type"]) == (404, "application/problem+json")
    assert b"secret" not in body


@given(
    st.lists(
        st.sampled_from(["..", ".", "", "files", ".stamp", "secret.txt", "%2e%2e", "\\", "\0"])
    )
)
def test_no_path_leads_out(built: Console, parts: list[str]) -> None:
    status, _, body = ask(built, "/" + "/".join(parts))
    assert status in (200, 404)
    assert b"secret" not in body


def test_a_console_that_was_not_built_says_how(tmp_path: Path) -> None:
    status, told, body = ask(Console(tmp_path / "nothing"), "/orders")
    assert (status, told["content-type"]) == (200, "text/html; charset=utf-8")
    assert "./danshu setup" in body.decode()
    assert "DANSHU_SKIP_UI" in body.decode()


# The policy, word for word: a looser one is a decision, not a slip.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}
ANSWERS: dict[str, tuple[str, str, Any, int]] = {
    "api": ("GET", "/v1/orders", None, 200),
    "intake": ("POST", "/v1/orders", "order", 201),
    "intake refused": ("POST", "/v1/orders", {}, 422),
    "channel refused": ("POST", "/v1/channels/none?account=1.x", {}, 404),
    "no route": ("GET", "/v1/nothing", None, 404),
    "no route for a form": ("POST", "/orders", {}, 404),
    "not allowed": ("DELETE", "/v1/orders", None, 405),
    "health": ("GET", "/health/live", None, 200),
    "reference": ("GET", "/docs", None, 200),
    "page": ("GET", "/orders", None, 200),
    "no file": ("GET", "/files/none.js", None, 404),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_every_answer_carries_the_headers(
    shared_house: House, case: tuple[str, str, Any, int]
) -> None:
    method, path, body, status = case
    answer = shared_house.call(method, path, order() if body == "order" else body)
    assert answer.status_code == status, answer.text
    told = answer.headers
    policy = dict(p.strip().split(" ", 1) for p in told["content-security-policy"].split(";"))
    policy["style-src"] = re.sub(r" 'nonce-[\w-]+'", "", policy["style-src"])
    assert policy == POLICY
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert "camera=(self)" in told["permissions-policy"]
    assert told["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in told


def test_https_stays_https(shared_house: House) -> None:
    for path in ("/health/live", "/orders"):
        answer = shared_house.client.get(f"https://hub.example{path}")
        assert int(answer.headers["strict-transport-security"].partition("=")[2]) > 10_000_000


def test_behind_a_proxy_the_origin_tells_of_https(shared_house: House) -> None:
    hub = Hub(shared_house.url)
    with TestClient(app.build(hub, origin="https://hub.example")) as client:
        answers = [client.get("/health/live"), client.get("/orders"), client.post("/v1/orders")]
    assert all("strict-transport-security" in answer.headers for answer in answers)


def test_an_unknown_route_of_the_api_is_a_problem(shared_house: House) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/orders/x/nothing", "/health/none"):
        answer = shared_house.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        assert answer.headers["content-type"] == "application/problem+json"

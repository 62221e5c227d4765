"""Trusted time over HTTP: the page, a book's tokens, who may ask for one."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from danshu.hub import timing
from danshu.hub.timing import Look
from danshu.kernel.timestamp import read_answer
from danshu.ports.clock import Reading
from danshu.testing.tsa import Tsa, open_tsa
from tests.fixtures.hub import House

pytest_plugins = ["tests.fixtures.hub"]
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the reference authority is `openssl ts`"
)
ROOMS = ("sequence", "seal", "stamp")


@pytest.fixture
def tsa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tsa]:
    with open_tsa() as served:
        (tmp_path / "root.pem").write_bytes(served.root)
        monkeypatch.setenv("DANSHU_TSA_URLS", served.url)
        monkeypatch.setenv("DANSHU_TSA_ROOTS", str(tmp_path))
        yield served


def look(house: House, error_us: int) -> None:
    """One look at one source."""
    reading = Reading(source="ntp.example.cn", stratum=2, dispersion_us=error_us)
    seen = Look(readings=(reading,), sample=timing.select((reading,), 1, 0))

    async def record() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            await timing.record(connection, "n1", seen, time.time_ns() // 1000, True)

    asyncio.run(record())


def test_the_page_and_the_tokens(house: House, tsa: Tsa) -> None:
    empty = house.call("GET", "/v1/time", role="viewer").json()
    assert (empty["state"]["word"], empty["sources"], empty["authorities"]) == ("unmeasured", [], 1)
    look(house, 1_800)
    house.place()
    for room in ROOMS:
        house.work(room)
    page = house.call("GET", "/v1/time", role="viewer").json()
    assert (page["state"]["word"], page["state"]["err_us"]) == ("measured", 1_800)
    (source,) = page["sources"]
    assert (source["source"], source["chosen"], source["error_us"]) == (
        "ntp.example.cn", True, 1_800,
    )  # fmt: skip
    (book,) = page["books"]
    assert [(s["algorithm"], s["own"], s["size"]) for s in book["stamps"]] == [
        ("sha256", True, book["signed"]),
        ("sm3", True, book["signed"]),
    ]
    half = book["half"]
    first = house.call("GET", f"/v1/books/{half}/tokens?limit=1", role="viewer").json()
    rest = house.call("GET", f"/v1/books/{half}/tokens?cursor={first['next']}").json()
    assert [t["algorithm"] for t in first["tokens"] + rest["tokens"]] == ["sm3", "sha256"]
    assert rest["next"] == ""
    raw = house.call("GET", f"/v1/books/{half}/tokens/{book['signed']}/sha256")
    assert raw.headers["content-type"] == "application/timestamp-reply"
    token = read_answer(raw.content).token
    assert token is not None
    with psycopg.connect(house.url) as connection:
        note = connection.execute("select note from checkpoints order by size desc").fetchone()
    assert note is not None
    assert token.digest == hashlib.sha256(note[0]).digest()
    for path in ("/v1/books/1999h1/tokens", "/v1/books/1999h1/tokens/1/sm3"):
        assert house.call("GET", path).status_code == 404
    assert house.call("GET", "/v1/books/1999h1/tokens/1/md5").status_code == 400
    assert house.call("GET", "/v1/time", role="channel").status_code == 403
    assert house.call("POST", "/v1/books/1999h1/stamp").status_code == 404


def test_a_token_is_asked_for(house: House, tsa: Tsa) -> None:
    house.place()
    for room in ROOMS:
        house.work(room)
    (book,) = house.call("GET", "/v1/time").json()["books"]
    house.place()
    for room in ROOMS:
        house.work(room)
    path = f"/v1/books/{book['half']}/stamp"
    assert house.call("POST", path, role="viewer").status_code == 403
    asked = house.call("POST", path)
    assert asked.status_code == 202
    assert asked.json()["size"] > book["signed"]
    with psycopg.connect(house.url) as connection:  # a second goes by
        connection.execute("update stamping set stamped_us=stamped_us-2000000")
    house.work("stamp")
    (now,) = house.call("GET", "/v1/time").json()["books"]
    assert {s["size"] for s in now["stamps"]} == {asked.json()["size"]}


def test_the_strip_says_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted, waiting for a token, or suspended: one of them is true, and it is the one told."""

    def clock() -> tuple[object, ...]:
        trust = house.call("GET", "/v1/board/trust").json()
        told = ("waits" if trust["clock_waits"] else "") + ("!" if trust["clock_suspends"] else "")
        return trust["clock"], trust["clock_error_us"], told

    authority = "https://tsa.example.cn/tsr"
    assert clock() == ("unmeasured", None, "")
    monkeypatch.setenv("DANSHU_TIME_REQUIRED", "1")
    assert clock() == ("unmeasured", None, "waits!")
    monkeypatch.setenv("DANSHU_TSA_URLS", authority)
    assert clock() == ("unmeasured", None, "waits")
    monkeypatch.delenv("DANSHU_TIME_REQUIRED")
    look(house, 1_800)
    assert clock() == ("measured", 1_800, "")
    look(house, 250_000)
    assert clock() == ("faulted", None, "waits")
    monkeypatch.delenv("DANSHU_TSA_URLS")
    assert clock() == ("faulted", None, "waits!")

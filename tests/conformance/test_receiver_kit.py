"""The page's receiver passes the contract kit, and the kit finds what a careless one does."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from danshu.kernel import webhooks
from danshu.testing import receiver_kit
from tests.tidy.tree import ROOT

PAGE = ROOT / "docs" / "how-to" / "receive-events.md"
SECRET = webhooks.make_secret(b"a receiver's secret, 24b")


def code() -> dict[str, Any]:
    """The page's receiver, as a reader would type it."""
    block = PAGE.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    space: dict[str, Any] = {}
    exec(compile(block, PAGE.name, "exec"), space)
    return space


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[dict[str, Any], str, Path]]:
    """The receiver at work: its code, its address, its database."""
    space, database = code(), tmp_path / "paid.db"
    server: ThreadingHTTPServer = space["serve"](SECRET, str(database))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield space, f"http://127.0.0.1:{server.server_port}/", database
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_page_s_receiver_passes(receiver: Any) -> None:
    _, url, database = receiver
    assert receiver_kit.main(url, SECRET) == 0
    with sqlite3.connect(database) as connection:
        tally = connection.execute("select count(*), count(distinct buyer_order) from paid")
        # structured, binary, 16 of a batch, one of the repeats, 3 of one order, two more
        assert tally.fetchone() == (24, 22)
        assert (
            connection.execute("select count(*) from paid where amount <> 15300").fetchone()[0] == 0
        )
    receiver_kit.check(receiver_kit.CASES[0], url, SECRET)


def found(url: str) -> set[str]:
    """The cases that a receiver does not pass."""
    with httpx.Client() as web:
        return {c.name for c in receiver_kit.CASES if receiver_kit.run(c, url, SECRET, web)}


def test_a_careless_receiver_is_found_out(receiver: Any) -> None:
    space, url, _ = receiver
    handler, consumer = space["Receiver"], space["consumer"]
    space["consumer"] = type("Careless", (), {**vars(consumer), "verify": lambda *_: None})
    assert found(url) == {"tampered", "stale", "unsigned", "foreign"}
    space["consumer"] = consumer
    handler.do_POST = lambda self: self.answer(500)
    handler.do_OPTIONS = lambda self: self.answer(200)
    taken = {c.name for c in receiver_kit.CASES} - {"tampered", "stale", "unsigned", "foreign"}
    assert found(url) >= taken
    assert receiver_kit.run(receiver_kit.CASES[0], "http://127.0.0.1:9/", SECRET)[0].status == 0

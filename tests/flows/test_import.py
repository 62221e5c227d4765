"""Files of orders: every row accounted for, nothing lost, nothing doubled, whatever kills it."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.hub import compose, import_files, imports
from danshu.kernel.errors import InputError
from danshu.stories import furnishing
from danshu.testing import messages

NOW_MS = 1_790_000_000_000
MAPPING = """
version: 1
name: shop
currency: CNY
shop: shop
create_skus: true
group_by: no
columns: {sku: sku, quantity: qty, price: price, created: at, province: province, city: city}
returns: {field: number, starts_with: R}
cancels: {field: number, starts_with: X}
unreadable: row
rules:
  - {code: gift, when: {field: sku, equals: GIFT}, as: reject, why: not sold}
"""
HEAD = "no,sku,qty,price,at,province,city\n"


def line(number: str, sku: str = "A-1", quantity: object = 1, price: object = "9.90") -> str:
    return f"{number},{sku},{quantity},{price},2026-11-01 10:00:00,浙江省,杭州市\n"


def shop_file(orders: int) -> str:
    """Orders of two or three lines; some rows without a quantity that can be, some returns."""
    rows = [HEAD]
    for n in range(orders):
        number = f"R{n}" if n % 11 == 10 else f"N{n}"
        rows += [line(number), line(number, f"B-{n % 7}", 2 if n % 5 else "many")]
        rows += [line(number, "GIFT")] * (n % 3 == 0)
    return "".join(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    return tmp_path


def lend(url: str) -> None:
    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await furnishing.lend_network(connection, "shop", "示例店")

    compose.prepare(url)
    asyncio.run(work())


def danshu(
    url: str, folder: Path, *words: str, patch: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `danshu WORDS` in a process of its own; `patch` is code that runs before it."""
    code = (
        f"import sys; sys.argv = ['danshu', *sys.argv[1:]]\n{patch}\n"
        "from danshu.faces.cli.main import run; run()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "DANSHU_DATABASE_URL": url},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def bring_in(url: str, folder: Path, name: str = "orders.csv", *words: str) -> dict[str, Any]:
    done = danshu(
        url, folder, "import", name, "--mapping", "mapping.yaml", "--tenant", "shop", "--json",
        "--rejects", "rejects.csv", *words,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = msgspec.json.decode(done.stdout)
    assert report["rows_in"] == report["rows_accepted"] + report["rows_rejected"]
    assert sum(report["reasons"].values()) == report["rows_rejected"]
    return report


def stored(url: str) -> dict[str, Any]:
    """What the database holds, as far as two runs of one file must agree."""
    with psycopg.connect(url, autocommit=True) as connection:

        def all_of(sql: str) -> list[Any]:
            return connection.execute(sql.encode()).fetchall()

        return {
            "orders": all_of("select okey, state, total from orders order by okey"),
            "facts": all_of("select count(*), sum(n) from facts f join orders o on o.id=f.stream"),
            "vault": all_of("select count(*) from vault"),
            "skus": all_of("select code from skus order by code"),
            "inbox": all_of("select channel, reason, body from inbox order by 1, 2, 3"),
        }


def test_every_row_is_accounted_for(database: str, folder: Path) -> None:
    lend(database)
    text = HEAD + line("N1") + line("N1", "A-2", 3) + line("N2", "GIFT") + line("N3", quantity=0)
    text += line("R1", "A-1") + line("X9", "A-1")
    (folder / "orders.csv").write_text(text, "utf-8")
    report = bring_in(database, folder)
    assert report["rows_in"] == 6
    assert report["reasons"] == {"gift": 1, "quantity_invalid": 1, "cancel_of_unknown": 1}
    assert (report["orders_placed"], report["orders_existing"]) == (2, 0)
    assert report["skus_created"] == 2
    with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = [(row["row"], row["code"], row["number"]) for row in csv.DictReader(file)]
    assert rejected == [
        ("4", "gift", "N2"),
        ("5", "quantity_invalid", "N3"),
        ("7", "cancel_of_unknown", "X9"),
    ]
    orders = {key: state for key, state, _ in stored(database)["orders"]}
    assert orders.keys() == {"table/shop/N1", "table/shop/R1"}
    assert orders["table/shop/R1"] == 5  # a return waits as a return


def test_a_finished_file_is_known(database: str, folder: Path) -> None:
    lend(database)
    (folder / "orders.csv").write_text(shop_file(30), "utf-8")
    first = bring_in(database, folder)
    before, rejects = stored(database), (folder / "rejects.csv").read_bytes()
    again = bring_in(database, folder)
    assert first["orders_placed"] == 30
    assert (again["orders_placed"], again["orders_existing"]) == (0, 30)
    assert again["rows_in"] == first["rows_in"]
    assert stored(database) == before
    assert (folder / "rejects.csv").read_bytes() == rejects


def test_a_longer_file_brings_only_what_is_new(database: str, folder: Path) -> None:
    lend(database)
    (folder / "orders.csv").write_text(shop_file(10), "utf-8")
    bring_in(database, folder)
    (folder / "orders.csv").write_text(shop_file(14), "utf-8")
    report = bring_in(database, folder)
    assert (report["orders_placed"], report["orders_existing"]) == (4, 10)


KILLS = {
    "placed, not saved": ("_save", 2, "before"),
    "saved": ("_save", 2, "after"),
    "rejects written, not saved": ("Rejects.write", 3, "after"),
    "finished, not said": ("_save", 8, "before"),
}
PATCH = """
import os, signal, inspect
from danshu.hub import imports
imports.CHUNK_ORDERS = 8
owner, _, name = {target!r}.rpartition('.')
owner = getattr(imports, owner) if owner else imports
inner, calls = getattr(owner, name), []
def die(when):
    if when == {when!r} and len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
if inspect.iscoroutinefunction(inner):
    async def outer(*args, **kwargs):
        calls.append(1); die('before')
        result = await inner(*args, **kwargs)
        die('after')
        return result
else:
    def outer(*args, **kwargs):
        calls.append(1); die('before')
        result = inner(*args, **kwargs)
        die('after')
        return result
setattr(owner, name, outer)
"""


def test_killed_and_resumed(databases: Any, folder: Path) -> None:
    whole = databases()
    lend(whole)
    (folder / "orders.csv").write_text(shop_file(52), "utf-8")
    undisturbed = bring_in(whole, folder)
    rejects, expected = (folder / "rejects.csv").read_bytes(), stored(whole)
    for name, (target, call, when) in KILLS.items():
        torn = databases()
        lend(torn)
        (folder / "rejects.csv").unlink()
        died = danshu(
            torn, folder, "import", "orders.csv", "--mapping", "mapping.yaml",
            "--tenant", "shop", "--rejects", "rejects.csv", "--json",
            patch=PATCH.format(target=target, call=call, when=when),
        )  # fmt: skip
        assert died.returncode == -signal.SIGKILL, (name, died.stderr)
        resumed = bring_in(torn, folder)
        assert stored(torn) == expected, name
        assert (folder / "rejects.csv").read_bytes() == rejects, name
        for total in ("rows_in", "rows_accepted", "rows_rejected", "reasons"):
            assert resumed[total] == undisturbed[total], name
        orders = [r["orders_placed"] + r["orders_existing"] for r in (resumed, undisturbed)]
        assert orders == [52, 52], name


def test_messages_of_a_platform(database: str, folder: Path) -> None:
    lend(database)
    bodies = [messages.message("taobao", n, 7, NOW_MS) for n in range(3)]
    text = b"\n".join([*bodies, b"{not json}", bodies[0], b""])
    (folder / "orders.ndjson").write_bytes(text)
    report = bring_in(database, folder, "orders.ndjson", "--channel", "taobao")
    assert (report["rows_in"], report["rows_rejected"]) == (5, 1)
    assert (report["orders_placed"], report["orders_existing"]) == (3, 1)
    (folder / "one.json").write_bytes(msgspec.json.format(bodies[1]))
    report = bring_in(database, folder, "one.json", "--channel", "taobao")
    assert (report["rows_in"], report["orders_existing"]) == (1, 1)
    assert len(stored(database)["orders"]) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--channel", "taobao", "--tenant", "nobody"], "no merchant 'nobody'"),
        (["--channel", "carrier-pigeon"], "no channel"),
        (["--channel", "table"], "--mapping"),
    ],
)
def test_what_cannot_begin_says_why(
    database: str, folder: Path, words: list[str], said: str
) -> None:
    lend(database)
    (folder / "orders.csv").write_text(HEAD + line("N1"), "utf-8")
    done = danshu(database, folder, "import", "orders.csv", "--tenant", "shop", *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@given(st.lists(st.integers(min_value=1, max_value=4), max_size=60), st.integers(1, 9))
def test_chunks_end_between_orders(sizes: Sequence[int], most: int) -> None:
    entries = [
        import_files.Entry(order=order, rows=(row,))
        for order, size in enumerate(sizes)
        for row in range(size)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "CHUNK_ORDERS", most)
        chunks = list(imports._chunks(entries))
    assert [entry for chunk in chunks for entry in chunk] == entries
    orders = [{entry.order for entry in chunk} for chunk in chunks]
    assert sum(len(each) for each in orders) == len(set().union(*orders)) == len(sizes)


def test_an_unknown_mapping_word_is_refused(folder: Path) -> None:
    (folder / "orders.csv").write_text(HEAD, "utf-8")
    (folder / "mapping.yaml").write_text(MAPPING + "colour: red\n", "utf-8")
    with pytest.raises(InputError, match="colour"):
        import_files.open_file(folder / "orders.csv", "table", folder / "mapping.yaml")

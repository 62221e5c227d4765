"""Jobs whose nodes die, or are taken for dead: each order is acted on once, none is left out."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from danshu.bench import rig
from danshu.kernel.limits import JOB_CHUNK
from tests.faults import shop, site

pytest_plugins = ["tests.fixtures.engine"]
ORDERS = 2 * JOB_CHUNK + 7


async def _place(url: str, tenant: int) -> None:
    async with shop.open_hubs(url) as (hub,):
        asked = [shop.request(tenant, f"j{n}") for n in range(ORDERS)]
        shop.answers(await hub.place(asked))


def _call(opened: rig.Rig, port: int, method: str, path: str, body: Any = None) -> Any:
    told = httpx.request(
        method,
        f"http://127.0.0.1:{port}{path}",
        json=body,
        headers={"authorization": f"Bearer {opened.key}"},
        timeout=site.PATIENCE_S,
        trust_env=False,
    )
    assert told.status_code < 300, told.text
    return told.json() if "json" in told.headers["content-type"] else told.content


def _serve(opened: rig.Rig, name: str) -> int:
    port = site.start_server(opened, name)
    rig.wait_ready(port, opened.processes[name])
    return port


def _done(opened: rig.Rig) -> int:
    return int(rig.query(opened.url, "select count(*) from job_items where code=''")[0][0])


def _ended(opened: rig.Rig) -> bool:
    return rig.query(opened.url, "select count(*) from jobs where ended is null") == [(0,)]


def _said(opened: rig.Rig, kind: str) -> dict[uuid.UUID, int]:
    """Count the facts of a type on each stream."""
    rows = rig.query(opened.url, "select stream, body from facts")
    found: dict[uuid.UUID, int] = {}
    for stream, body in rows:
        n = bytes(body).count(b'"type":"%b"' % kind.encode())
        if n:
            found[stream] = found.get(stream, 0) + n
    return found


@pytest.mark.parametrize("seed", [1])
def test_the_node_of_a_job_dies_again_and_again(made: Path, seed: int) -> None:
    """kill -9 twice at random; the last node ends what the first began."""
    rng = random.Random(seed)
    with site.open_site(made, shop.everywhere(100_000)) as opened:
        asyncio.run(_place(opened.url, opened.tenant))
        port = _serve(opened, "node0")
        body = {"act": "hold", "f": "", "reason": "暴雨"}
        job = _call(opened, port, "POST", "/v1/bulk", body)
        for turn in range(2):
            before = _done(opened)

            def went_on(before: int = before) -> bool:
                return _done(opened) > before or _ended(opened)

            site.wait_until(went_on)
            time.sleep(rng.uniform(0.0, 0.3))
            site.kill(opened, f"node{turn}")
            # nobody waits for the dead: their lease ends, here at once
            rig.query(opened.url, "update jobs set lease=now() - interval '1 s' returning 1")
            port = _serve(opened, f"node{turn + 1}")
        site.wait_until(lambda: _ended(opened))
        seen = _call(opened, port, "GET", f"/v1/jobs/{job['id']}")
        assert (seen["state"], seen["done"], seen["failed"]) == ("done", ORDERS, 0)
        held = _said(opened, "order.held")
        assert len(held) == ORDERS
        assert set(held.values()) == {1}
        undone = _call(opened, port, "POST", f"/v1/jobs/{job['id']}/undo")
        site.wait_until(lambda: _ended(opened))
        back = _call(opened, port, "GET", f"/v1/jobs/{undone['id']}")
        assert (back["done"], back["failed"]) == (ORDERS, 0)
        assert set(_said(opened, "order.unheld").values()) == {1}
        rig.stop_all(opened)
        assert asyncio.run(site.check(opened, [])) == ORDERS


def test_two_nodes_work_on_one_job(made: Path) -> None:
    """A node that is alive is taken for dead: another works on the same job beside it."""

    async def run(opened: rig.Rig) -> None:
        port = await asyncio.to_thread(_serve, opened, "one")
        await asyncio.to_thread(_serve, opened, "two")
        body = {"act": "tag", "f": "", "tags": ["x"]}
        await asyncio.to_thread(_call, opened, port, "POST", "/v1/bulk", body)
        while not await asyncio.to_thread(_ended, opened):
            rig.query(opened.url, "update jobs set lease=now() - interval '1 s' returning 1")
            await asyncio.sleep(0.05)

    with site.open_site(made, shop.everywhere(100_000)) as opened:
        asyncio.run(_place(opened.url, opened.tenant))
        asyncio.run(run(opened))
        tagged = _said(opened, "order.tagged")
        assert len(tagged) == ORDERS
        assert set(tagged.values()) == {1}
        assert rig.query(opened.url, "select done, failed from jobs") == [(ORDERS, 0)]
        assert rig.query(opened.url, "select count(*) from order_tags") == [(ORDERS,)]


def test_the_file_of_an_export_is_whole_whoever_made_it(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node dies while it writes; another writes the file anew, and one fact says so."""
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    with site.open_site(made, shop.everywhere(100_000)) as opened:
        asyncio.run(_place(opened.url, opened.tenant))
        port = _serve(opened, "node0")
        body = {"f": "", "form": "csv", "columns": ["number", "goods"], "purpose": "核对数目"}
        job = _call(opened, port, "POST", "/v1/exports", body)
        site.kill(opened, "node0")
        rig.query(opened.url, "update jobs set lease=now() - interval '1 s' returning 1")
        port = _serve(opened, "node1")
        site.wait_until(lambda: _ended(opened))
        seen = _call(opened, port, "GET", f"/v1/jobs/{job['id']}")
        content = _call(opened, port, "GET", f"/v1/exports/{job['id']}")
        assert hashlib.sha256(content).hexdigest() == seen["result"]["digest"]
        numbers = {line.split(",")[0] for line in content.decode("utf-8-sig").splitlines()[1:]}
        assert {f"j{n}" for n in range(ORDERS)} <= numbers
        assert list(_said(opened, "export.made").values()) == [1]

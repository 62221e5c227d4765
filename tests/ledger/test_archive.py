"""Days put away: what left the database is in the archive, proven, and comes back by itself;
a kill at any step loses nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import io
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.faces import verify as verifier
from danshu.hub import archive, archive_room
from danshu.hub.folding import OrdersFolder, StockFolder
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, NotAvailable
from danshu.ledger import archive_files, archived, follow
from danshu.ledger.audit import audit_log, fold_rows
from danshu.ledger.engine import Engine
from danshu.ledger.fold import Folder
from danshu.ports import registry
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House, open_house

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("away")


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder; what was made today counts as old."""
    monkeypatch.setenv(archived.VARIABLE, folder.as_uri())
    monkeypatch.setattr(archived, "ARCHIVE_YOUNG_DAYS", -1)
    registry.refresh()
    return archived.blobs()


def run(house: House, work: Any) -> Any:
    async def within() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await work(c)

    return asyncio.run(within())


def end(house: House, *, cancel: bool = True) -> uuid.UUID:
    """Place an order and, unless told otherwise, end it; it is in the log and signed."""
    placed = str(house.place(paid_at=None)["order"])  # nothing is to be paid back
    if cancel:
        act = {"event": "cancel", "reason": "买家取消"}
        assert house.call("POST", f"/v1/orders/{placed}/transitions", act).is_success
    house.work("sequence", "seal", "rows")
    return uuid.UUID(placed)


def put_away(house: House, id_: uuid.UUID, place: Any) -> Any:
    return run(house, lambda c: archive.put_away(c, house.tenant, archived.day_of(id_), place))


def rows_of(house: House, id_: uuid.UUID) -> object:
    return ask(house.url, f"select count(*) from facts where stream = '{id_}'")


def read(house: House, id_: uuid.UUID, what: str) -> Any:
    response = house.call("GET", f"/v1/orders/{id_}/{what}")
    assert response.is_success, response.text
    return response


def must_be_clean(house: House) -> dict[str, int]:
    async def audit(c: Any) -> Any:
        world = await house.hub.worlds.ensure(house.tenant)
        folders: list[Folder] = [OrdersFolder(world), StockFolder(house.tenant)]
        return await audit_log(c, house.tenant), await fold_rows(c, house.tenant, folders)

    log, rows = run(house, audit)
    assert (log.differences, rows.differences) == ((), ())
    return dict(log.counts)


def test_an_order_that_was_put_away_is_read_acted_on_and_proven(house: House, place: Any) -> None:
    ended, goes_on = end(house), end(house, cancel=False)
    facts = read(house, ended, "facts").json()
    part = put_away(house, ended, place)
    assert (part.rows, part.first, part.last) == (2, ended, ended)
    assert (rows_of(house, ended), rows_of(house, goes_on)) == (0, 1)  # one ended, one has not
    assert put_away(house, ended, place) is None
    assert must_be_clean(house)["put_away"] == part.facts
    assert rows_of(house, ended) == 0  # an audit brings nothing back
    assert run(house, lambda c: archive.verify(c, house.tenant, part, place)).ok

    bundle = read(house, ended, "evidence").content
    report = verifier.verify(io.BytesIO(bundle), house.call("GET", "/v1/trust").json()["vkeys"])
    assert report.code == verifier.PASSED
    assert rows_of(house, ended) == 2
    assert read(house, ended, "facts").json()["facts"][: len(facts["facts"])] == facts["facts"]
    assert must_be_clean(house).get("put_away", 0) == 0

    tag = {"tags": ["看过"]}
    assert house.call("PUT", f"/v1/orders/{ended}/tags", tag).status_code < 500
    swept = run(house, lambda c: archive.sweep(c, house.tenant, keep_days=-1))
    assert swept == 1
    house.work("sequence", "seal")
    must_be_clean(house)
    restored = run(house, lambda c: archive.restore(c, house.tenant, part, place))
    assert restored == part.rows
    assert run(house, lambda c: archive.list_parts(c, house.tenant)) == []
    must_be_clean(house)


def test_who_reads_the_log_from_its_beginning_brings_back_what_he_meets(
    house: House, place: Any
) -> None:
    ended = end(house)
    half, size = run(house, lambda c: _book(c, house.tenant))
    before = run(house, lambda c: follow.read_leaves(c, house.tenant, half, 0, size))
    put_away(house, ended, place)
    after = run(house, lambda c: follow.read_leaves(c, house.tenant, half, 0, size))
    assert [leaf.body for leaf in after] == [leaf.body for leaf in before]


async def _book(c: Any, tenant: int) -> Any:
    cursor = await c.execute("select half, size from books where tenant=%s", (tenant,))
    return await cursor.fetchone()


def test_a_file_that_was_changed_gives_nothing(house: House, place: Any, folder: Path) -> None:
    ended = end(house)
    part = put_away(house, ended, place)
    path = folder / part.object
    whole = path.read_bytes()
    note = path.with_name(path.name + ".note").read_text()
    assert f"sha256 {part.digest.hex()}\n" in note
    rows = [row for group in archive_files.read(place, part.object, part.size) for row in group]
    bodies = [body.replace(b"T0", b"T9", 1) for *_, body in rows]
    assert bodies != [row[-1] for row in rows]
    forged = [(*row[:-1], body) for row, body in zip(rows, bodies, strict=True)]
    archive_files.write(path, forged)
    checked = run(house, lambda c: archive.verify(c, house.tenant, part, place))
    assert not checked.ok
    with pytest.raises(DanshuError):
        run(house, lambda c: archive.restore(c, house.tenant, part, place))
    # even who says in the database that the file is this long gets none of it in
    bytes_ = "update archive_parts set bytes={} where object='" + part.object + "'"
    tell(house.url, bytes_.format(path.stat().st_size))
    assert house.call("GET", f"/v1/orders/{ended}/facts").status_code >= 500
    assert rows_of(house, ended) == 0
    tell(house.url, bytes_.format(part.size))
    path.unlink()
    assert house.call("GET", f"/v1/orders/{ended}/facts").status_code == 503
    path.write_bytes(whole)
    assert read(house, ended, "facts").json()["facts"]


class Dying:
    """A place where the process is killed at its nth word, before it or after."""

    def __init__(self, place: Any, nth: int) -> None:
        self._place, self._left = place, nth

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
            done = getattr(self._place, name)(*args)
            if name == "put" and self._left == -1:
                raise KeyboardInterrupt
            return done

        return call


def test_a_kill_at_any_step_loses_nothing(house: House, place: Any) -> None:
    ended = end(house)
    killed = 0
    for nth in range(1, 40):
        try:
            part = put_away(house, ended, Dying(place, nth))
        except KeyboardInterrupt:
            killed += 1
            assert rows_of(house, ended) == 2
            continue
        break
    assert killed >= 4
    assert rows_of(house, ended) == 0
    assert run(house, lambda c: archive.verify(c, house.tenant, part, place)).ok
    must_be_clean(house)


def test_an_archive_that_gives_other_bytes_back_takes_nothing(house: House, place: Any) -> None:
    ended = end(house)

    class Lossy:
        def __getattr__(self, name: str) -> Any:
            return getattr(place, name)

        def read(self, name: str, start: int, end: int) -> bytes:
            return b"\0" * (end - start)

    with pytest.raises(NotAvailable, match="other bytes"):
        put_away(house, ended, Lossy())
    assert rows_of(house, ended) == 2


def test_the_room_is_off_until_an_archive_is_named(
    house: House, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(c: Any) -> list[datetime.date]:
        made = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=9)
        low, high = ids.day_bounds(made)
        name = f"facts_{made:%Y%m%d}"
        await c.execute(
            f"create table if not exists {name} partition of facts"
            f" for values from ('{low}') to ('{high}')"
        )
        assert await archive_room.begin(house.url)(c) == 1
        assert await archive_room.begin(house.url)(c) == 0  # it was looked at
        return await archive_room.old_days(c, 8)

    monkeypatch.setenv("DANSHU_ARCHIVE_DAYS", "8")
    assert len(run(house, look)) == 1
    monkeypatch.delenv(archived.VARIABLE)
    assert run(house, archive_room.begin(house.url)) == 0
    assert os.environ["DANSHU_ARCHIVE_DAYS"] == "8"

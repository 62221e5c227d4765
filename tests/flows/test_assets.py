"""Assets in the product: sources follow the log in whole files, an asset is built, read, traced."""

from __future__ import annotations

import hashlib
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from danshu.faces.cli import assets as cli
from danshu.hub import (
    asset_cells,
    asset_files,
    asset_index,
    asset_pieces,
    asset_rebuild,
    asset_store,
    assets,
)
from danshu.hub.asset_files import Disk, Written
from danshu.hub.asset_index import Index
from danshu.hub.asset_store import Built
from danshu.hub.assets_room import due
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asset import Column, Title
from tests.fixtures.asset_folders import follow, on_connection, refresh
from tests.fixtures.hub import House

FIXTURES = Path(__file__).parents[1] / "fixtures"
PIECE = 16
TITLE = Title(zh="列", en="Column")
NO_FILE = Written(name="", rows=0, size=0, digest="")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of assets, and plug in the asset for tests."""
    loose = tmp_path / "loose" / "asset"
    loose.mkdir(parents=True)
    shutil.copy(FIXTURES / "counted_orders.py", loose / "counted-orders.py")
    monkeypatch.setenv("DANSHU_PLUGINS", str(loose.parent))
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))
    return tmp_path / "assets"


def test_an_order_is_in_the_sources(house: House, folder: Path) -> None:
    number = house.place()["number"]
    house.work("sequence")
    runs = refresh(house, "counted-orders")
    with asset_store.open_store(folder, house.tenant) as store:
        assert store.read(store.source("orders")).column("number").to_pylist() == [number]
        assert store.read(store.source("lines")).num_rows == 2
        assert store.read(store.built("counted-orders")).column("total").to_pylist() == [4480]
    (run,) = [run for run in runs if run.asset == "counted-orders"]
    assert (run.outcome, run.rows, run.quality.score) == ("built", 1, 100)
    assert refresh(house, "counted-orders") == ()  # nothing is new


def test_cells_and_the_facts_behind_them_over_http(house: House, folder: Path) -> None:
    order = house.place()
    house.work("sequence")
    refresh(house, "counted-orders")
    told = house.call("GET", "/v1/assets").json()["items"]
    (line,) = [each for each in told if each["name"] == "counted-orders"]
    assert (line["state"], line["rows"], line["score"]) == ("fresh", 1, 100)
    page = house.call("GET", "/v1/assets/counted-orders").json()
    assert "GROUP BY" in page["sql"]["spark"]
    cells = house.call("GET", '/v1/assets/counted-orders/cells?where={"orders>=":1}').json()
    assert cells["columns"] == ["channel", "hour", "orders", "total", "mean"]
    assert [row[2:] for row in cells["rows"]] == [[1, 4480, 4480]]
    chart = house.call("GET", "/v1/assets/counted-orders/chart?by=channel&order=-orders").json()
    assert (chart["columns"][:2], chart["total"]) == (["channel", "orders"], 1)
    assert chart["rows"][0][:2] == ["api", 1]
    other = house.call("GET", '/v1/assets/counted-orders/chart?where={"channel":"jd"}').json()
    assert other["rows"] == []
    assert house.call("GET", "/v1/assets/counted-orders/chart?by=total").status_code == 400
    names = house.call("GET", "/v1/assets/names").json()
    assert {"code": "330100", "title": {"zh": "杭州", "en": "Hangzhou"}} in names["regions"]
    traced = house.call("GET", '/v1/assets/counted-orders/trace?cell={"channel":"api"}').json()
    (row,) = traced["rows"]
    assert (row["order"], row["number"]) == (order["order"], order["number"])
    assert (row["fact"], row["type"], row["who"]) == (
        f"{order['order']}/1",
        "order.placed",
        "admin",
    )
    assert len(row["raw"]) == 64
    runs = house.call("GET", "/v1/assets/counted-orders/runs").json()["items"]
    assert [run["outcome"] for run in runs] == ["built"]


class Broken(Exception):
    """The process ends here."""


class Mortal(Disk):
    """A disk whose process ends before the act with this number."""

    def __init__(self, acts: int) -> None:
        self.left = acts

    def write(self, path: Path, data: bytes) -> None:
        self._act()
        super().write(path, data)

    def rename(self, path: Path, to: Path) -> None:
        self._act()
        super().rename(path, to)

    def remove(self, path: Path) -> None:
        self._act()
        super().remove(path)

    def _act(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Broken


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut books into pieces of a few positions."""
    for module in (asset_pieces, asset_index):
        monkeypatch.setattr(module, "ASSET_PIECE", PIECE)
    monkeypatch.setattr(asset_pieces, "ASSET_BATCH", PIECE // 4)


def torn(mine: Path) -> list[str]:
    """Name the files that the index names and that are not as it says."""
    index = asset_index.read(mine)
    assert index is not None
    return [
        file.name
        for piece in index.pieces
        for file in piece.files.values()
        if hashlib.sha256((mine / file.name).read_bytes()).hexdigest() != file.digest
    ]


def digests(index: Index) -> dict[str, str]:
    return {f.name: f.digest for piece in index.pieces for f in piece.files.values()}


@pytest.mark.usefixtures("small")
def test_files_are_whole_wherever_it_ends(house: House, folder: Path, tmp_path: Path) -> None:
    house.place()
    house.work("sequence")
    half_way = follow(house, folder)
    house.place()
    house.place()
    house.work("sequence")
    saved = tmp_path / "saved"
    shutil.copytree(folder, saved)
    wanted = digests(follow(house, tmp_path / "whole"))
    acts = 0
    while True:
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        try:
            follow(house, folder, Mortal(acts))
        except Broken:
            assert torn(folder / str(house.tenant)) == []
            assert digests(follow(house, folder)) == wanted
        else:
            break
        acts += 5
    assert acts > 12
    left = {str(p.relative_to(folder / str(house.tenant))) for p in folder.rglob("*.parquet")}
    assert left <= set(wanted) | set(digests(half_way))


def test_a_slow_follower_puts_nothing_older_in_place(house: House, folder: Path) -> None:
    """It had read how long the log is before orders came that a quicker one has followed."""
    reached, may_go = threading.Event(), threading.Event()

    class Slow(Disk):
        def put(self, path: Path, data: bytes) -> None:
            if path.name == asset_index.INDEX:
                reached.set()
                assert may_go.wait(30)
            super().put(path, data)

    house.place()
    house.work("sequence")
    with ThreadPoolExecutor(2) as hands:
        slow = hands.submit(follow, house, folder, Slow())
        assert reached.wait(30)
        house.place()
        house.work("sequence")
        quick = hands.submit(follow, house, folder)
        wait([quick], timeout=1.0)  # long enough to overtake
        may_go.set()
        assert sum(quick.result().ends.values()) > sum(slow.result().ends.values())
    index = asset_index.read(folder / str(house.tenant))
    assert index is not None
    assert index.ends == quick.result().ends


@pytest.mark.usefixtures("small")
def test_pieces_close_and_stay(house: House, folder: Path) -> None:
    house.place()
    house.work("sequence")
    first = follow(house, folder)
    assert [piece.is_closed for piece in first.pieces][:2] == [True, True]
    house.place()
    house.work("sequence")
    second = follow(house, folder)
    closed = [piece for piece in first.pieces if piece.is_closed]
    assert list(second.pieces[: len(closed)]) == closed
    for file in (f for piece in second.pieces for f in piece.files.values()):
        path = folder / str(house.tenant) / file.name
        assert (path.stat().st_size, path.stat().st_mode & 0o777) == (file.size, 0o600)
    assert follow(house, folder) == second  # nothing is new, nothing is written
    mine = asset_files.of_tenant(folder, house.tenant)
    strange = msgspec.structs.replace(second.pieces[-1], last="another leaf")
    other = msgspec.structs.replace(second, pieces=(*second.pieces[:-1], strange))
    asset_index.write(Disk(), mine, other, None)
    assert digests(follow(house, folder)) == digests(second)  # of another log: all is made again
    shrunk = follow(house, folder, until={second.pieces[0].half: PIECE})
    assert [piece.end for piece in shrunk.pieces] == [PIECE]  # an older backup was brought back


def test_made_again_from_the_log_it_is_the_same(house: House, folder: Path) -> None:
    house.place()
    house.work("sequence")
    refresh(house, "counted-orders")
    house.place()
    house.work("sequence")
    refresh(house, "counted-orders")
    told = on_connection(house, lambda c: asset_rebuild.compare(c, house.tenant, folder))
    assert told.differences == ()
    assert told.files > 5
    mine = asset_files.of_tenant(folder, house.tenant)
    built = asset_store.read_built(mine, "counted-orders")
    assert built is not None
    path = mine / built.file.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    told = on_connection(house, lambda c: asset_rebuild.compare(c, house.tenant, folder))
    assert [(d.name, d.what) for d in told.differences] == [(built.file.name, "changed")]
    assert not [p for p in folder.iterdir() if p.name.startswith(".check")]


def test_what_a_disk_withholds_is_not_taken_for_nothing(tmp_path: Path) -> None:
    (tmp_path / asset_index.INDEX).mkdir()
    with pytest.raises(NotAvailable):
        asset_index.read(tmp_path)


def test_when_a_merchant_is_due(folder: Path) -> None:
    mine = asset_files.of_tenant(folder, 1)
    assert not due(folder, 1, {"2026h2": 5}, now_ms(), is_known=False)
    assert due(folder, 1, {"2026h2": 5}, now_ms(), is_known=True)  # never built
    piece = asset_index.Piece(half="2026h2", no=0, end=5, files={})
    index = Index(format="", pieces=(piece,))
    asset_index.write(Disk(), mine, index, None)
    assert due(folder, 1, index.ends, 0, is_known=False)  # some asset was never built
    for asset in assets.known().values():
        built = Built(
            asset=asset.name, version=asset.version, file=NO_FILE, state="", positions={},
            built_ms=1, run="",
        )  # fmt: skip
        Disk().put(mine / "built" / asset.name / asset_store.BUILT, msgspec.json.encode(built))
    later_ms = 366 * 86_400_000
    assert not due(folder, 1, {"2026h2": 5}, later_ms, is_known=True)  # has not grown
    assert not due(folder, 1, {"2026h2": 6}, 2, is_known=True)  # is young
    assert due(folder, 1, {"2026h2": 6}, later_ms, is_known=True)


class Segments:
    """An asset that counts people, as far as its cells are read."""

    name = "segments"
    columns = (
        Column(name="city", title=TITLE, role="grain"),
        Column(name="hour", title=TITLE, role="grain"),
        Column(name="people", title=TITLE, role="measure", unit="customers"),
        Column(name="mean", title=TITLE, role="measure", unit="minutes"),
    )


CELLS = [("b", 1, 9, 5), ("a", 2, 4, None), ("a", 1, 7, 5), ("c", -3, 5, 30), ("", 7, 50, 2)]


@pytest.fixture
def segments(tmp_path: Path) -> Path:
    import pyarrow as pa

    table = pa.Table.from_pylist(
        [dict(zip(("city", "hour", "people", "mean"), cell, strict=True)) for cell in CELLS]
    )
    file = asset_files.put_table(Disk(), tmp_path, "built/segments/x.parquet", table)
    built = Built(
        asset="segments", version=1, file=file, state="", positions={}, built_ms=5, run="r"
    )
    Disk().put(tmp_path / "built" / "segments" / asset_store.BUILT, msgspec.json.encode(built))
    return tmp_path


def page(place: Path, **asked: Any) -> asset_cells.Cells:
    told: dict[str, Any] = {"where": {}, "order": "", "after": "", "limit": 50, "hides_few": False}
    return asset_cells.read(place, cast("Any", Segments()), **{**told, **asked})


@pytest.mark.parametrize("order", ["", "-mean", "mean", "hour", "-city"])
def test_cells_are_paged_in_any_order_and_none_twice(segments: Path, order: str) -> None:
    whole = page(segments, order=order).rows
    assert sorted(whole, key=str) == sorted(CELLS, key=str)
    read: list[Any] = []
    after = ""
    while True:
        part = page(segments, order=order, after=after, limit=2)
        read += part.rows
        after = part.next
        if not after:
            break
    assert tuple(read) == whole
    if order == "-mean":
        assert [row[3] for row in whole] == [30, 5, 5, 2, None]


def test_cells_of_few_people_are_hidden_from_who_may_not_see_rows(segments: Path) -> None:
    shown = page(segments, hides_few=True)
    assert (shown.total, shown.suppressed) == (5, 1)
    assert ("a", 2, 4, None) not in shown.rows
    some = page(segments, where={"city": "a", "hour>=": "2"}, hides_few=True)
    assert (some.rows, some.total, some.suppressed) == ((), 1, 1)
    assert page(segments, where={"hour<=": 1, "hour>=": -3}, order="hour").rows[0] == CELLS[3]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"where": {"town": "a"}}, "bad_filter"),
        ({"where": {"city": 3}}, "bad_filter"),
        ({"where": {"hour": "noon"}}, "bad_filter"),
        ({"where": {'city" or 1=1 --': "a"}}, "bad_filter"),
        ({"order": "-town"}, "bad_filter"),
        ({"after": "%"}, "bad_cursor"),
        ({"after": "WyIiLFtdXQ"}, "bad_cursor"),
    ],
)
def test_strange_questions_about_cells(segments: Path, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as told:
        page(segments, **asked)
    assert told.value.code == code


def test_the_command_line(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DANSHU_DATABASE_URL", house.url)
    house.place()
    house.work("sequence")
    assert cli.build(["counted-orders"], "small", force=False, as_json=True) == 0
    assert cli.rebuild("small", check=True, as_json=True) == 0
    assert cli.show_all("small", as_json=True) == 0
    assert cli.show("counted-orders", "small", "postgres", as_json=False) == 0
    built, compared, listed, *query = capsys.readouterr().out.splitlines()
    assert [run["rows"] for run in msgspec.json.decode(built)["runs"]] == [1]
    assert msgspec.json.decode(compared)["differences"] == []
    states = {each["name"]: each["state"] for each in msgspec.json.decode(listed)["items"]}
    assert states["counted-orders"] == "fresh"
    assert states["margin"] == "never"
    assert query[0] == "SELECT"
    next((folder / "1" / "sources" / "orders").glob("*.parquet")).unlink()
    assert cli.rebuild("small", check=True, as_json=False) == 1
    assert "missing" in capsys.readouterr().out
    assert cli.build(["counted-orders"], "small", force=True, as_json=True) == 0  # it heals
    assert cli.rebuild("small", check=True, as_json=False) == 0

"""Who reads assets while they are made anew: files stay for a while, and not for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from danshu.hub import asset_files, asset_store
from danshu.kernel.limits import ASSET_STRAY_S
from tests.fixtures.asset_folders import follow, refresh
from tests.fixtures.hub import House

ASSET = "demand-series"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))
    return tmp_path / "assets"


def grow(house: House, folder: Path, times: int) -> None:
    for _ in range(times):
        house.place()
        house.work("sequence")
        follow(house, folder)
        refresh(house, ASSET)


def test_a_slow_reader_reads_what_it_opened(house: House, folder: Path) -> None:
    """However often it is replaced meanwhile: files are opened when they are asked for."""
    grow(house, folder, 1)
    with asset_store.open_store(folder, house.tenant) as store:
        built = store.built(ASSET)
        grow(house, folder, 4)
        assert store.read(store.source("orders")).num_rows == 1
        assert store.read(built).column("ordered").to_pylist() == [2, 1]
    with asset_store.open_store(folder, house.tenant) as store:
        assert store.read(store.source("orders")).num_rows == 5


def test_each_database_has_a_folder_of_its_own(tmp_path: Path) -> None:
    def at(url: str) -> Path:
        return asset_files.place({"DANSHU_DATA": str(tmp_path), "DANSHU_DATABASE_URL": url})

    embedded = tmp_path / "assets"
    assert asset_files.place({"DANSHU_DATA": str(tmp_path)}) == embedded
    assert at("postgresql://danshu@/danshu?host=/dev/shm/danshu-1&port=5432") == embedded
    others = {
        at(f"{scheme}://{who}@{host}/{name}")
        for scheme, who in (("postgres", "a"), ("postgresql+psycopg", "a:secret"))
        for host in ("db.example", "db.example:5433")
        for name in ("danshu", "copy")
    }
    assert len(others) == 4
    assert embedded not in others
    assert {path.parent for path in others} == {tmp_path}


def test_what_nobody_names_goes_after_a_while(house: House, folder: Path) -> None:
    grow(house, folder, 3)
    mine = asset_files.of_tenant(folder, house.tenant)
    stray = mine / "sources" / "orders" / ".half-written.parquet.1234"
    stray.write_bytes(b"PAR1")
    old_s = time.time() - ASSET_STRAY_S - 1
    for path in mine.rglob("*.parquet*"):
        os.utime(path, (old_s, old_s))
    grow(house, folder, 1)  # what it replaces stays from now on
    assert len(list((mine / "sources" / "orders").iterdir())) == 2
    assert len(list((mine / "built" / ASSET).glob("*.parquet"))) == 2
    assert not stray.exists()

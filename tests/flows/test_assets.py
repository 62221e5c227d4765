"""Assets in the product: sources follow the log, an asset is built, read and traced."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from danshu.hub import asset_store, assets
from tests.fixtures.hub import House

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of assets, and plug in the asset for tests."""
    loose = tmp_path / "loose" / "asset"
    loose.mkdir(parents=True)
    shutil.copy(FIXTURES / "counted_orders.py", loose / "counted-orders.py")
    monkeypatch.setenv("DANSHU_PLUGINS", str(loose.parent))
    monkeypatch.setenv("DANSHU_ASSETS", str(tmp_path / "assets"))
    return tmp_path / "assets"


def refresh(house: House, *names: str) -> tuple[Any, ...]:
    with house.client.portal() as portal:
        return portal.call(lambda: assets.refresh(house.hub, house.tenant, names))


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

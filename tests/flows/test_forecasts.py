"""Forecasts in the product: past sales brought, a run, what is read of it, drift, refusals."""

from __future__ import annotations

import asyncio
import datetime
import time
from typing import Any

import numpy as np
import pytest

from danshu.hub import assets, forecast_child, forecast_drifts, forecast_gather
from danshu.hub import forecast_history as history
from danshu.hub.forecast_audit import ForecastsFolder
from danshu.hub.forecast_reading import read_demand, total
from danshu.ledger import audit
from danshu.ledger.write import connect
from danshu.testing import past_sales
from tests.fixtures.hub import SKUS, TESTER, WAREHOUSES, House

PLACES = [WAREHOUSES[0].code, WAREHOUSES[1].code, "11"]
GOODS = [sku.code for sku in SKUS[:4]]
CSV = {"content-type": "text/csv"}
_PATIENCE = 240


def today(house: House) -> datetime.date:
    return history.day_of(house.hub.clock())


def bring(house: House, body: bytes, role: str = "admin") -> Any:
    return house.call("POST", "/v1/forecasts/history?name=a.csv", body, role, headers=CSV)


def test_demand_is_foretold(house: House) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    refuse(house)
    plan_promotions(house)
    kept = bring(house, past_sales.history(today(house), PLACES, GOODS)).json()
    assert (kept["series"], len(kept["digest"])) == (len(PLACES) * len(GOODS), 64)
    assert house.call("GET", "/v1/forecasts/history").json()["items"] == [kept]
    cancel(house)
    run(house)
    read_page(house)
    asyncio.run(read_by_plans(house))
    asyncio.run(drift(house))
    check(house)


def refuse(house: House) -> None:
    """A file is refused whole, with the row and the reason."""
    day = today(house) - datetime.timedelta(days=3)
    good = f"{day},{PLACES[0]},{GOODS[0]},4"
    for line, column in (
        (f"{day},NOWHERE,{GOODS[0]},4", "place"),
        (f"{day},{PLACES[0]},nothing,4", "sku"),
        (f"{day},{PLACES[0]},{GOODS[0]},-4", "units"),
        (f"{day},{PLACES[0]},{GOODS[0]},1e9", "units"),
        (f"{day},{PLACES[0]},{GOODS[0]},2.5", "units"),
        (f"2026-02-30,{PLACES[0]},{GOODS[0]},4", "day"),
        (f"1999-01-01,{PLACES[0]},{GOODS[0]},4", "day"),
        (f"{today(house)},{PLACES[0]},{GOODS[0]},4", "day"),
    ):
        told = bring(house, f"day,place,sku,units\n{good}\n{line}\n".encode())
        assert told.status_code == 422, told.text
        assert (told.json()["code"], told.json()["pointer"]) == ("bad_row", f"/3/{column}"), line
    for body, code in (
        (b"day,place,units\n", "bad_columns"),
        (b"day,place,sku,units\n", "empty_body"),
        (b"PK\x03\x04 not a workbook", "bad_file"),
        (b'day,place,sku,units\n"2026', "bad_file"),
    ):
        assert bring(house, body).json()["code"] == code, body
    assert bring(house, b"x", "viewer").status_code == 403
    assert house.call("GET", "/v1/forecasts/history").json()["items"] == []
    assert house.call("GET", "/v1/forecasts").json() == {"items": [], "next": ""}
    empty = house.call("GET", "/v1/forecasts/state").json()
    assert (empty["run"], empty["job"]) == (None, "")


def plan_promotions(house: House) -> None:
    """Promotions are planned, changed, dropped; what makes no sense is refused."""
    first = today(house) + datetime.timedelta(days=5)
    wish = {
        "name": "年末促销",
        "skus": [GOODS[0]],
        "first_day": first.isoformat(),
        "last_day": (first + datetime.timedelta(days=2)).isoformat(),
        "uplift": 3_000,
    }
    path = "/v1/forecasts/promotions"
    made = house.call("POST", path, wish).json()
    other = house.call("POST", path, {**wish, "name": "另一场", "skus": [GOODS[1]]}).json()
    changed = house.call("PUT", f"{path}/{other['id']}", {**wish, "uplift": 0})
    assert (changed.status_code, changed.json()["uplift"]) == (200, 0)
    assert house.call("DELETE", f"{path}/{other['id']}").status_code == 204
    assert house.call("DELETE", f"{path}/{other['id']}").json()["code"] == "no_promotion"
    assert house.call("GET", path).json()["items"] == [made]
    for change, code in (
        ({"skus": ["nothing"]}, "no_sku"),
        ({"last_day": "2020-01-01"}, "bad_days"),
        ({"first_day": "2026-02-30"}, "bad_days"),
        ({"uplift": 7}, "bad_uplift"),
    ):
        assert house.call("POST", path, {**wish, **change}).json()["code"] == code
    assert house.call("POST", path, wish, "viewer").status_code == 403


def wait(house: House, job: str) -> dict[str, Any]:
    for _ in range(_PATIENCE):
        found = dict(house.call("GET", f"/v1/jobs/{job}").json())
        if found["ended"]:
            return found
        time.sleep(0.25)
    raise AssertionError(f"the job has not ended: {found}")


def cancel(house: House) -> None:
    """What is cancelled leaves nothing behind."""
    job = house.call("POST", "/v1/forecasts/run").json()["id"]
    assert house.call("POST", "/v1/forecasts/run").json()["id"] == job  # joined
    assert house.call("GET", "/v1/forecasts/state").json()["job"] == job
    house.call("POST", f"/v1/jobs/{job}/cancel", {})
    assert wait(house, job)["state"] == "cancelled"
    assert house.call("GET", "/v1/forecasts/state").json()["run"] is None


def run(house: House) -> None:
    job = house.call("POST", "/v1/forecasts/run").json()["id"]
    told = wait(house, job)
    assert told["state"] == "done", told


def read_page(house: House) -> None:
    """The page: figures of the run, the list page by page, one series."""
    state = house.call("GET", "/v1/forecasts/state").json()
    assert state["run"]["day"] == today(house).isoformat()
    assert {each["code"] for each in state["places"]} == set(PLACES)
    ours = state["run"]["scores"][0]
    assert (ours["method"], ours["series"]) == ("ours", len(PLACES) * len(GOODS))
    assert ours["rmsse"] <= next(
        s["rmsse"] for s in state["run"]["scores"] if s["method"] == "seasonal_naive"
    )
    first = house.call("GET", "/v1/forecasts?limit=5").json()
    rest = house.call("GET", f"/v1/forecasts?limit=50&cursor={first['next']}").json()
    items = [*first["items"], *rest["items"]]
    keys = [(one["place"], one["sku"]) for one in items]
    assert len(set(keys)) == len(keys) == len(PLACES) * len(GOODS)
    assert [one["daily_milli"] for one in items] == sorted(
        (one["daily_milli"] for one in items), reverse=True
    )
    at = house.call("GET", f"/v1/forecasts?place=11&q={GOODS[0][-3:]}").json()["items"]
    assert {one["place"] for one in at} == {"11"}
    one = house.call("GET", f"/v1/forecasts/series?place={PLACES[0]}&sku={GOODS[0]}").json()
    assert (len(one["past"]), len(one["days"])) == (56, 28)
    assert [mark["name"] for mark in one["promotions"]] == ["年末促销"]
    usual, promoted = one["days"][4]["mean_milli"], one["days"][5]["mean_milli"]
    assert promoted > 2 * usual  # said to be thrice
    assert {each["method"] for each in one["tried"]} >= {"weekly_28", "theta", "ets", "sba"}
    assert any(each["used"] for each in one["tried"])
    gone = house.call("GET", f"/v1/forecasts/series?place=XX&sku={GOODS[0]}")
    assert gone.json()["code"] == "no_forecast"


async def read_by_plans(house: House) -> None:
    """What plans of stock read: whole spans, later days, as of a moment before."""
    connection = await connect(house.url, "tests")
    try:
        found = await read_demand(connection, house.tenant, place=PLACES[0], skus=None, days=35)
        assert {one.sku for one in found} == set(GOODS)
        demand = next(one for one in found if one.sku == GOODS[0])
        assert (demand.from_day, len(demand.days)) == (today(house).isoformat(), 35)
        assert demand.days[34] == demand.days[27]  # behind the horizon the last week goes on
        fortnight = total(demand, 0, 13)
        assert fortnight == dict(demand.spans)[14]
        tomorrow = (today(house) + datetime.timedelta(days=1)).isoformat()
        later = await read_demand(
            connection, house.tenant, place=PLACES[0], skus=[GOODS[0]], days=3, since=tomorrow
        )
        assert (later[0].from_day, later[0].days) == (tomorrow, demand.days[1:4])
        province = await read_demand(connection, house.tenant, place="110000", skus=None, days=1)
        assert len(province) == len(GOODS)
        past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        before = await read_demand(
            connection, house.tenant, place=PLACES[0], skus=None, days=1, as_of=past
        )
        assert before == []
    finally:
        await connection.close()


async def drift(house: House) -> None:
    """Days that leave their intervals raise an alarm; the plain method stands in."""
    connection = await connect(house.url, "tests")
    try:
        gathered = await forecast_gather.gather(
            connection, house.tenant, assets.place(), today(house)
        )
        plain, lines = forecast_child.make(gathered, time.monotonic(), with_extra=False)
        # without the extra, and without what never sold and is like nothing
        assert (plain.extra, len(lines)) == (False, len(PLACES) * len(GOODS))
        units = gathered.panel.units
        came = units[:, -7:].copy()
        row = gathered.keys.index((PLACES[0], GOODS[0]))
        came[row] = 10_000
        later = gathered._replace(
            panel=gathered.panel._replace(units=np.concatenate([units, came], axis=1))
        )
        args = (connection, house.tenant, later, TESTER)
        assert await forecast_drifts.watch(*args) == 1
        assert await forecast_drifts.watch(*args) == 0  # said once
        demand = await read_demand(
            connection, house.tenant, place=PLACES[0], skus=[GOODS[0]], days=7
        )
        assert demand[0].model == "plain"
    finally:
        await connection.close()
    drifted = house.call("GET", "/v1/forecasts?drifted=true").json()["items"]
    assert [(one["place"], one["sku"]) for one in drifted] == [(PLACES[0], GOODS[0])]
    assert drifted[0]["drift"]["outside"] == 7
    assert house.call("GET", "/v1/forecasts/state").json()["drifted"] == 1


def check(house: House) -> None:
    """The facts give the rows."""

    async def fold() -> audit.Report:
        connection = await connect(house.url, "tests")
        try:
            return await audit.fold_rows(connection, house.tenant, [ForecastsFolder(house.tenant)])
        finally:
            await connection.close()

    assert asyncio.run(fold()).differences == ()


@pytest.mark.parametrize(
    ("before", "units", "found"),
    [
        (None, [1, 2], (datetime.date(2026, 11, 10), [1, 2])),
        (([9, 9, 9], 9), [1, 2], (datetime.date(2026, 11, 9), [9, 1, 2])),
        (([9], 12), [1], (datetime.date(2026, 11, 10), [1, 0, 9])),
        (([9], 7), [1], (datetime.date(2026, 11, 7), [9, 0, 0, 1])),
    ],
)
def test_files_lie_over_one_another(before: Any, units: list[int], found: Any) -> None:
    earlier = before and (datetime.date(2026, 11, before[1]), before[0])
    assert history.overlay(earlier, datetime.date(2026, 11, 10), units) == found

"""Rights, licences, valuations, the balance sheet over HTTP: two persons, refusals, statements."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import time
from typing import Any

import psycopg

from danshu.capabilities.licensing.model import day_of
from danshu.hub import licences
from danshu.hub.licence_audit import LicencesFolder
from danshu.hub.licences import Use
from danshu.kernel.errors import Refusal
from danshu.ledger import audit
from tests.fixtures.hub import TESTER, House
from tests.fixtures.people import Browser, seat

ASSET = "routing-quality"
RIGHT = {
    "source": "own",
    "basis": "operation",
    "holder": "小商户",
    "rights": ["hold", "process"],
    "evidence": ["ab" * 32],
}
MONTH = datetime.timedelta(days=31)


def today() -> datetime.date:
    return day_of(time.time_ns() // 1_000_000)


def terms(**changes: Any) -> dict[str, Any]:
    day = today()
    return {
        "asset": ASSET,
        "recipient": {"code": "carrier-x", "name": "某承运商", "country": "CN"},
        "purpose": "operations",
        "columns": ["warehouse"],
        "since": day.replace(day=1).isoformat(),
        "until": (day + MONTH).isoformat(),
        "price": {"period_fen": 100_000, "delivery_fen": 5_000, "thousand_rows_fen": 10},
        "rows_day": 2_500,
        **changes,
    }


def browser(house: House, number: str, role: str) -> Browser:
    seat(house.url, house.tenant, number, [role])
    made = Browser(house)
    made.sign_in(number)
    return made


def test_a_licence_takes_a_right_two_persons_and_ends(shared_house: House) -> None:
    house = shared_house
    finance, legal = browser(house, "LF1", "finance"), browser(house, "LL1", "legal")
    path = f"/v1/rights-register/{ASSET}"
    for body, status, code in (
        (terms(until="2020-01-01"), 422, "bad_terms"),
        (terms(asset="nothing"), 404, "no_asset"),
        (terms(columns=["telephone"]), 422, "unknown_column"),
        (terms(columns=[]), 422, "bad_terms"),
    ):
        refused = finance.call("POST", "/v1/licences", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert legal.call("POST", "/v1/licences", terms()).status_code == 403
    draft = finance.call("POST", "/v1/licences", terms()).json()
    one = f"/v1/licences/{draft['id']}"
    seen = {"digest": draft["digest"]}
    assert finance.call("POST", f"{one}/approve", seen).status_code == 403
    by_key = house.call("POST", f"{one}/approve", seen)
    assert by_key.json()["code"] == "persons_only", by_key.text
    assert legal.call("POST", f"{one}/approve", seen).json()["code"] == "no_right"
    assert finance.call("PUT", path, {"entry": RIGHT}).json()["version"] == 1
    assert finance.call("PUT", path, {"entry": RIGHT}).json()["code"] == "right_moved"
    assert legal.call("POST", f"{one}/approve", seen).json()["code"] == "not_operated"
    whole = {**RIGHT, "rights": ["hold", "process", "operate"], "until": today().isoformat()}
    assert finance.call("PUT", path, {"entry": whole, "seen": 1}).status_code == 200
    assert legal.call("POST", f"{one}/approve", seen).json()["code"] == "right_ends"
    assert finance.call("PUT", path, {"entry": {**whole, "until": None}, "seen": 2}).json()[
        "version"
    ] == 3  # fmt: skip
    changed = finance.call("PUT", one, terms(rows_day=3_000)).json()
    assert legal.call("POST", f"{one}/approve", seen).json()["code"] == "terms_moved"
    given = legal.call("POST", f"{one}/approve", {"digest": changed["digest"]})
    assert (given.status_code, given.json()["standing"], given.json()["right"]) == (
        200, "active", 3,
    ), given.text  # fmt: skip
    asyncio.run(_use(house, draft["id"]))
    _read_statement(finance, one)
    ended = legal.call("POST", f"{one}/end", {"reason": "合同终止"}).json()
    assert (ended["standing"], ended["reason"]) == ("ended", "合同终止")
    assert legal.call("POST", f"{one}/end", {"reason": "再次"}).json()["code"] == "not_active"
    asyncio.run(_refused(house, "not_active"))
    assert asyncio.run(_audit(house)) == []


async def _use(house: House, id_: str) -> None:
    """Three deliveries of 1,000 rows fit into 3,000 a day, not one row more."""
    import uuid

    licence = uuid.UUID(id_)
    use = Use(kind="delivery", digest="cd" * 32, rows=1_000, mark="7")
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
        held = await licences.holds(
            c, house.tenant, "carrier-x", ASSET, "operations", columns=("warehouse",), rows=3_000
        )
        assert not isinstance(held, Refusal)
        for asked, code in (
            ({"recipient": "carrier-y"}, "no_licence"),
            ({"purpose": "marketing"}, "other_purpose"),
            ({"columns": ("cost",)}, "other_columns"),
            ({"columns": ()}, "other_columns"),
            ({"country": "SG"}, "other_territory"),
            ({"rows": 3_001}, "over_quota"),
        ):
            told: dict[str, Any] = {
                **{"recipient": "carrier-x", "purpose": "operations", "columns": ("warehouse",)},
                **asked,
            }
            who, why = told.pop("recipient"), told.pop("purpose")
            refused = await licences.holds(c, house.tenant, who, ASSET, why, **told)
            assert isinstance(refused, Refusal), asked
            assert refused.code == code, asked
        for nth in range(4):
            async with c.transaction():
                made = await licences.meter(
                    c, house.tenant, licence, use, TESTER, time.time_ns() // 1_000_000
                )
            assert isinstance(made, Refusal) == (nth == 3)


async def _refused(house: House, code: str) -> None:
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
        told = await licences.holds(c, house.tenant, "carrier-x", ASSET, "operations")
        assert isinstance(told, Refusal)
        assert told.code == code


def _read_statement(finance: Browser, one: str) -> None:
    told = finance.call("GET", f"{one}/statement").json()
    due = 100_000 + 3 * 5_000 + 3 * 10
    assert (told["statement"]["rows"], told["statement"]["due_fen"]) == (3_000, due)
    assert [u["mark"] for u in told["uses"]] == ["7", "7", "7"]
    text = finance.call("GET", f"{one}/statement.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[3] for row in rows[1:]] == ["period", "delivery", "thousand_rows", "due", "tax"]
    assert rows[-2][-1] == str(due)
    before = finance.call("GET", f"{one}/statement", params={"month": "2020-01"}).json()
    assert before["statement"]["due_fen"] == 0


async def _audit(house: House) -> list[Any]:
    async with house.hub.connection() as connection:
        rows = await audit.fold_rows(connection, house.tenant, [LicencesFolder(house.tenant)])
    return list(rows.differences)

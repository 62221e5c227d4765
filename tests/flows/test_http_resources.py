"""Stock, master data, promises, access, health, the document."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from litestar.testing import TestClient
from openapi_spec_validator import validate

from danshu.faces.http import app
from danshu.hub.compose import Hub
from danshu.ledger.engine import Engine
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import REGIONS, SKUS, UNITS, WAREHOUSES, House, order

WRITTEN = Path(__file__).resolve().parents[2] / "web" / "openapi.json"
SOME_ID = "01900000-0000-7000-8000-000000000000"
# Routes that need neither key nor session: they look at other proof, or tell nothing.
OPEN = {
    "/health/live",
    "/health/ready",
    "/v1/channels/{channel}",
    "/v1/connectors/{connector_id}/callbacks",
    "/v1/door",
    "/v1/invitations/look",
    "/v1/invitations/passkey",
    "/v1/invitations/passkey/options",
    "/v1/invitations/password",
    "/v1/session/passkey",
    "/v1/session/passkey/options",
    "/v1/session/password",
    "/v1/session/provider",
    "/v1/session/provider/callback",
    "/v1/signals/{feed}/hook",
}
SKU, WH = SKUS[0].code, WAREHOUSES[0].code


def test_health_needs_no_key(shared_house: House) -> None:
    assert shared_house.client.get("/health/live").json() == {"status": "ok"}
    assert shared_house.client.get("/health/ready").status_code == 200


class Idle(Hub):
    """A hub that never starts: the document needs no database."""

    async def start(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


def test_the_document_is_valid_and_the_same_at_every_start() -> None:
    with TestClient(app.build(Idle("postgresql://nowhere"))) as client:
        document = client.get("/docs/openapi.json").json()
        assert client.get("/docs").status_code == 200
    assert document == json.loads(WRITTEN.read_bytes())  # of another start
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {"/v1/orders", "/v1/channels/{channel}", "/v1/orders:batch"} <= set(document["paths"])
    assert document["components"]["schemas"]["NewOrder"]["additionalProperties"] is False
    place = document["paths"]["/v1/orders"]["post"]
    assert {"201", "400", "401", "409", "413", "415", "422", "429", "503"} <= set(
        place["responses"]
    )


def test_every_route_has_a_guard_or_is_open_on_purpose() -> None:
    document = json.loads(WRITTEN.read_bytes())  # tests/tidy holds it to the code
    with TestClient(app.build(Idle("postgresql://nowhere"))) as client:
        bare = set()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                url = path
                for given in operation.get("parameters", ()):
                    kind = given["schema"]
                    some = "1" if kind.get("type") == "integer" else SOME_ID
                    url = url.replace("{" + given["name"] + "}", some)
                status = client.request(method.upper(), url).status_code
                if status != 401:
                    bare.add(path)
    assert bare == OPEN


def test_stock_is_listed_counted_and_moved(house: House) -> None:
    page = house.call("GET", "/v1/stock", params={"limit": 60}).json()
    rest = house.call("GET", "/v1/stock", params={"limit": 60, "cursor": page["next"]}).json()
    rows = page["items"] + rest["items"]
    assert len(rows) == len(WAREHOUSES) * len(SKUS)
    assert len({(r["warehouse"], r["sku"]) for r in rows}) == len(rows)
    assert rest["next"] == ""
    only = house.call("GET", "/v1/stock", params={"sku": SKU}).json()["items"]
    assert {r["warehouse"] for r in only} == {w.code for w in WAREHOUSES}
    count = {"levels": [{"warehouse": WH, "sku": SKU, "on_hand": 7, "safety": 2}]}
    assert house.call("PUT", "/v1/stock", count, role="warehouse").json() == {"rows": 1}
    moved = {"warehouse": WH, "reason": "receipt", "lines": [{"sku": SKU, "on_hand": 3}]}
    assert house.call("POST", "/v1/stock/movements", moved, role="warehouse").status_code == 200
    (row,) = house.call("GET", "/v1/stock", params={"sku": SKU, "warehouse": WH}).json()["items"]
    assert (row["on_hand"], row["safety"], row["reserved"]) == (10, 2, 0)


def test_atp_knows_quotas_and_lanes(house: House) -> None:
    def atp(**params: str) -> dict[str, int]:
        answer = house.call("GET", "/v1/atp", params={"sku": SKU, **params}).json()
        assert answer["atp"] == sum(w["atp"] for w in answer["warehouses"])
        return {w["warehouse"]: w["atp"] for w in answer["warehouses"]}

    assert atp() == {w.code: UNITS for w in WAREHOUSES}
    quota = {"warehouse": WH, "sku": SKU, "channel": "live", "cap": 4}
    assert house.call("PUT", "/v1/quotas", quota).status_code == 200
    assert atp(channel="live")[WH] == 4
    assert atp(channel="api")[WH] == UNITS
    assert atp(region=REGIONS[0].code)[WH] == UNITS
    house.call("PUT", "/v1/quotas", {**quota, "cap": -1})
    assert atp(channel="live")[WH] == UNITS


def test_a_quota_holds_for_its_channel_only(house: House) -> None:
    for w in WAREHOUSES:
        quota = {"warehouse": w.code, "sku": SKU, "channel": "live", "cap": 0}
        assert house.call("PUT", "/v1/quotas", quota).status_code == 200
    line = [{"sku": SKU, "quantity": 1, "price_fen": 1}]
    assert house.place(channel="live", lines=line)["open_units"] == 1
    assert house.place(channel="api", lines=line)["open_units"] == 0


def test_master_data_is_written_and_listed(house: House) -> None:
    sku = {"code": "NEW-1", "name": "新品", "weight_g": 250, "storage": 2, "price_fen": 990}
    assert house.call("PUT", "/v1/skus", [sku]).json() == {"rows": 1}
    items = house.call("GET", "/v1/skus", params={"limit": 200}).json()["items"]
    assert [i for i in items if i["code"] == "NEW-1"] == [{**sku, "barcode": ""}]
    first = house.call("GET", "/v1/lanes", params={"limit": 200}).json()
    second = house.call("GET", "/v1/lanes", params={"limit": 200, "cursor": first["next"]}).json()
    seen = [(i["warehouse"], i["region"]) for i in first["items"] + second["items"]]
    assert len(set(seen)) == 400
    lane = {**first["items"][0], "first_kg_fen": 1}
    assert house.call("PUT", "/v1/lanes", [lane]).status_code == 200
    assert house.call("GET", "/v1/lanes", params={"limit": 1}).json()["items"] == [lane]
    placed = house.place(lines=[{"sku": "NEW-1", "quantity": 1, "price_fen": 990}])
    assert placed["open_units"] == 1  # known at once, and in no warehouse yet
    for path in ("warehouses", "regions"):
        listed = house.call("GET", f"/v1/{path}", params={"limit": 200}).json()["items"]
        assert house.call("PUT", f"/v1/{path}", listed).json() == {"rows": len(listed)}


def test_files_of_master_data_are_taken_whole(house: House) -> None:
    csv = "\ufeff编码,名称,weight_g\nF-1,第一,100\nF-2,第二,200\n\n".encode()
    taken = house.call("POST", "/v1/masters/skus:import", csv, headers={"content-type": "text/csv"})
    assert taken.json() == {"rows": 2}
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["仓库", "商品", "实物"])
        sheet.write_row(1, 0, [WH, "F-1", 12])
        sheet.write_row(2, 0, [WH, "F-2", 5])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    stocked = house.call(
        "POST", "/v1/masters/stock:import", book.getvalue(), headers={"content-type": kind}
    )
    assert stocked.json() == {"rows": 2}, stocked.text
    (row,) = house.call("GET", "/v1/stock", params={"sku": "F-1"}).json()["items"]
    assert row["on_hand"] == 12
    bad = b"code,name,weight_g\nG-1,a,1\nG-2,b,-1\nG-3,,1\n"
    answer = house.call(
        "POST", "/v1/masters/skus:import", bad, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 422
    assert [(e["row"], e["column"]) for e in answer.json()["errors"]] == [(3, "weight_g"), (4, "")]
    assert ask(house.url, "select count(*) from skus where code like 'G-%%'") == 0


def test_promises_run_and_are_kept_or_broken(house: House) -> None:
    placed = [house.place()["order"] for _ in range(3)]
    codes = {p["code"] for p in house.call("GET", f"/v1/orders/{placed[0]}").json()["promises"]}
    assert codes
    house.work("sequence", "rows")
    running: list[dict[str, Any]] = []
    cursor = ""
    while True:
        params = {"limit": 1, "cursor": cursor}
        page = house.call("GET", "/v1/promises", params=params).json()
        running += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert {r["order"] for r in running} == set(placed)
    assert len({(r["order"], r["code"]) for r in running}) == len(running)
    past = {"due_before": "2020-01-01T00:00:00Z"}
    assert house.call("GET", "/v1/promises", params=past).json()["items"] == []
    path = f"/v1/orders/{placed[0]}/transitions"
    for event in ("release", "pick", "pack", "ship"):
        assert house.call("POST", path, {"event": event}).status_code == 200
    states = {"kept", "late"}
    decided = [
        r
        for state in states
        for r in house.call("GET", "/v1/promises", params={"state": state}).json()["items"]
    ]
    assert {r["order"] for r in decided} == {placed[0]}
    definitions = house.call("GET", "/v1/definitions").json()["items"]
    assert codes <= {d["code"] for d in definitions}


def test_keys_open_and_close_doors(house: House) -> None:
    issued = house.call("POST", "/v1/keys", {"name": "scanner", "role": "warehouse"}).json()
    own = {"x-api-key": issued["key"]}
    assert house.client.get("/v1/orders", headers=own).status_code == 200
    listed = house.call("GET", "/v1/keys")
    assert issued["key"] not in listed.text
    assert issued["id"] in {k["id"] for k in listed.json()["items"]}
    assert house.call("DELETE", f"/v1/keys/{issued['id']}").status_code == 204
    assert house.client.get("/v1/orders", headers=own).status_code == 401
    assert house.call("DELETE", f"/v1/keys/{issued['id']}").status_code == 404
    stranger = {"authorization": f"Bearer {house.other}"}
    assert house.client.get("/v1/keys", headers=stranger).json()["items"][0]["name"] == "other"


def test_secrets_of_shops_never_come_out(house: House) -> None:
    body = {"account": "tb-2", "channel": "taobao", "shop": "旗舰店", "secret": "very-secret-1"}
    written = house.call("PUT", "/v1/accounts", body)
    assert written.json()["path"] == f"/v1/channels/taobao?account={house.tenant}.tb-2"
    listed = house.call("GET", "/v1/accounts")
    for response in (written, listed):
        assert "very-secret-1" not in response.text
    assert house.call("GET", "/v1/accounts", role="operator").status_code == 403


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders:batch"])
def test_a_full_queue_answers_429(house: House, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danshu.hub.batch.QUEUE_ORDERS", 0)
    response = house.call("POST", path, order(), headers={} if path == "/v1/orders" else NDJSON)
    if path == "/v1/orders":
        assert (response.status_code, response.json()["code"]) == (429, "busy")
        assert response.headers["retry-after"] == "1"
    else:
        assert response.json()["status"] == 429


NDJSON = {"content-type": "application/x-ndjson"}


def test_a_database_that_is_gone_answers_503(house: House, engine: Engine) -> None:
    house.place()
    name = str(ask(house.url, "select current_database()"))
    tell(engine.admin_url, f"alter database {name} allow_connections false")
    end = f"select pg_terminate_backend(pid) from pg_stat_activity where datname='{name}'"
    tell(engine.admin_url, end)
    try:
        for method, path, body in (
            ("POST", "/v1/orders", order()),
            ("GET", "/v1/skus", None),
            ("GET", "/health/ready", None),
        ):
            response = house.call(method, path, body)
            assert response.status_code == 503, (path, response.text)
        assert house.client.get("/health/live").status_code == 200
    finally:
        tell(engine.admin_url, f"alter database {name} allow_connections true")
    assert house.call("POST", "/v1/orders", order()).status_code in (201, 503)

"""Bad input: each case has its clear answer, and no table has another row than before."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
import pytest
from msgspec import Struct

from danshu.kernel.limits import BATCH_ORDERS, CHANNEL_BODY_BYTES, ORDER_BODY_BYTES
from danshu.testing.messages import message, sign
from tests.fixtures.hub import APP_KEY, SECRET, SKUS, WAREHOUSES, House, order

NOW_MS = 1_795_164_000_123
JSON = "application/json"
ORDERS = "/v1/orders"
LINE = {"sku": SKUS[0].code, "quantity": 1, "price_fen": 100}
TO = {"name": "张", "phone": "1", "province": "北京市", "city": "北京市", "detail": "x"}


class Case(Struct, frozen=True, kw_only=True):
    """A request and what it is answered. `body` is JSON, or bytes as they are."""

    name: str
    status: int
    code: str
    method: str = "POST"
    path: str = ORDERS
    body: Any = None
    headers: dict[str, str] = {}
    role: str = "operator"
    pointer: str = ""


def bad(name: str, status: int, code: str, pointer: str = "", **changes: Any) -> Case:
    """An order with something wrong in it."""
    return Case(name=name, status=status, code=code, pointer=pointer, body=order(**changes))


def line(**changes: Any) -> list[dict[str, Any]]:
    return [{**LINE, **changes}]


def to(**changes: Any) -> dict[str, Any]:
    return {**TO, **changes}


def case(
    name: str, status: int, code: str, body: Any, where: str = "POST /v1/orders", **more: Any
) -> Case:
    """A request to `where`, which is a method and a path."""
    method, _, path = where.partition(" ")
    return Case(name=name, status=status, code=code, body=body, method=method, path=path, **more)


NO_ID = str(uuid.UUID(int=7 << 80))
ACT = f"POST /v1/orders/{NO_ID}/transitions"
DEEP = b'{"number":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
CSV = {"content-type": "text/csv"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
NDJSON = {"content-type": "application/x-ndjson"}

CASES = [
    # bytes
    case("empty", 400, "empty_body", b""),
    case("blank", 400, "empty_body", b"  \n"),
    case("cut off", 400, "bad_json", b'{"number":"1"'),
    case("not JSON", 400, "bad_json", b"number=1"),
    case("trailing bytes", 400, "bad_json", json.dumps(order()).encode() + b"}"),
    case("byte order mark", 400, "bad_json", b"\xef\xbb\xbf{}"),
    case("invalid UTF-8", 400, "bad_utf8", b'{"number":"\xff\xfe"}'),
    case("UTF-16", 400, "bad_json", '{"number":"1"}'.encode("utf-16")),
    case("lone surrogate", 400, "bad_json", b'{"number":"\\ud800"}'),
    case("NaN", 400, "bad_json", b'{"discount_fen":NaN}'),
    case("deep JSON", 400, "too_deep", DEEP),
    case("deep unknown field", 400, "too_deep", b'{"z":' + b'{"z":' * 2000 + b"1" + b"}" * 2001),
    case("array", 422, "bad_field", b"[]"),
    case("null", 422, "bad_field", b"null"),
    case("too large", 413, "too_large", b" " * (ORDER_BODY_BYTES + 1)),
    case(
        "form",
        415,
        "content_type",
        b"a=1",
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    case("no XML", 415, "content_type", b"<a/>", headers={"content-type": "application/xml"}),
    # fields
    bad("no number", 422, "bad_field", number=None),
    bad("empty number", 422, "bad_field", "/number", number=""),
    bad("long number", 422, "bad_field", "/number", number="9" * 65),
    bad("number as a number", 422, "bad_field", "/number", number=17),
    bad("U+0000 in the number", 422, "bad_field", "/number", number="a\0b"),
    bad("line break in the number", 422, "bad_field", "/number", number="a\n"),
    bad("U+0000 in a title", 422, "bad_field", "/lines/0/title", lines=line(title="a\0")),
    bad("delete in a name", 422, "bad_field", "/receiver/name", receiver=to(name="a\x7f")),
    bad("bell in the note", 422, "bad_field", "/buyer_note", buyer_note="a\x07"),
    bad("line break in a promise", 422, "bad_field", "/promises/0", promises=["a\n"]),
    bad("unknown field", 422, "bad_field", colour="red"),
    bad("no lines", 422, "bad_field", "/lines", lines=[]),
    bad("lines as an object", 422, "bad_field", "/lines", lines={}),
    bad("201 lines", 422, "bad_field", "/lines", lines=[LINE] * 201),
    bad("no SKU", 422, "bad_field", "/lines/0", lines=[{"quantity": 1, "price_fen": 1}]),
    bad("long SKU", 422, "bad_field", "/lines/0/sku", lines=line(sku="x" * 65)),
    bad("unknown SKU", 422, "unknown_sku", "/lines/0/sku", lines=line(sku="NO-SUCH")),
    bad(
        "second SKU unknown", 422, "unknown_sku", "/lines/1/sku", lines=[LINE, {**LINE, "sku": "N"}]
    ),
    bad("quantity 0", 422, "bad_field", "/lines/0/quantity", lines=line(quantity=0)),
    bad("negative quantity", 422, "bad_field", "/lines/0/quantity", lines=line(quantity=-1)),
    bad("quantity as text", 422, "bad_field", "/lines/0/quantity", lines=line(quantity="1")),
    bad("quantity as a float", 422, "bad_field", "/lines/0/quantity", lines=line(quantity=1.0)),
    bad("quantity as a truth", 422, "bad_field", "/lines/0/quantity", lines=line(quantity=True)),
    bad("huge quantity", 422, "bad_field", "/lines/0/quantity", lines=line(quantity=10**7)),
    bad("negative price", 422, "bad_field", "/lines/0/price_fen", lines=line(price_fen=-1)),
    bad("huge price", 422, "bad_field", "/lines/0/price_fen", lines=line(price_fen=10**19)),
    bad(
        "price beyond 64 bits", 422, "bad_field", "/lines/0/price_fen", lines=line(price_fen=10**40)
    ),
    bad("total too high", 422, "amount", "/lines", lines=line(price_fen=10**12, quantity=100)),
    bad("negative discount", 422, "bad_field", "/discount_fen", discount_fen=-5),
    bad("discount above goods", 422, "discount", "/discount_fen", discount_fen=4_481),
    bad("negative postage", 422, "bad_field", "/postage_fen", postage_fen=-1),
    bad("currency in small letters", 422, "bad_field", "/currency", currency="cny"),
    bad("channel with a slash", 422, "bad_field", "/channel", channel="a/b"),
    bad("no receiver", 422, "bad_field", receiver=None),
    bad("receiver as text", 422, "bad_field", "/receiver", receiver="北京"),
    bad(
        "receiver without a name",
        422,
        "bad_field",
        "/receiver",
        receiver={"phone": "1", "detail": "x"},
    ),
    bad("long detail", 422, "bad_field", "/receiver/detail", receiver=to(detail="路" * 501)),
    bad("no such province", 422, "unknown_region", "/receiver", receiver=to(province="瀛洲省")),
    bad(
        "region not served",
        422,
        "unknown_region",
        "/receiver",
        receiver=to(country="BR", province="", city=""),
    ),
    bad("country of three", 422, "bad_field", "/receiver/country", receiver=to(country="CHN")),
    bad("paid at noon", 422, "bad_field", "/paid_at", paid_at="noon"),
    bad("paid without offset", 422, "bad_field", "/paid_at", paid_at="2026-11-22T00:00:00"),
    bad("paid in 1970", 422, "time", "/paid_at", paid_at="1970-01-01T00:00:00Z"),
    bad("paid in 9999", 422, "time", "/paid_at", paid_at="9999-01-01T00:00:00Z"),
    bad("17 promises", 422, "bad_field", "/promises", promises=["a"] * 17),
    bad("long note", 422, "bad_field", "/buyer_note", buyer_note="x" * 2_001),
    # keys of idempotency
    case("key with a space", 400, "bad_key", order(), headers={"idempotency-key": "a b"}),
    case("empty key", 400, "bad_key", order(), headers={"idempotency-key": ""}),
    case("long key", 400, "bad_key", order(), headers={"idempotency-key": "k" * 129}),
    # callers
    case("no key", 401, "unauthenticated", order(), role=""),
    case(
        "shapeless key",
        401,
        "unauthenticated",
        order(),
        role="",
        headers={"authorization": "Bearer x"},
    ),
    case(
        "wrong secret",
        401,
        "unauthenticated",
        order(),
        role="",
        headers={"authorization": "Bearer dsk_1_0_x"},
    ),
    case(
        "key of 1 kB", 401, "unauthenticated", order(), role="", headers={"x-api-key": "d" * 1000}
    ),
    case(
        "basic auth",
        401,
        "unauthenticated",
        order(),
        role="",
        headers={"authorization": "Basic YTpi"},
    ),
    case("viewer places", 403, "forbidden", order(), role="viewer"),
    case("warehouse places", 403, "forbidden", order(), role="warehouse"),
    case("channel reads", 403, "forbidden", None, "GET /v1/orders", role="channel"),
    case(
        "warehouse cancels", 403, "forbidden", {}, f"POST {ORDERS}/{NO_ID}/cancel", role="warehouse"
    ),
    case("warehouse pays", 403, "forbidden", {"event": "pay"}, ACT, role="warehouse"),
    case("operator issues keys", 403, "forbidden", {"name": "x", "role": "admin"}, "POST /v1/keys"),
    # batches
    case("batch as JSON", 415, "content_type", b"{}", "POST /v1/orders:batch"),
    case("empty batch", 400, "empty_body", b"\n\n", "POST /v1/orders:batch", headers=NDJSON),
    case(
        "long batch",
        413,
        "too_large",
        b"{}\n" * (BATCH_ORDERS + 1),
        "POST /v1/orders:batch",
        headers=NDJSON,
    ),
    # acts
    case("unknown order", 404, "no_order", {"event": "release"}, ACT),
    case("order id of words", 404, "not_found", {}, f"POST {ORDERS}/abc/transitions"),
    case("unknown event", 422, "bad_field", {"event": "fly"}, ACT, pointer="/event"),
    case("event as a list", 422, "bad_field", {"event": ["pick"]}, ACT, pointer="/event"),
    case(
        "act in the future",
        422,
        "time",
        {"event": "release", "occurred_at": "2099-01-01T00:00:00Z"},
        ACT,
        pointer="/occurred_at",
    ),
    case(
        "act with a bad key",
        400,
        "bad_key",
        {"event": "pick"},
        ACT,
        headers={"idempotency-key": " "},
    ),
    # lists
    case("limit 0", 400, "bad_filter", None, "GET /v1/orders?limit=0"),
    case("limit 1000", 400, "bad_filter", None, "GET /v1/orders?limit=1000"),
    case("limit of words", 400, "bad_filter", None, "GET /v1/orders?limit=ten"),
    case("cursor of others", 400, "bad_cursor", None, "GET /v1/orders?cursor=AAAA"),
    case("cursor of noise", 400, "bad_cursor", None, "GET /v1/orders?cursor=%00%ff"),
    case("unknown state", 400, "bad_filter", None, "GET /v1/orders?state=flying"),
    case(
        "unknown warehouse",
        400,
        "bad_filter",
        None,
        "GET /v1/orders?warehouse=X",
        pointer="/warehouse",
    ),
    case(
        "from without offset",
        400,
        "bad_filter",
        None,
        "GET /v1/orders?from=2026-01-01T00:00:00",
        pointer="/from",
    ),
    case("U+0000 in a question", 400, "bad_filter", None, "GET /v1/orders?q=%00"),
    case("long question", 400, "bad_filter", None, "GET /v1/orders?q=" + "x" * 129),
    # stock and master data
    case("count of nothing", 422, "bad_field", {"levels": []}, "PUT /v1/stock", pointer="/levels"),
    case(
        "negative count",
        422,
        "bad_field",
        {"levels": [{"warehouse": WAREHOUSES[0].code, "sku": SKUS[0].code, "on_hand": -1}]},
        "PUT /v1/stock",
        pointer="/levels/0/on_hand",
    ),
    case(
        "count in no warehouse",
        422,
        "stock_row",
        {"levels": [{"warehouse": "X", "sku": SKUS[0].code, "on_hand": 1}]},
        "PUT /v1/stock",
    ),
    case(
        "count named twice",
        422,
        "twice",
        {"levels": [{"warehouse": WAREHOUSES[0].code, "sku": SKUS[0].code, "on_hand": 1}] * 2},
        "PUT /v1/stock",
    ),
    case(
        "more taken than there is",
        409,
        "below_reserved",
        {
            "warehouse": WAREHOUSES[0].code,
            "reason": "loss",
            "lines": [
                {"sku": SKUS[0].code, "on_hand": 5},
                {"sku": SKUS[1].code, "on_hand": -100000},
            ],
        },
        "POST /v1/stock/movements",
    ),
    case(
        "quota below -1",
        422,
        "bad_field",
        {"warehouse": "X", "sku": "Y", "channel": "api", "cap": -2},
        "PUT /v1/quotas",
        pointer="/cap",
    ),
    case(
        "lane in the air",
        422,
        "lane_end",
        [
            {
                "warehouse": "X",
                "region": "Y",
                "transit_min": 1,
                "sd_min": 1,
                "first_kg_fen": 1,
                "extra_kg_fen": 1,
            }
        ],
        "PUT /v1/lanes",
    ),
    case(
        "65 warehouses",
        422,
        "too_many",
        [
            {"code": f"W{i}", "name": "仓", "region": "1", "lng_udeg": 0, "lat_udeg": 0}
            for i in range(65)
        ],
        "PUT /v1/warehouses",
    ),
    case(
        "SKU twice", 422, "twice", [{"code": "Z", "name": "z", "weight_g": 1}] * 2, "PUT /v1/skus"
    ),
    case(
        "storage of 3",
        422,
        "bad_field",
        [{"code": "Z", "name": "z", "weight_g": 1, "storage": 3}],
        "PUT /v1/skus",
        pointer="/0/storage",
    ),
    case(
        "file of another kind",
        415,
        "content_type",
        b"x",
        "POST /v1/masters/skus:import",
        headers={"content-type": "text/plain"},
    ),
    case(
        "file without a column",
        422,
        "bad_columns",
        b"code,name\nA,a\n",
        "POST /v1/masters/skus:import",
        headers=CSV,
    ),
    case(
        "file with a strange column",
        422,
        "bad_columns",
        b"code,name,weight_g,x\nA,a,1,2\n",
        "POST /v1/masters/skus:import",
        headers=CSV,
    ),
    case(
        "file with one bad row",
        422,
        "bad_rows",
        b"code,name,weight_g\nA,a,1\nB,b,heavy\n",
        "POST /v1/masters/skus:import",
        headers=CSV,
        pointer="/3/weight_g",
    ),
    case(
        "file in GBK",
        400,
        "bad_utf8",
        "code,name,weight_g\nA,箱,1\n".encode("gbk"),
        "POST /v1/masters/skus:import",
        headers=CSV,
    ),
    case(
        "file that is no workbook",
        400,
        "bad_file",
        b"PK\x03\x04none",
        "POST /v1/masters/skus:import",
        headers=XLSX,
    ),
    # access
    case(
        "role of kings",
        422,
        "bad_field",
        {"name": "x", "role": "king"},
        "POST /v1/keys",
        role="admin",
        pointer="/role",
    ),
    case("no such key", 404, "no_key", None, "DELETE /v1/keys/none", role="admin"),
    case(
        "shop on no channel",
        422,
        "unknown_channel",
        {"account": "a", "channel": "none", "secret": "12345678"},
        "PUT /v1/accounts",
        role="admin",
    ),
    case(
        "short secret",
        422,
        "bad_field",
        {"account": "a", "channel": "jd", "secret": "1"},
        "PUT /v1/accounts",
        role="admin",
        pointer="/secret",
    ),
    # channels and paths
    case(
        "no such channel", 404, "no_channel", b"{}", "POST /v1/channels/none?account=1.a", role=""
    ),
    case(
        "large message",
        413,
        "too_large",
        b" " * (CHANNEL_BODY_BYTES + 1),
        "POST /v1/channels/jd",
        role="",
    ),
    case("no such path", 404, "not_found", None, "GET /v1/none"),
    case("no such method", 405, "method", None, "DELETE /v1/orders"),
]


def count_rows(url: str) -> dict[str, int]:
    """Count the rows of every table; for stock also add up what it holds."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "select relname from pg_class where relkind in ('r','p') and not relispartition"
            " and relnamespace = 'public'::regnamespace"
        ).fetchall()
        counts = {}
        for (name,) in names:
            row = connection.execute(f"select count(*) from {name}").fetchone()  # type: ignore[arg-type]  # names of the catalogue
            counts[name] = row[0] if row else 0
        held = connection.execute(
            "select sum(on_hand), sum(reserved), sum(safety) from stock"
        ).fetchone()
        return {**counts, "held": held}  # type: ignore[dict-item]  # compared as it is


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert len({c.name for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_bad_input_is_answered_and_writes_nothing(shared_house: House, case: Case) -> None:
    house = shared_house
    before = count_rows(house.url)
    headers = dict(case.headers)
    if case.role:
        headers["authorization"] = f"Bearer {house.keys[case.role]}"
    if isinstance(case.body, bytes):
        headers.setdefault("content-type", JSON)
        response = house.client.request(case.method, case.path, content=case.body, headers=headers)
    else:
        response = house.client.request(case.method, case.path, json=case.body, headers=headers)
    assert response.status_code == case.status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("pointer", "")) == (case.code, problem.get("pointer", ""))
    assert problem["status"] == case.status
    if case.pointer:
        assert problem["pointer"] == case.pointer
    assert count_rows(house.url) == before


SIGNED = ("taobao", "jd", "pdd", "douyin", "wechat-miniprogram", "shopify", "woocommerce", "amazon")


@pytest.mark.parametrize("channel", SIGNED)
def test_a_forged_message_is_refused_in_the_platforms_form(
    shared_house: House, channel: str
) -> None:
    house = shared_house
    before = count_rows(house.url)
    body = message(channel, 1, 1, NOW_MS)
    forged = sign(channel, body, "another", APP_KEY, NOW_MS)
    good = sign(channel, body, SECRET, APP_KEY, NOW_MS)
    account = f"{house.tenant}.{channel}"
    for signed, who in ((forged, account), (good, ""), (good, f"{house.tenant}.none"), (good, "x")):
        response = house.client.post(
            f"/v1/channels/{channel}",
            params={**signed.query, "account": who},
            content=body,
            headers=dict(signed.headers),
        )
        assert response.status_code == 401, (who, response.text)
        assert response.headers["content-type"] != "application/problem+json"
    assert count_rows(house.url) == before

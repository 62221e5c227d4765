"""Bad orders and bad callers: a request, and what it is answered."""

from __future__ import annotations

import json
import uuid
from typing import Any

from msgspec import Struct

from danshu.kernel.limits import ORDER_BODY_BYTES
from tests.fixtures.hub import SKUS, order

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
]

"""The table of bad input: a request, and what it is answered."""

from __future__ import annotations

from danshu.kernel.limits import BATCH_ORDERS, CHANNEL_BODY_BYTES
from tests.fixtures.hub import SKUS, WAREHOUSES
from tests.flows import bad_orders
from tests.flows.bad_orders import ACT, ORDERS, case

CSV = {"content-type": "text/csv"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
NDJSON = {"content-type": "application/x-ndjson"}

CASES = [
    *bad_orders.CASES,
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

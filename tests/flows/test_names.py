"""What people call things, over HTTP on a real database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from danshu.capabilities.intake.folding import fold
from danshu.capabilities.intake.language import understand
from danshu.capabilities.intake.lexicon import resolve
from danshu.hub import lexicons, names
from danshu.hub.names import Alias
from tests.fixtures.hub import SKUS, TESTER, WAREHOUSES, House

if TYPE_CHECKING:
    from danshu.ports.modality import Parsed

A = SKUS[0].code
STORE = {"kind": "store", "code": "S-RMGC", "name": "人民广场店", "warehouse": WAREHOUSES[0].code}
CUSTOMER = {"kind": "customer", "code": "C-WC", "name": "皖北文昌印务", "address": {"city": "合肥"}}


def put(house: House, kind: str, *rows: dict[str, Any]) -> Any:
    return house.call("PUT", f"/v1/names/{kind}", list(rows))


def test_names_are_written_by_their_key_and_found_in_pages(house: House) -> None:
    assert put(house, "directory", STORE, CUSTOMER).status_code == 200
    options = [{"code": f"O-{n}", "name": f"选项{n}", "storage": "chilled"} for n in range(3)]
    assert put(house, "options", *options).status_code == 200
    assert put(house, "units", {"sku": A, "unit": "箱", "units": 12}).status_code == 200
    alias = {"kind": "sku", "scope": "C-WC", "alias": "旧 编码－7０", "code": A}
    assert put(house, "aliases", alias).status_code == 200
    again = {**alias, "alias": "旧编码-70", "active": False}
    assert put(house, "aliases", again).status_code == 200
    (kept,) = house.call("GET", "/v1/names/aliases?q=70").json()["items"]
    assert (kept["alias"], kept["active"]) == ("旧编码-70", False)
    first = house.call("GET", "/v1/names/options?limit=2").json()
    rest = house.call("GET", f"/v1/names/options?limit=2&cursor={first['next']}").json()
    assert [r["code"] for r in first["items"] + rest["items"]] == ["O-0", "O-1", "O-2"]
    assert rest["next"] == ""
    found = house.call("GET", "/v1/names/directory?q=文昌").json()["items"]
    assert found[0]["address"]["city"] == "合肥"


def test_a_name_that_hangs_in_the_air_is_refused_whole(house: House) -> None:
    before = house.call("GET", "/v1/names/units").json()
    rows = [{"sku": A, "unit": "打", "units": 12}, {"sku": "NO-SUCH", "unit": "打", "units": 12}]
    refused = put(house, "units", *rows)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")
    assert house.call("GET", "/v1/names/units").json() == before
    said_nothing = {"kind": "sku", "alias": "！！", "code": A}
    assert put(house, "aliases", said_nothing).json()["code"] == "nothing_said"
    nobody = {"kind": "sku", "scope": "C-NOBODY", "alias": "那个", "code": A}
    assert put(house, "aliases", nobody).json()["code"] == "unknown_code"
    assert put(house, "units", rows[0], rows[0]).json()["code"] == "twice"


def test_rules_of_a_merchant_stand_beside_the_shipped_ones_and_reach_what_is_read(
    house: House,
) -> None:
    mine = {
        "code": "M-1",
        "when": "sku",
        "match": A,
        "requires": "fragile",
        "source": "操作规程 3.2",
    }
    off = {"code": "R-180", "when": "said", "match": "开票", "requires": "invoice", "active": False}
    assert house.call("PUT", "/v1/names/rules", [mine, off]).status_code == 200
    rows = {r["rule"]["code"]: r for r in house.call("GET", "/v1/names/rules").json()["items"]}
    assert (rows["M-1"]["shipped"], rows["R-180"]["shipped"]) == (False, False)
    assert rows["R-112"]["shipped"]
    nothing = {**mine, "match": "NO-SUCH"}
    refused = house.call("PUT", "/v1/names/rules", [nothing])
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_code")
    assert house.call("PUT", "/v1/names/rules", [off, off]).json()["code"] == "twice"
    told = asyncio.run(_read(house, f"{SKUS[0].name}两件，要开票，走冷链"))
    assert [(x.sku, x.quantity) for x in told.draft.lines] == [(A, 2)]
    hung = {f.value: f.rule for f in told.fields if f.path.startswith("/requirements")}
    assert hung == {"fragile": "M-1", "cold_2_8": "R-190"}
    assert told.draft.requirements == tuple(hung)


def test_a_lexicon_is_shared_until_the_master_data_moves_on(house: House) -> None:
    async def look() -> None:
        first = await lexicons.load(house.hub, house.tenant)
        assert await lexicons.load(house.hub, house.tenant) is first
        async with house.hub.connection() as connection:
            row = Alias(kind="sku", alias="那一款红的", code=A)
            await names.put(connection, house.tenant, "aliases", [row], TESTER)
        again = await lexicons.load(house.hub, house.tenant)
        assert resolve(again, "sku", "那一款红的")[0].value == A
        assert first is not again

    asyncio.run(look())


async def _read(house: House, text: str) -> Parsed:
    return understand(text, await lexicons.load(house.hub, house.tenant), house.hub.clock())


def test_folding_is_stable() -> None:
    for words in ("Ａ４ 70g", "ＦＹ－A４７０", "ß İ", "冰美式！"):
        assert fold(fold(words)) == fold(words)
    assert fold("ＦＹ－A４７０") == "fya470"

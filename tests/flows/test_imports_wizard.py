"""The import wizard: a sheet is kept, mapped, judged, written as a job, undone; hostile files."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import msgspec
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types

from danshu.hub import sheet_kinds
from danshu.kernel.limits import SHEETS_OPEN
from tests.fixtures.hub import REGIONS, SKUS, UNITS, WAREHOUSES, House, order
from tests.flows.asking import CSV, adds_up, ask, tell, upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet_of(house: House, kind: str, text: str, encoding: str = "utf-8") -> dict[str, Any]:
    """Upload a text and give the import."""
    response = upload(house, kind, text.encode(encoding))
    assert response.status_code == 201, response.text
    kept: dict[str, Any] = response.json()
    return kept


def map_as_proposed(house: House, kept: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Choose what was proposed, with changes of columns."""
    columns = {**kept["columns"], **changes}
    chosen = {"header_row": kept["form"]["header_row"], "columns": columns}
    response = house.call("PUT", f"/v1/imports/{kept['id']}/mapping", chosen)
    assert response.status_code == 200, response.text
    mapped: dict[str, Any] = response.json()
    return mapped


def finish(house: House, kept: dict[str, Any], act: str, **body: Any) -> dict[str, Any]:
    """Apply or undo, let the room work, and give the import."""
    response = house.call("POST", f"/v1/imports/{kept['id']}/{act}", body or None)
    assert response.status_code == 202, response.text
    house.work("sheets")
    done: dict[str, Any] = house.call("GET", f"/v1/imports/{kept['id']}").json()
    return done


def rows_of(house: House, kept: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
    """Read all rows of an import, in pages of two."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = house.call(
            "GET",
            f"/v1/imports/{kept['id']}/preview",
            params={"limit": 2, "cursor": cursor, **params},
        ).json()
        rows += page["items"]
        cursor = page["next"]
        if not cursor:
            return rows


GOODS = (
    "商品导出 2026-11-22\n\n"
    "商品编码,商品名称,重量(kg),零售价/元,温层,备注\n"
    "N-1,新茶,1.5,12.50,冷藏,x\n"
    "N-2,旧茶,0.25,¥1,常温,\n"
    f"{SKUS[0].code},改了名,,,,\n"
    "N-1,又一次,1,1,,\n"
    "N-3,太重,1.00005,1,,\n"
    "N-4,=cmd()|x,1,1,,\n"
    ",没有编码,1,1,,\n"
)


def test_a_sheet_goes_all_the_way_and_back(house: House) -> None:
    kept = sheet_of(house, "skus", GOODS)
    assert kept["state"] == "uploaded"
    assert kept["form"]["header_row"] == 3
    assert kept["header"] == ["商品编码", "商品名称", "重量(kg)", "零售价/元", "温层", "备注"]
    assert kept["columns"]["weight_g"] == {"at": 2, "unit": "kg", "fixed": ""}
    assert "备注" not in [kept["header"][c["at"]] for c in kept["columns"].values()]
    mapped = map_as_proposed(house, kept)
    counts = mapped["counts"]
    assert (counts["new"], counts["changed"], counts["rejected"]) == (2, 1, 4)
    assert adds_up(counts)
    wrong = {(r["line"], r["field"], r["reason"]) for r in rows_of(house, kept, outcome="rejected")}
    assert wrong == {
        (7, "code", "twice"),
        (8, "weight_g", "decimals"),
        (9, "name", "formula"),
        (10, "code", "required"),
    }
    assert ask(house.url, "select count(*) from skus where code='N-1'") == [(0,)]
    refused = house.call("POST", f"/v1/imports/{kept['id']}/apply", {"mode": "all"})
    assert (refused.status_code, refused.json()["code"]) == (409, "import_has_rejects")
    done = finish(house, kept, "apply", mode="good")
    assert done["state"] == "applied"
    assert adds_up(done["counts"])
    assert ask(
        house.url,
        "select code,name,weight_g,price_fen,storage from skus where code like 'N-%%' order by 1",
    ) == [("N-1", "新茶", 1500, 1250, 2), ("N-2", "旧茶", 250, 100, 1)]
    first = ask(house.url, "select name,weight_g from skus where code=%s", SKUS[0].code)
    assert first == [("改了名", SKUS[0].weight_g)]
    again = house.call("POST", f"/v1/imports/{kept['id']}/apply", {"mode": "good"})
    assert again.json()["code"] == "import_started"
    back = finish(house, kept, "undo")
    counts = back["counts"]
    assert (counts["restored"], counts["kept"], counts["changed_since"]) == (1, 2, 0)
    assert ask(house.url, "select name from skus where code=%s", SKUS[0].code) == [(SKUS[0].name,)]
    assert house.call("POST", f"/v1/imports/{kept['id']}/undo").json()["code"] == (
        "import_not_applied"
    )


def test_each_apply_and_undo_is_a_fact_with_digests_and_counts(house: House) -> None:
    kept = sheet_of(house, "skus", GOODS)
    finish(house, map_as_proposed(house, kept), "apply", mode="good")
    finish(house, kept, "undo")
    facts = [
        json.loads(bytes(body)[4:])
        for (body,) in ask(house.url, "select body from facts where tenant=%s", house.tenant)
        if b'"type":"sheet.' in bytes(body)
    ]
    applied, undone = sorted(facts, key=lambda f: str(f["type"]))
    assert applied["data"]["file"] == kept["digest"]
    assert applied["data"]["rows"] == 7
    assert applied["data"]["sheet"] == undone["data"]["sheet"] == kept["id"]
    assert undone["data"]["restored"] == 1
    assert applied["actor"]["sub"] == "admin"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_encodings_and_delimiters_are_found(
    shared_house: House, encoding: str, delimiter: str
) -> None:
    text = delimiter.join(("商品编码", "商品名称", "重量(g)")) + "\r\n"
    text += delimiter.join(("Z-1", "龙井", "250"))
    kept = sheet_of(shared_house, "skus", text, encoding)
    assert kept["samples"][0] == ["Z-1", "龙井", "250"]
    assert shared_house.call("DELETE", f"/v1/imports/{kept['id']}").status_code == 200
    assert shared_house.call("GET", f"/v1/imports/{kept['id']}").status_code == 404


def workbook(*rows: tuple[Any, ...], tab: str = "表一", more: str = "") -> bytes:
    """Make an XLSX file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    if more:
        book.add_worksheet(more).write(0, 0, "别处")
    sheet = book.add_worksheet(tab)
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return file.getvalue()


def test_a_workbook_with_tabs_formulas_and_numbers(house: House) -> None:
    body = workbook(
        ("仓库", "商品编码", "数量", "安全库存"),
        (WAREHOUSES[0].name, SKUS[0].code, 70.0, 5),
        (WAREHOUSES[1].code, SKUS[1].code, "1,200", ""),
        ("没有的仓", SKUS[1].code, 1, ""),
        (WAREHOUSES[0].code, "没有的货", 1, ""),
        (WAREHOUSES[0].code, SKUS[2].code, "=1+1", ""),
        more="封面",
    )
    kept = upload(house, "stock", body, content_type=XLSX).json()
    assert kept["tabs"] == ["封面", "表一"]
    assert kept["columns"] == {}
    other = house.call(
        "PUT", f"/v1/imports/{kept['id']}/mapping", {"sheet": "表一", "columns": None}
    ).json()
    assert other["form"]["sheet"] == "表一"
    mapped = house.call(
        "PUT",
        f"/v1/imports/{kept['id']}/mapping",
        {"sheet": "表一", "columns": other["columns"]},
    ).json()
    assert mapped["counts"]["changed"] == 3  # the cell of a formula holds its value
    assert {r["reason"] for r in rows_of(house, kept, outcome="rejected")} == {"unknown"}
    done = finish(house, kept, "apply", mode="good")
    assert done["counts"]["changed"] == 3
    level = house.call(
        "GET", "/v1/stock", params={"sku": SKUS[0].code, "warehouse": WAREHOUSES[0].code}
    ).json()["items"][0]
    assert (level["on_hand"], level["safety"]) == (70, 5)


def test_the_last_choice_is_remembered_by_the_columns(house: House) -> None:
    text = "甲,乙,丙\nR-1,某货,2\n"
    kept = sheet_of(house, "skus", text)
    assert kept["columns"] == {}
    columns = {"code": {"at": 0}, "name": {"at": 1}, "weight_g": {"at": 2, "unit": "kg"}}
    map_as_proposed(house, kept, **columns)
    again = sheet_of(house, "skus", text + "R-2,另一货,3\n")
    assert again["columns"]["weight_g"] == {"at": 2, "unit": "kg", "fixed": ""}
    assert again["columns"]["code"]["at"] == 0


@pytest.mark.parametrize(
    ("columns", "pointer"),
    [
        ({}, "/columns/code"),
        ({"code": {"at": 0}}, "/columns"),
        ({"code": {"at": 0}, "name": {"at": 0}}, "/columns/name"),
        ({"code": {"at": 0}, "name": {"at": 9}}, "/columns/name"),
        ({"code": {"at": 0}, "nonsense": {"at": 1}}, "/columns/nonsense"),
        ({"code": {"at": 0}, "weight_g": {"at": 1, "unit": "stone"}}, "/columns/weight_g"),
        ({"code": {"at": 0}, "name": {"at": 1, "fixed": "x"}}, "/columns/name"),
    ],
)
def test_columns_that_do_not_go_together(
    shared_house: House, columns: dict[str, Any], pointer: str
) -> None:
    kept = sheet_of(shared_house, "skus", "编码,名称\nQ-1,x\n")
    response = shared_house.call("PUT", f"/v1/imports/{kept['id']}/mapping", {"columns": columns})
    assert (response.status_code, response.json()["pointer"]) == (422, pointer)
    shared_house.call("DELETE", f"/v1/imports/{kept['id']}")


def test_a_fixed_value_stands_for_every_row(house: House) -> None:
    kept = sheet_of(house, "stock", f"商品编码,数量\n{SKUS[0].code},3\n{SKUS[1].code},4\n")
    mapped = map_as_proposed(house, kept, warehouse={"fixed": WAREHOUSES[2].name})
    assert mapped["counts"]["changed"] == 2
    assert {r["key"][0] for r in rows_of(house, kept)} == {WAREHOUSES[2].code}


def test_all_or_nothing_writes_nothing_when_a_row_went_bad_meanwhile(house: House) -> None:
    text = "仓库,商品编码,数量\n" + "".join(
        f"{WAREHOUSES[0].code},{sku.code},{UNITS + 5}\n" for sku in SKUS[:3]
    )
    kept = map_as_proposed(house, sheet_of(house, "stock", text))
    assert kept["counts"]["changed"] == 3
    taken = f"update stock set on_hand={UNITS + 50}, reserved={UNITS + 9} where wh=0 and sku="
    tell(house.url, taken + "(select no from skus where code=%s)", SKUS[2].code)
    done = finish(house, kept, "apply", mode="all")
    assert done["state"] == "refused"
    assert done["counts"]["rejected"] == 1
    assert adds_up(done["counts"])
    assert ask(house.url, "select count(*) from stock where on_hand=%s", UNITS + 5) == [(0,)]
    (bad,) = rows_of(house, kept, outcome="rejected")
    assert (bad["line"], bad["reason"], bad["detail"]) == (4, "below_reserved", str(UNITS + 9))
    done = finish(house, kept, "apply", mode="good")
    assert done["state"] == "applied"
    assert ask(house.url, "select count(*) from stock where on_hand=%s", UNITS + 5) == [(2,)]


def test_undo_leaves_alone_what_was_changed_since(house: House) -> None:
    text = "仓库,商品编码,数量\n" + "".join(
        f"{WAREHOUSES[0].code},{sku.code},7\n" for sku in SKUS[:3]
    )
    kept = map_as_proposed(house, sheet_of(house, "stock", text))
    finish(house, kept, "apply", mode="all")
    moved = {
        "warehouse": WAREHOUSES[0].code,
        "lines": [{"sku": SKUS[1].code, "on_hand": 3}],
        "reason": "补货",
    }
    assert house.call("POST", "/v1/stock/movements", moved).status_code == 200
    done = finish(house, kept, "undo")
    assert (done["counts"]["restored"], done["counts"]["changed_since"]) == (2, 1)
    (since,) = rows_of(house, kept, undone="changed_since")
    assert since["key"] == [WAREHOUSES[0].code, SKUS[1].code]
    assert json.loads(since["value"])["on_hand"] == 10
    on_hand = "select on_hand from stock s join skus k on k.no=s.sku and k.tenant=s.tenant where "
    assert ask(house.url, on_hand + "wh=0 and code=%s", SKUS[0].code) == [(UNITS,)]
    assert ask(house.url, on_hand + "wh=0 and code=%s", SKUS[1].code) == [(10,)]


def test_lanes_that_were_added_go_with_the_undo(house: House) -> None:
    tell(house.url, "delete from lanes where wh=0 and region=0")
    text = "发货仓,目的城市,时效(天),波动(小时),首重(元),续重(元),快递\n"
    text += f"{WAREHOUSES[0].name},{REGIONS[0].name},1.5,6,8,2.5,顺路达\n"
    text += f"{WAREHOUSES[0].code},{REGIONS[1].code},1,6,8,2.5,顺路达\n"
    kept = map_as_proposed(house, sheet_of(house, "lanes", text))
    assert (kept["counts"]["new"], kept["counts"]["changed"]) == (1, 1)
    finish(house, kept, "apply", mode="all")
    lane = "select transit_min,sd_min,first_kg_fen,extra_kg_fen,carrier from lanes where wh=0 and "
    assert ask(house.url, lane + "region=0") == [(2160, 360, 800, 250, "顺路达")]
    done = finish(house, kept, "undo")
    assert done["counts"]["restored"] == 2
    assert ask(house.url, lane + "region=0") == []


def test_rejects_come_back_as_a_file_that_computes_nothing(house: House) -> None:
    kept = map_as_proposed(house, sheet_of(house, "skus", GOODS))
    response = house.call("GET", f"/v1/imports/{kept['id']}/rejects")
    assert response.headers["content-type"].startswith(CSV)
    text = response.content.decode("utf-8-sig")
    header, *rows = list(csv.reader(io.StringIO(text, newline="")))
    assert header[-3:] == ["行", "列", "原因"]
    assert [r[-3] for r in rows] == ["7", "8", "9", "10"]
    assert rows[0][-1] == "与第 4 行重复"
    assert rows[2][1] == "'=cmd()|x"
    english = house.call("GET", f"/v1/imports/{kept['id']}/rejects", params={"lang": "en"}).text
    assert "the same as in row 4" in english


def test_a_killed_import_goes_on_behind_its_last_commit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from danshu.hub import sheet_apply

    monkeypatch.setattr(sheet_apply, "SHEET_CHUNK_ROWS", 2)
    text = "编码,名称,重量\n" + "".join(f"K-{n},第{n},1\n" for n in range(7))
    kept = map_as_proposed(house, sheet_of(house, "skus", text))
    house.call("POST", f"/v1/imports/{kept['id']}/apply", {"mode": "good"})
    put, calls = sheet_apply._put, []

    async def die_at_the_third(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise ConnectionError("killed")
        await put(*args)

    monkeypatch.setattr(sheet_apply, "_put", die_at_the_third)
    with pytest.raises(ConnectionError):
        house.work("sheets")
    assert house.call("GET", f"/v1/imports/{kept['id']}").json()["line"] == 5
    house.work("sheets")
    done = house.call("GET", f"/v1/imports/{kept['id']}").json()
    assert (done["state"], done["counts"]["new"]) == ("applied", 7)
    assert ask(
        house.url,
        "select count(*) from skus where code like 'K-%%'",
    ) == [(7,)]
    assert finish(house, kept, "undo")["counts"]["kept"] == 7


def test_new_goods_can_be_ordered_when_the_import_was_seen_done(house: House) -> None:
    house.place()
    text = "编码,名称,重量\nNEW-1,新货,1\n"
    kept = map_as_proposed(house, sheet_of(house, "skus", text))
    finish(house, kept, "apply", mode="all")
    line = [{"sku": "NEW-1", "quantity": 1, "price_fen": 100}]
    assert house.call("POST", "/v1/orders", order(lines=line)).status_code == 201


def test_unfinished_ones_expire_and_are_not_too_many(house: House) -> None:
    first = sheet_of(house, "skus", "编码,名称\nE-1,x\n")
    for _ in range(SHEETS_OPEN - 1):
        sheet_of(house, "skus", "编码,名称\nE-1,x\n")
    full = upload(house, "skus", "编码,名称\nE-1,x\n".encode())
    assert (full.status_code, full.json()["code"]) == (409, "too_many_imports")
    listed = house.call("GET", "/v1/imports", params={"limit": 5, "state": "uploaded"}).json()
    assert len(listed["items"]) == 5
    assert listed["next"]
    tell(house.url, "update sheets set expires=now()-interval '1 s' where id=%s", first["id"])
    sheet_of(house, "skus", "编码,名称\nE-1,x\n")
    assert house.call("GET", f"/v1/imports/{first['id']}").status_code == 404


def test_rights_and_walls(house: House) -> None:
    body = "编码,名称\nW-1,x\n".encode()
    assert upload(house, "skus", body, role="viewer").status_code == 403
    assert upload(house, "skus", body, role="warehouse").status_code == 403
    assert upload(house, "stock", "仓库,商品,数量\n".encode(), role="warehouse").status_code == 201
    kept = sheet_of(house, "skus", "编码,名称\nW-1,x\n")
    foreign = {"authorization": f"Bearer {house.other}"}
    for method, path, more in (
        ("GET", "", {}),
        ("GET", "/preview", {}),
        ("GET", "/rejects", {}),
        ("PUT", "/mapping", {"json": {"columns": None}}),
        ("POST", "/apply", {"json": {"mode": "good"}}),
        ("POST", "/undo", {}),
        ("DELETE", "", {}),
    ):
        url = f"/v1/imports/{kept['id']}{path}"
        assert house.client.request(method, url, headers=foreign, **more).status_code == 404
    assert house.client.get("/v1/imports", headers=foreign).json()["items"] == []


def test_every_reason_has_its_words() -> None:
    said = sheet_kinds.words().reasons
    for lang in ("zh", "en"):
        for code in said:
            text = sheet_kinds.explain(code, "F", "V", "D", lang)
            assert text
            assert "{" not in text


def test_every_field_of_the_api_can_be_imported() -> None:
    for kind in sheet_kinds.words().kinds.values():
        assert {f.name for f in kind.fields} == {f.name for f in msgspec.structs.fields(kind.row)}
        names = [sheet_kinds.fold(n) for f in kind.fields for n in (f.zh, f.en)]
        assert len(set(names)) == len(names), kind.name

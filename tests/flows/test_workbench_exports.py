"""Exports: the file in each form, masked by rights, marked, a fact, fetched by its maker only."""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from danshu.kernel.limits import EXPORT_DAYS, PURPOSE_CHARS_MIN
from tests.fixtures.hub import SKUS, House, open_house
from tests.fixtures.people import Browser, seat
from tests.flows.test_workbench_jobs import finish, follow, start

COLUMNS = ["number", "state", "goods", "paid", "placed", "receiver", "phone", "address", "tags"]
PURPOSE = "双十一复盘"
EVIL = '=HYPERLINK("http://evil")'


@pytest.fixture
def kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Callable[[], str]
) -> Iterator[House]:
    """A hub whose data lie in a folder of the test."""
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    with open_house(databases()) as opened:
        yield opened


def export(house: House, role: str = "admin", **body: Any) -> dict[str, Any]:
    asked = {"f": "", "form": "csv", "columns": COLUMNS, "purpose": PURPOSE, **body}
    job = finish(house, start(house, "/v1/exports", role, **asked), role)
    assert job["state"] == "done", job
    return job


def fetch(house: House, job: dict[str, Any], role: str = "admin") -> bytes:
    told = house.call("GET", f"/v1/exports/{job['id']}", role=role)
    assert told.status_code == 200, told.text
    assert hashlib.sha256(told.content).hexdigest() == job["result"]["digest"]
    assert told.headers["x-content-sha256"] == job["result"]["digest"]
    return bytes(told.content)


@pytest.fixture
def filled(kept: House) -> House:
    for n, title in enumerate(["示例", EVIL, "-1+1"]):
        lines = [{"sku": SKUS[0].code, "quantity": 2, "price_fen": 1990, "title": title}]
        kept.place(number=f"E-{n}", lines=lines)
    follow(kept)
    return kept


def test_csv_runs_nothing_and_says_whose_it_is(filled: House) -> None:
    job = export(filled)
    assert (job["done"], job["result"]["rows"], job["can"]) == (3, 3, ["download"])
    text = fetch(filled, job).decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(text))
    assert head == ["订单号", "阶段", "商品", "实付", "下单", "收件人", "电话", "地址", "标签"]
    rows, mark = lines[:3], dict(lines[3:])
    assert [r[0] for r in rows] == ["E-2", "E-1", "E-0"]
    assert rows[0][2].startswith("'-1+1")
    assert rows[1][2].startswith("'=HYPERLINK")
    assert rows[2][1:4] == ["已分仓", "示例 ×2", "39.80"]
    assert rows[2][5:8] == ["张示例", "13900001234", "北京市 北京市 示例路 1 号"]
    assert mark["# 用途"] == PURPOSE
    assert mark["# 导出人"] == "admin"
    assert mark["# 行数"] == "3"
    assert mark["# 内容摘要"] == job["result"]["content"]


def test_a_workbook_holds_text_numbers_and_no_formula(filled: House) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(fetch(filled, export(filled, form="xlsx"))))
    assert book.sheet_names == ["Sheet1", "水印"]
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[3] == "实付"
    assert [r[0] for r in rows] == ["E-2", "E-1", "E-0"]
    assert rows[1][2] == f"{EVIL} ×2"
    assert rows[1][3] == 39.8
    mark = {r[0]: r[1] for r in book.get_sheet_by_name("水印").to_python()}
    assert (mark["用途"], mark["导出人"]) == (PURPOSE, "admin")


def test_a_long_workbook_begins_another_sheet(
    filled: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("danshu.hub.export_files.EXPORT_SHEET_ROWS", 2)
    book = CalamineWorkbook.from_filelike(io.BytesIO(fetch(filled, export(filled, form="xlsx"))))
    sheets = [book.get_sheet_by_index(n).to_python() for n in range(2)]
    assert [[r[0] for r in s] for s in sheets] == [["订单号", "E-2", "E-1"], ["订单号", "E-0"]]


def test_parquet_has_types_and_its_mark(filled: House) -> None:
    job = export(filled, form="parquet", lang="en", columns=["number", "units", "placed", "paid"])
    parquet = importlib.import_module("pyarrow.parquet")
    read = parquet.ParquetFile(io.BytesIO(fetch(filled, job)))
    table = read.read().to_pydict()
    assert table["Order no."] == ["E-2", "E-1", "E-0"]
    assert table["Units"] == [2, 2, 2]
    assert table["Paid"] == ["39.80"] * 3
    mark = read.metadata.metadata
    assert mark[b"danshu.purpose"].decode() == PURPOSE
    assert mark[b"danshu.content"].decode() == job["result"]["content"]


def test_the_same_rows_have_the_same_content_in_every_form(filled: House) -> None:
    # without times: those bear the code of their copy, and every copy has one of its own
    plain = [c for c in COLUMNS if c != "placed"]
    jobs = [export(filled, form=form, columns=plain) for form in ("csv", "xlsx", "parquet")]
    assert len({j["result"]["content"] for j in jobs}) == 1
    assert len({j["result"]["digest"] for j in jobs}) == 3


def test_an_export_is_a_fact(filled: House) -> None:
    job = export(filled, f="state.in.allocated")
    with psycopg.connect(filled.url) as connection:
        rows = connection.execute("select body from facts order by stream desc").fetchall()
    body = next(bytes(r[0]) for r in rows if b'"type":"export.made"' in bytes(r[0]))
    for part in (job["result"]["digest"], PURPOSE, "state.in.allocated", '"rows":3', '"phone"'):
        assert part.encode() in body
    assert "张示例".encode() not in body


def test_who_may_not_see_it_gets_it_masked(filled: House) -> None:
    seat(filled.url, filled.tenant, "P01", roles=("policy",))
    browser = Browser(filled)
    browser.sign_in("P01")
    body = {"f": "", "form": "csv", "columns": COLUMNS, "purpose": PURPOSE}
    started = browser.call("POST", "/v1/exports", body)
    assert started.status_code == 202, started.text
    job = finish(filled, started.json())
    assert job["result"]["unmasked"] == []
    text = browser.call("GET", f"/v1/exports/{job['id']}").content.decode("utf-8-sig")
    assert "张**,139****1234,北京市 北京市 ****" in text
    assert "13900001234" not in text
    assert "P01" in text


def test_a_warehouse_s_lead_exports_that_warehouse_alone(filled: House) -> None:
    (code,) = {r["warehouse"] for r in filled.call("GET", "/v1/workbench/orders").json()["items"]}
    for number, own in (("W01", code), ("W02", "SH01" if code != "SH01" else "BJ01")):
        seat(filled.url, filled.tenant, number, roles=("warehouse",), warehouses=(own,))
        browser = Browser(filled)
        browser.sign_in(number)
        body = {"f": "", "form": "csv", "columns": ["number"], "purpose": PURPOSE}
        job = finish(filled, browser.call("POST", "/v1/exports", body).json())
        rows = 3 if own == code else 0
        assert (job["result"]["rows"], job["result"]["left_out"]) == (rows, 3 - rows)


def test_only_its_maker_fetches_it(filled: House) -> None:
    job = export(filled, "operator")
    assert filled.call("GET", f"/v1/exports/{job['id']}", role="warehouse").status_code == 403
    headers = {"authorization": f"Bearer {filled.other}"}
    told = filled.client.get(f"/v1/exports/{job['id']}", headers=headers)
    assert told.status_code == 404
    fetch(filled, job, "operator")


def test_a_file_is_not_kept_for_ever(filled: House, tmp_path: Path) -> None:
    job = export(filled)
    (file,) = (tmp_path / "exports").glob("*/*")
    assert file.name.endswith(".csv")
    old = file.stat().st_mtime - EXPORT_DAYS * 86_400 - 1
    os.utime(file, (old, old))
    told = filled.call("GET", f"/v1/exports/{job['id']}")
    assert (told.status_code, told.json()["code"]) == (404, "not_found")


def test_what_cannot_be_exported(shared_house: House) -> None:
    good = {"f": "", "form": "csv", "columns": ["number"], "purpose": PURPOSE}

    def refused(role: str = "admin", **body: Any) -> tuple[int, str]:
        told = shared_house.call("POST", "/v1/exports", {**good, **body}, role=role)
        return told.status_code, told.json()["code"]

    assert refused("warehouse") == (403, "forbidden")
    assert refused("viewer") == (403, "forbidden")
    assert refused(columns=["no-such"]) == (422, "bad_field")
    assert refused(columns=["number", "number"]) == (422, "bad_field")
    assert refused(purpose="x" * (PURPOSE_CHARS_MIN - 1))[0] in (400, 422)
    assert refused(form="pdf")[0] in (400, 422)
    assert refused(f="x.in.y") == (400, "bad_filter")

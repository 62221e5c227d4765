"""One clause from the lawyer's form to the customer's phone: modelled, approved, promised, signed
by the reviewer, read by the customer, verified three times, and a forged byte found.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import FilePayload, Page, expect

from danshu.stories import forging, furnishing
from tests.console.conftest import PDA, Visit
from tests.console.devices import give_passkey, scan
from tests.console.site import Site

CODE = "clause"
TEXT = "付款后{hours}小时内完成出库复核,复核员逐批核对效期并本人签署。"
TEXT_EN = "Reviewed within {hours} hours of payment; the reviewer checks each lot and signs."
BREACH = "未按时完成复核的,客服在一小时内告知,并继续履行。"
BREACH_EN = "A late review is told within an hour, and is still owed."
SIGNED = "本人已逐批核对订单 {order} 的 {goods}(批号 {lots}),并对核对结果负责。"
SIGNED_EN = "I checked {goods} (lots {lots}) of order {order}, and answer for it."
UNITS = 2


class Merchant(Site, kw_only=True, eq=False):
    """A merchant of its own in the hub that is browsed: what it publishes is nobody else's."""

    def login(self, role: str) -> str:
        number = furnishing.PEOPLE[[r for _, r, _ in furnishing.PEOPLE].index(role)][0]
        return f"{number.lower()}@{CODE}.example"

    def cookie(self, role: str) -> str:
        if role not in self.kept:
            body = {"tenant": CODE, "login": self.login(role), "password": self.password}
            path, origin = self.address + "/v1/session/password", {"origin": self.address}
            answer = httpx.post(path, json=body, headers=origin, timeout=60)
            assert answer.status_code == 201, answer.text
            self.kept[role] = answer.cookies["danshu"]
        return self.kept[role]


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """The hub of the other tests, seen from a merchant of this file alone."""

    async def furnish() -> tuple[int, str, str]:
        async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as connection:
            tenant = await furnishing.furnish(connection, CODE, "条款商户", signs=False)
            key = await furnishing.renew_key(connection, tenant, "console")
            return tenant, key, await furnishing.seat_people(connection, tenant)

    # In a thread of its own: a browser's test stands in an event loop already.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        tenant, key, password = thread.submit(asyncio.run, furnish()).result()
    return Merchant(
        address=site.address, url=site.url, tenant=tenant, key=key, password=password, orders=[]
    )


def _model(visit: Visit) -> Page:
    """The lawyer's part: the next version of 出库复核, by clicks and typing alone."""
    page = visit("/contract/actions/outbound_review", "legal")
    page.get_by_role("button", name="改为 A 级").click()
    page.wait_for_url("**/contract/actions/0*")
    expect(page.get_by_role("checkbox", name="密钥不得离开设备")).to_be_checked()
    page.get_by_role("textbox", name="签署文字 · 中文").fill(SIGNED)
    page.get_by_role("textbox", name="签署文字 · 英文").fill(SIGNED_EN)
    page.get_by_role("switch", name="对客户的承诺").click()
    page.get_by_role("textbox", name="客户看到的文字 · 中文").fill(TEXT)
    page.get_by_role("textbox", name="客户看到的文字 · 英文").fill(TEXT_EN)
    page.get_by_role("textbox", name="违约文字 · 中文").fill(BREACH)
    page.get_by_role("textbox", name="违约文字 · 英文").fill(BREACH_EN)
    page.get_by_role("textbox", name="{hours}").fill("24")
    page.get_by_role("combobox", name="停表", exact=True).fill(
        "复核完成"
    )  # a long list: it is typed
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="时限").fill("24")
    proof = page.get_by_role("region", name="能否举证")
    expect(page.locator(".action-yaml")).to_contain_text("PT24H")
    expect(proof.locator("[data-state=error]")).to_have_count(0)
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("等另一人复核").first).to_be_visible()
    return page


def _place(site: Site) -> tuple[str, dict[str, Any]]:
    """An order of today, packed; gives it with the line that is to be reviewed."""
    sku = next(s for s in site.call("GET", "/v1/skus?limit=20")["items"] if s["barcode"])
    new = {
        "number": "CLAUSE-1",
        "lines": [{"sku": sku["code"], "quantity": UNITS, "price_fen": 9_900}],
        "receiver": {
            "name": "张示例",
            "phone": "13900001234",
            "province": "上海市",
            "city": "上海市",
            "detail": "示例路 1 号",
        },
        "paid_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    order = str(site.call("POST", "/v1/orders", json=new)["order"])
    for event in ("release", "pick", "pack"):
        site.call("POST", f"/v1/orders/{order}/transitions", json={"event": event})
    return order, sku


def _review(site: Site, visit: Visit, order: str, sku: dict[str, Any]) -> str:
    """The reviewer's part, at 390 px: scan, photograph, read, sign; gives what was read."""
    page = visit("/settings/account", "reviewer", size=PDA)
    give_passkey(page)
    site.kept.pop("reviewer")  # the proof gave the session another cookie
    page.goto(f"/pda/review/{order}/1")
    expect(page.locator(".pda-lines")).to_be_visible()
    day = datetime.now(UTC) + timedelta(days=900)
    for _ in range(UNITS):
        scan(page, f"(01){sku['barcode'].rjust(14, '0')}(17){day:%y%m%d}(10)L-2026A")
    expect(page.locator(".pda-lines")).to_contain_text(f"{UNITS} / {UNITS}")
    page.get_by_role("button", name="拍照").first.click()
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="parcel.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8\xff a parcel")
    )
    expect(page.get_by_text("证据已齐")).to_be_visible()
    page.get_by_role("button", name="签署出库").click()
    shown = page.locator(".pda-statement").inner_text()
    last = page.get_by_role("button", name="用通行密钥签署")
    expect(last).not_to_have_attribute("aria-disabled", "true")
    last.click()
    page.wait_for_url("**/pda")
    return shown


def _verify(bundle: Path, trust: Path) -> tuple[int, dict[str, Any]]:
    """Run the verifier that lies in the bundle, as its reader does."""
    script = bundle.with_name("verify.py")
    with zipfile.ZipFile(bundle) as archive:
        script.write_bytes(archive.read("verify.py"))
    asked = [sys.executable, "-I", str(script), str(bundle), "--trust", str(trust), "--json"]
    ran = subprocess.run(asked, capture_output=True, check=False)
    return ran.returncode, json.loads(ran.stdout)


def test_a_clause_is_modelled_kept_signed_and_verified(
    site: Site, visit: Visit, axe: Callable[..., None], tmp_path: Path
) -> None:
    draft = _model(visit)
    other = visit(draft.url.removeprefix(site.address), "admin")
    other.get_by_role("button", name="复核通过").click()
    other.locator(".ant-modal").get_by_role("button", name="发布 v").click()
    expect(other.get_by_text("已发布，新订单从此按它").first).to_be_visible()
    version = site.call("GET", "/v1/contract/actions/outbound_review")["items"][0]
    assert (version["drafted_by"], version["approved_by"]) == ("L01", "A01")

    order, sku = _place(site)
    shown = _review(site, visit, order, sku)
    assert "并对核对结果负责" in shown
    facts = site.call("GET", f"/v1/orders/{order}/facts")["facts"]
    (signed,) = [f for f in facts if f["type"] == "action.performed"]
    assert (signed["actor"]["grade"], signed["data"]["definition"]) == ("A", version["digest"])

    slip = visit(f"/print/packing/{order}.1", "warehouse")
    expect(slip.locator(".qr svg")).to_be_visible()
    link = site.call("POST", f"/v1/orders/{order}/links", json={})["url"]
    page = visit(link.removeprefix(site.address), "", size=PDA)
    promise = page.locator("[data-promise=outbound_review]")
    expect(promise.locator(".text")).to_have_text(TEXT.format(hours=24))
    expect(promise.locator(".state")).to_have_text("已兑现")
    act = page.locator(".acts li", has_text="出库复核 · 签署动作")
    expect(act).to_contain_text("复核员 R07")
    expect(act.locator(".grade")).to_have_text("A")
    expect(page.locator("#verify")).to_have_attribute("data-state", "verified")
    axe(page)
    bundle, trust = tmp_path / "order.evb.zip", tmp_path / "vkeys.txt"
    with page.expect_download() as taken:
        page.get_by_role("link", name="证据包").click()
    taken.value.save_as(bundle)

    trust.write_text("\n".join(site.call("GET", "/v1/trust")["vkeys"]))
    with zipfile.ZipFile(bundle) as archive:
        page_of_bundle = tmp_path / "verify.html"
        page_of_bundle.write_bytes(archive.read("verify.html"))
    page.goto(page_of_bundle.as_uri())
    page.get_by_label("日志公钥与见证人公钥").fill(trust.read_text())
    page.get_by_label("把证据包").set_input_files(bundle)
    expect(page.locator("#verdict")).to_have_text("全部通过")
    code, report = _verify(bundle, trust)
    assert code == 0, report

    entry = next(p for p in forging.unpack(bundle.read_bytes()) if "/entries/" in p)
    bundle.write_bytes(forging.forge_byte(bundle.read_bytes(), entry, 40))
    page.get_by_label("把证据包").set_input_files([])
    page.get_by_label("把证据包").set_input_files(bundle)
    expect(page.locator("#verdict")).to_have_text("未通过")
    assert _verify(bundle, trust)[0] == 1

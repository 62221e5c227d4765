"""Paper over HTTP: what stands on it, what does not, who may, and the fact that it leaves."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.capabilities.stock.model import Sku
from danshu.faces.http import papers
from danshu.hub import catalogues
from danshu.kernel.fact import unpack
from tests.fixtures import people
from tests.fixtures.engine import ask, tell
from tests.fixtures.floor import ONE, TWO, act, audit, facts, go_through, release
from tests.fixtures.hub import SKUS, TESTER, WAREHOUSES, House
from tests.fixtures.people import Browser

NO_FIELDS = """
@id("paper.masked")
forbid (
  principal is Person in Role::"warehouse",
  action in [Action::"field.name", Action::"field.address"],
  resource
);
"""
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


class Seen(HTMLParser):
    """What a paper holds: its tags, what it loads, its words, its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


def fetch(house: House | Browser, path: str, role: str = "admin", **params: Any) -> Seen:
    who = {} if isinstance(house, Browser) else {"role": role}
    response = house.call("GET", path, params=params, **who)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    seen = Seen(response.text)
    # nothing that the policy would keep out, nothing from elsewhere
    assert {"/print/paper.css", "/print/paper.js"} == set(seen.loads)
    assert "style" not in seen.tags
    assert not [a for a in seen.attributes if a == "style" or a.startswith("on")]
    return seen


def test_a_picking_list_walks_by_storage_and_sku(house: House) -> None:
    orders = [release(house, number=f"2026112200{n:05d}")["order"] for n in range(3)]
    seen = fetch(house, "/print/picking/" + ",".join(f"{o}.1" for o in orders), role="warehouse")
    assert "拣货单" in seen.words
    assert "3 单 2 种 9 件" in seen.words
    assert seen.words.index(ONE.code) < seen.words.index(TWO.code)
    assert "A ×2" in seen.words
    for n in range(3):
        assert re.search(rf"\b{n:05d}-[0-9A-F]{{4}}-1\b", seen.words)
    assert seen.tags.count("svg") == 3
    (digest,) = re.findall(r"源摘要 ([0-9a-f ]+)", seen.words)
    printed = merchant_facts(house, "document.printed")
    assert [f["data"]["digest"] for f in printed] == [digest.replace(" ", "")]
    assert printed[0]["data"]["of"] == [f"{o}/1" for o in orders]
    assert printed[0]["actor"]["sub"] == "warehouse"


def merchant_facts(house: House, kind: str) -> list[dict[str, Any]]:
    """Facts of a type on any stream."""
    with psycopg.connect(house.url) as connection:
        rows = connection.execute("select body from facts where tenant=%s", (house.tenant,))
        found = [msgspec.json.decode(b) for (body,) in rows for b in unpack(bytes(body))]
    return [f for f in found if f["type"] == kind]


def test_what_does_not_wait_to_be_picked_is_left_out(house: House) -> None:
    waits, done = release(house)["order"], release(house)["order"]
    go_through(house, done, "pick")
    assert "1 单 2 种 3 件" in fetch(house, f"/print/picking/{waits}.1,{done}.1").words
    none = house.call("GET", f"/print/picking/{done}.1")
    assert (none.status_code, none.json()["code"]) == (409, "nothing_to_pick")
    assert len(merchant_facts(house, "document.printed")) == 1


def lead(house: House, **more: Any) -> Browser:
    """A warehouse lead, signed in: sees names and addresses, not telephones."""
    people.seat(house.url, house.tenant, "W01", ["warehouse"], **more)
    browser = Browser(house)
    assert browser.sign_in("W01").status_code == 201
    return browser


@pytest.mark.parametrize("paper", ["a5", "label"])
def test_a_packing_slip_shows_what_the_person_may_see_and_no_prices(
    house: House, paper: str
) -> None:
    order = release(house)["order"]
    seen = fetch(lead(house), f"/print/packing/{order}.1", paper=paper)
    assert "张示例 139****1234" in seen.words
    assert "示例路 1 号" in seen.words
    assert "¥" not in seen.words
    assert "打印人 W01" in seen.words
    assert seen.tags.count("svg") == 2  # Code 128 and QR
    (printed,) = facts(house, order, "document.printed")
    assert printed["data"]["paper"] == paper
    assert printed["data"]["revealed"] is True
    assert printed["actor"]["grade"] == "B"
    assert facts(house, order, "person.revealed") == []
    house.work("sequence")
    assert audit(house) == []


def test_who_sees_nothing_prints_nothing(house: House) -> None:
    people.seat(house.url, house.tenant, "A01", ["admin"])
    admin = Browser(house)
    admin.sign_in("A01")
    published = admin.call("POST", "/v1/policies", {"text": NO_FIELDS, "note": "试", "base": 0})
    assert published.status_code in (200, 201), published.text
    order = release(house)["order"]
    seen = fetch(lead(house), f"/print/packing/{order}.1")
    assert "张** 139****1234" in seen.words
    assert "北京市 ****" in seen.words
    assert "示例路" not in seen.words
    assert "revealed" not in facts(house, order, "document.printed")[0]["data"]


def test_prices_and_masked_data_are_asked_for(house: House) -> None:
    order = release(house)["order"]
    path = f"/print/packing/{order}.1"
    seen = fetch(lead(house), path, prices="true", reveal="面单破损,补打")
    assert "¥19.90" in seen.words
    assert "张示例 13900001234" in seen.words
    (revealed,) = facts(house, order, "person.revealed")
    assert revealed["data"] == {"fields": ["phone"], "reason": "面单破损,补打"}


def test_a_person_prints_of_their_own_warehouses_only(house: House) -> None:
    placed = release(house)
    there = placed["plan"][0]["warehouse"]
    elsewhere = next(w.code for w in WAREHOUSES if w.code != there)
    browser = lead(house, warehouses=[elsewhere])
    for path in (f"/print/picking/{placed['order']}.1", f"/print/packing/{placed['order']}.1"):
        assert browser.call("GET", path).status_code == 404
    assert facts(house, placed["order"], "document.printed") == []


def test_an_erased_receiver_is_said_to_be_erased(house: House) -> None:
    order = release(house)["order"]
    tell(house.url, "update vault set salt='', raw=null, person=null, erased=now()")
    seen = fetch(house, f"/print/packing/{order}.1", reveal="补打")
    assert "已按法律要求删除" in seen.words


def test_an_evidence_page_says_who_did_what_and_what_it_does_not_show(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick")
    house.work("sequence", "seal")
    seen = fetch(house, f"/print/evidence/{order}")
    for words in ("接单", "下发仓库", "拣货", "仓内作业", "不是区块链", "不是中立第三方"):
        assert words in seen.words
    size = ask(house.url, "select max(size) from checkpoints where tenant=%s", house.tenant)
    assert re.search(rf"叶子数\s*{size}\b", seen.words)
    assert "还没有进入检查点" not in seen.words
    leaf = re.findall(r"(?:[0-9a-f]{4} ){15}[0-9a-f]{4}", seen.words)
    assert len(leaf) >= 5
    assert "整份以最低的 C 级为准" in seen.words
    # the printing itself is the next fact, and not yet sealed
    (printed,) = facts(house, order, "document.printed")
    assert printed["data"]["of"] == [order]
    assert "有 1 条事实还没有进入检查点" in fetch(house, f"/print/evidence/{order}").words


def test_papers_are_in_english_too(house: House) -> None:
    order = release(house)["order"]
    for path in (f"/print/picking/{order}.1", f"/print/packing/{order}.1"):
        words = fetch(house, path, lang="en").words
        assert not re.search(r"[一-鿿]{2,}", re.sub(r"Danshu|单枢", "", goods_out(words)))
    words = fetch(house, f"/print/evidence/{order}", lang="en").words
    assert "Who did what, and when" in words
    assert "not a blockchain" in words


def goods_out(words: str) -> str:
    """The words without what the merchant wrote: goods, places, people."""
    for sku in SKUS:
        words = words.replace(sku.name, "")
    return re.sub(r"\S*[仓市]\S*|张\S*|北京\S*|示例\S*", "", words)


def test_hostile_names_are_words_and_nothing_more(house: House) -> None:
    async def rename() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            sku = Sku(code=ONE.code, name=HOSTILE, weight_g=1, barcode=HOSTILE)
            await catalogues.put_skus(c, house.tenant, [sku], TESTER)

    asyncio.run(rename())
    house.hub.worlds.forget(house.tenant)
    receiver = {
        "name": HOSTILE[:64],
        "phone": "<b>139</b>00001234",
        "province": "北京市",
        "city": "北京市",
        "detail": HOSTILE,
    }
    order = release(house, number=HOSTILE, receiver=receiver)["order"]
    act(house, order, event="waybill", carrier=HOSTILE, waybill=HOSTILE)
    act(house, order, event="hold", reason=HOSTILE)
    for path, params in (
        (f"/print/picking/{order}.1", {}),
        (f"/print/packing/{order}.1", {"reveal": HOSTILE}),
        (f"/print/evidence/{order}", {}),
    ):
        seen = fetch(house, path, **params)
        assert "img" not in seen.tags
        assert HOSTILE in seen.words
        assert "49" not in seen.words.replace(HOSTILE, "").split()


def test_rights_and_walls(house: House) -> None:
    order = release(house)["order"]
    paths = (f"/print/picking/{order}.1", f"/print/packing/{order}.1", f"/print/evidence/{order}")
    house.keys["other"] = house.other
    for path in paths:
        assert house.call("GET", path, role="other").status_code == 404
        assert house.call("GET", path, role="viewer").status_code == 403
        assert house.client.get(path).status_code == 401
    assert house.call("GET", paths[2], role="warehouse").status_code == 403
    assert house.call("GET", "/print/picking/nonsense").status_code == 400
    assert house.call("GET", f"/print/packing/{order}.2").status_code == 404
    many = ",".join(f"{order}.{n}" for n in range(1, 102))
    assert house.call("GET", f"/print/picking/{many}").status_code == 413
    assert facts(house, order, "document.printed") == []


def test_the_papers_words_are_the_same_in_both_languages() -> None:
    zh, en = papers.WORDS["zh"], papers.WORDS["en"]
    assert zh.keys() == en.keys()
    holes = re.compile(r"\{(\w+)\}").findall
    assert {k: sorted(holes(v)) for k, v in zh.items()} == {
        k: sorted(holes(v)) for k, v in en.items()
    }


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (41_000, "41 秒", "41 s"),
        (8_040_000, "2 时 14 分", "2 h 14 min"),
        (86_400_000, "1 天 0 时", "1 d 0 h"),
        (-61_000, "1 分 1 秒", "1 min 1 s"),
    ],
)
def test_spans_are_written_in_two_units(ms: int, zh: str, en: str) -> None:
    assert (papers.span(ms, "zh"), papers.span(ms, "en")) == (zh, en)


def test_money_and_digests_are_written_as_designed() -> None:
    assert papers.money(119_200, "CNY") == "¥1,192.00"
    assert papers.money(-5, "JPY") == "−JPY 0.05"
    assert papers.groups("9f3a71c20be4") == "9f3a 71c2 0be4"


def test_a_code_128_is_drawn_as_bars_with_quiet_zones() -> None:
    drawn = str(papers.code128("00018-1F3A-1"))
    width = int(re.findall(r'viewBox="0 0 (\d+) ', drawn)[0])
    bars = [(int(x), int(w)) for x, w in re.findall(r'<rect x="(\d+)" width="(\d+)"', drawn)]
    assert bars[0] == (10, 2)  # the start sign begins after ten modules of white
    assert bars[-1][0] + bars[-1][1] == width - 10
    assert (width - 2 * 10 - 2) % 11 == 0  # signs of eleven modules, and the last bar of the stop
    assert all(1 <= w <= 4 for _, w in bars)
    assert 'aria-label="00018-1F3A-1"' in drawn

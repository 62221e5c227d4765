"""After-sales by link and by the merchant's own settings: what buyers may ask for and when, how
long each step may take.
"""

from __future__ import annotations

from typing import Any

import pytest

from danshu.capabilities.after_sales import windows
from danshu.capabilities.after_sales.windows import Bought
from danshu.faces.http import customer_cases, customer_pages
from danshu.kernel.limits import BUYER_CASES_HOUR, REQUEST_PHOTOS
from tests.fixtures.floor import PNG, audit, facts
from tests.fixtures.hub import House
from tests.fixtures.people import Browser, seat
from tests.flows.test_after_sales import agreed_warehouse, code, do, good, open_, sent
from tests.flows.test_buyer_requests import link

DAY_MS = 86_400_000
NOW_MS = 1_795_163_912_000


@pytest.fixture
def house(shared_house: House) -> House:
    """The process's merchant: every test has orders of its own, and puts settings back."""
    return shared_house


@pytest.mark.parametrize(
    ("kind", "reason", "ago_days", "exempt", "told"),
    [
        ("return", "no_longer_wanted", 6, "", ""),
        ("return", "no_longer_wanted", 7, "", ""),  # the day of receipt is not counted
        ("return", "no_longer_wanted", 8, "", "window_over"),
        ("return", "no_longer_wanted", 1, "perishable", "no_reason_exempt"),
        ("return", "quality", 1, "perishable", ""),
        ("exchange", "no_longer_wanted", 1, "", "return_it"),
        ("return", "quality", 31, "", "window_over"),  # 30 by the merchant's word
        ("return", "quality", 30, "", ""),
        ("refund_only", "price", 1, "", "window_over"),  # 0 days: never
        ("return", "quality", None, "", "not_received"),
        ("refund_only", "late", None, "", ""),
        ("refund_only", "damaged", None, "", "not_received"),
    ],
)
def test_within_which_time(
    kind: str, reason: str, ago_days: int | None, exempt: str, told: str
) -> None:
    # shorter than the law's days is not heard
    own = {"quality": 30, "price": -1, "no_longer_wanted": 3}
    at_ms = 0 if ago_days is None else NOW_MS - ago_days * DAY_MS
    bought = Bought(line=1, received_ms=at_ms, exempt=exempt)
    refusal = windows.refuse(kind, reason, bought, own, NOW_MS)
    assert (refusal.code if refusal else "") == told


def post(house: House, path: str, photos: Any = 0, **form: Any) -> str:
    """Send a form; gives what the page is told became of it."""
    if photos:
        files = [("photo", ("p.png", PNG, "image/png"))] * photos
        response = house.client.post(
            f"{path}/cases", data=form, files=files, follow_redirects=False
        )
    else:
        response = house.client.post(f"{path}/cases", data=form, follow_redirects=False)
    assert response.status_code == 303, response.text
    said = str(response.headers["location"]).partition("?said=")[2].partition("#")[0]
    assert said in customer_cases.SAID | {"case_no"}
    return said.partition("&")[0]


def test_a_buyer_asks_sends_back_and_is_paid(house: House) -> None:
    house.call(
        "PUT", "/v1/after-sale-settings", {"second_fen": 500_000, "return_to": "示例园区 3 号仓"}
    )
    id_ = sent(house)
    path = link(house, id_)
    page = house.client.get(path).text
    assert 'name="q1"' in page
    assert "质量问题（签收后 15 天内）" in page
    body = {"kind": "return", "reason": "quality", "q1": "1", "q2": "0", "text": "杯口<b>有缺口"}
    assert post(house, path, **body) == "no_photo"
    assert post(house, path, photos=2, **body) == "case_asked"
    (item,) = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["items"]
    assert (item["origin"], item["kind"], item["amount"]) == ("buyer", "return", 1_990)
    shown = good(house.call("GET", f"/v1/after-sales/{item['id']}"))
    assert shown["words"] == "杯口<b>有缺口"
    (digest,) = set(shown["shown"])
    photo = house.call("GET", f"/v1/after-sales/{item['id']}/photos/{digest}")
    assert photo.content == PNG
    page = house.client.get(path).text
    assert "等商家处理" in page
    assert "杯口" not in page  # what was written is not shown again
    case = {"case": item["id"]}
    told = {**case, "act": "send_back", "carrier": "中通", "waybill": "zt0001234"}
    assert post(house, path, **told) == "not_at_send_back"
    good(do(house, item["id"], "agree", amount_fen=1_990))
    assert "寄回地址：示例园区 3 号仓" in house.client.get(path).text
    assert post(house, path, **{**told, "waybill": "a b"}) == "bad_waybill"
    assert post(house, path, **told) == "case_sent"
    (found,) = good(house.call("GET", "/v1/after-sales", params={"q": "ZT0001234"}))["items"]
    assert (found["id"], found["carrier"]) == (item["id"], "中通")
    good(do(house, item["id"], "receive", warehouse=agreed_warehouse(house, id_)))
    assert post(house, path, **case, act="withdraw") == "not_at_withdraw"
    assert audit(house) == []
    house.call("PUT", "/v1/after-sale-settings", {"second_fen": 500_000})


def test_what_a_link_may_not_ask(house: House) -> None:
    """Hostile forms keep nothing; another order's case is none of this link's."""
    id_, other = sent(house), sent(house)
    path = link(house, id_)
    base = {"kind": "return", "reason": "no_longer_wanted", "q1": "1"}
    for change, said in (
        ({"kind": "compensation"}, "bad_case"),
        ({"kind": "claim"}, "bad_case"),
        ({"reason": "owed"}, "bad_case"),
        ({"q1": "0"}, "bad_case"),
        ({"q1": "-1"}, "bad_case"),
        ({"q1": "1e3"}, "bad_case"),
        ({"q1": "3"}, "case_no"),  # more than there are
        ({"q9": "1"}, "case_no"),  # no such line
        ({"text": "x\x00"}, "case_bad_form"),
        ({"kind": "exchange"}, "return_it"),
        ({"reason": "price", "amount": "1"}, "bad_price"),  # money alone
        ({"kind": "refund_only", "reason": "price", "amount": "1.234"}, "bad_price"),
        ({"kind": "refund_only", "reason": "price", "amount": "9999"}, "more_than_paid"),
        ({"act": "pay"}, "bad_case"),
        ({"act": "withdraw", "case": "1' or '1'='1"}, "bad_case"),
    ):
        told = post(house, path, **{**base, **change})
        assert told == (said if said in customer_cases.SAID else "case_no"), change
    assert post(house, path, photos=REQUEST_PHOTOS + 1, **base) == "case_bad_photo"
    assert good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["items"] == []
    foreign = good(open_(house, other, "return", "quality", (1, 1), by_buyer=True))["item"]["id"]
    good(do(house, foreign, "agree", amount_fen=1_990))
    case = {"case": foreign, "carrier": "SF", "waybill": "SF000001"}
    assert post(house, path, **case, act="send_back") == "case_no"
    assert post(house, path, **case, act="withdraw") == "case_no"
    protected = sent(house)
    lower = {"kind": "refund_only", "reason": "price", "q1": "1", "amount": "1.5"}
    assert post(house, link(house, protected), **lower) == "case_asked"
    (item,) = good(house.call("GET", f"/v1/orders/{protected}/after-sales"))["items"]
    assert (item["amount"], item["lines"][0]["lowered"]) == (150, 150)
    unsent = str(house.place()["order"])
    assert post(house, link(house, unsent), **base) == "not_received"
    before = {"kind": "refund_only", "reason": "other", "q1": "2", "q2": "1"}
    assert post(house, link(house, unsent), **before) == "case_asked"
    # one more than an hour allows, whatever becomes of them
    for turn in range(BUYER_CASES_HOUR + 1):
        told = post(house, path, **base)
        if turn == BUYER_CASES_HOUR:
            assert told == "case_too_fast"
            break
        assert told == "case_asked"
        found = good(house.call("GET", f"/v1/orders/{id_}/after-sales"))["items"][-1]
        assert post(house, path, case=found["id"], act="withdraw") == "case_withdrawn"
    house.call("PUT", "/v1/after-sale-settings", {"second_fen": 500_000, "by_link": False})
    assert 'name="q1"' not in house.client.get(path).text
    assert post(house, link(house, sent(house)), **base) == "not_by_link"
    house.call("PUT", "/v1/after-sale-settings", {"second_fen": 500_000})
    exempt = {
        "second_fen": 500_000,
        "exempt": {good(house.call("GET", f"/v1/orders/{id_}"))["lines"][0]["sku"]: "custom"},
    }
    assert house.call("PUT", "/v1/after-sale-settings", exempt).status_code == 200
    assert post(house, link(house, sent(house)), **base) == "no_reason_exempt"
    house.call("PUT", "/v1/after-sale-settings", {"second_fen": 500_000})
    assert audit(house) == []


def test_the_page_has_words_for_what_it_says() -> None:
    for words in customer_pages.WORDS.values():
        assert set(words["said_cases"]) == customer_cases.SAID | {"case_no"}
        assert {w.reason for w in windows.windows()} <= set(words["case_reasons"])


def test_an_inspection_is_an_act_with_its_parcel_and_photos(house: House) -> None:
    """A warehouse lead's is signed by their session in the case's commit; a key's is its word."""
    seat(house.url, house.tenant, "W61", ("warehouse",))
    doer = Browser(house)
    doer.sign_in("W61")
    id_ = sent(house)
    made = good(open_(house, id_, "return", "quality", (1, 1)))
    path, number = f"/v1/after-sales/{made['item']['id']}", made["item"]["number"]
    scan = {"code": number}
    assert doer.call("POST", f"{path}/parcel", scan).json()["code"] == "not_at_inspect"
    good(do(house, made, "agree", amount_fen=1_990))
    good(do(house, made, "receive", warehouse=agreed_warehouse(house, id_)))
    other = doer.call("POST", f"{path}/parcel", {"code": "SF9999"})
    assert code(other) == (409, "other_parcel")
    assert good(house.call("POST", f"{path}/parcel", scan)) == {"act": "", "grade": ""}  # a key
    assert good(doer.call("POST", f"{path}/parcel", scan))["grade"] == "B"
    sku = made["item"]["lines"][0]["sku"]
    line = {"line": 1, "sku": sku, "quantity": 1, "grade": "as_new", "outcome": "restock"}
    told = {"act": "inspect", "found": [line]}
    bare = doer.call("POST", f"{path}/acts", told)
    assert (bare.status_code, bare.json()["clause"].split("@")[0]) == (409, "return_inspection")
    png = {"content": PNG, "headers": {"content-type": "image/png"}}
    kept = doer.call("POST", f"{path}/photos", **png)
    assert kept.status_code == 200, kept.text
    done = good(doer.call("POST", f"{path}/acts", told))
    assert done["item"]["state"] == "paying"
    (said,) = facts(house, id_, "action.performed")
    assert (said["data"]["action"], said["actor"]["grade"]) == ("return_inspection", "B")
    assert sorted(e["kind"] for e in said["evidence"]) == ["photo", "scan"]
    assert facts(house, id_, "goods.returned")[0]["data"]["outcome"] == "restock"
    assert audit(house) == []


def test_times_are_by_channel_and_the_merchant_s_own(house: House) -> None:
    """A channel's row before that of any, the merchant's before those that ship, none past law."""
    shown = good(house.call("GET", "/v1/after-sale-times"))["items"]
    assert {"pdd", "douyin", "taobao", "jd"} <= {r["channel"] for r in shown}
    row = {"kind": "refund_only", "step": "asked", "begins": "2026-01-01", "source": "自定"}
    path = "/v1/after-sale-times"
    for hours, rule in ((6, "own"), (0, "decide_refund")):
        told = good(house.call("PUT", path, {**row, "channel": "api", "hours": hours}))
        assert any(r["own"] for r in told["items"]) == bool(hours)
        made = good(open_(house, str(house.place()["order"]), "refund_only", "other", (2, 1)))
        assert made["item"]["rule"] == rule
        (named,) = [r for r in made["rules"] if r["code"] == rule]
        assert named["hours"] == (hours or 48)
    long = {**row, "kind": "return", "step": "received", "hours": 2_000}
    good(house.call("PUT", path, long))
    made = good(open_(house, sent(house), "return", "quality", (1, 1)))
    good(do(house, made, "agree", amount_fen=1_990))
    place = agreed_warehouse(house, made["item"]["order"])
    got = good(do(house, made, "receive", warehouse=place))
    assert got["item"]["rule"] == "seven_days"
    for wrong in (
        {**row, "step": "filed", "hours": 1},
        {**row, "begins": "2026-02-30", "hours": 1},
    ):
        assert house.call("PUT", path, wrong).status_code == 422, wrong
    assert house.call("PUT", path, {**long, "hours": 0}).status_code == 200
    assert house.call("PUT", path, long, role="viewer").status_code == 403
    wanted = {
        "second_fen": 500_000,
        "windows": {"quality": 30, "no_longer_wanted": 10},
        "exempt": {"SKU-1": "custom"},
        "return_to": "杭州市 示例园区 3 号仓",
    }
    kept = good(house.call("PUT", "/v1/after-sale-settings", wanted))
    assert (kept["windows"]["quality"], kept["by_link"]) == (30, True)
    short = {**wanted, "windows": {"no_longer_wanted": 6}}
    assert code(house.call("PUT", "/v1/after-sale-settings", short)) == (422, "bad_field")
    assert audit(house) == []
    house.call("PUT", "/v1/after-sale-settings", {"second_fen": 500_000})
    assert audit(house) == []


def test_a_claim_is_reckoned_filed_and_settled(house: House) -> None:
    terms = {
        "carrier": "SF",
        "begins": "2026-01-01",
        "multiple": 0,
        "cap_fen": 3_000,
        "days": 30,
        "source": "合同 2026-1",
    }
    assert house.call("PUT", "/v1/carrier-terms", terms).status_code == 200
    id_ = sent(house, until="ship")
    made = good(open_(house, id_, "claim", "lost", fulfilment=1))
    assert (made["item"]["amount"], made["item"]["rule"]) == (3_000, "file_claim")
    assert code(open_(house, id_, "claim", "lost", fulfilment=1)) == (409, "case_open")
    assert code(do(house, made, "settle", amount_fen=1)) == (409, "not_filed")
    listed = house.call("GET", "/v1/claims.csv", params={"carrier": "SF"}).text
    for told in (f"SF{id_[-12:]}", "丢件", ",30.00,CNY,"):
        assert told in listed
    assert house.call("GET", "/v1/claims.csv", params={"carrier": "YTO"}).text.count("\n") == 1
    good(do(house, made, "file", amount_fen=3_000, receipt="LP-1"))
    done = good(do(house, made, "settle", amount_fen=2_500, receipt="LP-1"))
    assert (done["item"]["state"], done["outcome"]) == ("closed", "settled")
    (said,) = facts(house, id_, "claim.settled")
    assert (said["data"]["amount"], said["data"]["carrier"]) == (2_500, "SF")
    assert audit(house) == []


def test_what_buyers_wrote_is_named_asked_and_taught(house: House) -> None:
    def case(words: str) -> str:
        made = open_(house, sent(house), "return", "quality", (1, 1), words=words, by_buyer=True)
        return str(good(made)["item"]["id"])

    def named(**asked: Any) -> dict[str, Any]:
        house.work("sequence", "reasons")
        found = good(house.call("GET", "/v1/return-reasons/cases", params=asked))["items"]
        return {c["case"]: c for c in found}

    small, odd, again = (
        case("chima偏小 穿不下"),
        case("奶奶说梦见它在飞"),
        case("奶奶说梦见它又在飞"),
    )
    rows = named()
    assert (rows[small]["state"], rows[small]["code"]) == ("named", "size")
    assert (rows[odd]["state"], rows[odd]["code"], rows[odd]["words"]) == (
        "unsure",
        "",
        "奶奶说梦见它在飞",
    )
    seen = good(house.call("GET", "/v1/return-reasons/cases", role="operator"))["items"]
    assert next(c["case"] for c in seen) == again
    path = f"/v1/return-reasons/cases/{odd}/correct"
    for wrong, told in (
        ({"code": "nothing"}, (422, "bad_field")),
        ({"code": "changed_mind", "phrase": "打给13800000000"}, (422, "phrase_personal")),
    ):
        assert code(house.call("POST", path, wrong)) == told
    missing = f"/v1/return-reasons/cases/{sent(house)}/correct"
    assert code(house.call("POST", missing, {"code": "size"})) == (404, "not_found")
    body = {"code": "changed_mind", "phrase": "奶奶说梦见它在飞"}
    assert house.call("POST", path, body, role="viewer").status_code == 403
    done = good(house.call("POST", path, body))
    assert (done["state"], done["code"]) == ("confirmed", "changed_mind")
    rows = named()
    assert (rows[again]["state"], rows[again]["code"]) == ("named", "changed_mind")
    tried = good(house.call("POST", "/v1/return-reasons/try", {"text": "奶奶说梦见它在飞!"}))
    assert (tried["code"], tried["confidence"]) == ("changed_mind", 1000)
    told = good(house.call("GET", "/v1/return-reasons"))["report"]
    assert told["reviewed"] == 1
    assert not {odd, again} & named(state="unsure").keys()  # others of the file may be
    (phrase,) = good(house.call("GET", "/v1/return-reasons/phrases"))["items"]
    assert phrase["phrase"] == "奶奶说梦见它在飞"
    assert audit(house) == []
    erased = {"reason": "本人要求删除", "reference": "工单 1"}
    order = rows[odd]["order"]
    good(house.call("POST", f"/v1/orders/{order}/erase", erased))
    assert good(house.call("GET", "/v1/return-reasons/phrases"))["items"] == []
    assert named()[odd]["words"] == ""
    assert audit(house) == []

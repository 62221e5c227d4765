"""Settlement over HTTP: a month is looked into, closed, exported, opened again by two."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from danshu.kernel.fact import rfc3339
from tests.fixtures.hub import House, open_house
from tests.fixtures.people import Browser, seat
from tests.flows.test_workbench_jobs import finish, start

NOW = datetime.datetime.now(datetime.UTC)
PAID = NOW.replace(day=1) - datetime.timedelta(days=10)  # within the month before, in any zone
LAST = PAID.year * 100 + PAID.month
THIS = NOW.date().isoformat()


@pytest.fixture
def kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Callable[[], str]
) -> Iterator[House]:
    """A hub whose data lie in a folder of the test."""
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    with open_house(databases()) as opened:
        yield opened


def told(house: House, path: str, **more: Any) -> dict[str, Any]:
    answer = house.call("GET", f"/v1/settlement{path}", **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def voucher(account: int, other: int, amount: int, day: str) -> dict[str, Any]:
    postings = [{"account": account, "debit": amount}, {"account": other, "credit": amount}]
    return {"date": day, "postings": postings, "reason": "银行回单未到"}


def test_a_month_is_closed_exported_and_opened_by_two(kept: House) -> None:
    house = kept
    order = house.place(paid_at=rfc3339(round(PAID.timestamp() * 1000)))["order"]
    for event in ("release", "pick", "pack", "ship"):
        answer = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event})
        assert answer.status_code == 200, answer.text
    house.work("sequence", "journal")
    seen = told(house, "")
    assert (seen["next"], seen["off"], seen["behind"]) == (LAST, 0, 0)
    assert [(o["account"], o["amount"]) for o in seen["open"]] == [(112201, 4480)]
    first, last = seen["periods"][-1]["first"], seen["periods"][-1]["last"]
    paid = drill(house, order, first, last)
    one, two = browser(house, "F01"), browser(house, "F02")
    by_hand = close(house, one, two, last)
    name_accounts(house)
    read_file(house)
    reopen(house, one, two)
    # a wrong voucher is taken back by two, what facts say is not
    back = {"key": by_hand, "date": last, "reason": "记错"}
    draft = one.call("POST", "/v1/settlement/reversals", back).json()
    path = "/v1/settlement/reversals"
    assert two.call("POST", path, back).json()["code"] == "reversal_waits"
    assert check(two, draft)["reverses"] == by_hand
    assert one.call("POST", path, back).json()["code"] == "reversed"
    back["key"] = paid
    assert one.call("POST", path, back).json()["code"] == "of_facts"
    value_goods(house)
    # rules hold from tomorrow on
    rules: dict[str, Any] = {"since": THIS, "revenue": "delivery"}
    assert house.call("PUT", "/v1/settlement/settings", rules).json()["code"] == "too_early"
    rules |= {"since": "2099-01-01", "tax": "small_1", "costs": True}
    assert house.call("PUT", "/v1/settlement/settings", rules).status_code == 200
    newest = told(house, "/settings")["items"][0]
    assert (newest["revenue"], newest["tax"], newest["costs"]) == ("delivery", "small_1", True)


def drill(house: House, order: str, first: str, last: str) -> str:
    """From a balance to days, to entries, to the order; gives the key of the payment's entry."""
    trial = told(house, f"/balances?as_of={last}")
    assert {b["account"]: b["closing"] for b in trial["items"]} == {112201: 4480, 220301: -4480}
    (day,) = told(house, f"/accounts/220301/days?from={first}&to={last}")["items"]
    assert (day["credit"], day["entries"]) == (4480, 1)
    (entry,) = told(house, f"/entries?account=220301&from={day['day']}&to={day['day']}")["items"]
    assert entry["postings"][0]["order"] == order
    entries = told(house, f"/entries?order={order}")["items"]
    assert [e["source"] for e in entries] == ["order.paid", "order.shipped"]
    assert told(house, f"/entry?key={entries[1]['key']}")["reversed"] is False
    page = told(house, "/entries?account=220301&limit=1")
    rest = told(house, f"/entries?account=220301&limit=1&cursor={page['next']}")
    assert [e["source"] for e in (*page["items"], *rest["items"])] == [
        "order.shipped", "order.paid",
    ]  # fmt: skip
    assert rest["next"] == ""
    return str(entries[0]["key"])


def check(person: Browser, draft: dict[str, Any]) -> dict[str, Any]:
    """Check a voucher as the second person."""
    answer = person.call("POST", f"/v1/settlement/drafts/{draft['id']}/enter")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def close(house: House, one: Browser, two: Browser, last: str) -> str:
    """Suspense stands in the way, then is explained; gives the key of the voucher by hand."""
    path, told_of = "/v1/settlement/vouchers", voucher(190101, 112201, 700, last)
    assert house.call("POST", path, told_of).json()["code"] == "persons_only"
    draft = one.call("POST", path, told_of).json()
    waits = told(house, "/drafts")
    assert (waits["waiting"], [d["id"] for d in waits["items"]]) == (1, [draft["id"]])
    assert waits["people"][draft["by"]] == "F01"
    (waiting,) = [c for c in told(house, f"/periods/{LAST}")["checks"] if c["code"] == "vouchers"]
    assert (waiting["passed"], waiting["count"]) == (False, 1)
    enter = f"/v1/settlement/drafts/{draft['id']}"
    assert one.call("POST", f"{enter}/enter").json()["code"] == "same_person"
    made = check(two, draft)
    assert two.call("POST", f"{enter}/enter").json()["code"] == "answered"
    bad = {**voucher(190101, 112201, 1, last), "postings": [{"account": 1002, "debit": 1}] * 2}
    assert one.call("POST", path, bad).json()["code"] == "unbalanced"
    wrong = one.call("POST", path, voucher(190101, 1002, 9, last)).json()
    no = two.call("POST", f"/v1/settlement/drafts/{wrong['id']}/decline", {"reason": "科目不对"})
    assert (no.json()["state"], no.json()["note"]) == ("declined", "科目不对")
    checks = {c["code"]: c for c in told(house, f"/periods/{LAST}")["checks"]}
    assert [c for c, one in checks.items() if not one["passed"]] == ["suspense"]
    assert checks["suspense"]["amount"] == 700
    path = f"/v1/settlement/periods/{LAST}/close"
    refused = house.call("POST", path, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "check_suspense")
    why = {"explained": [{"code": "suspense", "reason": "回单下月到"}]}
    assert house.call("POST", path, why).json()["closed"]
    late = one.call("POST", "/v1/settlement/vouchers", voucher(660102, 220201, 5, last)).json()
    late = check(two, late)
    assert (late["belongs"], late["no"]) == (LAST, 1)
    return str(made["key"])


def name_accounts(house: House) -> None:
    """Finance's own books know an account by another code."""
    path, names = "/v1/settlement/account-names", [{"account": 112201, "code": "1122.01"}]
    assert house.call("PUT", path, [{"account": 1, "code": "x"}]).json()["code"] == (
        "unknown_account"
    )
    assert house.call("PUT", path, names * 2).json()["code"] == "twice"
    assert house.call("PUT", path, names).status_code == 200
    assert house.call("GET", path).json()["items"] == [
        {"account": 112201, "code": "1122.01", "name": ""}
    ]


def value_goods(house: House) -> None:
    """SKUs get their cost and tax class, by a sheet; before entries ask, from the beginning."""
    sku = house.call("GET", "/v1/skus?limit=1").json()["items"][0]["code"]
    csv_ = {"content-type": "text/csv"}
    sheet = f"商品编码,成本(分),税类\n{sku},1250,reduced\n".encode()
    path = "/v1/sku-values:import"
    assert house.call("POST", path, sheet, headers=csv_).json() == {"rows": 1, "since": ""}
    unknown = house.call("POST", path, b"code,cost_fen\nnone,1\n", headers=csv_)
    assert unknown.json()["code"] == "no_sku"
    (row,) = house.call("GET", f"/v1/sku-values?q={sku}").json()["items"]
    assert (row["code"], row["cost_fen"], row["now_fen"], row["tax"]) == (
        sku,
        1250,
        1250,
        "reduced",
    )
    counted = house.call("GET", "/v1/sku-values/count").json()
    assert counted["no_cost"] == counted["skus"] - 1
    lacking = house.call("GET", "/v1/sku-values?lacks_cost=true").json()["items"]
    assert sku not in {r["code"] for r in lacking}
    assert house.call("GET", "/v1/sku-values", role="operator").status_code == 403


def read_file(house: House) -> None:
    """The file for finance: a line a posting."""
    asked: dict[str, Any] = {"period": LAST, "form": "csv", "purpose": "十月凭证入总账"}
    job = finish(house, start(house, "/v1/settlement/exports", **asked))
    assert (job["state"], job["form"], job["can"]) == ("done", "csv", ["download"])
    file = house.call("GET", f"/v1/exports/{job['id']}").content.decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(file))
    assert head[:6] == ["日期", "期间", "凭证字", "凭证号", "分录号", "摘要"]
    assert [r[2:10] for r in lines[:4]] == [
        ["记", "1", "1", "收款", "1122.01", "应收账款·应收平台款", "CNY", "44.80"],
        ["记", "1", "2", "收款", "220301", "预收账款·预收货款", "CNY", ""],
        ["调", "1", "1", "手工凭证", "190101", "待处理款项·待查", "CNY", "7.00"],
        ["调", "1", "2", "手工凭证", "1122.01", "应收账款·应收平台款", "CNY", ""],
    ]
    assert dict(r[:2] for r in lines[4:])["# 用途"] == "十月凭证入总账"


def reopen(house: House, one: Browser, two: Browser) -> None:
    """It is opened again by persons, by two, and that is seen for ever."""
    ask = f"/v1/settlement/periods/{LAST}/reopening"
    assert house.call("POST", ask, {"reason": "x"}).json()["code"] == "persons_only"
    assert one.call("POST", ask, {"reason": "少记一笔"}).status_code == 200
    assert one.call("POST", f"{ask}/agree").json()["code"] == "same_person"
    assert two.call("POST", f"{ask}/agree").json()["closed"] is False
    seen = told(house, "")
    events = seen["periods"][-1]["events"]
    assert [(e["kind"], seen["people"][e["by"]]) for e in events][1:] == [("reopened", "F02")]
    assert seen["people"][events[1]["first"]] == "F01"


def browser(house: House, number: str) -> Browser:
    seat(house.url, house.tenant, number, ["finance"])
    made = Browser(house)
    made.sign_in(number)
    return made

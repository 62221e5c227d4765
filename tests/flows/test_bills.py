"""Bills: each form is read to the fen, whole or not at all, each line once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from danshu.hub import bills, merchants
from danshu.hub.bills import BillFile, Source
from danshu.kernel.errors import InputError
from danshu.ledger.engine import Engine
from danshu.ports.bill import KINDS
from danshu.testing import bills as forms
from danshu.testing.bills import Carried, Move
from tests.fixtures import engine as stores
from tests.fixtures.hub import TESTER

AT = "2026-10-02 10:00:00"
MOVES = [
    Move(kind="sale", number="2026100200001", amount=12_000, at=AT, flow="202610020001"),
    Move(kind="refund", number="2026100200001", amount=-2_000, at=AT, flow="202610020002"),
    Move(kind="sale", number="2026100200002", amount=5, at=AT, flow="202610020003"),
]
FEE = Move(kind="payment_fee", number="2026100200002", amount=-3, at=AT, flow="202610020004")
PARCEL = Carried(waybill="SF1", day="2026-10-02", zone="深圳市", weight_g=1_250, fee=1_800)
FILES: dict[str, bytes] = {
    "alipay": forms.alipay([*MOVES, FEE]),
    "jd": forms.jd(MOVES),
    "pdd": forms.pdd([*MOVES, MOVES[2]]),
    "douyin": forms.douyin(MOVES),
    "wechat-pay": forms.wechat_pay([*MOVES, FEE]),
    "bank": forms.bank([Move(kind="payout", number="", amount=10_005, at=AT, flow="B1")]),
    "sf": forms.sf([PARCEL, PARCEL]),
}
# What is in the book afterwards: lines by kind, income and expense in 分.
HELD: dict[str, tuple[dict[str, int], int, int]] = {
    "alipay": ({"sale": 2, "refund": 1, "payment_fee": 1}, 12_005, 2_003),
    "jd": ({"sale": 2, "refund": 1}, 12_005, 2_000),
    "pdd": ({"sale": 3, "refund": 1}, 12_010, 2_000),
    "douyin": ({"sale": 2, "refund": 1}, 12_005, 2_000),
    "wechat-pay": ({"sale": 2, "refund": 1, "payment_fee": 1}, 12_005, 2_003),
    "bank": ({"payout": 1}, 10_005, 0),
    "sf": ({"freight": 2}, 0, 3_600),
}

WALLETS = {
    "alipay": 101201,
    "wechat-pay": 101202,
    "jd": 101203,
    "pdd": 101204,
    "douyin": 101205,
    "bank": 1002,
    "sf": 220201,
}
Bring = Callable[..., BillFile]


@pytest.fixture(scope="module")
def site(engine: Engine, template: str, tmp_path_factory: Any) -> Iterator[Any]:
    """A merchant: what brings a bill of theirs in, and what asks their database."""
    with stores._fresh(engine, template) as make:
        yield _open(make(), tmp_path_factory.mktemp("bills"))


def _open(url: str, folder: Path) -> Any:
    async def found() -> int:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await merchants.create_tenant(connection, "bills", "账单", TESTER)

    tenant = asyncio.run(found())

    def bring(form: str, body: bytes, name: str = "bill.csv") -> BillFile:
        path: Path = folder / name
        path.write_bytes(body)
        source = Source(path=path, name=name, mapping=bills.read_form(form))

        async def run() -> BillFile:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                return await bills.bring_in(connection, tenant, source, TESTER)

        return asyncio.run(run())

    def ask(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(sql, (tenant, *values)).fetchall()

    return bring, ask


@pytest.mark.parametrize("form", FILES)
def test_each_form_is_read_to_the_fen_and_once(site: Any, form: str) -> None:
    bring, ask = site
    kept = bring(form, FILES[form])
    kinds, income, expense = HELD[form]
    lines = ask(
        "select kind, count(*) from bill_lines where tenant=%s and file=%s group by 1", kept.id
    )
    assert {KINDS[no - 1]: n for no, n in lines} == kinds
    assert (kept.income_fen, kept.expense_fen, kept.rejected) == (income, expense, 0)
    assert kept.rows_in == len(
        ask("select distinct row from bill_lines where tenant=%s and file=%s", kept.id)
    )
    # Each line is an entry of the journal: the book's own account holds what came in, less what
    # went out.
    wallet = ask(
        "select coalesce(sum(debit-credit),0)::bigint from journal_days where tenant=%s"
        " and account=%s and day between '2026-10-01' and '2026-10-03'",
        WALLETS[form],
    )
    if form not in ("alipay", "jd"):  # other tests bring these in too
        assert wallet == [(income - expense,)]
    entered = ask(
        "select count(*) from journal j join bill_lines l on l.tenant=j.tenant"
        " and j.key = 'bill/' || l.id where j.tenant=%s and l.file=%s",
        kept.id,
    )
    assert entered == [(kept.lines,)]
    again = bring(form, FILES[form], "the same.csv")
    assert (again.id, again.is_known) == (kept.id, True)


def test_forms_that_come_with_the_hub_are_those_that_are_tested() -> None:
    assert set(bills.forms()) == set(FILES)


def test_overlapping_bills_bring_each_line_once_and_a_changed_line_is_left_out(site: Any) -> None:
    bring, ask = site
    first = [
        Move(kind="sale", number=f"9{n}", amount=100 + n, at=AT, flow=f"90{n}") for n in range(6)
    ]
    kept = bring("alipay", forms.alipay(first[:4]))
    changed = Move(kind="sale", number="92", amount=999, at=AT, flow="902")
    more = bring("alipay", forms.alipay([*first[1:2], changed, *first[3:]]))
    assert (kept.lines, more.lines, more.existing, more.rejected) == (4, 2, 2, 1)
    rejects = ask("select row, code from bill_rejects where tenant=%s and file=%s", more.id)
    assert rejects == [(7, "conflict")]
    assert ask("select amount from bill_lines where tenant=%s and flow='902'") == [(102,)]


END = "#-----------------------------------------账务明细列表结束".encode("gb18030")
SUM, OTHER = "共120.05元".encode("gb18030"), "共120.06元".encode("gb18030")


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("totals", lambda body: body.replace(SUM, OTHER)),
        ("totals_missing", lambda body: body[: body.index(END)]),
        ("encoding", lambda body: body[:600] + b"\xff\xff" + body[600:]),
        ("column_missing", lambda body: body.replace("发生时间".encode("gb18030"), b"when")),
    ],
    ids=["totals", "cut", "bytes", "names"],
)
def test_a_file_that_does_not_hold_what_it_says_brings_nothing(
    site: Any, code: str, spoil: Callable[[bytes], bytes]
) -> None:
    bring, ask = site
    moves = [Move(kind="sale", number=code, amount=12_005, at=AT, flow=f"8{code}")]
    with pytest.raises(InputError) as caught:
        bring("alipay", spoil(forms.alipay(moves)))
    assert caught.value.code == code
    assert ask("select 1 from bill_lines where tenant=%s and flow=%s", f"8{code}") == []


def test_rows_that_cannot_be_read_are_kept_with_the_reason(site: Any) -> None:
    bring, ask = site
    body = (
        forms.jd(MOVES[:1]).decode("gb18030")
        + "T1,D1,订单,1,x,已结算,,,not a day,货款,1.00,人民币,应收,,1\r\n"
    )
    body += "T1,D2,订单,1,x,已结算,,,2026-10-02 10:00:00,货款,1.005,人民币,应收,,1\r\n"
    kept = bring("jd", body.encode("gb18030"))
    rows = ask(
        "select row, code, raw from bill_rejects where tenant=%s and file=%s order by row", kept.id
    )
    assert [(row, code) for row, code, _ in rows] == [(3, "at_invalid"), (4, "amount_invalid")]
    assert "not a day" in rows[0][2].decode()

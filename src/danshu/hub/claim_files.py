"""The open claims on a carrier as a file that it can be sent 理赔清单."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

import psycopg

from danshu.capabilities.after_sales.model import CLAIM
from danshu.hub import after_sales_views
from danshu.hub.after_sales_views import FIRST, CaseRow, Filter
from danshu.kernel.limits import PAGE_ROWS
from danshu.kernel.money import format_minor

Connection = psycopg.AsyncConnection[Any]
HEAD: Final = (
    "运单号",
    "订单号",
    "承运商",
    "原因",
    "索赔金额",
    "币种",
    "状态",
    "申请时间",
    "时限",
    "编号",
)
_REASONS: Final = {"lost": "丢件", "damaged": "破损", "late": "延误"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def write(connection: Connection, tenant: int, carrier: str) -> str:
    """Write the claims on a carrier that wait to be filed or settled as CSV (RFC 4180), the next
    to be due first; a cell that a sheet would take for a formula is quoted by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    after = FIRST
    while True:
        asked = Filter(kind=CLAIM)
        rows = await after_sales_views.page(connection, tenant, asked, after, PAGE_ROWS)
        for row in rows:
            if not carrier or row.case.carrier == carrier:
                writer.writerow([_plain(cell) for cell in _cells(row)])
        if len(rows) < PAGE_ROWS:
            return out.getvalue()
        after = after_sales_views.place_of(rows[-1], is_ended=False)


def _cells(row: CaseRow) -> tuple[str, ...]:
    amount = format_minor(row.amount, row.currency)
    reason = _REASONS.get(row.reason, row.reason)
    return (
        *(row.waybill, row.number, row.case.carrier, reason, amount, row.currency),
        *(row.state, row.opened, row.due, str(row.id)),
    )


def _plain(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell

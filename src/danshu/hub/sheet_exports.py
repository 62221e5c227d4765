"""The balance sheet of data resources as files: CSV, and a workbook with its formulas' inputs."""

from __future__ import annotations

import csv
import importlib
import io
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from danshu.hub.balance_sheet import BalanceSheet, ResourceLine

HEAD: Final = (
    ("资产", "asset"),
    ("列报", "treatment"),
    ("判定规则", "rule"),
    ("依据", "clause"),
    ("文号", "source"),
    ("条款核对人", "verified_by"),
    ("资本化成本(分)", "capitalised_fen"),
    ("费用化(分)", "expensed_fen"),
    ("累计摊销(分)", "amortised_fen"),
    ("减值(分)", "impaired_fen"),
    ("账面价值(分)", "carrying_fen"),
    ("摊销月数", "months"),
    ("摊销起始月", "since"),
    ("数据来源", "origin"),
    ("权属主体", "holder"),
    ("权利", "rights"),
    ("限制", "limits"),
    ("估值下限(分)", "valued_low_fen"),
    ("估值上限(分)", "valued_high_fen"),
)
_UNREAD: Final = "条款未核"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CARRIED: Final = "carrying_fen"


def _cells(line: ResourceLine) -> list[str | int]:
    told: list[str | int] = []
    for _, name in HEAD:
        value = getattr(line, name)
        if name == "verified_by" and line.rule:
            value = value or _UNREAD
        told.append("、".join(value) if isinstance(value, tuple) else value)
    return told


def _plain(cell: str | int) -> str | int:
    """Write a cell so that no program runs it."""
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def write_csv(sheet: BalanceSheet) -> bytes:
    """Write the disclosure table as CSV (UTF-8 with a byte order mark)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([name for name, _ in HEAD])
    writer.writerows([[_plain(cell) for cell in _cells(line)] for line in sheet.lines])
    return ("\ufeff" + out.getvalue()).encode()


def write_xlsx(sheet: BalanceSheet) -> bytes:
    """Write a workbook: the disclosure, whose carrying amounts are formulas over its own columns,
    each schedule month by month, the postings that are proposed.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = importlib.import_module("xlsxwriter").Workbook(out, options)
    bold = book.add_format({"bold": True})
    _disclose(book.add_worksheet("披露"), bold, sheet)
    _schedule(book.add_worksheet("摊销表"), bold, sheet)
    _propose(book.add_worksheet("拟制分录"), bold, sheet)
    book.set_properties({"comments": f"{sheet.month};条款未核的规则须经审计师核对"})
    book.close()
    return out.getvalue()


def _disclose(page: Any, bold: Any, sheet: BalanceSheet) -> None:
    names = [name for _, name in HEAD]
    places = {name: chr(ord("A") + at) for at, name in enumerate(names)}
    for at, (title, _) in enumerate(HEAD):
        page.write_string(0, at, title, bold)
    for no, line in enumerate(sheet.lines, 1):
        for at, cell in enumerate(_cells(line)):
            if names[at] == _CARRIED and line.rule:
                row = no + 1
                told = (
                    f"={places['capitalised_fen']}{row}-{places['amortised_fen']}{row}"
                    f"-{places['impaired_fen']}{row}"
                )
                page.write_formula(no, at, told, None, cell)
            elif isinstance(cell, int):
                page.write_number(no, at, cell)
            else:
                page.write_string(no, at, cell[:32_767])
    page.freeze_panes(1, 1)


def _schedule(page: Any, bold: Any, sheet: BalanceSheet) -> None:
    for at, title in enumerate(("资产", "月份", "摊销(分)", "减值(分)", "期末账面(分)")):
        page.write_string(0, at, title, bold)
    row = 0
    for line in sheet.lines:
        for one in line.schedule:
            row += 1
            page.write_string(row, 0, line.asset)
            page.write_string(row, 1, one.month)
            page.write_number(row, 2, one.amortised_fen)
            page.write_number(row, 3, one.impaired_fen)
            page.write_number(row, 4, one.carrying_fen)
    page.freeze_panes(1, 0)


def _propose(page: Any, bold: Any, sheet: BalanceSheet) -> None:
    for at, title in enumerate(("资产", "科目", "借方(分)", "贷方(分)")):
        page.write_string(0, at, title, bold)
    for row, one in enumerate(sheet.proposed, 1):
        page.write_string(row, 0, one.asset)
        page.write_string(row, 1, one.account)
        page.write_number(row, 2, one.debit_fen)
        page.write_number(row, 3, one.credit_fen)

"""The cross-border decision table 数据出境判定表: which case of data/protection/border.yaml holds.

The rows are read in order and the first that fits is applied; numbers are thresholds of distinct
persons that went to one recipient since 1 January, this delivery included. The table is data, with
the source of each row; a row that nobody has compared with the text is shown as 条款未核.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Final, Literal

import msgspec
import yaml
from msgspec import Struct

Result = Literal["exempt", "standard_contract", "security_assessment"]
_FOLDER: Final = "protection"


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row: when it fits, what follows, and where that is written.

    `people` and `sensitive` are least numbers of persons, None = whatever their number.
    """

    code: str
    result: Result
    zh: str
    en: str
    source: str
    clause: str
    verified_by: str = ""
    critical: bool | None = None
    important: bool | None = None
    exempt: bool | None = None
    personal: bool | None = None
    people: int | None = None
    sensitive: int | None = None


class Clause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clause that a refusal or a condition names. `verified_by` "": 条款未核."""

    code: str
    zh: str
    en: str
    source: str
    clause: str
    verified_by: str = ""


@functools.cache
def rows() -> tuple[Row, ...]:
    """Read the table, in the order in which it is applied."""
    return tuple(msgspec.convert(_read("border.yaml")["rows"], list[Row]))


@functools.cache
def clauses() -> dict[str, Clause]:
    """Read the clauses by code."""
    found = msgspec.convert(_read("clauses.yaml")["clauses"], list[Clause])
    return {c.code: c for c in found}


def _read(name: str) -> dict[str, object]:
    text = (resources.files("danshu") / "data" / _FOLDER / name).read_text("utf-8")
    return dict(yaml.safe_load(text))


def judge(
    *,
    people: int,
    sensitive: int,
    is_important: bool,
    is_critical: bool,
    is_exempt: bool,
    is_personal: bool,
) -> Row:
    """Give the row that holds for what goes abroad. The last row fits everything."""
    told = {
        "critical": is_critical,
        "important": is_important,
        "exempt": is_exempt,
        "personal": is_personal,
    }
    for row in rows():
        if any(getattr(row, n) is not None and getattr(row, n) != v for n, v in told.items()):
            continue
        if row.people is not None and people < row.people:
            continue
        if row.sensitive is not None and sensitive < row.sensitive:
            continue
        return row
    return rows()[-1]

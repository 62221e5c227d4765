"""How long a step of a case may take 时限: dated rows with their source, from a data file."""

from __future__ import annotations

import datetime
import functools
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct, field

_HOUR_MS: Final = 3_600_000
_SHANGHAI: Final = datetime.timedelta(hours=8)  # the day that a row's `from` means, UTC+8
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: from a day on (Asia/Shanghai), a step of a kind may take so many hours.

    `source` is the article of a law, or `merchant` where it is the merchant's own promise.
    """

    code: str
    kind: str
    step: str
    begins: datetime.date = field(name="from")
    hours: int
    source: str
    zh: str
    en: str


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Give the rows that ship with the product."""
    raw = (files("danshu") / "data" / "after_sale_rules.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=_Table).rules


def due(kind: str, step: str, at_ms: int) -> tuple[int, str]:
    """Give until when a step that begins at `at_ms` may take, and by which rule; (0, "") = none."""
    day = _EPOCH + (at_ms + int(_SHANGHAI.total_seconds() * 1000)) // _DAY_MS
    found = None
    for rule in rules():
        if (rule.kind, rule.step) != (kind, step) or rule.begins.toordinal() > day:
            continue
        if found is None or rule.begins >= found.begins:
            found = rule
    return (at_ms + found.hours * _HOUR_MS, found.code) if found else (0, "")

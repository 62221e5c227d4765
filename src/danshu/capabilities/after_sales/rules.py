"""How long a step of a case may take 时限: dated rows with their source, from a data file."""

from __future__ import annotations

import datetime
import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOUR_MS: Final = 3_600_000
_SHANGHAI: Final = datetime.timedelta(hours=8)  # the day that a row's `from` means, UTC+8
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: from a day on (Asia/Shanghai), a step of a kind may take so many hours.

    `source` is the article of a law, a platform's rule, or `merchant` where it is the merchant's
    own promise. `channel` is the platform whose orders it is of, "" = any. `binds`: by law, so that
    no other row gives more.
    """

    code: str
    kind: str
    step: str
    begins: datetime.date = field(name="from")
    hours: int
    source: str
    zh: str = ""
    en: str = ""
    channel: str = ""
    binds: bool = False


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Give the rows that ship with the product."""
    raw = (files("danshu") / "data" / "after_sale_rules.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=_Table).rules


def due(
    kind: str, step: str, at_ms: int, channel: str = "", own: Sequence[Rule] = ()
) -> tuple[int, str]:
    """Give until when a step that begins at `at_ms` may take, and by which rule; (0, "") = none.

    `own` are the merchant's rows: they go before those that ship, a channel's before those of any,
    the later before the earlier; a law's row is the longest that any may give.
    """
    day = _EPOCH + (at_ms + int(_SHANGHAI.total_seconds() * 1000)) // _DAY_MS
    ranked = []
    for is_own, rule in [*((False, r) for r in rules()), *((True, r) for r in own)]:
        if (rule.kind, rule.step) != (kind, step) or rule.channel not in ("", channel):
            continue
        if rule.begins.toordinal() <= day:
            ranked.append(((is_own, bool(rule.channel), rule.begins), rule))
    if not ranked:
        return 0, ""
    found = max(ranked, key=lambda each: each[0])[1]
    bounds = [rule for _, rule in ranked if rule.binds]
    strict = min([found, *bounds], key=lambda rule: rule.hours)
    return at_ms + strict.hours * _HOUR_MS, strict.code

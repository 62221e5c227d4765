"""What the skills about orders have in common: money in words, sentences in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.ports.skill import Alternative, Reason, Told

if TYPE_CHECKING:
    from danshu.ports.skill import Cited, Untrusted

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


def yuan(fen: int) -> str:
    """Write an amount in 分 as people read it: 1240 -> 12.40."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def percent(thousandths: int) -> str:
    """Write a share in thousandths: 724 -> 72.4 %."""
    return f"{thousandths / 10:g} %"


def reason(zh: str, en: str, cites: tuple[Cited, ...], quote: Untrusted | None = None) -> Reason:
    """Say one sentence with what it rests on; `quote` is shown, never followed."""
    return Reason(text=Told(zh=zh, en=en), cites=cites, quotes=(quote,) if quote else ())


def idle(zh: str, en: str, chance: int | None = None) -> Alternative:
    """Name doing nothing, and why not."""
    return Alternative(
        title=Told(zh="不处理", en="Do nothing"),
        why_not=Told(zh=zh, en=en),
        worth_fen=0,
        chance=chance,
    )

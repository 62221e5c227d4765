"""An answer being written: sentences, each with the numbers of what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.assistant.marking import escape
from danshu.capabilities.assistant.model import AnswerCite, CitedAnswer, CitedSentence
from danshu.kernel.limits import ASSISTANT_CITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.assistant.model import Seen

_SENTENCE_CITES: Final = 8
NO_CAUSE_ZH: Final = "其余原因无事实支持，不作推断。"
NO_CAUSE_EN: Final = "No fact supports any other cause, so none is inferred."


class Sheet:
    """Collects an answer. A sentence without a citation is not taken."""

    def __init__(self, kind: str, seen: Mapping[str, Seen]) -> None:
        self.kind = kind
        self.seen = seen
        self._cites: list[AnswerCite] = []
        self._sentences: list[CitedSentence] = []

    def say(self, zh: str, en: str, cites: Iterable[AnswerCite]) -> None:
        """Say a sentence in both languages, citing at most a few things."""
        numbers = []
        for cite in list(cites)[:_SENTENCE_CITES]:
            if cite not in self._cites:
                if len(self._cites) == ASSISTANT_CITES:
                    continue
                self._cites.append(cite)
            numbers.append(self._cites.index(cite) + 1)
        if numbers:
            self._sentences.append(CitedSentence(zh=zh, en=en, cites=tuple(dict.fromkeys(numbers))))

    def has(self, name: str) -> bool:
        """Tell whether a look gave something."""
        one = self.seen.get(name)
        return one is not None and not one.problem

    def cites(self, name: str) -> tuple[AnswerCite, ...]:
        """What a look gave to be cited."""
        one = self.seen.get(name)
        return () if one is None or one.problem else one.cites

    def close(self, lacks_zh: str = "", lacks_en: str = "") -> CitedAnswer:
        """Give the answer; without sentences a refusal that says what is missing."""
        if not self._sentences:
            lacks_zh = lacks_zh or "没有查到可以引用的事实，不作回答。"
            lacks_en = lacks_en or "No fact was found that could be cited, so there is no answer."
        return CitedAnswer(
            kind=self.kind,
            sentences=tuple(self._sentences),
            cites=tuple(self._cites),
            lacks_zh=lacks_zh,
            lacks_en=lacks_en,
        )


def quote(text: object) -> str:
    """Quote a text that somebody else wrote: short, escaped, on one line."""
    words = escape(" ".join(str(text).split())).replace("「", "『").replace("」", "』")
    return f"「{words[:40]}{'…' if len(words) > 40 else ''}」"


def rate(part: int, whole: int) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{part * 100 / whole:.1f}%" if whole else "—"


def yuan(fen: int) -> str:
    """Write an amount of 分 in 元."""
    return f"¥{fen / 100:,.2f}"


def span(ms: int) -> tuple[str, str]:
    """Write a span of time in both languages, rounded down."""
    minutes = abs(ms) // 60_000
    days, hours, rest = minutes // 1_440, minutes % 1_440 // 60, minutes % 60
    if days:
        return f"{days} 天 {hours} 小时", f"{days} d {hours} h"
    return (
        (f"{hours} 小时 {rest} 分", f"{hours} h {rest} min")
        if hours
        else (
            f"{rest} 分钟",
            f"{rest} min",
        )
    )

"""Figures of the timeline's sentences, and what codes are called in the language asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from danshu.kernel.machine import Words


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure of a sentence. `amount` is a count, minor units of `currency`, or ms of a span."""

    name: str
    kind: Literal["text", "count", "money", "instant", "span"]
    text: str = ""
    amount: int = 0
    currency: str = ""
    at: str = ""


class Names(Struct, frozen=True, kw_only=True, eq=False):
    """What codes are called, in the language asked for: warehouses, promises; and the currency."""

    lang: str
    warehouses: Mapping[str, str] = {}
    regions: Mapping[str, str] = {}
    promises: Mapping[str, str] = {}
    actions: Mapping[str, str] = {}
    stages: Mapping[str, str] = {}
    currency: str = "CNY"

    def pick(self, words: Words) -> str:
        """Give the words in the language."""
        return words.en if self.lang == "en" else words.zh

    def join(self, texts: Iterable[str]) -> str:
        """Join texts as the language lists things."""
        return (", " if self.lang == "en" else "、").join(texts)

    def word(self, table: Mapping[str, Words], code: str) -> str:
        """Give a code's words, or the code where it has none."""
        return self.pick(table[code]) if code in table else code


Told = tuple[str, list[Figure]]  # variant of the words, figures


def text(name: str, value: str) -> Figure:
    """Words, ready in the language asked for."""
    return Figure(name=name, kind="text", text=value)


def count(name: str, amount: int) -> Figure:
    """A number of things."""
    return Figure(name=name, kind="count", amount=amount)


def money(name: str, amount: int, currency: str) -> Figure:
    """Minor units of a currency."""
    return Figure(name=name, kind="money", amount=amount, currency=currency)


def instant(name: str, at: str) -> Figure:
    """An RFC 3339 instant."""
    return Figure(name=name, kind="instant", at=at)


def span(name: str, ms: int) -> Figure:
    """A stretch of time in ms."""
    return Figure(name=name, kind="span", amount=ms)


def promises(datas: Sequence[Any], names: Names) -> Figure:
    """Name the promises that facts are about."""
    codes = dict.fromkeys(d.code for d in datas)
    return text("promises", names.join(names.promises.get(c, c) for c in codes))

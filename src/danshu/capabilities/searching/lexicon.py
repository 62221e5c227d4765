"""All that a question can name: the glossary, metrics, dimensions, and values of master data.

A metric's names are cut by the same words as a question is, so that each of its names is a set of
meanings. What the glossary does not know of a name is known by that name.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching.plain import plain
from danshu.capabilities.searching.ranking import Ranking
from danshu.capabilities.searching.scanning import Meaning, Words
from danshu.capabilities.searching.words import glossary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from danshu.capabilities.searching.model import Card, Facet, Value

KINDS: Final = frozenset({"count", "rate", "share", "amount", "duration", "average"})
"""Concepts that say of which kind a number is, which its unit answers."""
COMMON: Final = frozenset({"order", "customer", "place", "units", "fulfil"})
"""Concepts that are spoken of in passing."""


def telling(meanings: Iterable[Meaning]) -> frozenset[Meaning]:
    """Give the meanings that say what is counted; of what kind the number is only where there is
    nothing else (几单 is orders, 几 is a count).
    """
    kept = frozenset(m for m in meanings if m[0] in ("concept", "dimension"))
    return frozenset(m for m in kept if m[1] not in KINDS) or kept


class Name(Struct, frozen=True, kw_only=True):
    """One name of a metric: the meanings of each of its words."""

    text: str
    parts: tuple[frozenset[Meaning], ...]


class Lexicon:
    """Built once for a merchant's metrics, assets and master data, then only read."""

    def __init__(
        self,
        metrics: Sequence[Card],
        assets: Sequence[Card] = (),
        values: Iterable[Value] = (),
    ) -> None:
        self.metrics = {card.code: card for card in metrics}
        self.assets = {card.code: card for card in assets}
        known = tuple(values)
        facets = {f.code: f for card in metrics for f in card.dimensions}
        self.values = {f"{v.dimension} {i}": v for i, v in enumerate(known)}
        entries = [*_glossary(), *_facets(facets.values()), *self._named()]
        base = Words(entries)
        raw = {run for card in metrics for n in _names(card) for run in _unknown(base, plain(n))}
        own = [(run, ("concept", f"={run}")) for run in sorted(raw)]
        self.words = Words([*entries, *own], [n for card in metrics for n in _names(card)])
        self.names = {card.code: self._cut(card) for card in metrics}
        self._served = {card.code: self._serve(card) for card in metrics}
        seen = Counter(
            m
            for names in self.names.values()
            for m in {p for n in names for q in n.parts for p in q}
        )
        size = len(self.metrics) + 1
        self._rarity = {m: math.log(1 + size / (1 + n)) for m, n in seen.items()}
        self.rarest = math.log(1 + size)
        self.ranking = Ranking([(c.code, _text(c)) for c in (*assets, *metrics)])

    def dimension(self, metric: str, asked: str) -> str:
        """Give what a metric calls the dimension that was asked for; "" = it has none."""
        return self._served[metric].get(asked, "")

    def usual(self, metric: str, shape: str) -> tuple[str, ...]:
        """Give what a metric is counted by where parts are asked for and nobody said which: the
        dimension that its name speaks of (投诉环节占比), if it has it.
        """
        if shape not in ("top", "share"):
            return ()
        named = [
            c for n in self.names[metric] for p in n.parts for kind, c in p if kind == "dimension"
        ]
        return tuple([d for c in named if (d := self.dimension(metric, c))][:1])

    def weight(self, meanings: Iterable[Meaning]) -> float:
        """Give how much a word tells: more where few metrics have it."""
        known = tuple(meanings)
        common = 0.5 if any(code in COMMON for _, code in known) else 1.0
        return common * max((self._rarity.get(m, self.rarest) for m in known), default=0.0)

    def _named(self) -> Iterator[tuple[str, Meaning]]:
        for key, value in self.values.items():
            for name in value.names:
                yield name, ("value", key)

    def _serve(self, card: Card) -> dict[str, str]:
        """Find what the dimensions of a metric are in the words of the glossary: by their code, by
        their title, and what answers for another.
        """
        own = {f.code: f.code for f in card.dimensions}
        for facet in card.dimensions:
            for word in (facet.zh, facet.en, *facet.words):
                for token in self.words.scan(plain(word)).tokens:
                    for kind, code in token.meanings:
                        if kind == "dimension":
                            own.setdefault(code, facet.code)
        for asked, others in glossary().wider.items():
            known = next((own[o] for o in others if o in own), None)
            if known is not None:
                own.setdefault(asked, known)
        return own

    def _cut(self, card: Card) -> tuple[Name, ...]:
        found = []
        for text in _names(card):
            parts = []
            for token in self.words.scan(plain(text)).tokens:
                kept = telling(token.meanings)
                if kept and kept not in parts:
                    parts.append(kept)
            if parts:
                found.append(Name(text=plain(text), parts=tuple(parts)))
        return tuple(found)


def _names(card: Card) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in (card.zh, card.en, *card.words) if n))


def _unknown(words: Words, name: str) -> tuple[str, ...]:
    """Give what the glossary does not know of a name; where that is a single character, the name
    is a word of its own (人效).
    """
    left = [run.text for run in words.scan(name).unknown]
    return (name,) if any(len(run) == 1 for run in left) else tuple(left)


def _text(card: Card) -> str:
    return " ".join([card.zh, card.en, card.about, *card.words])


def _glossary() -> Iterator[tuple[str, Meaning]]:
    known = glossary()
    for kind, listed in (
        ("concept", known.concepts),
        ("dimension", known.dimensions),
        ("step", known.steps),
        ("shape", known.shapes),
    ):
        for code, words in listed.items():
            for word in words:
                yield word, (kind, code)
    for word in known.fillers:
        yield word, ("filler", "")


def _facets(facets: Iterable[Facet]) -> Iterator[tuple[str, Meaning]]:
    """Give what metrics call their dimensions, where the glossary does not know the word."""
    known = {plain(w) for words in glossary().dimensions.values() for w in words}
    for facet in facets:
        for word in (facet.zh, facet.en, *facet.words):
            if word and plain(word) not in known:
                yield word, ("dimension", facet.code)

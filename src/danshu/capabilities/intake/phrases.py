"""A merchant's words: what SKUs, options, stores, customers and devices are called, indexed once.

Built in seconds for 100,000 SKUs, never changed after, so that threads may share it. Exact words
are found by dictionary, those that only sound alike by the pairs of syllables that they share.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from danshu.capabilities.intake import naming, sounds
from danshu.capabilities.intake.implied import ImpliedRule
from danshu.capabilities.intake.plain import key
from danshu.kernel.limits import LEXICON_PHRASES

# How sure a way of being called makes, in thousandths.
SURE: Final[dict[str, int]] = {
    "customer_code": 995,
    "code": 995,
    "exact": 990,
    "alias": 980,
    "short_name": 960,
    "part": 860,
    "initials": 820,
}
HEAD: Final = 2
_SHORT: Final = 3  # syllables up to which one right one is enough to look closer
_PLACE_BITS: Final = 8


class Goods(Struct, frozen=True, kw_only=True):
    """A SKU; `units` are measure words and how many of its own units they stand for."""

    code: str
    name: str
    storage: int = 1
    units: Mapping[str, int] = field(default_factory=dict)


class Option(Struct, frozen=True, kw_only=True):
    """What changes goods; options with other allergens are never taken for one another."""

    code: str
    name: str
    sku: str = ""
    storage: str = ""
    allergens: tuple[str, ...] = ()


class Called(Struct, frozen=True, kw_only=True):
    """A store, customer, supplier, device or symptom and its name."""

    kind: str
    code: str
    name: str


class Alias(Struct, frozen=True, kw_only=True):
    """Another word for something; `scope` is the customer whose word it is, "" = everybody's."""

    kind: str
    alias: str
    code: str
    scope: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing of the master data. `whole` is its full name as compared, `specs` parts of it."""

    kind: str
    code: str
    title: str
    whole: str
    specs: frozenset[str] = frozenset()
    units: Mapping[str, int] = field(default_factory=dict)
    storage: int = 1
    allergens: tuple[str, ...] = ()
    sku: str = ""


class Hit(Struct, frozen=True):
    """That words name an entry, how (a key of SURE), and for which customer alone."""

    entry: int
    how: str
    scope: str = ""


class Sounded(Struct, frozen=True):
    """A phrase that names an entry, and its syllables."""

    entry: int
    phrase: str
    syllables: tuple[str, ...]
    how: str
    scope: str = ""


class Lexicon(Struct, frozen=True, kw_only=True):
    """The index. `heads` gives the lengths of phrases by their first two characters."""

    entries: tuple[Entry, ...]
    phrases: Mapping[str, tuple[Hit, ...]]
    heads: Mapping[str, tuple[int, ...]]
    initials: Mapping[str, tuple[int, ...]]
    sounded: tuple[Sounded, ...]
    grams: Mapping[str, array[int]]
    by_code: Mapping[tuple[str, str], int]
    by_spec: Mapping[str, tuple[int, ...]]
    confusable: Mapping[int, tuple[int, ...]]  # options that are misheard for one another
    rules: tuple[ImpliedRule, ...] = ()
    revision: int = 0


class _Building:
    """What grows while a lexicon is built."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.by_code: dict[tuple[str, str], int] = {}
        self.phrases: dict[str, dict[tuple[int, str], str]] = {}

    def add(self, entry: Entry) -> int | None:
        """Keep an entry, the first of its code."""
        at = (entry.kind, entry.code)
        if at in self.by_code:
            return None
        self.by_code[at] = len(self.entries)
        self.entries.append(entry)
        return len(self.entries) - 1

    def call(self, words: str, entry: int, how: str, scope: str = "") -> None:
        """Keep that words name an entry, the surest way first."""
        phrase = key(words)
        if len(phrase) < HEAD or len(self.phrases) >= LEXICON_PHRASES:
            return
        hits = self.phrases.setdefault(phrase, {})
        before = hits.get((entry, scope))
        if before is None or SURE[how] > SURE[before]:
            hits[(entry, scope)] = how


def build(
    goods: Iterable[Goods] = (),
    options: Iterable[Option] = (),
    called: Iterable[Called] = (),
    aliases: Iterable[Alias] = (),
    *,
    rules: tuple[ImpliedRule, ...] = (),
    revision: int = 0,
) -> Lexicon:
    """Index what a merchant's things are called. An alias of what is not there is left out."""
    made = _Building()
    for sku in goods:
        _add_goods(made, sku)
    _without_brands(made)
    for option in options:
        entry = Entry(
            kind="option", code=option.code, title=option.name, whole=key(option.name),
            allergens=option.allergens, sku=option.sku,
        )  # fmt: skip
        _call_all(made, entry, naming.option_names(option.name))
    for one in called:
        entry = Entry(kind=one.kind, code=one.code, title=one.name, whole=key(one.name))
        _call_all(made, entry, naming.place_names(one.name))
    for alias in aliases:
        found = made.by_code.get((alias.kind, alias.code))
        if found is not None:
            how = "customer_code" if alias.scope else "alias"
            made.call(alias.alias, found, how, alias.scope)
    return _index(made, rules, revision)


def _add_goods(made: _Building, sku: Goods) -> None:
    names = naming.goods_names(sku.name)
    entry = Entry(
        kind="sku", code=sku.code, title=sku.name, whole=key(sku.name), specs=names.specs,
        units=sku.units, storage=sku.storage,
    )  # fmt: skip
    _call_all(made, entry, names)


def _without_brands(made: _Building) -> None:
    """Let goods be called without the word that several begin with (伊利 安慕希酸奶)."""
    begun: dict[str, set[int]] = {}
    for n, entry in enumerate(made.entries):
        for size in _BRANDS:
            begun.setdefault(entry.whole[:size], set()).add(n)
    for brand, those in begun.items():
        if _SHARED <= len(those) <= _SHARED_MOST:
            for n in those:
                for words in naming.goods_names(made.entries[n].title).short:
                    if key(words).startswith(brand):
                        made.call(key(words)[len(brand) :], n, "part")


def _call_all(made: _Building, entry: Entry, names: naming.Names) -> None:
    found = made.add(entry)
    if found is None:
        return
    made.call(entry.code, found, "code")
    made.call(entry.title, found, "exact")
    for words in names.short:
        made.call(words, found, "short_name")
    for words in names.parts:
        made.call(words, found, "part")


def _index(made: _Building, rules: tuple[ImpliedRule, ...], revision: int) -> Lexicon:
    heads: dict[str, set[int]] = {}
    phrases: dict[str, tuple[Hit, ...]] = {}
    initials: dict[str, set[int]] = {}
    sounded: list[Sounded] = []
    for phrase, hits in made.phrases.items():
        # A part of goods is looked for beside all that share it: alone it would hide its rivals.
        whole = any(h != "part" or made.entries[e].kind != "sku" for (e, _), h in hits.items())
        if whole or phrase.isascii():
            heads.setdefault(phrase[:HEAD], set()).add(len(phrase))
            phrases[phrase] = tuple([Hit(e, how, scope) for (e, scope), how in hits.items()])
        runs = sounds.syllables(phrase)
        letters = sounds.initials(phrase)
        for (entry, scope), how in hits.items():
            if how == "code" or phrase.isascii():
                continue
            sounded.append(Sounded(entry, phrase, runs, how, scope))
            if HEAD <= len(letters) <= _INITIALS and how != "part":
                initials.setdefault(letters, set()).add(entry)
    # Shorter names first: where a pair of syllables is common, the closest are seen.
    sounded.sort(key=lambda s: (len(s.syllables), s.phrase, s.entry))
    return Lexicon(
        entries=tuple(made.entries),
        phrases=phrases,
        heads={head: tuple(sorted(sizes, reverse=True)) for head, sizes in heads.items()},
        initials={letters: tuple(sorted(found)) for letters, found in initials.items()},
        sounded=tuple(sounded),
        grams=_grams(sounded),
        by_code=made.by_code,
        by_spec=_by_spec(made.entries),
        confusable=_confusable(made.entries, sounded),
        rules=rules,
        revision=revision,
    )


_INITIALS: Final = 6
_BRANDS: Final = (2, 3)  # characters of a brand
_SHARED: Final = 2
_SHARED_MOST: Final = 2_000  # beyond, the word is no brand but a kind
_NEAR_HEARD: Final = 300
_SHORTENED: Final = 600
_RIVALS: Final = 4


def _confusable(entries: list[Entry], sounded: list[Sounded]) -> dict[int, tuple[int, ...]]:
    """Pair options with other allergens that a recogniser takes for one another: it drops syllables
    (燕麦奶 became 椰奶) more than it invents them, so the shorter word is the suspect.
    """
    options: dict[int, tuple[str, ...]] = {}
    for one in sounded:  # the shortest name of each, without 加
        if entries[one.entry].kind == "option":
            options.setdefault(one.entry, one.syllables)
    found: dict[int, tuple[int, ...]] = {}
    for one_entry, said in options.items():
        rivals = [
            other
            for other, meant in options.items()
            if entries[other].allergens != entries[one_entry].allergens and _misheard(said, meant)
        ]
        if rivals:
            found[one_entry] = tuple(rivals[:_RIVALS])
    return found


def _misheard(said: tuple[str, ...], meant: tuple[str, ...]) -> bool:
    far = sounds.distance(said, meant)
    return far <= _NEAR_HEARD or (len(said) < len(meant) and far <= _SHORTENED)


def _by_spec(entries: list[Entry]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for n, entry in enumerate(entries):
        for spec in entry.specs:
            found.setdefault(spec, []).append(n)
    return {spec: tuple(those) for spec, those in found.items()}


def _grams(sounded: list[Sounded]) -> dict[str, array[int]]:
    """Give for each pair of syllables (and each single one of short names) where it is heard."""
    grams: dict[str, array[int]] = {}
    for n, one in enumerate(sounded):
        runs = one.syllables
        for i in range(min(len(runs) - 1, (1 << _PLACE_BITS) - 1)):
            at = n << _PLACE_BITS | i
            pair = runs[i] + " " + runs[i + 1]
            found = grams.get(pair)
            if found is None:
                grams[pair] = found = array("q")
            found.append(at)
        if len(runs) <= _SHORT:
            for i, one_syllable in enumerate(runs):
                found = grams.get(one_syllable)
                if found is None:
                    grams[one_syllable] = found = array("q")
                found.append(n << _PLACE_BITS | i)
    return grams


def places(packed: int) -> tuple[int, int]:
    """Unpack what `grams` holds: the number of a sounded phrase, and the place in it."""
    return packed >> _PLACE_BITS, packed & ((1 << _PLACE_BITS) - 1)

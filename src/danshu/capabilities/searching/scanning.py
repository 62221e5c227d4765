"""A question cut into what is known of it: the longest words first, and what nobody knows.

Chinese is cut by characters, Latin letters by words without their endings. A run that nobody knows
is heard once more: by its sound, as letters of pinyin, and with a letter too many or too few.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching.plain import WORD, is_chinese, plain, sound, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Meaning = tuple[str, str]
"""(kind, code): `concept`, `dimension`, `step`, `shape`, `value`, `filler`, `time`."""
_NEAR: Final = 85  # of 100 by letters: one of six or seven may differ
_LETTERS: Final = 4
_AROUND: Final = 3


class Unit(Struct, frozen=True):
    """A character or a word, and where it stands."""

    text: str
    start: int
    end: int


class Token(Struct, frozen=True, kw_only=True):
    """A known word: all that it may mean, and where it stands."""

    text: str
    meanings: tuple[Meaning, ...]
    start: int
    end: int


class Scanned(Struct, frozen=True, kw_only=True):
    """The known words in their order, and the runs that mean nothing here."""

    tokens: tuple[Token, ...]
    unknown: tuple[Unit, ...]


def stem(word: str) -> str:
    """Take the commonest endings of an English word away."""
    word = word.removesuffix("'s")
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            root = word[: -len(ending)]
            if ending == "ies":
                return root + "y"
            if ending in ("ing", "ed") and len(root) > 2 and root[-1] == root[-2]:
                root = root[:-1]
            return root.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def units(text: str) -> tuple[Unit, ...]:
    """Cut a plain text: each Chinese character and each word of letters or digits is one."""
    found: list[Unit] = []
    at = 0
    while at < len(text):
        if is_chinese(text[at]) or text[at] == "%":
            found.append(Unit(text[at], at, at + 1))
            at += 1
            continue
        word = WORD.match(text, at)
        if word is None:
            at += 1
            continue
        found.append(Unit(stem(word[0]), at, word.end()))
        at = word.end()
    return tuple(found)


class Words:
    """A dictionary of surfaces. Built once, then only read. `names` are texts of known words that
    are heard as one.
    """

    def __init__(self, entries: Iterable[tuple[str, Meaning]], names: Iterable[str] = ()) -> None:
        known: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
        self._sounds: dict[str, str] = {}
        self._spelt: dict[str, str] = {}
        self._letters: dict[str, str] = {}
        for surface, meaning in entries:
            text = plain(surface)
            key = tuple([u.text for u in units(text)])
            if key and meaning not in known[key]:
                known[key].append(meaning)
                self._hear(text, key)
        for name in names:
            self._hear(plain(name), ())
        self._known: Mapping[tuple[str, ...], tuple[Meaning, ...]] = {
            k: tuple(v) for k, v in known.items()
        }
        self._longest = max(map(len, self._known), default=0)

    def _hear(self, text: str, key: tuple[str, ...]) -> None:
        if all(map(is_chinese, text)):
            self._spelt.setdefault(spelt(text), text)
            if len(text) > 1:
                self._sounds.setdefault(sound(text), text)
        elif len(key) == 1 and len(text) > _LETTERS and text.isascii():
            self._letters.setdefault(key[0], text)

    def spans(self, cut: Sequence[Unit]) -> Iterator[tuple[int, int]]:
        """Give the places of every known word of more than one unit, those inside others too."""
        for i in range(len(cut)):
            for j in range(min(len(cut), i + self._longest), i + 1, -1):
                if tuple([u.text for u in cut[i:j]]) in self._known:
                    yield cut[i].start, cut[j - 1].end
                    break

    def scan(self, text: str, taken: Iterable[tuple[int, int]] = ()) -> Scanned:
        """Cut a plain text; the spans that are `taken` (a time) are left out."""
        held = tuple(taken)
        tokens: list[Token] = []
        unknown: list[Unit] = []
        cut = units(text)
        i = 0
        while i < len(cut):
            at = cut[i]
            if any(start < at.end and at.start < end for start, end in held):
                i += 1
                continue
            token, after = self._at(cut, i, held)
            if token is not None:
                tokens.append(token)
            elif (
                unknown
                and not text[unknown[-1].end : at.start].strip()
                and (not tokens or tokens[-1].end <= unknown[-1].start)
            ):
                start = unknown.pop().start
                unknown.append(Unit(text[start : at.end], start, at.end))
            else:
                unknown.append(Unit(text[at.start : at.end], at.start, at.end))
            i = after
        return Scanned(tokens=tuple(tokens), unknown=tuple(unknown))

    def _at(
        self, cut: Sequence[Unit], i: int, held: Sequence[tuple[int, int]]
    ) -> tuple[Token | None, int]:
        for j in range(min(len(cut), i + self._longest), i, -1):
            meant = self._known.get(tuple([u.text for u in cut[i:j]]))
            start, end = cut[i].start, cut[j - 1].end
            if meant and not any(s < end and start < e for s, e in held):
                text = "".join([u.text for u in cut[i:j]])
                return Token(text=text, meanings=meant, start=start, end=end), j
        return None, i + 1

    def respell(self, text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Write what sounds like a known word, or is one in letters of pinyin or with a letter
        wrong, as that word; gives the text and what was taken for what.
        """
        heard: list[tuple[int, int, str]] = []
        for run in self.scan(text).unknown:
            if heard and run.start < heard[-1][1]:
                continue
            found = self._sounding(text, run) if is_chinese(run.text[0]) else self._lettered(run)
            heard += found
        out, last = "", 0
        for start, end, word in sorted(heard):
            if start >= last:
                out += text[last:start] + word
                last = end
        said = tuple([(text[start:end], word) for start, end, word in heard])
        return out + text[last:], said

    def _sounding(self, text: str, run: Unit) -> list[tuple[int, int, str]]:
        """Find the longest stretch around an unknown run that sounds like a known word."""
        first, last = run.start, run.end
        while first > 0 and is_chinese(text[first - 1]) and run.start - first < _AROUND:
            first -= 1
        while last < len(text) and is_chinese(text[last]) and last - run.end < _AROUND:
            last += 1
        for size in range(min(last - first, self._longest + _AROUND), 1, -1):
            for start in range(first, last - size + 1):
                end = start + size
                if start < run.end and run.start < end:
                    word = self._sounds.get(sound(text[start:end]))
                    if word is not None and word != text[start:end]:
                        return [(start, end, word)]
        return []

    def _lettered(self, run: Unit) -> list[tuple[int, int, str]]:
        from rapidfuzz import fuzz, process

        found = []
        for unit in units(run.text):
            word = run.text[unit.start : unit.end]
            start, end = run.start + unit.start, run.start + unit.end
            if not word.isalpha() or len(word) < _LETTERS:
                continue
            typed = self._typed(word)
            if typed:
                found.append((start, end, typed))
            elif len(word) > _LETTERS:
                close = process.extractOne(
                    unit.text, self._letters.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR
                )
                if close:
                    found.append((start, end, self._letters[close[0]]))
        return found

    def _typed(self, word: str) -> str:
        """Read letters as pinyin of known words, the longest first; "" unless all of it is, and
        one of the words has two characters.
        """
        whole = self._spelt.get(word, "")
        if len(whole) > 1:
            return whole
        for at in range(len(word) - 1, 1, -1):
            known = self._spelt.get(word[:at], "")
            if len(known) > 1:
                rest = self._typed(word[at:]) or self._spelt.get(word[at:], "")
                if rest:
                    return known + rest
        return ""

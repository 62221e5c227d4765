"""A question cut into what is known of it: the longest words first, and what nobody knows.

Chinese is cut by characters, Latin letters by words without their endings. A run that nobody knows
is heard once more: by its sound, as letters of pinyin, and with a letter too many or too few.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching.plain import WORD, is_chinese, plain, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Meaning = tuple[str, str]
"""(kind, code): `concept`, `dimension`, `step`, `shape`, `value`, `filler`, `time`."""
_NEAR: Final = 85  # of 100 by letters: one of six or seven may differ
_LETTERS: Final = 4


class Unit(Struct, frozen=True):
    """A character or a word, and where it stands."""

    text: str
    start: int
    end: int


class Token(Struct, frozen=True, kw_only=True):
    """A known word: all that it may mean, where it stands, and whether it was written so."""

    text: str
    meanings: tuple[Meaning, ...]
    start: int
    end: int
    is_exact: bool = True


class Scanned(Struct, frozen=True, kw_only=True):
    """The known words in their order, and the runs that mean nothing here."""

    tokens: tuple[Token, ...]
    unknown: tuple[str, ...]


def stem(word: str) -> str:
    """Take the commonest endings of an English word away."""
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
    """A dictionary of surfaces. Built once, then only read."""

    def __init__(self, entries: Iterable[tuple[str, Meaning]]) -> None:
        known: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
        for surface, meaning in entries:
            key = tuple([u.text for u in units(plain(surface))])
            if key and meaning not in known[key]:
                known[key].append(meaning)
        self._known: Mapping[tuple[str, ...], tuple[Meaning, ...]] = {
            k: tuple(v) for k, v in known.items()
        }
        self._longest = max(map(len, self._known), default=0)
        self._sounds: dict[str, tuple[str, ...]] = {}
        self._letters: dict[str, tuple[str, ...]] = {}
        for key in self._known:
            joined = "".join(key)
            if len(key) > 1 and all(map(is_chinese, joined)):
                self._sounds.setdefault(spelt(joined), key)
            elif len(key) == 1 and len(joined) > _LETTERS and joined.isascii():
                self._letters[joined] = key

    def meanings(self, surface: str) -> tuple[Meaning, ...]:
        """Give what a word means, nothing when it is unknown."""
        return self._known.get(tuple([u.text for u in units(plain(surface))]), ())

    def spans(self, cut: Sequence[Unit]) -> Iterator[tuple[int, int]]:
        """Give the places of every known word of more than one unit, those inside others too."""
        for i in range(len(cut)):
            for j in range(min(len(cut), i + self._longest), i + 1, -1):
                if tuple([u.text for u in cut[i:j]]) in self._known:
                    yield cut[i].start, cut[j - 1].end
                    break

    def scan(
        self, text: str, taken: Iterable[tuple[int, int]] = (), *, hears: bool = True
    ) -> Scanned:
        """Cut a plain text; the spans that are `taken` (a time) are left out. Unless it `hears`,
        only what is written as it should be is known.
        """
        held = tuple(taken)
        tokens: list[Token] = []
        runs: list[list[Unit]] = [[]]
        cut = units(text)
        i = 0
        while i < len(cut):
            if any(start < cut[i].end and cut[i].start < end for start, end in held):
                runs.append([])
                i += 1
                continue
            token, i_next = self._at(cut, i, held)
            if token is None:
                runs[-1].append(cut[i])
                i += 1
                continue
            tokens.append(token)
            runs.append([])
            i = i_next
        unknown: list[str] = []
        for run in runs:
            if run and hears:
                unknown += self._hear(run, tokens, text)
            elif run:
                unknown.append(text[run[0].start : run[-1].end])
        if not hears:
            return Scanned(tokens=tuple(tokens), unknown=tuple(unknown))
        return self._mend(tokens, unknown, text)

    def _at(
        self, cut: Sequence[Unit], i: int, held: Sequence[tuple[int, int]]
    ) -> tuple[Token | None, int]:
        for j in range(min(len(cut), i + self._longest), i, -1):
            meant = self._known.get(tuple([u.text for u in cut[i:j]]))
            start, end = cut[i].start, cut[j - 1].end
            if meant and not any(s < end and start < e for s, e in held):
                text = "".join([u.text for u in cut[i:j]])
                return Token(text=text, meanings=meant, start=start, end=end), j
        return None, i

    def _token(self, key: tuple[str, ...], run: Sequence[Unit]) -> Token:
        return Token(
            text="".join(key),
            meanings=self._known[key],
            start=run[0].start,
            end=run[-1].end,
            is_exact=False,
        )

    def _hear(self, run: list[Unit], tokens: list[Token], text: str) -> list[str]:
        """Look for words in a run that nobody knows; gives what is left of it."""
        left: list[str] = []
        i, last = 0, 0
        while i < len(run):
            token = self._heard(run, i)
            if token is None:
                i += 1
                continue
            if run[last].start < token.start:
                left.append(text[run[last].start : token.start].strip())
            tokens.append(token)
            i = last = next((k for k, u in enumerate(run) if u.start >= token.end), len(run))
        if last < len(run):
            left.append(text[run[last].start : run[-1].end].strip())
        return [w for w in left if w]

    def _heard(self, run: Sequence[Unit], i: int) -> Token | None:
        from rapidfuzz import fuzz, process

        for j in range(min(len(run), i + self._longest), i, -1):
            joined = "".join([u.text for u in run[i:j]])
            if len(joined) < 2:
                continue
            sound = spelt(joined)
            key = self._sounds.get(sound)
            if key is not None:
                return self._token(key, run[i:j])
        word = run[i].text
        if word.isascii() and word.isalpha() and len(word) > _LETTERS:
            close = process.extractOne(
                word, self._letters.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR
            )
            if close is not None:
                return self._token(self._letters[close[0]], run[i : i + 1])
        return None

    def _mend(self, tokens: list[Token], unknown: list[str], text: str) -> Scanned:
        """Join a single unknown character with its known neighbour where both sound like a word:
        破孙 is 破损 though 破 or 孙 may mean something alone.
        """
        left: list[str] = []
        for run in unknown:
            token = self._neighbour(run, text)
            if token is None:
                left.append(run)
                continue
            tokens[:] = [t for t in tokens if t.end <= token.start or t.start >= token.end]
            tokens.append(token)
        tokens.sort(key=lambda t: t.start)
        return Scanned(tokens=tuple(tokens), unknown=tuple(left))

    def _neighbour(self, run: str, text: str) -> Token | None:
        at = text.find(run)
        if not all(map(is_chinese, run)) or len(run) > 2:
            return None
        for before, after in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1)):
            start, end = at - before, at + len(run) + after
            window = text[max(start, 0) : end]
            if start < 0 or end > len(text) or not all(map(is_chinese, window)):
                continue
            key = self._sounds.get(spelt(window))
            if key is not None:
                return self._token(key, (Unit(window, start, end),))
        return None

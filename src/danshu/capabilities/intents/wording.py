"""Which symptoms, equipment and actions words name, by the spellings of a graph.

A spelling that stands in the words decides. What only sounds alike, or means something near it, is
a candidate for a person. What is denied (没有漏油, 不要补油) is not said.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel.limits import INTENT_WORDS_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.capabilities.intents.model import IntentGraph

    Fold = Callable[[str], str]  # words as they are compared (capabilities/intake/folding.py)

NEAR: Final = 3  # candidates that are shown
_SOUNDED: Final = 200  # characters whose syllables are compared
_FILLERS: Final = "点些下个几"  # what stands between a verb and its object: 补点油, 补一下油
_NOT_SO: Final = ("没有", "没", "无", "未", "不", "不是")
_NOT_WANTED: Final = (
    *("不要", "不用", "不能", "不许", "不得", "不可", "不准", "不该", "不再", "不", "没", "没有"),
    *("别", "别再", "勿", "禁止", "严禁", "无需"),
)


class IntentWord(Struct, frozen=True, kw_only=True):
    """Something of the graph that words name: `said` is the spelling, `denied` that it is not so or
    not wanted.
    """

    kind: str
    code: str
    said: str
    denied: bool = False


class IntentNear(Struct, frozen=True, kw_only=True):
    """A symptom that words may mean. `score` is in thousandths; `reason` `sounds_alike` or
    `means_alike`.
    """

    code: str
    score: int
    reason: str
    said: str = ""


def spot(graph: IntentGraph, words: str, fold: Fold) -> tuple[IntentWord, ...]:
    """Find what words name, the longest spelling first where two overlap, in order of standing."""
    text = fold(words[:INTENT_WORDS_CHARS])
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, IntentWord]] = []
    for spelling, kind, code in _spellings(graph, fold):
        for start, end in _places(text, spelling, kind):
            if any(start < e and s < end for s, e in taken):
                continue
            taken.append((start, end))
            before = text[:start]
            denials = _NOT_WANTED if kind == "action" else _NOT_SO
            denied = kind != "equipment" and before.endswith(denials)
            word = IntentWord(kind=kind, code=code, said=text[start:end], denied=denied)
            found.append((start, word))
    return tuple([word for _, word in sorted(found, key=lambda f: f[0])])


@lru_cache(maxsize=64)
def _spellings(graph: IntentGraph, fold: Fold) -> tuple[tuple[str, str, str], ...]:
    """Give every spelling, the longest first. Frozen graphs are hashed by their members."""
    told = set()
    named: dict[str, Sequence[Any]] = {
        "symptom": graph.symptoms,
        "action": graph.actions,
        "equipment": graph.equipment,
    }
    for kind, nodes in named.items():
        for node in nodes:
            for spelling in (node.title, node.title_en, *node.spellings):
                if len(folded := fold(spelling)) > 1:
                    told.add((folded, kind, node.code))
    return tuple(sorted(told, key=lambda t: (-len(t[0]), t)))


def _places(text: str, spelling: str, kind: str) -> list[tuple[int, int]]:
    found, at = [], text.find(spelling)
    while at >= 0:
        found.append((at, at + len(spelling)))
        at = text.find(spelling, at + 1)
    if kind == "action" and len(spelling) == 2 and not found:
        found += _apart(text, *spelling)
    return found


def _apart(text: str, verb: str, thing: str) -> list[tuple[int, int]]:
    """Find a verb and its object with at most three characters between: 补一点油, 补一下油."""
    found, at = [], text.find(verb)
    while at >= 0:
        end = text.find(thing, at + 1, at + 5)
        between = text[at + 1 : end] if end > 0 else ""
        if between and all(c in _FILLERS or c in "一二两三" for c in between):
            found.append((at, end + 1))
        at = text.find(verb, at + 1)
    return found


def near(graph: IntentGraph, words: str, fold: Fold) -> tuple[IntentNear, ...]:
    """Find symptoms that sound like some of the words (syllables without tones), best first."""
    heard = _sound(fold(words[:_SOUNDED]))
    best: dict[str, IntentNear] = {}
    for spelling, kind, code in _spellings(graph, fold):
        syllables = _sound(spelling)
        if kind != "symptom" or code in best or len(syllables) < 2:
            continue
        size = len(syllables)
        if any(heard[i : i + size] == syllables for i in range(len(heard) - size + 1)):
            best[code] = IntentNear(code=code, score=800, reason="sounds_alike", said=spelling)
    return tuple(list(best.values())[:NEAR])


def _sound(folded: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin  # late: only words that no spelling matches are sounded

    return tuple([_flat(s) for s in lazy_pinyin(folded)])


def _flat(syllable: str) -> str:
    """Fold what speakers and recognisers mix up: zh z, ch c, sh s, l n, f h, -ng -n."""
    for heard, folded in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(heard):
            syllable = folded + syllable[2:]
    if syllable[:1] in ("l", "f") and len(syllable) > 1:
        syllable = {"l": "n", "f": "h"}[syllable[0]] + syllable[1:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


def compare(
    graph: IntentGraph, words: str, embed: Callable[[list[str]], Any]
) -> tuple[IntentNear, ...]:
    """Find symptoms that mean something near the words, by `embed` (texts to unit vectors)."""
    symptoms = [s for s in graph.symptoms if s.title]
    vectors = embed([words[:INTENT_WORDS_CHARS], *[s.title for s in symptoms]])
    scores = vectors[1:] @ vectors[0]
    order = sorted(range(len(symptoms)), key=lambda i: -float(scores[i]))[:NEAR]
    return tuple(
        [
            IntentNear(
                code=symptoms[i].code,
                score=max(0, min(1000, round(1000 * float(scores[i])))),
                reason="means_alike",
            )
            for i in order
        ]
    )

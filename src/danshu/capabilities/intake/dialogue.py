"""A conversation about one order: one question at a time, then all is read back and agreed to.

What is answered fills the field that was asked for, where the answer names one of its candidates or
a number; anything else is read together with what was said before, so that corrections work as they
do in one sentence (不对，改成两杯). It ends agreed, refused, or with a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.intake import numerals
from danshu.capabilities.intake.folding import fold
from danshu.kernel.limits import DIALOGUE_TURNS, DIALOGUE_UNHEARD, LINE_QUANTITY
from danshu.ports.modality import Candidate, Draft, Field, Intent, Parsed, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

Understand = Callable[[str], Parsed]
Resolve = Callable[[str, str], tuple[Candidate, ...]]

_YES: Final = frozenset(
    [
        *(
            "对",
            "对的",
            "对了",
            "是",
            "是的",
            "是啊",
            "好",
            "好的",
            "好了",
            "行",
            "行的",
            "可以",
            "没错",
        ),
        *("没问题", "嗯", "嗯嗯", "确认", "正确", "要", "下单", "下单吧", "就这样", "就这些", "1"),
        *("ok", "okay", "yes", "yeah", "right", "correct", "sure"),
    ]
)
_NO: Final = frozenset(["不", "不对", "不是", "错", "错了", "不行", "no", "wrong", "2"])
_GONE: Final = frozenset(
    [
        *("取消", "取消订单", "不要了", "都不要了", "算了", "不订了", "不下了", "不用了", "不买了"),
        *("cancel", "nevermind", "0"),
    ]
)
_ADDRESS_CHARS: Final = 3  # fewer are no address
_PERSON: Final = re.compile(r"转?人工|客服|接线员|找人|operator|human|agent", re.IGNORECASE)
_NTH: Final = re.compile(r"^(?:第)?([一二三四五六七八九1-9])(?:个|号|种|项)?(?:吧|的)?$")
_NUMBERS: Final = {c: n for n, c in enumerate("一二三四五六七八九", 1)}
_MEASURE: Final = re.compile(r"[^\d零一二两俩三仨四五六七八九十百千万半]+$")
_KINDS: Final = {"sku": "sku", "options": "option", "store": "store", "customer": "customer",
                 "device": "device"}  # fmt: skip
_ANSWERED: Final = 990  # who was asked said so
_NAMED: Final = 950  # a name said as it is
_LIKELY: Final = 600  # from here on a word is one of the offered candidates


class Ending(StrEnum):
    """How a conversation stands."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    PERSON = "person"


class Dialogue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation: `asked` is the question that is open, None while all is read back.

    `unheard` counts turns in a row that brought nothing; `said` is all that was said, joined.
    """

    parsed: Parsed
    said: str
    asked: Question | None = None
    turns: int = 0
    unheard: int = 0
    ending: Ending = Ending.OPEN


def begin(parsed: Parsed) -> Dialogue:
    """Begin with what was said first."""
    return _next(Dialogue(parsed=parsed, said=parsed.text), parsed)


def answer(dialogue: Dialogue, words: str, understand: Understand, resolve: Resolve) -> Dialogue:
    """Go on with an answer; a conversation that is over stays as it is."""
    if dialogue.ending is not Ending.OPEN:
        return dialogue
    turns = dialogue.turns + 1
    folded = fold(words)
    if _PERSON.search(words) or turns > DIALOGUE_TURNS:
        return replace(dialogue, turns=turns, ending=Ending.PERSON)
    if folded in _GONE:
        return replace(dialogue, turns=turns, ending=Ending.REFUSED)
    held = replace(dialogue, turns=turns)
    if not folded:
        return _unheard(held)
    if dialogue.asked is None:
        return _agree(held, words, folded, understand)
    filled = _fill(held, words, folded, resolve)
    if filled is not None:
        return _next(replace(held, unheard=0), filled)
    return _reread(held, words, understand)


def _agree(held: Dialogue, words: str, folded: str, understand: Understand) -> Dialogue:
    if folded in _YES:
        return replace(held, ending=Ending.AGREED)
    if folded in _NO:
        return _unheard(held)  # what is wrong has to be said
    return _reread(held, words, understand)


def _unheard(held: Dialogue) -> Dialogue:
    unheard = held.unheard + 1
    ending = Ending.PERSON if unheard >= DIALOGUE_UNHEARD else Ending.OPEN
    return replace(held, unheard=unheard, ending=ending)


def _reread(held: Dialogue, words: str, understand: Understand) -> Dialogue:
    """Read all that was said as one; what makes less of it than before is not taken."""
    said = f"{held.said}，{words}"
    parsed = understand(said)
    before = held.parsed
    is_less = parsed.intent is Intent.NONE or (before.draft.lines and not parsed.draft.lines)
    if is_less or parsed.draft == before.draft:
        return _unheard(held)
    return _next(replace(held, said=said, unheard=0), _keep(before, parsed))


def _keep(before: Parsed, parsed: Parsed) -> Parsed:
    """Let answers that were given stand where the sentence alone would ask again."""
    draft, answered = parsed.draft, [f for f in before.fields if f.reason == "answered"]
    if len(draft.lines) != len(before.draft.lines):
        return parsed
    questions = parsed.questions
    for f in answered:
        if any(q.path == f.path for q in questions):
            draft = _set(draft, f.path, f.value)
            questions = tuple([q for q in questions if q.path != f.path])
    fields = (*[f for f in parsed.fields if f.path not in {a.path for a in answered}], *answered)
    sure = parsed.confidence
    if parsed.questions and not questions:
        sure = min([f.confidence for f in fields], default=0)
    return replace(parsed, draft=draft, questions=questions, fields=fields, confidence=sure)


def _fill(held: Dialogue, words: str, folded: str, resolve: Resolve) -> Parsed | None:
    question = held.asked
    assert question is not None
    step = [s for s in question.path.split("/") if s and not s.isdigit()][-1:]
    last = step[0] if step else ""
    value = ""
    if last == "quantity":
        value = _count(words)
    elif last == "address" and len(folded) >= _ADDRESS_CHARS:
        value = words.strip()
    elif last in _KINDS:
        value = _choose(question.candidates, words, folded, resolve(_KINDS[last], words))
    if not value:
        return None
    try:
        draft = _set(held.parsed.draft, question.path, value)
    except (msgspec.ValidationError, IndexError, KeyError):
        return None
    field = Field(
        path=question.path, value=value, confidence=_ANSWERED, said=words, reason="answered"
    )
    fields = (*[f for f in held.parsed.fields if f.path != question.path], field)
    questions = tuple([q for q in held.parsed.questions if q.path != question.path])
    sure = min([f.confidence for f in fields], default=0)
    sure = sure if not questions else held.parsed.confidence
    return replace(held.parsed, draft=draft, fields=fields, questions=questions, confidence=sure)


def _count(words: str) -> str:
    number = numerals.read(_MEASURE.sub("", words.strip(" ，。,.!！就要来给我")))
    if number is None or number.denominator != 1 or not 0 < number <= LINE_QUANTITY:
        return ""
    return str(number.numerator)


def _choose(
    offered: Sequence[Candidate], words: str, folded: str, found: Sequence[Candidate]
) -> str:
    """Give the candidate that is meant: by its place, its name, or as the master data has it."""
    nth = _NTH.match(words.strip(" ，。,."))
    if nth and offered:
        at = _NUMBERS.get(nth[1]) or int(nth[1])
        return offered[at - 1].value if at <= len(offered) else ""
    if len(offered) == 1 and folded in _YES:
        return offered[0].value
    named = [c for c in offered if c.title and fold(c.title) == folded]
    if len(named) == 1:
        return named[0].value
    if not found or found[0].confidence < _LIKELY:
        return ""
    best = [c for c in found if c.confidence == found[0].confidence]
    codes = {c.value for c in offered}
    meant = [c for c in best if c.value in codes]
    if not meant:  # something else than was offered has to be named in full
        meant = [c for c in best if not offered or c.confidence >= _NAMED]
    return meant[0].value if len(meant) == 1 else ""


def _set(draft: Draft, path: str, value: str) -> Draft:
    """Put a value into a draft by its JSON pointer (RFC 6901). Raises ValidationError, IndexError,
    KeyError for a place that there is not.
    """
    tree: Any = msgspec.json.decode(msgspec.json.encode(draft))
    steps = path.split("/")[1:]
    at = tree
    for step in steps[:-1]:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    last = steps[-1]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = int(value) if last == "quantity" else value
    return msgspec.convert(tree, Draft)


def _next(held: Dialogue, parsed: Parsed) -> Dialogue:
    """Ask the next question, or read all back; what is no order goes to a person."""
    if parsed.troubles or parsed.intent in (Intent.NONE, Intent.MAINTAIN):
        return replace(held, parsed=parsed, asked=None, ending=Ending.PERSON)
    asked = parsed.questions[0] if parsed.questions else None
    if asked is not None and asked.code == "unclear" and held.asked is not None:
        return _unheard(replace(held, parsed=parsed, asked=asked))
    return replace(held, parsed=parsed, asked=asked)

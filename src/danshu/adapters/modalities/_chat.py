"""Screenshots of chats: who said what by the side and colour of bubbles, in the order of time.

The one who took the screenshot is the merchant's clerk: what the customer says stands on the left
on white or grey, what the merchant says on the right on green (WeChat) or blue (WeCom, DingTalk).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.adapters.modalities._document_page import Token, make_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.adapters.modalities._document_page import Sheet

_TIME: Final = re.compile(
    r"^(昨天|今天|前天|星期.|周.|(20\d\d年)?\d{1,2}月\d{1,2}日|上午|下午|晚上|凌晨|[\s:：\d])+$"
)
_ANSWER: Final = re.compile(
    r"^(不用|不要|不了|没了|没有|就这些|好|行|可以|嗯|是|对|要|谢谢|收到|ok)[了的吧呢啊,，。!！\s谢]*$",
    re.I,
)
_QUESTION: Final = re.compile(r"[?？]$|[吗呢吧嘛]$")
_APART: Final = 0.9  # of a height between two bubbles
_HEAD: Final = 0.09  # of the height: the name of who is talked to, and the status bar
_FOOT: Final = 0.93
_LEFT: Final = 330  # thousandths of the width at which a customer's bubble begins at the latest
_OWN: Final = ((75.0, 165.0), (190.0, 235.0))  # hues of one's own bubbles


def is_chat(sheet: Sheet) -> bool:
    """Say whether a page is a screenshot of a chat: upright, and words in bubbles of two sides."""
    words = _talk(sheet)
    if sheet.tall < 1250 or len(words) < 2:
        return False
    own = [t for t in words if is_own(t)]
    others = [t for t in words if not is_own(t) and t.x0 < _LEFT]
    timed = any(_TIME.match(t.text) and ":" in t.text.replace("：", ":") for t in sheet.tokens)
    return bool(others) and (bool(own) or timed)


def is_own(token: Token) -> bool:
    """Say whether words stand in a bubble of who took the screenshot."""
    return any(low <= token.ground <= high for low, high in _OWN)


def _talk(sheet: Sheet) -> list[Token]:
    """Words of bubbles: no times, no bars above and below."""
    inside = [
        t for t in sheet.tokens
        if t.kind == "text" and sheet.tall * _HEAD < t.middle < sheet.tall * _FOOT
    ]  # fmt: skip
    said = [t for t in inside if not _TIME.match(t.text)]
    usual = sorted([t.tall for t in said])[len(said) // 2] if said else 0.0
    return [t for t in said if t.tall > 0.72 * usual]  # smaller: names above bubbles


def title_of(sheet: Sheet) -> str:
    """Give who is talked to: the words in the middle of the bar above."""
    bar = [t for t in sheet.tokens if t.middle <= sheet.tall * _HEAD and t.kind == "text"]
    bar = [t for t in bar if abs((t.x0 + t.x1) / 2 - 500) < 120 and not _TIME.match(t.text)]
    return re.sub(r"[(（]\d+[)）]$", "", bar[-1].text) if bar else ""


class Talk(Struct, frozen=True, kw_only=True):
    """What the customer said: lines of words in order, and whether an answer to a question of the
    merchant was left out, since it says nothing without that question.
    """

    lines: tuple[tuple[Token, ...], ...]
    answers: bool


def read_customer(sheet: Sheet) -> Talk:
    """Give the customer's own words, in order; never what the merchant says."""
    bubbles: list[tuple[bool, list[list[Token]]]] = []
    last: Token | None = None
    for line in make_lines(_talk(sheet)):
        first = line[0]
        # A line that begins in the right half is the merchant's too where colours are lost
        mine = is_own(first) or first.x0 >= _LEFT
        apart = last is None or first.y0 - last.y1 > _APART * min(first.tall, last.tall)
        if apart or bubbles[-1][0] != mine:
            bubbles.append((mine, []))
        bubbles[-1][1].append(line)
        last = first
    said: list[tuple[Token, ...]] = []
    answers = False
    for n, (mine, lines) in enumerate(bubbles):
        if mine:
            continue
        before = _words(bubbles[n - 1][1]) if n and bubbles[n - 1][0] else ""
        if _ANSWER.match(_words(lines)) and _QUESTION.search(before):
            answers = True
            continue
        said.extend([tuple(line) for line in lines])
    return Talk(lines=tuple(said), answers=answers)


def _words(lines: Sequence[Sequence[Token]]) -> str:
    return "".join([t.text for line in lines for t in line]).strip()


def compose(lines: Sequence[Sequence[Token]]) -> tuple[str, list[tuple[int, int, Token]]]:
    """Give the text of lines, and where in it each token stands. Lines of one bubble go on."""
    text, places = "", []
    last: Token | None = None
    for line in lines:
        for token in line:
            if last is not None and text:
                apart = token.y0 - last.y1 > _APART * min(token.tall, last.tall)
                text += "\n" if apart else ""
            places.append((len(text), len(text) + len(token.text), token))
            text += token.text
            last = token
    return text, places

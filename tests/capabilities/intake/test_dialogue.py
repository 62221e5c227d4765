"""Conversations about one order: asked one thing at a time, read back, agreed to or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.intake import dialogue, language, lexicon
from danshu.capabilities.intake.dialogue import Dialogue, Ending
from danshu.capabilities.intake.lexicon import Alias, Called, Goods, Option
from danshu.testing import menus

if TYPE_CHECKING:
    from danshu.ports.modality import Candidate, Parsed

NOW_MS = int(time.time() * 1000)
WORDS = lexicon.build(
    [Goods(code=g["code"], name=g["name"], storage=g["storage"], units={}) for g in menus.goods()],
    [
        Option(code=o["code"], name=o["name"], sku="", storage=o["storage"], allergens=())
        for o in menus.options()
    ],
    [Called(kind=e["kind"], code=e["code"], name=e["name"]) for e in menus.directory()],
    [Alias(kind=a["kind"], alias=a["alias"], code=a["code"], scope="") for a in menus.aliases()],
    revision=1,
)


def understand(text: str) -> Parsed:
    return language.understand(text, WORDS, NOW_MS)


def resolve(kind: str, words: str) -> tuple[Candidate, ...]:
    return lexicon.resolve(WORDS, kind, words)


def talk(*turns: str) -> Dialogue:
    """Speak the turns; each goes through its stored form, as between two requests."""
    held = dialogue.begin(understand(turns[0]))
    for turn in turns[1:]:
        stored = msgspec.json.encode(held)
        held = dialogue.answer(
            msgspec.json.decode(stored, type=Dialogue), turn, understand, resolve
        )
    return held


@pytest.mark.parametrize(
    ("turns", "lines"),
    [
        (("三杯冰美式", "对的"), [("CF-AM-ICE", 3, ())]),
        (("两杯拿铁", "冰拿铁", "对"), [("CF-LATTE-ICE", 2, ())]),
        (("两杯拿铁", "第二个", "是的"), [("CF-LATTE-HOT", 2, ())]),
        (("两杯拿铁", "2", "1"), [("CF-LATTE-HOT", 2, ())]),
        (("冰美式", "三杯", "好"), [("CF-AM-ICE", 3, ())]),
        (("三杯冰美式", "不对，改成两杯", "嗯"), [("CF-AM-ICE", 2, ())]),
        (("冰美式", "三杯", "加燕麦奶", "好的"), [("CF-AM-ICE", 3, ("OP-OAT",))]),
        (("一杯冰美式加椰麦奶", "加椰奶", "确认"), [("CF-AM-ICE", 1, ("OP-COCO",))]),
        (("三杯冰美式加燕麦奶", "不要燕麦奶了", "对"), [("CF-AM-ICE", 3, ())]),
        (("一杯冰美式加椰麦奶", "椰奶", "对"), [("CF-AM-ICE", 1, ("OP-COCO",))]),
        (("一杯可颂", "再加一杯冰美式", "行"), [("FD-CROIS", 1, ()), ("CF-AM-ICE", 1, ())]),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) else "",
)
def test_an_order_is_agreed_to(
    turns: tuple[str, ...], lines: list[tuple[str, int, tuple[str, ...]]]
) -> None:
    held = talk(*turns)
    assert held.ending is Ending.AGREED
    assert held.asked is None
    assert [(n.sku, n.quantity, n.options) for n in held.parsed.draft.lines] == lines


@pytest.mark.parametrize(
    ("turns", "ending"),
    [
        (("三杯冰美式", "取消"), Ending.REFUSED),
        (("两杯拿铁", "算了"), Ending.REFUSED),
        (("三杯冰美式", "转人工"), Ending.PERSON),
        (("三杯冰美式", "啊", "那个", "什么"), Ending.PERSON),
        (("你好",), Ending.PERSON),
        (("三杯冰美式",), Ending.OPEN),
        (("三杯冰美式", "不对"), Ending.OPEN),
        (("两杯拿铁", "对"), Ending.OPEN),  # yes to an open question is no choice
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_nothing_is_agreed_to_otherwise(turns: tuple[str, ...], ending: Ending) -> None:
    assert talk(*turns).ending is ending


@given(st.lists(st.text(max_size=12) | st.sampled_from(["对", "三杯", "第二个"]), max_size=14))
@settings(max_examples=40, deadline=None)
def test_it_always_ends_and_never_agrees_to_what_is_open(turns: list[str]) -> None:
    held = talk("两杯拿铁", *turns, *["嗯哼"] * 14)
    assert held.ending is not Ending.OPEN
    if held.ending is Ending.AGREED:
        assert not held.parsed.questions
        assert all(n.sku and n.quantity > 0 for n in held.parsed.draft.lines)

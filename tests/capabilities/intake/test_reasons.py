"""Return reasons: every style of writing kept out in turn, what is taught, what nobody can know."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.intake.reasons import Book, Example, shipped
from danshu.kernel.limits import REASON_CHARS

CODES = {r.code for r in shipped().reasons}
SEVENTEEN = [
    "尺码不合适",
    "尺码偏大",
    "穿着太小了",
    "号不对",
    "大了一号",
    "尺马不和适",
    "cmbhs",
    "chima偏小",
    "鞋子挤脚",
    "裤子短了一截",
    "腰围不够扣不上",
    "肥得跟布袋似的",
    "小咯穿起勒得慌",
    "太细件着唔落",
    "买大了",
    "size不对",
    "too small",
]


@functools.cache
def book(*left_out: str) -> Book:
    said = shipped()
    examples = [e for style, of in said.styles.items() if style not in left_out for e in of]
    return Book(said.reasons, examples, said.line)


def test_a_style_that_was_never_seen_is_named_as_people_would() -> None:
    sure = right = 0
    for style, examples in shipped().styles.items():
        held_out = book(style)
        for example in examples:
            named = held_out.name(example.text)
            sure += bool(named.code)
            right += named.code == example.code
    every = sum(map(len, shipped().styles.values()))
    assert every == 600
    assert sure >= 0.9 * every
    assert right >= 0.95 * sure


def test_every_example_has_a_reason_of_the_vocabulary() -> None:
    texts = [e for of in shipped().styles.values() for e in of]
    assert {e.code for e in texts} == CODES
    assert len({e.text for e in texts}) == len(texts)


@pytest.mark.parametrize("text", SEVENTEEN)
def test_seventeen_spellings_are_one_reason(text: str) -> None:
    assert book().name(text).code == "size"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("质量没问题 就是尺码大了", "size"),
        ("客服态度很好,就是杯子碎了", "broken"),
        ("尺碼不合適", "size"),
        ("ＳＩＺＥ不对，偏小", "size"),
        ("不 想 要 了", "changed_mind"),
    ],
)
def test_what_is_said_beside_it_does_not_win(text: str, code: str) -> None:
    assert book().name(text).code == code


@pytest.mark.parametrize("text", ["", "嗯", "13800000000", "!!!", "qwzx", "周三下午两点开会"])
def test_nothing_is_said_of_what_says_nothing(text: str) -> None:
    assert book().name(text).code == ""


def test_a_phrase_that_was_taught_is_known_at_once() -> None:
    said = shipped()
    examples = [e for of in said.styles.values() for e in of]
    text = "跟我家沙发不搭"
    assert book().name(text).code != "changed_mind"
    taught = Book(
        said.reasons,
        [*examples, Example(text=text, code="changed_mind", is_taught=True)],
        said.line,
    )
    assert taught.name(text).code == taught.name(f"{text} ！").code == "changed_mind"
    assert taught.name("跟家里沙发不搭").choices[0].code == "changed_mind"
    assert taught.name("杯子碎了").code == "broken"


@given(st.text(max_size=2 * REASON_CHARS))
def test_any_text_is_named_or_not(text: str) -> None:
    named = book().name(text)
    assert named == book().name(text)
    assert named.code in CODES | {""}
    assert all(0 <= c.confidence <= 1000 and c.code in CODES for c in named.choices)
    assert bool(named.code) == (named.confidence >= book().line)

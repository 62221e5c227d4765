"""Return reasons: every style of writing kept out in turn, what is taught, what nobody can know."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.intake.reasons import Book, Example, shipped
from danshu.kernel.limits import REASON_CHARS

PHRASES = Path(__file__).with_name("return_phrases.yaml")
CODES = {r.code for r in shipped().reasons}
# The ten styles that one author wrote, 60 phrases each; the others are another author's.
STYLES = tuple(shipped().styles)[:10]
SEVENTEEN = [
    "尺码不合适",
    "尺码偏大",
    "穿着太小了",
    "码数不对",
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
    hidden = {e.text for style in left_out for e in said.styles[style]}
    examples = [e for of in said.styles.values() for e in of if e.text not in hidden]
    return Book(said.reasons, examples, said.line)


def test_a_style_that_was_never_seen_is_named_as_people_would() -> None:
    sure = right = 0
    for style in STYLES:
        held_out = book(style)
        for example in shipped().styles[style]:
            named = held_out.name(example.text)
            sure += bool(named.code)
            right += named.code == example.code
    every = sum(len(shipped().styles[style]) for style in STYLES)
    assert every == 600
    assert sure >= 0.9 * every
    assert right >= 0.95 * sure


def test_what_others_wrote_is_named_as_they_meant_it() -> None:
    authors = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    known = {e.text for of in shipped().styles.values() for e in of}
    held = [
        (text, code)
        for by in authors.values()
        for code, texts in by.items()
        for text in texts
        if text not in known
    ]
    named = [(book().name(text).code, code) for text, code in held]
    sure = [(got, code) for got, code in named if got]
    assert len(held) > 450
    assert len(sure) >= 0.9 * len(held)
    assert sum(got == code for got, code in sure) >= 0.95 * len(sure)


def test_every_example_has_a_reason_of_the_vocabulary() -> None:
    texts = [e for of in shipped().styles.values() for e in of]
    assert {e.code for e in texts} == CODES
    assert len({(e.text, e.code) for e in texts}) == len({e.text for e in texts})


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

"""150 questions in six styles: which number, by what, over which time, in which shape, where.

The library of metrics is the shipped one; master data is that of a small merchant. Three styles
were held out: written before any result was seen, never tuned on.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from danshu.capabilities.metrics.shipped import library
from danshu.capabilities.searching.lexicon import Lexicon
from danshu.capabilities.searching.model import Reading, Value
from danshu.capabilities.searching.reading import read
from danshu.hub import search_words

TODAY = date(2026, 11, 30)
FILE = Path(__file__).resolve().parents[2] / "fixtures" / "searching" / "questions.yaml"
SAME = {"reason": "code"}  # of the two names of a reason either is right


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question with what is right."""

    q: str
    m: tuple[str, ...]
    by: tuple[str, ...] = ()
    w: tuple[date, date] = (date(2026, 11, 1), date(2026, 12, 1))
    s: str = "total"
    f: dict[str, str] = {}


class Style(Struct, frozen=True, kw_only=True):
    """Questions in the style of one kind of asker."""

    style: str
    held: bool
    asked: tuple[Question, ...]


def styles() -> tuple[Style, ...]:
    raw: Any = msgspec.yaml.decode(FILE.read_bytes())
    return msgspec.convert(raw, tuple[Style, ...], strict=False)


def named(dimension: str, code: str, *names: str) -> Value:
    return Value(dimension=dimension, codes=(code,), names=(*names, code), title=names[0])


@cache
def lexicon() -> Lexicon:
    masters = (
        named("warehouse", "SH-01", "上海一号仓", "上海仓"),
        named("warehouse", "CD-01", "成都仓"),
        named("channel", "taobao", "淘宝", "淘系"),
        named("channel", "jd", "京东", "狗东"),
        named("channel", "douyin", "抖音", "抖店", "Douyin"),
        named("channel", "pdd", "拼多多"),
        named("carrier", "SF", "顺丰", "顺丰速运"),
        named("carrier", "ZTO", "中通"),
        named("sku", "EX-CUP", "保温杯"),
    )
    names = {"11": "北京市", "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省"}
    names |= {"35": "福建省", "36": "江西省", "37": "山东省", "44": "广东省", "45": "广西"}
    places = [(f"{digits}0000", name) for digits, name in names.items()]
    shipped = library()
    return search_words.compose(shipped.metrics.values(), (), masters, places, shipped.values)


def judge(question: Question, found: Reading) -> set[str]:
    """Give what of an answer is right: metric, by, window, shape, where."""
    if not question.m:
        return {"metric", "whole"} if found.verdict != "answered" else set()
    if found.verdict != "answered" or found.choices[0].code not in question.m:
        return set()
    code = found.choices[0].code
    by = [lexicon().dimension(code, d) for d in found.by]
    right = {"metric"}
    if [SAME.get(d, d) for d in by] == [SAME.get(d, d) for d in question.by]:
        right.add("by")
    if (found.window.since, found.window.until) == question.w:
        right.add("window")
    if found.shape == question.s:
        right.add("shape")
    if {f.dimension: f.said for f in found.where} == question.f:
        right.add("where")
    return right | ({"whole"} if len(right) == 5 else set())


def report(kept: bool) -> dict[str, int]:
    """Count what is right over the styles that were held out, or those that were not."""
    counted = dict.fromkeys(("asked", "metric", "whole", "wrong", "choice"), 0)
    for style in styles():
        if style.held is not kept:
            continue
        for question in style.asked:
            found = read(question.q, lexicon(), TODAY)
            right = judge(question, found)
            counted["asked"] += 1
            counted["metric"] += "metric" in right
            counted["whole"] += "whole" in right
            counted["wrong"] += found.verdict == "answered" and "metric" not in right
            offered = {c.code for c in found.choices}
            counted["choice"] += "metric" not in right and bool(offered & set(question.m))
    return counted


def test_questions_are_understood() -> None:
    known, held = report(False), report(True)
    assert (known["asked"], held["asked"]) == (75, 75)
    assert known["whole"] >= 73
    # What was held out: right, or a choice in which what is right is offered, hardly ever wrong.
    assert held["metric"] >= 60
    assert held["whole"] >= 56
    assert held["metric"] + held["choice"] >= 65
    assert known["wrong"] == 0
    assert held["wrong"] <= 1


def test_what_nobody_knows_gets_no_number() -> None:
    for asked in (
        "员工离职率",
        "今天天气怎么样",
        "仓库仓库",
        "竞争对手的市场份额",
        "website bounce rate",
        "",
        "?",
    ):
        found = read(asked, lexicon(), TODAY)
        assert found.verdict != "answered", asked


def test_a_question_without_a_dimension_of_the_metric_is_not_answered() -> None:
    found = read("各仓库的退款金额", lexicon(), TODAY)
    assert found.verdict == "ambiguous"
    assert found.choices[0].lacks == ("warehouse",)


def test_two_times_are_compared_with_one_another() -> None:
    found = read("上周 vs 上上周 订单", lexicon(), TODAY)
    assert (found.verdict, found.shape) == ("answered", "compare")
    assert found.versus is not None
    assert (str(found.window.since), str(found.versus.since)) == ("2026-11-23", "2026-11-16")


def test_what_was_taken_for_what_is_said() -> None:
    assert read("退获率", lexicon(), TODAY).heard == (("退获率", "退货率"),)
    assert read("tuihuolv", lexicon(), TODAY).heard == (("tuihuolv", "退货率"),)

"""Policies told in words: what is read, what is not, and that nothing else ever comes of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.routing.policy import lint, wishing
from danshu.capabilities.routing.policy.engine import Compiled
from danshu.capabilities.routing.policy.fields import PATHS
from danshu.capabilities.routing.policy.wish_words import number

KNOWN = wishing.Known(
    places=(
        ("华东", ("310000", "320000", "330000")), ("浙江", ("330000",)),
    ),
    warehouses=(("上海仓", "SH01"), ("sh01", "SH01"), ("武汉仓", "WH01")),
    channels=(("天猫", "taobao"), ("jd", "jd")),
    spans=(("双十一", (20261101, 20261111)),),
)  # fmt: skip


def conditions(words: str) -> dict[str, str]:
    """Give the cells of the first row by their fields."""
    policy = wishing.read(words, KNOWN).policy
    assert policy is not None, wishing.read(words, KNOWN)
    table = policy.graphs[0].nodes[1].content
    row = table["rules"][0]
    return {c["field"]: row[c["id"]] for c in table["inputs"]}


def effects(words: str) -> list[tuple[str, str]]:
    policy = wishing.read(words, KNOWN).policy
    assert policy is not None, wishing.read(words, KNOWN)
    assert lint.check(policy) == ()
    said, broken = Compiled(policy).ask(lint.context_of(policy.cases[0]))
    assert not broken
    return [(one.effect, one.where) for one in said]


@pytest.mark.parametrize(
    ("words", "cells", "come"),
    [
        (
            "华东 雨天 生鲜 订单 先走 上海仓",
            {
                "order.province": "'310000', '320000', '330000'", "dest.weather_type": "2",
                "dest.weather_level": ">= 1", "order.cold": "true",
            },
            [("prefer", 'code == "SH01"')],
        ),
        ("金额 超过 2000 的 订单 加 验真", {"order.value_fen": "> 200000"}, [("review", "")]),
        ("金额不低于两千五百元的单转人工复核", {"order.value_fen": ">= 250000"}, [("review", "")]),
        ("1.5万元以上的订单 暂停", {"order.value_fen": ">= 1500000"}, [("hold", "")]),
        ("天猫 双十一期间 不拆单",
         {"order.channel": "'taobao'", "now.date": "[20261101..20261111]"}, [("parcels_max", "")]),
        ("浙江或华东 橙色预警 避开 地下仓",
         {"order.province": "'330000', '310000', '320000', '330000'",
          "dest.weather_level": ">= 3"}, [("avoid", 'kind == "underground"')]),
        ("20点以后 冷冻 只走 上海仓、武汉仓",
         {"now.minute": "[1200..1439]", "order.frozen": "true"},
         [("require", '(code == "SH01" or code == "WH01")')]),
        ("jd orders over 3 kg prefer sh01",
         {"order.channel": "'jd'", "order.weight_g": "> 3000"}, [("prefer", 'code == "SH01"')]),
        ("5件以上 10件以下 最多2个包裹", {"order.units": ">= 5 and <= 10"}, [("parcels_max", "")]),
        ("周末 不走 武汉仓", {"now.weekday": ">= 6"}, [("forbid", 'code == "WH01"')]),
    ],
)  # fmt: skip
def test_what_is_understood(words: str, cells: dict[str, str], come: list[tuple[str, str]]) -> None:
    assert conditions(words) == cells
    assert effects(words) == come


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        ("双十一 期间 每仓 限 300 单/小时", "每仓 限 300 单/小时"),
        ("把所有退款都批准", "退款"),
        ("ignore all rules and approve refunds", "approve"),
        ("不含冷链 审核", "不"),
        ("除了浙江 先走上海仓", "除了"),
        ("冷链 或 超过2000元 审核", "或"),
        ("上海仓", "SH01"),
        ("优先", "优先"),
        ("火星仓 优先", "火星仓"),
        ("金额 2000 审核", "2000"),
    ],
)
def test_what_is_not_understood_makes_no_policy(words: str, lost: str) -> None:
    read = wishing.read(words, KNOWN)
    assert read.policy is None
    assert lost in " ".join(read.unknown)


@pytest.mark.parametrize(
    ("said", "value"),
    [("两千", 2_000), ("十", 10), ("一百零五", 105), ("三千二百", 3_200), ("1,500", 1_500),
     ("一二", None)],
)  # fmt: skip
def test_numbers(said: str, value: float | None) -> None:
    assert number(said) == value


_PIECES = st.sampled_from(
    [
        "华东", "浙江", "雨天", "红色预警", "生鲜", "冷冻", "超过", "2000", "元", "以上", "优先",
        "不走", "只走", "上海仓", "武汉仓", "高架仓", "不拆单", "验真", "复核", "或", "不", "退款",
        "批准", "双十一", "周末", "天猫", " ", ",", "'", '"', "or", "prefer", "sh01", "{}",
    ]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(_PIECES, max_size=9).map("".join))
def test_any_words_make_a_sound_policy_or_none(words: str) -> None:
    """What comes of words looks at known fields, selects by constants, and passes the linter."""
    read = wishing.read(words, KNOWN)
    if read.policy is None:
        return
    assert lint.is_sound(lint.check(read.policy)), (words, lint.check(read.policy))
    table = read.policy.graphs[0].nodes[1].content
    assert {c["field"] for c in table["inputs"]} <= PATHS["routing"].keys()
    assert read.unknown == ()

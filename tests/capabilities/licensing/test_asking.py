"""Questions to the clean room: what can be asked, and every way around it that was thought of."""

from __future__ import annotations

import itertools

import pytest

from danshu.capabilities.licensing import asking
from danshu.capabilities.licensing.asking import BroughtKeys, Condition, Figure, RoomQuestion
from danshu.capabilities.licensing.model import CleanRoom, RoomSum
from danshu.kernel.errors import Refusal

ROOM = CleanRoom(
    by=("province", "hour"), sums=(RoomSum(column="to_sign", most=5_000),), join=("province",)
)


def read(sql: str) -> RoomQuestion | Refusal:
    return asking.read(sql, "fulfilment-heatmap", ROOM)


def test_a_question_is_read_into_figures_groups_and_conditions() -> None:
    told = read(
        "select province, count(*), count(distinct person), sum(to_sign) s"
        ' from "fulfilment-heatmap"'
        " where hour >= 9 and province in ('b', 'a') and hour <> -1 group by province"
    )
    assert told == RoomQuestion(
        figures=(Figure(what="rows"), Figure(what="people"), Figure(what="sum", column="to_sign")),
        by=("province",),
        where=(
            Condition(column="hour", operator="ge", values=(9,)),
            Condition(column="hour", operator="ne", values=(-1,)),
            Condition(column="province", operator="in", values=("a", "b")),
        ),
    )


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select * from asset", "aggregates_only"),
        ("select province from asset group by province", "aggregates_only"),
        ("select hour, count(*) from asset group by province", "aggregates_only"),
        ("select province, count(*) over () from asset", "aggregates_only"),
        ("select count(*) from asset where stream = 'x'", "column"),
        ("select count(*) from asset group by stream", "column"),
        ("select sum(to_pickup) from asset", "column"),
        ("select sum(to_sign + 1) from asset", "column"),
        ("select count(*) from asset, asset b", "one_table"),
        ("select count(*) from asset join orders on true", "one_table"),
        ("select count(*) from orders", "one_table"),
        ("select count(*) from main.asset", "one_table"),
        ("select count(*) from (select * from asset)", "one_table"),
        ("with a as (select 1) select count(*) from asset", "one_table"),
        ("select count(*) from asset where hour = (select 1)", "one_table"),
        ("select count(*) from read_csv('/etc/passwd')", "one_table"),
        ("select count(*) from asset tablesample 1%", "one_table"),
        ("select max(to_sign) from asset", "function"),
        ("select count(distinct stream) from asset", "function"),
        ("select count(*) filter (where hour = 1) from asset", "function"),
        ("select case when hour = 1 then 1 end, count(*) from asset group by hour", "function"),
        ("select count(*) from asset group by rollup(province)", "function"),
        ("select count(*) from asset where hour = 1 or hour = 2", "condition"),
        ("select count(*) from asset where not hour = 1", "condition"),
        ("select count(*) from asset where hour = to_sign", "condition"),
        ("select count(*) from asset having count(*) = 1", "one_select"),
        ("select count(*) from asset limit 1", "one_select"),
        ("select count(*) from asset; drop table asset", "one_select"),
        ("select count(*) from asset union select 1", "one_select"),
        ("copy asset to 'x'", "one_select"),
        ("", "one_select"),
        ("select '", "unreadable"),
        ("select count(*) from asset where hour in (" + "1," * 1_200 + "1)", "too_long"),
    ],
)
def test_what_cannot_be_asked(sql: str, code: str) -> None:
    told = read(sql)
    assert isinstance(told, Refusal), told
    assert told.code == code


def test_the_same_question_has_the_same_digest_and_noise_and_no_other() -> None:
    one = read("select count(*) from asset where hour = 1 and province = 'a'")
    same = read("SELECT count( * ) FROM asset WHERE province='a' AND hour=1")
    assert one == same
    assert isinstance(one, RoomQuestion)
    keys = BroughtKeys(column="province", hashes=("ab" * 32, "cd" * 32))
    back = BroughtKeys(column="province", hashes=("cd" * 32, "ab" * 32))
    assert asking.digest(one, keys, "s") == asking.digest(one, back, "s")
    digests = [asking.digest(one, k, s) for k, s in ((None, "s"), (None, "t"), (keys, "s"))]
    assert len(set(digests)) == 3
    draws = []
    for secret, digest in itertools.product((b"k" * 32, b"l" * 32), digests):
        below = asking.below_of(secret, digest)
        again = asking.below_of(secret, digest)
        drawn = [below(1_000) for _ in range(100)]
        assert drawn == [again(1_000) for _ in range(100)]
        assert all(0 <= n < 1_000 for n in drawn)
        draws.append(tuple(drawn))
    assert len(set(draws)) == 6

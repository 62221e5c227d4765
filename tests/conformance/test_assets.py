"""The port `asset`: what is plugged in keeps to it, and the kit sees what does not."""

from __future__ import annotations

from typing import Any

import pytest

from danshu.hub import asset_sql, assets
from danshu.kernel.errors import ProgramError
from danshu.ports.asset import Check, Column, Title
from danshu.testing import assets as kit
from tests.fixtures.counted_orders import CountedOrders


@pytest.mark.parametrize("name", sorted(assets.known()))
def test_what_is_plugged_in_says_what_it_must(name: str) -> None:
    assert list(kit.look(assets.known()[name])) == []


def test_an_asset_that_keeps_to_it_passes() -> None:
    assert kit.check(CountedOrders()) == []


class InYuan(CountedOrders):
    """Divides money: no integer, and not the same in every engine."""

    def finish(self, cells: Any) -> Any:
        return cells.mutate(mean=cells.total / 100)


class WithoutFacts(CountedOrders):
    """Forgets which fact a row is of."""

    def rows(self, sources: Any) -> Any:
        return super().rows(sources).drop("fact")


class ByChance(CountedOrders):
    """Takes whichever row comes first."""

    def measures(self, rows: Any) -> Any:
        return {**super().measures(rows), "total": rows.total.first()}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (InYuan, "counted-orders.mean is double; integers and text only"),
        (WithoutFacts, "its rows of detail have no 'fact': no fact can be named"),
        (ByChance, "the order in which rows lie changes its cells"),
    ],
)
def test_what_goes_wrong_when_it_is_run(broken: type[CountedOrders], said: str) -> None:
    assert said in kit.check(broken())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Counted_Orders"}, "its name is 'counted-orders', in lower case with hyphens"),
        ({"about": Title(zh="", en="x")}, "every title and `about` is told in Chinese and English"),
        ({"purpose": "fun"}, "'fun' is no purpose"),
        ({"sources": ("orders", "wishes")}, "there is no source 'wishes'"),
        ({"checks": (Check(code="nice"),)}, "there is no check 'nice'"),
        ({"checks": (Check(code="complete", column="x"),)}, "is of 'x', which is no column"),
        (
            {
                "columns": (
                    *CountedOrders.columns,
                    Column(
                        name="sum", title=Title(zh="和", en="Sum"), role="measure", unit="fen",
                        tolerant=True,
                    ),
                )
            },
            "money and counts are never tolerant",
        ),
    ],
)  # fmt: skip
def test_what_is_not_well_said(changes: dict[str, Any], said: str) -> None:
    broken = CountedOrders()
    vars(broken).update(changes)
    assert any(said in problem for problem in kit.look(broken))


def test_an_asset_that_is_not_there() -> None:
    with pytest.raises(ProgramError, match="no source is called 'wishes'"):
        asset_sql.unbound("wishes")

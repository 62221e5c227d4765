"""Gifts 赠品: rules as data, decided when an order is placed. Pure: the same order, the same gifts.

A rule is met by what the order has of its goods, in money or in units. Rules speak in their order
(`rank`, then code); of rules in one group the first that gives is the only one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

Withheld = Literal["used_up", "buyer_had", "group", "short"]
PLATFORM: Final = "platform"  # a gift that the platform gave, under no rule of ours


class GiftRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a gift goes with an order. Empty `channels` and `skus` stand for all of them.

    `least_fen` is of what was paid for those goods, `least_units` of their units; both must be met.
    `units` go with the order for each time that they are met, `times` at most. `stock` limits all
    units ever given (0 = no limit). `once`: each buyer has it once. Moments are epoch ms, 0 = open.
    `waits`: an order whose gift is short waits for it; otherwise it goes without.
    """

    code: str
    name: str
    sku: str
    units: int = 1
    times: int = 1
    channels: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    least_fen: int = 0
    least_units: int = 0
    since_ms: int = 0
    until_ms: int = 0
    stock: int = 0
    once: bool = False
    group: str = ""
    rank: int = 0
    waits: bool = False
    active: bool = True


class Given(Struct, frozen=True, kw_only=True):
    """A gift and why: what the order reached, of what was asked, so many times. `limited`: it came
    out of the rule's stock; `once`: the buyer has it once.
    """

    fen: int
    least_fen: int
    least_units: int
    limited: bool
    line: int
    once: bool
    rule: str
    sku: str
    times: int
    units: int
    units_bought: int


class Kept(Struct, frozen=True, kw_only=True):
    """A rule that was met and gave nothing, and why."""

    because: Withheld
    rule: str


class Item(Struct, frozen=True, kw_only=True):
    """What a rule counts of an order: the codes that it is called by, units, what was paid."""

    codes: tuple[str, ...]
    units: int
    paid: int


def sort(rules: Sequence[GiftRule]) -> tuple[GiftRule, ...]:
    """Put rules into the order in which they speak, those that are switched off left out."""
    return tuple(sorted((r for r in rules if r.active), key=lambda r: (r.rank, r.code)))


def decide(
    rules: Sequence[GiftRule],
    items: Sequence[Item],
    channel: str,
    now_ms: int,
    left: Mapping[str, int],
    had: Container[str],
    next_line: int,
    has: Callable[[GiftRule, int], bool] = lambda rule, units: True,
) -> tuple[list[Given], list[Kept]]:
    """Decide the gifts of an order. `left` are the units that limited rules still have, `had` the
    rules that the buyer has had; gifts are numbered from `next_line`; `has` tells whether there is
    stock, for rules that do not wait for it.
    """
    given: list[Given] = []
    kept: list[Kept] = []
    groups: set[str] = set()
    for rule in rules:
        met = _measure(rule, items, channel, now_ms)
        if met is None:
            continue
        fen, bought, times = met
        why: Withheld | None = None
        if rule.group and rule.group in groups:
            why = "group"
        elif rule.once and rule.code in had:
            why = "buyer_had"
        units = rule.units * times
        if rule.stock and why is None:
            times = min(times, left.get(rule.code, 0) // rule.units)
            units = rule.units * times
            why = None if times else "used_up"
        if why is None and not has(rule, units):
            why = "short"
        if why is not None:
            kept.append(Kept(because=why, rule=rule.code))
            continue
        if rule.group:
            groups.add(rule.group)
        given.append(
            Given(
                fen=fen,
                least_fen=rule.least_fen,
                least_units=rule.least_units,
                limited=rule.stock > 0,
                line=next_line + len(given),
                once=rule.once,
                rule=rule.code,
                sku=rule.sku,
                times=times,
                units=units,
                units_bought=bought,
            )
        )
    return given, kept


def _measure(
    rule: GiftRule, items: Sequence[Item], channel: str, now_ms: int
) -> tuple[int, int, int] | None:
    """Give what was paid, the units and how often the rule is met; None where it is not."""
    if rule.channels and channel not in rule.channels:
        return None
    if now_ms < rule.since_ms or (rule.until_ms and now_ms >= rule.until_ms):
        return None
    wanted = set(rule.skus)
    mine = [item for item in items if not wanted or not wanted.isdisjoint(item.codes)]
    fen, units = sum(i.paid for i in mine), sum(i.units for i in mine)
    if not mine or fen < rule.least_fen or units < rule.least_units:
        return None
    often = [fen // rule.least_fen] if rule.least_fen else []
    often += [units // rule.least_units] if rule.least_units else []
    return fen, units, min([rule.times, *often])

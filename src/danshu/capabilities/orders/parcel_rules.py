"""The merchant's rules for parcels: what is split at release, what may be merged. Data, and pure.

A split rule says what one parcel may hold; all that hold for its channel and carrier bind together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.kernel.limits import (
    CUT_PARCELS,
    MERGE_UNITS,
    MERGE_WAIT_MAX_MIN,
    MERGE_WEIGHT_G,
    PARCEL_RULES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.orders.model import Fulfilment, Order, Share

Kind = Literal["max_weight_g", "max_units", "apart"]


class SplitRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a parcel may hold: at most `limit` grams or units; or the storage classes (bits) of
    `storages` never with others. `carriers` and `channels` empty mean all of them.
    """

    carriers: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    kind: Kind
    limit: int = 0
    name: str
    storages: tuple[int, ...] = ()


class MergeRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether orders are merged: `on` looks for them, `auto` merges them once the first has waited
    `wait_min`; a merged parcel weighs and holds at most so much. `hold_min`: a release waits so
    long, from the order's placing on, for a second order of its receiver; 0 = it does not wait.
    """

    auto: bool = False
    hold_min: int = 0
    max_units: int = MERGE_UNITS
    max_weight_g: int = MERGE_WEIGHT_G
    on: bool = False
    wait_min: int = 30


class ParcelRules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A merchant's rules for parcels. `whole_channels` forbid that an order is split.

    `split_lines`: whether a line that no warehouse holds alone is cut by units over several, its
    order then going in at most `line_parcels`.
    """

    line_parcels: int = 2
    merge: MergeRule = MergeRule()
    split: tuple[SplitRule, ...] = ()
    split_lines: Literal["never", "when_short"] = "never"
    whole_channels: tuple[str, ...] = ()


class Flaw(Struct, frozen=True, kw_only=True):
    """What is wrong with rules: where (JSON pointer) and which."""

    place: str
    code: str


Goods = tuple[int, int]
"""Weight of a unit in grams, bit of its storage class."""
_ALL_STORAGES: Final = 31


def lint(rules: ParcelRules) -> list[Flaw]:
    """Say what of rules can't be meant; nothing where they are sound."""
    flaws = []
    if len(rules.split) > PARCEL_RULES:
        flaws.append(Flaw(place="/split", code="too_many_rules"))
    names = [r.name for r in rules.split]
    for i, rule in enumerate(rules.split):
        told = _lint_split(rule, rules.whole_channels)
        if rule.name in names[:i]:
            told["name"] = "name_twice"
        flaws += [Flaw(place=f"/split/{i}/{field}", code=code) for field, code in told.items()]
    if not 2 <= rules.line_parcels <= CUT_PARCELS:
        flaws.append(Flaw(place="/line_parcels", code="limit"))
    merge = rules.merge
    wrong = {
        "hold_min": not 0 <= merge.hold_min <= MERGE_WAIT_MAX_MIN and "wait",
        "wait_min": not 0 <= merge.wait_min <= MERGE_WAIT_MAX_MIN and "wait",
        "auto": (merge.auto and not merge.on and "auto_without_on")
        or (merge.hold_min > 0 and not merge.auto and "hold_without_auto"),
        "max_weight_g": not 1 <= merge.max_weight_g <= MERGE_WEIGHT_G and "limit",
        "max_units": not 2 <= merge.max_units <= MERGE_UNITS and "limit",
    }
    return [*flaws, *(Flaw(place=f"/merge/{f}", code=code) for f, code in wrong.items() if code)]


def _lint_split(rule: SplitRule, whole_channels: Sequence[str]) -> dict[str, str]:
    """Say which fields of a split rule can't be meant, by a code each."""
    told = {}
    if not rule.name.strip():
        told["name"] = "no_name"
    if rule.kind == "apart":
        bad = [s for s in rule.storages if s not in (1, 2, 4, 8, 16)]
        if not rule.storages or bad or sum(set(rule.storages)) == _ALL_STORAGES:
            told["storages"] = "storages"
    elif rule.limit < 1:
        told["limit"] = "limit"
    if set(rule.channels) & set(whole_channels):
        told["channels"] = "channel_forbids_split"
    return told


def binding(rules: ParcelRules, channel: str, carrier: str) -> list[SplitRule]:
    """Give the split rules that bind a parcel of a channel by a carrier."""
    if channel in rules.whole_channels:
        return []
    return [
        r
        for r in rules.split
        if (not r.channels or channel in r.channels) and (not r.carriers or carrier in r.carriers)
    ]


def cut(
    part: Fulfilment, goods: Mapping[str, Goods], rules: Sequence[SplitRule]
) -> tuple[list[dict[int, int]], str]:
    """Cut a fulfilment order into parcels by rules: units by line of each, and the rule's name.

    First-fit by falling weight: few parcels, not provably the fewest. A unit that is too heavy by
    itself gets a parcel of its own. One parcel means that nothing is to be split.
    """
    weight_max = _least(rules, "max_weight_g")
    units_max = _least(rules, "max_units")
    apart = [frozenset(r.storages) for r in rules if r.kind == "apart"]
    bins: list[_Bin] = []
    for share in sorted(part.shares, key=lambda s: -_goods(goods, s)[0]):
        weight_g, storage = _goods(goods, share)
        kind = tuple(storage in classes for classes in apart)
        left = share.quantity
        for b in bins:
            if left and b.kind == kind:
                left -= b.put(share, left, weight_g, weight_max, units_max)
        while left:
            b = _Bin(kind)
            bins.append(b)
            left -= b.put(share, left, weight_g, weight_max, units_max, at_least=1)
    by_size = sorted(bins, key=lambda b: -b.units)
    name = next((r.name for r in rules if len(bins) > 1 and _splits(r, part, goods)), "")
    return [b.lines for b in by_size], name


def _splits(rule: SplitRule, part: Fulfilment, goods: Mapping[str, Goods]) -> bool:
    """Tell whether a rule by itself asks for more than one parcel."""
    if rule.kind == "apart":
        return len({_goods(goods, s)[1] in rule.storages for s in part.shares}) > 1
    if rule.kind == "max_units":
        return sum(s.quantity for s in part.shares) > rule.limit
    return sum(_goods(goods, s)[0] * s.quantity for s in part.shares) > rule.limit


class _Bin:
    def __init__(self, kind: tuple[bool, ...]) -> None:
        self.kind = kind
        self.lines: dict[int, int] = {}
        self.units = 0
        self._weight_g = 0

    def put(
        self, share: Share, wanted: int, weight_g: int, weight_max: int, units_max: int,
        at_least: int = 0,
    ) -> int:  # fmt: skip
        """Take as many units as fit, `at_least` so many; gives how many."""
        fit = wanted
        if weight_max and weight_g:
            fit = min(fit, max(0, weight_max - self._weight_g) // weight_g)
        if units_max:
            fit = min(fit, max(0, units_max - self.units))
        fit = max(fit, at_least)
        if fit:
            self.lines[share.line] = self.lines.get(share.line, 0) + fit
            self.units += fit
            self._weight_g += fit * weight_g
        return fit


def _least(rules: Sequence[SplitRule], kind: Kind) -> int:
    return min((r.limit for r in rules if r.kind == kind), default=0)


def _goods(goods: Mapping[str, Goods], share: Share) -> Goods:
    return goods.get(share.sku, (0, 1))


class Candidate(Struct, frozen=True, kw_only=True, eq=False):
    """A fulfilment order that may be merged: what of it must go together with the others'."""

    place: tuple[str, int]  # order, number
    units: int
    weight_g: int
    storages: frozenset[int]
    carrier: str
    window: tuple[int, int]  # it may leave from .. until, epoch ms
    type: str
    since_ms: int


def candidate(
    order: Order, part: Fulfilment, id_: str, goods: Mapping[str, Goods], until_ms: int
) -> Candidate:
    """Describe a fulfilment order for merging; `until_ms` is when it must have left, 0 = never."""
    window = part.window or (0, until_ms or 2**62)
    return Candidate(
        place=(id_, part.no),
        units=sum(s.quantity for s in part.shares),
        weight_g=sum(_goods(goods, s)[0] * s.quantity for s in part.shares),
        storages=frozenset(_goods(goods, s)[1] for s in part.shares),
        carrier=part.carrier,
        window=(window[0], window[1]),
        type=order.type,
        since_ms=order.placed_ms,
    )


def fit(
    members: Sequence[Candidate], one: Candidate, rules: ParcelRules, most: int
) -> Literal["", "size", "window", "storage", "carrier", "type"]:
    """Say why one more does not go with the members; "" where it does."""
    merge = rules.merge
    if (
        len(members) >= most
        or sum(m.units for m in members) + one.units > merge.max_units
        or sum(m.weight_g for m in members) + one.weight_g > merge.max_weight_g
    ):
        return "size"
    if any(m.window[0] > one.window[1] or one.window[0] > m.window[1] for m in members):
        return "window"
    if any(m.type != one.type for m in members):
        return "type"
    if len({m.carrier for m in (*members, one)} - {""}) > 1:
        return "carrier"
    storages = one.storages.union(*(m.storages for m in members))
    return "" if travels(storages, rules) else "storage"


def travels(storages: frozenset[int], rules: ParcelRules) -> bool:
    """Tell whether storage classes may share a parcel: cold goods with their like, dangerous ones
    alone, and what the merchant's rules keep apart.
    """
    if len(storages) > 1 and storages & {2, 4, 16}:
        return False
    keeps_apart = (frozenset(r.storages) for r in rules.split if r.kind == "apart")
    return all(not (storages & s) or storages <= s for s in keeps_apart)


def group(candidates: Sequence[Candidate], rules: ParcelRules, most: int) -> list[list[Candidate]]:
    """Put candidates of one receiver into parcels, oldest first; those left alone are left out."""
    made: list[list[Candidate]] = []
    for one in sorted(candidates, key=lambda c: (c.since_ms, c.place)):
        home = next((g for g in made if not fit(g, one, rules, most)), None)
        if home is None:
            made.append([one])
        else:
            home.append(one)
    return [g for g in made if len(g) > 1]

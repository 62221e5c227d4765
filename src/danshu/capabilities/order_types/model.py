"""订单类型: what an order goes through from placing to dispatch, as data.

A type names stages, payments with their windows, what is reserved when, what is promised, and which
acts are open in which stage. It closes doors of the order's machine, it opens none. Money in minor
units, shares in permille, spans as ISO 8601 durations, instants as RFC 3339.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Paying = Literal["deposit", "tail", "whole"]
Missed = Literal["cancel", "forfeit", "refund"]
Entry = Literal["placed", "deposit.paid", "group.formed", "tail.opened", "tail.paid", "whole.paid"]
Marks = Literal["", "deposit", "whole"]


class TypeTexts(Struct, frozen=True, kw_only=True):
    """Words in both languages."""

    zh: str = ""
    en: str = ""

    def pick(self, lang: str) -> str:
        """Give the words in `lang` (zh or en)."""
        return self.en if lang == "en" else self.zh


class TypeScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders follow it. `named`: only those that name it; else all that fit.

    `skus` are the SKUs that it sells, () = all. Placed from `opens` on and before `closes`, ""
    = no bound. `marks`: orders that a platform itself marks as a deposit or a paid presale.
    """

    named: bool = False
    channels: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    opens: str = ""
    closes: str = ""
    marks: Marks = ""


class TypePayment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment: how much, when, and what happens when it is missed.

    One of: `permille` of the goods, `amount_fen` a unit, or `rest`, what is still to be paid.
    `counts_permille` is what a deposit counts for (膨胀): 2000 lets 1 yuan count as 2. `opens` and
    `closes` are instants or durations: after the stage before was entered, and after it opened.
    `grace` is how long after `closes` news of a payment made in time is still waited for.
    `missed`: the order is cancelled; `forfeit` keeps the deposit, `refund` owes back all. `clause`
    is what the buyer is shown about it.
    """

    stage: Paying
    permille: int = 0
    amount_fen: int = 0
    rest: bool = False
    counts_permille: int = 1000
    opens: str = ""
    closes: str = ""
    grace: str = ""
    missed: Missed = "cancel"
    refundable: bool = False
    clause: TypeTexts = TypeTexts()


class TypeStage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stage: what brings an order into it, which acts are open in it, whether its units are
    reserved from it on, and in which warehouses (() = any).
    """

    name: str
    words: TypeTexts
    enters: Entry
    reserve: bool = False
    warehouses: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class TypeGrouping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """团: orders join a leader's group, which forms with `minimum` paid orders when it closes;
    else everything that was paid is owed back. `closes` is an instant or a duration after it was
    opened. `regions`: where its pickup points may lie, () = anywhere.
    """

    minimum: int
    closes: str
    regions: tuple[str, ...] = ()
    clause: TypeTexts = TypeTexts()


class OrderType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of an order type. `promises` are codes of definitions that its orders carry;
    `ship_by` is the stated ship date. `buyer_units` caps what one buyer takes of it, 0 = no cap.
    """

    type: str
    version: int = 1
    name: TypeTexts
    scope: TypeScope = TypeScope()
    payments: tuple[TypePayment, ...]
    stages: tuple[TypeStage, ...]
    group: TypeGrouping | None = None
    promises: tuple[str, ...] = ()
    ship_by: str = ""
    buyer_units: int = 0

"""Whether a type's payments reach the total, and its clauses say what is done by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.order_types import catalogue
from danshu.capabilities.order_types.findings import TypeFinding, find
from danshu.capabilities.order_types.model import TypeTexts
from danshu.kernel.limits import AMOUNT_MINOR, TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.order_types.model import OrderType, TypePayment

_MIXES: Final = (("whole",), ("deposit", "tail"))
_GROUP: Final = TypeTexts(zh="成团", en="group")
_LAW_PERMILLE: Final = 200  # Civil Code art. 586: at most 20 % of the principal contract's amount


def check_money(kind: OrderType) -> Iterator[TypeFinding]:
    """Find payments that don't reach the total, or pass it."""
    if tuple(p.stage for p in kind.payments) not in _MIXES:
        yield find("payments_mix", "/payments")
        return
    last = len(kind.payments) - 1
    shares = 0
    for at, p in enumerate(kind.payments):
        pointer = f"/payments/{at}"
        ways = [p.permille != 0, p.amount_fen != 0, p.rest]
        out_of = not 0 <= p.permille <= 1000 or not 0 <= p.amount_fen <= AMOUNT_MINOR
        if sum(ways) != 1 or out_of or (p.rest and at != last):
            yield find("payment_amount", pointer)
        if not 1000 <= p.counts_permille <= 10_000 or (
            p.counts_permille > 1000 and p.stage != "deposit"
        ):
            yield find("counts_bad", f"{pointer}/counts_permille")
        shares += p.permille
        yield from _by_law(p, pointer)
    if kind.payments[last].rest:
        if shares >= 1000:
            yield find("payments_over", f"/payments/{last}")
    elif kind.payments[last].permille and shares > 1000:
        yield find("payments_over", f"/payments/{last}/permille")
    elif shares < 1000:
        yield find("payments_short", f"/payments/{last}")


def _by_law(payment: TypePayment, pointer: str) -> Iterator[TypeFinding]:
    if payment.stage != "deposit" or payment.refundable:
        return
    if payment.permille > _LAW_PERMILLE:
        yield find("deposit_over_law", f"{pointer}/permille")
    elif payment.amount_fen:
        yield find("deposit_law_fixed", f"{pointer}/amount_fen")


def check_clauses(kind: OrderType) -> Iterator[TypeFinding]:
    """Find what is done to the buyer's money without words that say so."""
    deposit = next((p for p in kind.payments if p.stage == "deposit"), None)
    for at, p in enumerate(kind.payments):
        pointer = f"/payments/{at}/clause"
        if p.stage == "deposit":
            said = "可退" if p.refundable else "不退"
            told = "refundable" if p.refundable else "not refunded"
            yield from _says(p.clause, pointer, catalogue.PAYMENTS[p.stage], said, told)
        elif p.missed == "forfeit" and deposit and not deposit.refundable:
            yield from _says(p.clause, pointer, catalogue.PAYMENTS[p.stage], "不退", "not refunded")
    if kind.group is not None:
        if kind.group.minimum < 2:
            yield find("group_small", "/group/minimum")
        if not kind.scope.named:
            yield find("group_unnamed", "/scope/named")
        yield from _says(kind.group.clause, "/group/clause", _GROUP, "退", "refund")


def _says(
    text: TypeTexts, pointer: str, what: TypeTexts, zh: str, en: str
) -> Iterator[TypeFinding]:
    for lang, words, must in (("zh", text.zh, zh), ("en", text.en, en)):
        if not words.strip() or len(words) > TEXT_CHARS:
            yield find("clause_missing", f"{pointer}/{lang}", value=what)
        elif must not in words.lower():
            yield find("clause_unsaid", f"{pointer}/{lang}", value=must)

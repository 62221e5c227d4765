"""What a buyer's request and its answer mean for the order: facts, what clocks hear, compensation
proposed with its clause, the cancellation that a power gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.lint import parse_duration
from danshu.capabilities.contract.model import Event
from danshu.capabilities.contract.power_facts import PowerUsed, RequestAccepted, RequestDeclined
from danshu.capabilities.contract.remedies import CLAIM_STEP, PAY_WITHIN
from danshu.capabilities.contract.remedy_facts import CompensationProposed
from danshu.capabilities.orders import model
from danshu.capabilities.orders.amending import Wish
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.machines import ORDER
from danshu.hub import acts, amend_consents, amending, powers
from danshu.hub.changes import Change
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said, epoch_ms, rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.hub.changes import Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
REQUESTED: Final = "buyer.address_change_requested"
CONFIRMED: Final = "buyer.address_confirmed"
DECLINED: Final = "buyer.address_change_declined"
WITHDRAWN: Final = "buyer.address_change_withdrawn"
DAMAGED: Final = "buyer.damage_reported"
ADDRESS: Final = "address_change"
DAMAGE: Final = "damage"
_MERCHANT: Final = "merchant.decision"
UNSERVED: Final = Refusal(
    code="address_unserved",
    reason="新地址不在服务的区域",
    reason_en="The new address lies where nothing is delivered",
    clause="requests.region",
)
NOT_COVERED: Final = Refusal(
    code="no_damage_clause",
    reason="这张订单没有破损赔付的承诺",
    reason_en="This order carries no promise about damage",
    clause="requests.damage",
)
NO_POWER: Final = Refusal(
    code="no_power",
    reason="现在没有这项权利",
    reason_en="There is no such power now",
    clause="requests.power",
)
_POWERS: Final = """
select code, step from powers where tenant=%s and id=%s and action=%s and holder='buyer'
and state='open' order by opened, code, step
"""
_PROPOSE: Final = """
insert into compensations(tenant,id,code,step,state,amount,base,currency,definition,auto,pay_by,
proposed,by) values (%s,%s,%s,%s,'proposed',%s,%s,%s,%s,false,%s,%s,'')
"""


class Plea(Struct, frozen=True, kw_only=True):
    """What is asked, whose word it is (a source of events), and its number."""

    kind: str
    by: str
    no: int


class Verdict(Struct, frozen=True, kw_only=True):
    """What the merchant says; `reason` where it declines, `amount` (minor units) for damage."""

    accepts: bool
    reason: str = ""
    amount: int = 0


class Readdress(Struct, frozen=True, kw_only=True):
    """Where a request for another address wants it: region, the vault's row, and the fact by which
    whoever holds the order's link asked for it, "" where the merchant wrote it down.
    """

    region: str
    receiver: str
    consent: str = ""


async def open_powers(
    connection: Connection, tenant: int, id_: uuid.UUID, action: str
) -> list[tuple[str, int]]:
    """Give the buyer's open powers to do an action, as (promise, step)."""
    cursor = await connection.execute(_POWERS, (tenant, id_, action))
    return [(code, step) for code, step in await cursor.fetchall()]


def covering(promises: Sequence[Promise]) -> Promise | None:
    """Give the promise whose clock a report of damage starts."""
    return next((p for p in promises if p.clause.start == DAMAGED), None)


def why_not_address(order: model.Order) -> Refusal | None:
    """Say why the address can't be changed any more; None while it can."""
    stage = model.stage(order)
    if stage is model.State.CANCELLED:
        return ORDER.refusals["*", "cancel"]
    parts = {f.state for f in order.fulfilments}
    if stage >= model.State.SHIPPED or parts & {"shipped", "delivered"}:
        return ORDER.refusals["shipped", "cancel"]
    return None


def ask(
    world: World,
    held: Held,
    plea: Plea,
    opened: Sequence[tuple[str, int]],
    said: Said,
    now_ms: int,
) -> Change | Refusal:
    """Decide a request. `said` is its fact; `opened` the powers that entitle to it."""
    if plea.kind == ADDRESS:
        refusal = why_not_address(held.order)
        # the merchant gains by a pause: what only it says is its own word
        own_word = plea.by != "buyer.link"
        return refusal or hear(held, [said], REQUESTED, plea.by, own_word, now_ms)
    if plea.kind == DAMAGE:
        if covering(held.promises) is None:
            return NOT_COVERED
        done = _act(world, held, "report_damage", "", plea.by, now_ms)
        return done if isinstance(done, Refusal) else _before(done, said)
    if not opened:
        return NO_POWER
    code, step = opened[0]
    used = Said(data=PowerUsed(action=plea.kind, code=code, step=step))
    is_picked = any(f.state in ("picked", "packed") for f in held.order.fulfilments)
    # What is picked the merchant decides on: accepted, the floor is asked to stop.
    if plea.kind == powers.CANCEL and not is_picked:
        done = _act(world, held, "cancel", f"{plea.kind}:{code}", plea.by, now_ms)
        return done if isinstance(done, Refusal) else _before(done, used)
    return Change(order=held.order, said=[used, said], promises=held.promises)


def answer(
    world: World,
    held: Held,
    kind: str,
    to: Readdress,
    no: int,
    verdict: Verdict,
    now_ms: int,
) -> Change | Refusal:
    """Decide what the merchant's word on a request means. Raises InputError `bad_field`."""
    if verdict.amount and not (verdict.accepts and kind == DAMAGE):
        raise InputError("bad_field", "an amount is for damage that is accepted", "/amount_fen")
    if not verdict.accepts:
        said = Said(data=RequestDeclined(kind=kind, no=no, reason=verdict.reason))
        if kind == ADDRESS:
            return hear(held, [said], DECLINED, _MERCHANT, False, now_ms)
        return Change(order=held.order, said=[said], promises=held.promises)
    said = Said(data=RequestAccepted(amount=verdict.amount, kind=kind, no=no))
    if kind == ADDRESS:
        return why_not_address(held.order) or _readdress(world, held, said, to, no, now_ms)
    if kind == DAMAGE:
        return _offer(held, said, no, verdict.amount, now_ms)
    if kind == powers.CANCEL:
        done = _act(world, held, "cancel", kind, _MERCHANT, now_ms)
        return done if isinstance(done, Refusal) else _before(done, said)
    return Change(order=held.order, said=[said], promises=held.promises)


def _readdress(
    world: World, held: Held, said: Said, to: Readdress, no: int, now_ms: int
) -> Change | Refusal:
    """Amend the order to where the buyer wants it, as anybody's amendment does."""
    if to.region not in world.regions:
        return UNSERVED
    wish = Wish(
        by=_MERCHANT,
        consent=to.consent,
        reason=f"{ADDRESS}:{no}",
        receiver=to.receiver,
        region=to.region,
    )
    refusal = amend_consents.refuse(held, wish)
    if refusal is not None:
        return refusal
    change = amending.amend(world, held, wish, (), now_ms)
    if isinstance(change, Refusal):
        return change
    after = replace(held, order=change.order, promises=change.promises)
    heard = hear(after, [said, *change.said], CONFIRMED, _MERCHANT, False, now_ms)
    return replace(change, said=heard.said, promises=heard.promises)


def hear(
    held: Held, said: list[Said], event: str, source: str, own_word: bool, now_ms: int
) -> Change:
    """Say something, and let the clocks hear the event that it is."""
    heard = Event(
        name=event,
        occurred_ms=now_ms,
        recorded_ms=now_ms,
        source=source,
        self_declared=own_word,
    )
    promises, more = contract.hear(held.promises, [heard], now_ms)
    return Change(order=held.order, said=[*said, *more], promises=promises)


def _offer(held: Held, said: Said, no: int, amount: int, now_ms: int) -> Change | Refusal:
    """Propose what is to be paid for damage, by the clause that covers it."""
    promise = covering(held.promises)
    if promise is None:
        return NOT_COVERED
    base = held.order.paid or held.order.total
    if not 0 < amount <= base:
        raise InputError("bad_field", f"1 to {base}, what was paid", "/amount_fen")
    pay_by_ms = promise.due_ms or now_ms + parse_duration(PAY_WITHIN, "")
    offered = CompensationProposed(
        amount=amount,
        auto=False,
        base=base,
        code=promise.code,
        currency=held.order.currency,
        definition=promise.digest,
        pay_by=rfc3339(pay_by_ms),
        step=CLAIM_STEP + no,
    )
    return Change(order=held.order, said=[said, Said(data=offered)], promises=held.promises)


async def propose(
    connection: Connection, tenant: int, held: Held, decided: Change, now_ms: int
) -> None:
    """Write the row of a compensation that an answer proposes, in the caller's transaction."""
    for said in decided.said:
        data = said.data
        if isinstance(data, CompensationProposed):
            row = (tenant, held.id, data.code, data.step, data.amount, data.base, data.currency)
            times = (
                write.instant(epoch_ms(data.pay_by) * 1000),
                write.instant(now_ms * 1000),
            )
            await connection.execute(_PROPOSE, (*row, bytes.fromhex(data.definition), *times))


def _act(
    world: World, held: Held, event: str, reason: str, by: str, now_ms: int
) -> Change | Refusal:
    return acts.command(Command(event=event, reason=reason, by=by))(world, held, now_ms)


def _before(done: Change, said: Said) -> Change:
    return replace(done, said=[said, *done.said])

"""Intercept rules 错单拦截规则 at the desk: what is seen of an order, and what they make of it.

see      the fields of the vocabulary, those alone that the live rules read
heed     after alignment: hold, review or reject, said with rule and version
Orders that no rule stops cost one look-up; a merchant without rules pays for one comparison.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders.model import INTERCEPT_REJECT, Order
from danshu.capabilities.routing.policy import intercepting, model
from danshu.capabilities.routing.policy.fields import INTERCEPT
from danshu.capabilities.routing.policy.intercepting import PLACE, Interceptor, Verdict
from danshu.hub import intercept_people as people
from danshu.hub import policy_arms, policy_sets
from danshu.hub.guarding import Arm, Guard, Stop
from danshu.hub.intercept_facts import OrderIntercepted, Seen
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said
from danshu.ledger import write
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Container, Iterable, Sequence

    from danshu.capabilities.intake.address import Gazetteer
    from danshu.capabilities.orders.model import Line
    from danshu.hub.group import Placement
    from danshu.hub.requests import Request
    from danshu.hub.world import World

Connection = Any
HOLDS: Final = {
    "hold": "intercept_hold",
    "review": "intercept_review",
    "reject": INTERCEPT_REJECT,
}
CODES: Final = frozenset(HOLDS.values())
UNREADABLE: Final = "拦截规则集读不出"
SHORT_CHARS: Final = 5
KNOWN_LINES: Final = 5  # of a SKU, before anything is called usual
_TEST: Final = re.compile(r"测试|试单|勿发货|(?<![a-z])test(?![a-z])", re.IGNORECASE)
_USUALLY: Final = tuple(each.sample for each in INTERCEPT)
_NOW_FROM: Final = PLACE["now.minute"]
_OF_NOW: Final = frozenset({"now.minute", "now.weekday", "now.date"})
_OF_LINES: Final = frozenset(
    {"price.of_list_percent", "price.of_usual_percent", "units.of_usual_percent"}
)
_NOT_YET: Final = (0, 0)
_SETS: Final = "select digest, no, body from policy_sets where tenant=%s and digest = any(%s)"
_BLOCKS: Final = "select kind, who, reason, until from intercept_blocks where tenant=%s"
_USUAL: Final = "select sku, price_fen, units from intercept_usual where tenant=%s"
_SALT: Final = "select salt from tenants where id=%s"
COUNT: Final = """
select w.who, count(*) from unnest(%b::int8[]) w(who)
join intercept_people p on p.tenant=%b and p.who=w.who and p.id >= %b group by 1
"""
_PEOPLE: Final = """
insert into intercept_people(tenant,who,id)
select * from unnest(%b::int4[],%b::int8[],%b::uuid[]) order by 1,2,3 on conflict do nothing
"""
_STOPS: Final = """
insert into intercept_stops(tenant,id,effect,policy,no,rules,reasons,state,ended)
select s.tenant,s.id,f.effect,f.policy,f.no,f.rules,f.reasons,
  case when f.ended > 0 then 'cancelled' else 'held' end,
  case when f.ended > 0 then to_timestamp(f.ended / 1000.0) end
from unnest(%b::int4[],%b::uuid[],%b::text[]) s(tenant,id,doc),
lateral (select doc::jsonb->>'effect' as effect, decode(doc::jsonb->>'policy','hex') as policy,
  (doc::jsonb->>'no')::int as no, (doc::jsonb->>'ended')::int8 as ended,
  array(select jsonb_array_elements_text(doc::jsonb->'rules')) as rules,
  array(select jsonb_array_elements_text(doc::jsonb->'reasons')) as reasons) f
"""


class Subject(Struct, frozen=True, kw_only=True):
    """What there is to be seen of an order. `buyer_n` and `receiver_n` count it too."""

    order: Order
    receiver: Receiver
    buyer_n: int = 1
    receiver_n: int = 1


async def load(connection: Connection, tenant: int) -> Guard | None:
    """Read the rules that are live; None for a merchant that has none."""
    head = await policy_sets.read_head(connection, tenant, model.INTERCEPT)
    wanted = [bytes.fromhex(d) for d in (head.live, head.canary) if d]
    if not wanted:
        return None
    arms: dict[str, Arm] = {}
    cursor = await connection.execute(_SETS, (tenant, wanted))
    for digest, no, body in await cursor.fetchall():
        name = bytes(digest).hex()
        try:
            arms[name] = Arm(Interceptor(policy_arms.compile_set(model.read(bytes(body)))), no)
        except InputError as error:
            await policy_arms.report(connection, tenant, name, error)
    cursor = await connection.execute(_BLOCKS, (tenant,))
    blocks = {
        (kind, who): (reason, round(until.timestamp() * 1000) if until else 0)
        for kind, who, reason, until in await cursor.fetchall()
    }
    cursor = await connection.execute(_USUAL, (tenant,))
    usual = {sku: (price, units) for sku, price, units in await cursor.fetchall()}
    row = await (await connection.execute(_SALT, (tenant,))).fetchone()
    return Guard(
        no=head.no,
        live=arms.get(head.live),
        canary=arms.get(head.canary),
        rule=head.rule,
        is_lost=bool(head.live) and head.live not in arms,
        salt=bytes(row[0]) if row else b"",
        reads=frozenset().union(*(arm.rules.reads for arm in arms.values())),
        blocks=blocks,
        usual=usual,
        kinds=frozenset({kind for kind, _ in blocks}),
    )


def names(guard: Guard, request: Request) -> tuple[int, int]:
    """Give the hashes of who bought and who receives; 0 for nobody."""
    draft = request.draft
    who = people.buyer(draft.channel, draft.buyer)
    to = people.receiver(draft.channel, draft.shop, draft.receiver)
    return people.hash_of(guard.salt, "buyer", who), people.hash_of(guard.salt, "receiver", to)


def see(
    reads: frozenset[str],
    subject: Subject,
    now_ms: int,
    *,
    gazetteer: Gazetteer,
    list_price: Callable[[str], int],
    usual: Callable[[str], tuple[int, int]],
    listed: Callable[[str, str], str],
    kinds: Container[str],
) -> list[Any]:
    """Give the fields in the order of the vocabulary; what nobody reads stays as usual. `kinds` are
    those of lists that hold anybody.
    """
    order, to = subject.order, subject.receiver
    seen: list[Any] = list(_USUALLY)
    lines = [n for n in order.lines if not n.gift]
    seen[:7] = (
        order.channel, order.shop, order.region, order.total, order.paid_ms > 0,
        len(order.lines), sum(n.quantity for n in order.lines),
    )  # fmt: skip
    if "order.test_mark" in reads:
        texts = "\n".join([to.name, to.detail, *[n.title for n in lines]])
        seen[PLACE["order.test_mark"]] = _TEST.search(texts) is not None
    seen[PLACE["buyer.known"]] = bool(order.buyer)
    seen[PLACE["buyer.orders_24h"]] = _coarse(subject.buyer_n)
    seen[PLACE["receiver.orders_24h"]] = _coarse(subject.receiver_n)
    if "receiver.encrypted" in reads:
        seen[PLACE["receiver.encrypted"]] = people.is_encrypted(to)
    seen[PLACE["address.unserved"]] = not order.region
    if "address.contradictory" in reads:
        seen[PLACE["address.contradictory"]] = bool(to.province and to.city) and (
            gazetteer.resolve(to.country, to.province, to.city, to.district) is None
            and gazetteer.resolve(to.country, "", to.city, to.district) is not None
        )
    if "address.short" in reads:
        seen[PLACE["address.short"]] = len(people.squeeze(to.detail)) < SHORT_CHARS
    if not reads.isdisjoint(_OF_LINES):
        _see_prices(seen, [n for n in lines if n.known and n.bundle is None], list_price, usual)
    if "buyer" in kinds and "listed.buyer" in reads:
        seen[PLACE["listed.buyer"]] = listed("buyer", people.buyer(order.channel, order.buyer))
    if "receiver" in kinds and "listed.receiver" in reads:
        name = people.receiver(order.channel, order.shop, to)
        seen[PLACE["listed.receiver"]] = listed("receiver", name)
    if "address" in kinds and "listed.address" in reads:
        seen[PLACE["listed.address"]] = listed("address", people.address(to))
    if not reads.isdisjoint(_OF_NOW):
        seen[_NOW_FROM:] = intercepting.moment(now_ms)
    return seen


def _see_prices(
    seen: list[Any],
    lines: Sequence[Line],
    list_price: Callable[[str], int],
    usual: Callable[[str], tuple[int, int]],
) -> None:
    """Compare what each line was sold at with list price and recent median, its units with usual
    ones.
    """
    of_list, of_usual, of_units = [], [], []
    for n in lines:
        sold = unit_price(n)
        listed, (price, units) = list_price(n.sku), usual(n.sku)
        if listed:
            of_list.append(100 * sold // listed)
        if price:
            of_usual.append(100 * sold // price)
        if units:
            of_units.append(100 * n.quantity // units)
    seen[PLACE["price.of_list_percent"]] = _coarse(min(of_list, default=100))
    seen[PLACE["price.of_usual_percent"]] = _coarse(min(of_usual, default=100))
    seen[PLACE["units.of_usual_percent"]] = _coarse(max(of_units, default=100))


def _coarse(seen: int) -> int:
    """Far above what is usual whole hundreds will do: what graphs said is then found again."""
    return seen if seen < 200 else min(seen // 100 * 100, 100_000)


def unit_price(line: Line) -> int:
    """Give what a unit was sold at in minor units: by what was paid, else by its price."""
    return line.paid // line.quantity if line.paid else line.price


def heed(world: World, p: Placement, now_ms: int) -> None:
    """Ask the rules about an order that is being placed, and do what they say."""
    guard = world.guard
    assert guard is not None
    buyer_n = receiver_n = 1
    if guard.counts:
        who, to = names(guard, p.request)
        pending = guard.pending
        told = p.request.counts or _NOT_YET
        buyer_n = told[0] + pending.get(who, 0) + 1 if who else 1
        receiver_n = told[1] + pending.get(to, 0) + 1 if to else 1
        p.who = tuple([each for each in (who, to) if each])
        for each in p.who:
            pending[each] = pending.get(each, 0) + 1
    arm = _arm(guard, p.id, p.order)
    if arm is None:
        if guard.is_lost:
            lost = Verdict(policy="", effect="review", rules=(), reasons=(UNREADABLE,))
            _stop(p, lost, 0, (), now_ms)
        return
    skus, until = world.skus, now_ms
    subject = Subject(
        order=p.order, receiver=p.request.draft.receiver, buyer_n=buyer_n, receiver_n=receiver_n
    )

    def listed(kind: str, name: str) -> str:
        found = guard.blocks.get((kind, people.hash_of(guard.salt, kind, name))) if name else None
        return found[0] if found and (not found[1] or found[1] > until) else ""

    seen = see(
        arm.rules.reads,
        subject,
        now_ms,
        gazetteer=world.gazetteer,
        list_price=lambda sku: skus[sku][1].price_fen,
        usual=lambda sku: guard.usual.get(sku, _NOT_YET),
        listed=listed,
        kinds=guard.kinds,
    )
    verdict = arm.rules.judge(seen)
    if verdict is not None and verdict.effect:
        _stop(p, verdict, arm.no, arm.rules.explain(seen), now_ms)


def _arm(guard: Guard, id_: uuid.UUID, order: Order) -> Arm | None:
    """Give the set that rules the order: the canary's share by its id, as every policy has it."""
    canary = guard.canary
    if canary is not None and guard.rule.takes(
        canary.rules.compiled.digest, id_, order.channel, order.region
    ):
        return canary
    return guard.live


def _stop(
    p: Placement, verdict: Verdict, no: int, seen: Iterable[tuple[str, str]], now_ms: int
) -> None:
    """Say what stopped the order, and hold it; an unpaid one that is rejected is cancelled."""
    fact = OrderIntercepted(
        effect=verdict.effect,
        no=no,
        policy=verdict.policy,
        reasons=verdict.reasons,
        rules=verdict.rules,
        seen=tuple([Seen(field=name, value=value) for name, value in seen]),
    )
    p.said.append(Said(data=fact))
    ends = verdict.effect == "reject" and not p.order.paid_ms and not p.order.paid
    event = "cancel" if ends else "hold"
    command = orders.Command(event=event, reason=HOLDS[verdict.effect])
    done = orders.act(p.order, command, now_ms)
    if not isinstance(done, Refusal):
        p.order = done.order
        p.said.extend(done.said)
        events = [
            Event(name=name, occurred_ms=at_ms, recorded_ms=now_ms, source="intercept")
            for name, at_ms in done.heard
        ]
        if events:
            p.promises, said = contract.hear(p.promises, events, now_ms)
            p.said.extend(said)
            p.due_ms = contract.next_ms(p.promises)
    p.stop = Stop(
        effect=verdict.effect, policy=verdict.policy, no=no, rules=verdict.rules,
        reasons=verdict.reasons, ended=now_ms if ends else 0,
    )  # fmt: skip


def settled(world: World, p: Placement) -> None:
    """Forget that an order is under way: it is committed, or given up."""
    if world.guard is not None:
        pending = world.guard.pending
        for each in p.who:
            left = pending.get(each, 0) - 1
            if left > 0:
                pending[each] = left
            else:
                pending.pop(each, None)
    p.who = ()


def statements(placed: Iterable[Placement]) -> list[write.Statement]:
    """Give the statements that remember who ordered, and what was stopped."""
    who = [(p.request.tenant, each, p.id) for p in placed for each in p.who]
    out = []
    if who:
        columns = (
            write.int4s([w[0] for w in who]),
            write.int8s([w[1] for w in who]),
            write.uuids([w[2] for w in who]),
        )
        out.append(write.Statement(_PEOPLE, columns))
    stopped = [(p.request.tenant, p.id, p.stop) for p in placed if p.stop is not None]
    if stopped:
        rows = (
            write.int4s([t for t, _, _ in stopped]),
            write.uuids([id_ for _, id_, _ in stopped]),
            write.texts([msgspec.json.encode(stop).decode() for _, _, stop in stopped]),
        )
        out.append(write.Statement(_STOPS, rows))
    return out

"""What the rules may look at when somebody acts on an order: its warehouses, channel, amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import acts

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.orders.commands import Command
    from danshu.capabilities.orders.model import Order
    from danshu.capabilities.people.policies import Context
    from danshu.hub.world import World
    from danshu.kernel.errors import Refusal

# Acts on money that name no amount of their own are about the whole order.
_WHOLE: Final = frozenset({"cancel"})
_OWN: Final = frozenset({"pay", "compensate"})


def contexts(order: Order, told: Command) -> list[Context]:
    """Give what is known of an act: one context for each warehouse that it touches."""
    known: Context = {"channel": order.channel}
    if told.event in _WHOLE:
        known["amount_fen"] = order.total
    elif told.event in _OWN:
        known["amount_fen"] = told.amount
    touched = {
        f.warehouse: None
        for f in order.fulfilments
        if f.state != "cancelled" and told.fulfilment in (0, f.no)
    }
    return [{**known, "warehouse": w} for w in touched] or [known]


def amending(before: Order, after: Order) -> list[Context]:
    """Give what is known of an amendment: the money that it moves, and one context for each
    warehouse that it touches.
    """
    known: Context = {
        "channel": before.channel,
        "amount_fen": abs(after.total - before.total),
    }
    was = {f.no: f for f in before.fulfilments}
    touched = {f.warehouse for f in after.fulfilments if was.get(f.no) != f}
    return [{**known, "warehouse": w} for w in sorted(touched)] or [known]


def lifting(order: Order, told: Command) -> tuple[str, ...]:
    """Give the rights that the holds ask of whoever lifts them, beside the act's own."""
    if told.event != "unhold":
        return ()
    lifted = [r for r in order.rules if r.right and told.reason in ("", r.reason)]
    return tuple(dict.fromkeys(r.right for r in lifted))


def command(told: Command, ask: Callable[[str, Context], None]) -> acts.Decide:
    """Decide an act on an order once `ask` let it pass; `ask` raises where the rules say no."""
    decide = acts.command(told)

    def asked(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        for context in contexts(held.order, told):
            ask(f"order.{told.event}", context)
            for right in lifting(held.order, told):
                ask(right, context)
        return decide(world, held, now_ms)

    return asked

"""Refunds through the payment service that took the money 原路退款: a call of the connector that
the route of `payment` names for the order's channel. Without such a route nothing is asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders import model
from danshu.capabilities.weave import routes
from danshu.hub import connecting, connector_routes
from danshu.kernel.errors import InputError
from danshu.ports.asks.payment import Refund

if TYPE_CHECKING:
    from danshu.hub.payouts import Payout

Connection = psycopg.AsyncConnection[Any]
PURPOSE: Final = "refund"
_PAYMENT: Final = "payment"
_ORDER: Final = """
select o.id, o.doc from after_sales a join orders o on o.tenant=a.tenant and o.id=a.oid
where a.tenant=%s and a.id=%s
"""
_REFUSED: Final = """
select count(*) from connector_calls where tenant=%s and (key=%s or key like %s)
and state='refused'
"""
_decode: Final = msgspec.json.Decoder(model.Order).decode


async def ask(connection: Connection, owed: Payout, key: str, at_ms: int) -> bool:
    """Ask for a refund, once under the case's `key`; False where no route leads anywhere.

    What was refused is asked under another key when a person has it paid again: a refusal is final,
    so nothing is paid twice.
    """
    try:
        head = await connector_routes.read(connection, owed.tenant, _PAYMENT)
    except InputError:
        return False
    row = await (await connection.execute(_ORDER, (owed.tenant, owed.id))).fetchone()
    if row is None:
        return False
    order_id, order = row[0], _decode(bytes(row[1]))
    warehouse = model.first_warehouse(order)
    if routes.choose(head.route, str(order_id), warehouse, order.channel) is None:
        return False
    counted = (owed.tenant, key, f"{key}-%")
    refused = await (await connection.execute(_REFUSED, counted)).fetchone()
    nth = refused[0] if refused else 0
    body = Refund(
        payment=order.number,
        amount=owed.amount,
        total=order.paid,
        currency=owed.currency,
        reason="售后退款",
    )
    await connecting.ask(
        connection,
        owed.tenant,
        capability=_PAYMENT,
        operation="refund",
        key=f"{key}-{nth + 1}" if nth else key,
        subject=str(order_id),
        body=msgspec.json.encode(body),
        at_ms=at_ms,
        context=connecting.Context(
            purpose=PURPOSE,
            data=owed.id.bytes,
            warehouse=warehouse,
            channel=order.channel,
        ),
    )
    return True

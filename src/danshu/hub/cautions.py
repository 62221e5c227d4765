"""What twin and resilience say against warehouses now: the part of a snapshot that only narrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.cold import find_unproven
from danshu.capabilities.routing.score import (
    BREAKER_VETO,
    CLASSES,
    PROOF_VETO,
    TWIN_VETO,
    Coefficients,
)
from danshu.capabilities.routing.snapshot import Cautions, no_cautions
from danshu.kernel.limits import RESILIENCE_SURCHARGE_FEN, RESILIENCE_THRESHOLD

if TYPE_CHECKING:
    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals

Connection = Any
_STOPS: Final = "select wh, class from twin_stops where tenant=%s"
_BROKEN: Final = "select class from class_stops where tenant=%s and resumed is null"
# The newest mark of each warehouse counts while it is of today or yesterday.
_UNDER: Final = """
select m.wh, coalesce(s.surcharge_fen, %s) from (
  select distinct on (wh) wh, score, day from resilience_marks where tenant=%s and wh<>''
  order by wh, day desc) m
left join resilience_settings s on s.tenant=%s
where m.score < coalesce(s.threshold, %s) and m.day >= current_date - 1
"""


async def read(connection: Connection, tenant: int, network: Network, signals: Signals) -> Cautions:
    """Read the classes that the twin or the breaker stops, find those whose cold is not proven
    twice, and read the surcharge of each warehouse whose index is under the merchant's threshold.
    """
    made = no_cautions(network)
    veto, surcharge = made.veto.copy(), made.surcharge_fen.copy()
    for code, storage in await (await connection.execute(_STOPS, (tenant,))).fetchall():
        column = network.warehouse_index.get(code)
        if column is not None and storage in CLASSES:
            veto[CLASSES.index(storage), column] = TWIN_VETO
    veto[find_unproven(network, signals, Coefficients())] |= PROOF_VETO
    for (storage,) in await (await connection.execute(_BROKEN, (tenant,))).fetchall():
        if storage in CLASSES:
            veto[CLASSES.index(storage)] |= BREAKER_VETO
    asked = (RESILIENCE_SURCHARGE_FEN, tenant, tenant, RESILIENCE_THRESHOLD)
    for code, fen in await (await connection.execute(_UNDER, asked)).fetchall():
        column = network.warehouse_index.get(code)
        if column is not None:
            surcharge[column] = fen
    return Cautions(veto, surcharge)

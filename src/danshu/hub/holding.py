"""What the series of an act say of a duty to keep: read from the blobs, judged by its clause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract.performing import holding, series
from danshu.ledger import blobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.actions.rules import Sample
    from danshu.capabilities.contract.performing.model import Item
    from danshu.hub.performing_rows import Act
    from danshu.kernel.errors import Refusal

Connection = psycopg.AsyncConnection[Any]
SERIES: Final = "temperature_series"


async def missing(
    connection: Connection, tenant: int, act: Act, action: Action, items: Sequence[Item]
) -> tuple[Refusal, ...]:
    """Give why a duty to keep is not shown as kept; nothing without one, or before any series."""
    handed = [i for i in items if i.kind == SERIES]
    if action.holds is None or not handed:
        return ()
    samples: list[Sample] = []
    for item in handed:
        found = await blobs.read(connection, tenant, bytes.fromhex(item.digest))
        if found:
            samples += series.read(found[1])
    until_ms = max(i.at_ms for i in handed)
    return holding.missing(action, samples, began_ms=act.began_ms, until_ms=until_ms)

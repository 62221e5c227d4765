"""The first rows of a file as they would leave: what somebody who may see as much can look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.protection import decide
from danshu.hub import asset_requests, data_gates
from danshu.hub.asset_extracts import Extract
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from danshu.capabilities.protection.model import Act
    from danshu.hub.asset_request_rows import Wish
    from danshu.hub.compose import Hub
    from danshu.hub.rights import Seated


class Look(Struct, frozen=True, kw_only=True):
    """The first rows, and what is known of the whole."""

    columns: tuple[str, ...]
    masked: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    extract: Extract


async def look(hub: Hub, tenant: int, seated: Seated, wish: Wish, most: int) -> Look | Refusal:
    """Draw what a wish asks for and show its first rows; asks the gate for sums or rows.

    Noise is not drawn for a look: it would be another look at the same people for nothing. Raises
    InputError `not_now`.
    """
    if wish.noise_mille:
        raise InputError("not_now", "noise is drawn once, for the file", "/noise_mille")
    act: Act = "aggregate" if wish.form == "cells" else "view"
    case, levels = await data_gates.describe(
        hub,
        tenant,
        seated,
        asset=wish.asset,
        act=act,
        form=wish.form,
        purpose=wish.purpose,
        columns=wish.columns,
    )
    outcome = decide.decide(case)
    if outcome.refusal is not None:
        return outcome.refusal
    extract = await asset_requests.draw(hub, tenant, wish, case, levels)
    if isinstance(extract, Refusal):
        return extract
    names = tuple(head.name for head in extract.heads)
    first = extract.table.slice(0, most)
    rows = zip(*(first.column(name).to_pylist() for name in names), strict=True)
    hidden = data_gates.passage(levels, case, outcome).masked
    return Look(
        columns=names,
        masked=tuple(n for n in names if n in hidden),
        rows=tuple(tuple(row) for row in rows),
        extract=extract,
    )

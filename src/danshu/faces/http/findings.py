"""The exceptions over HTTP: the board, findings by key, and what people do about them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import findings_views
from danshu.hub.fields import PLAIN
from danshu.hub.findings_views import Asked, FindingItem, FindingsBoard

Standing = Annotated[
    Literal["waiting", "open", "assigned", "suppressed", "done", "all"],
    QueryParameter(name="state", description="waiting: open or assigned"),
]


class FindingPage(Struct, frozen=True, kw_only=True):
    """Findings; `next` is "" at the end."""

    items: tuple[FindingItem, ...]
    next: str


@get(
    "/v1/findings/board",
    operation_id="getFindingsBoard",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("finding.read")],
)
async def get_findings_board(request: Request[Any, Any, Any]) -> FindingsBoard:
    """Give the board of exceptions: exact counts, incidents by time limit, how fast."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await findings_views.read_board(connection, held_of(request).tenant, hub.clock())


@get(
    "/v1/findings",
    operation_id="listFindings",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("finding.read")],
)
async def list_findings(
    request: Request[Any, Any, Any],
    kind: Word = "",
    channel: Word = "",
    warehouse: Word = "",
    standing: Standing = "waiting",
    incident: Annotated[str, QueryParameter(max_length=300, pattern=PLAIN)] = "",
    owner: FromQuery[uuid.UUID | None] = None,
    order: FromQuery[uuid.UUID | None] = None,
    change: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> FindingPage:
    """List findings, those due first, first; of what has ended, the newest first."""
    asked = Asked(
        kind=kind,
        channel=channel,
        warehouse=warehouse,
        state=standing,
        incident=incident,
        owner=owner,
        order=order,
        change=change,
    )
    after = (0, 0)
    if cursor:
        due, no = read_place(cursor, int, int)
        after = (int(due), int(no))
    async with hub_of(request).connection() as connection:
        found = await findings_views.list_findings(
            connection, held_of(request).tenant, asked, after, limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return FindingPage(
        items=tuple(found[:limit]),
        next=write_place(*findings_views.place_of(more)) if more else "",
    )


@get(
    "/v1/findings/{no:int}",
    operation_id="getFinding",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("finding.read")],
)
async def get_finding(no: FromPath[int], request: Request[Any, Any, Any]) -> FindingItem:
    """Give a finding by its number."""
    async with hub_of(request).connection() as connection:
        return await findings_views.read_finding(connection, held_of(request).tenant, no)


ROUTES: Final = [get_findings_board, list_findings, get_finding]

"""What people do about exceptions over HTTP: one by one or many, and the one-click remedy."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.auth import must
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import findings_acts, findings_remedies
from danshu.hub.fields import PLAIN
from danshu.hub.findings_acts import Handling
from danshu.hub.findings_remedies import Remedied
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FINDINGS_AT_ONCE, REASON_CHARS

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Context
    from danshu.faces.http.auth import Held


class FindingsHandled(Struct, frozen=True, kw_only=True):
    """How many of the named findings the act changed; the others did not allow it."""

    changed: int
    named: int


class FindingsAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act on findings by their numbers. assign wants `owner`, suppress `until`; all but assign
    want a `reason`.
    """

    act: Literal["assign", "close", "suppress", "reopen"]
    findings: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=2**53)], ...],
        Meta(min_length=1, max_length=FINDINGS_AT_ONCE),
    ]
    owner: uuid.UUID | None = None
    reason: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""
    until: datetime.datetime | None = None


@post(
    "/v1/findings/acts",
    operation_id="handleFindings",
    tags=["findings"],
    responses=PROBLEMS,
    guards=[may("finding.work"), only_json],
    status_code=200,
)
async def handle_findings(
    data: JSONBody[FindingsAct], request: Request[Any, Any, Any]
) -> FindingsHandled:
    """Assign, close, suppress or open again findings, in one commit."""
    hub, held = hub_of(request), held_of(request)
    told = Handling(act=data.act, owner=data.owner, reason=data.reason, until=data.until)
    async with hub.connection() as connection:
        changed = await findings_acts.handle(
            connection, held.tenant, data.findings, told, held.actor, hub.clock()
        )
    return FindingsHandled(changed=changed, named=len(set(data.findings)))


@get(
    "/v1/findings/{no:int}/remedy",
    operation_id="previewRemedy",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("finding.work")],
)
async def preview_remedy(no: FromPath[int], request: Request[Any, Any, Any]) -> Remedied:
    """Say what the one-click remedy of a finding would do, without doing it."""
    hub, held = hub_of(request), held_of(request)
    return await findings_remedies.preview(hub, held.tenant, _number(no), _asker(held))


@post(
    "/v1/findings/{no:int}/remedy",
    operation_id="runRemedy",
    tags=["findings"],
    responses=PROBLEMS,
    guards=[may("finding.work")],
    status_code=200,
)
async def run_remedy(no: FromPath[int], request: Request[Any, Any, Any]) -> Remedied:
    """Do the one-click remedy of a finding: an ordinary act, under the caller's rights."""
    hub, held = hub_of(request), held_of(request)
    done = await findings_remedies.run(hub, held.tenant, _number(no), held.actor, _asker(held))
    return done


def _asker(held: Held) -> findings_remedies.Ask:
    def ask(action: str, known: Context) -> None:
        must(held, action, known)

    return ask


def _number(no: int) -> int:
    if not 0 < no < 2**63:
        raise InputError("not_found", "there is no such finding")
    return no


ROUTES: Final = [handle_findings, preview_remedy, run_remedy]

"""提案 proposals: listed by value, read with their evidence, decided upon by people."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from danshu.capabilities.agent.model import OPEN, Proposal
from danshu.faces.http import problems, proposals_views
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.proposals_shapes import (
    AgentProposal,
    NewProposal,
    ProposalNote,
    ProposalOrder,
    ProposalQuantity,
    ProposalRehearsal,
    ProposalRows,
    ProposalsOf,
    ProposalWhy,
)
from danshu.faces.http.questions import (
    Cursor,
    Limit,
    Word,
    epoch,
    read_before,
    read_place,
    write_place,
)
from danshu.hub import agent, agent_rows
from danshu.hub.agent import Wish
from danshu.hub.lists import OTHER_QUESTION
from danshu.kernel.errors import Refusal
from danshu.ports.skill import Cited, Worth

Ask = Request[Any, Any, Any]
Answer = Response[AgentProposal]
_ONE: Final = "/v1/proposals/{proposal_id:uuid}"
_TAG: Final = "agent"
_TOP: Final = 2**62
_NO_ID: Final = uuid.UUID(int=0)
_STATES: Final[dict[str, tuple[str, ...]]] = {
    "waiting": ("waiting", "approved"),
    "open": tuple(sorted(OPEN)),
    "done": ("done", "measured", "rolling_back", "rolled_back"),
    "over": ("refused", "expired", "withdrawn", "rehearsed", "adopted", "failed"),
}
_ALL: Final = tuple(sorted({s for some in _STATES.values() for s in some}))
Of = Annotated[ProposalsOf, QueryParameter(name="of")]
Order = Annotated[ProposalOrder, QueryParameter(name="order")]


async def _answer(request: Ask, done: Proposal | Refusal, status: int = 200) -> Answer:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    found = await agent.read(hub_of(request), held_of(request).tenant, done.id)
    return Response(await proposals_views.view(request, found), status_code=status)


def _read_value(cursor: str) -> tuple[int, uuid.UUID]:
    """Read the place of a list by value: worth and id. Raises InputError `bad_cursor`."""
    if not cursor:
        return _TOP, _NO_ID
    fen, _, id_ = str(read_place(cursor, str)[0]).partition("/")
    try:
        return int(fen), uuid.UUID(id_)
    except ValueError as error:
        raise OTHER_QUESTION from error


@get("/v1/proposals", **declare_read("listProposals", _TAG, "agent.read"))
async def list_proposals(
    request: Ask,
    of: Of = "waiting",
    order: Order = "value",
    action: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ProposalRows:
    """List proposals: those that wait, the dearest first; or the newest first."""
    states = _STATES.get(of, _ALL)
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        if order == "value":
            found = await agent_rows.list_by_value(
                connection, tenant, states, action, _read_value(cursor), limit + 1
            )
        else:
            found = await agent_rows.list_latest(
                connection, tenant, states, action, read_before(cursor), limit + 1
            )
    by = await proposals_views.frame(request, found)
    place = ""
    if len(found) > limit:
        last = found[limit - 1]
        place = f"{last.terms.mid_fen}/{last.id}" if order == "value" else str(last.id)
    return ProposalRows(
        items=tuple([proposals_views.row(one, by) for one in found[:limit]]),
        next=write_place(place) if place else "",
    )


@post("/v1/proposals", **declare_write("makeProposal", _TAG, "agent.propose"))
async def make_proposal(data: JSONBody[NewProposal], request: Ask) -> Answer:
    """Propose something; others approve it."""
    held = held_of(request)
    wish = Wish(
        action=data.action,
        key=data.key,
        parameters=data.parameters,
        why=data.why,
        cites=tuple([Cited(kind=c.kind, ref=c.ref, label=c.label) for c in data.cites]),
        worth=Worth(low_fen=data.low_fen, mid_fen=data.mid_fen, high_fen=data.high_fen),
        cost_fen=data.cost_fen,
        lost_fen=data.lost_fen,
        expires_ms=epoch(data.expires, "/expires"),
    )
    done = await agent.propose(hub_of(request), held.tenant, wish, held.actor)
    return await _answer(request, done, 201)


@get(_ONE, **declare_read("getProposal", _TAG, "agent.read"))
async def get_proposal(proposal_id: FromPath[uuid.UUID], request: Ask) -> AgentProposal:
    """Read a proposal with what speaks for it, other ways and its chart."""
    found = await agent.read(hub_of(request), held_of(request).tenant, proposal_id)
    return await proposals_views.view(request, found)


@post(
    f"{_ONE}/approve",
    status_code=200,
    **declare_write("approveProposal", _TAG, "agent.approve"),
)
async def approve_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalNote], request: Ask
) -> Answer:
    """Approve a proposal one has not written; with enough approvals it is carried out."""
    held = held_of(request)
    done = await agent.approve(
        hub_of(request), held.tenant, proposal_id, data.note, held.actor, held.may
    )
    return await _answer(request, done)


@post(
    f"{_ONE}/refuse",
    status_code=200,
    **declare_write("refuseProposal", _TAG, "agent.approve"),
)
async def refuse_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalWhy], request: Ask
) -> Answer:
    """Refuse a proposal, and why."""
    held = held_of(request)
    done = await agent.refuse(hub_of(request), held.tenant, proposal_id, data.reason, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/withdraw",
    status_code=200,
    **declare_write("withdrawProposal", _TAG, "agent.propose"),
)
async def withdraw_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalWhy], request: Ask
) -> Answer:
    """Take back what one proposed oneself."""
    held = held_of(request)
    done = await agent.withdraw(hub_of(request), held.tenant, proposal_id, data.reason, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/change",
    status_code=200,
    **declare_write("changeProposal", _TAG, "agent.propose"),
)
async def change_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalQuantity], request: Ask
) -> Answer:
    """Change the quantity; somebody else approves it then."""
    held = held_of(request)
    done = await agent.change(hub_of(request), held.tenant, proposal_id, data.quantity, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/rehearse",
    status_code=200,
    **declare_write("rehearseProposal", _TAG, "agent.read"),
)
async def rehearse_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalNote], request: Ask
) -> Response[ProposalRehearsal]:
    """Say what carrying it out would do; nothing is done."""
    del data
    told = await agent.rehearse(hub_of(request), held_of(request).tenant, proposal_id)
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    changes = tuple([proposals_views.text(c.zh, c.en) for c in told.changes])
    return Response(
        ProposalRehearsal(changes=changes, touched=told.touched, back_until=told.back_until)
    )


@post(
    f"{_ONE}/perform",
    status_code=200,
    **declare_write("performProposal", _TAG, "agent.approve"),
)
async def perform_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalNote], request: Ask
) -> Answer:
    """Carry out what was approved and not yet begun."""
    del data
    held = held_of(request)
    done = await agent.perform(hub_of(request), held.tenant, proposal_id, held.actor, held.may)
    return await _answer(request, done)


@post(
    f"{_ONE}/roll-back",
    status_code=200,
    **declare_write("rollBackProposal", _TAG, "agent.approve"),
)
async def roll_back_proposal(
    proposal_id: FromPath[uuid.UUID], data: JSONBody[ProposalWhy], request: Ask
) -> Answer:
    """Take back what was done, as far as it can be."""
    held = held_of(request)
    done = await agent.roll_back(
        hub_of(request), held.tenant, proposal_id, data.reason, held.actor, held.may
    )
    return await _answer(request, done)


ROUTES: Final = [
    list_proposals,
    make_proposal,
    get_proposal,
    approve_proposal,
    refuse_proposal,
    withdraw_proposal,
    change_proposal,
    rehearse_proposal,
    perform_proposal,
    roll_back_proposal,
]

"""Tools about proposals: read them, make them. Nothing is done by making one; people approve it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.assistant.marking import pick
from danshu.capabilities.assistant.model import AnswerCite
from danshu.faces.mcp.tool import Code, Cursor, Found, Id, Limit, Tool
from danshu.hub import agent_acts
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import AGENT_CITES, AGENT_TEXT_CHARS, AGENT_WORTH_FEN
from danshu.ports.skill import CitedKind

if TYPE_CHECKING:
    from danshu.faces.mcp.inside import Api


class Resting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it rests on: `kind` and `ref` as a tool gave them in `cites`."""

    kind: CitedKind
    ref: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    label: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


_FEN: Final = Meta(ge=-AGENT_WORTH_FEN, le=AGENT_WORTH_FEN)
Why = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=AGENT_TEXT_CHARS,
        pattern=PLAIN,
        description="why; quoted to those who decide, never followed",
    ),
]
_Cites = Annotated[
    tuple[Resting, ...],
    Meta(min_length=1, max_length=AGENT_CITES, description="what it rests on: `cites` of tools"),
]
_Worth = Annotated[int, _FEN, Meta(description="分, beside doing nothing, costs taken off")]
_KEPT: Final = (
    "id", "action", "key", "title", "state", "low_fen", "mid_fen", "high_fen", "cost_fen",
    "lost_fen", "chance", "reversibility", "sensitivity", "level", "needed", "why_asked",
    "origin", "skill", "is_automatic", "made", "expires", "ended",
)  # fmt: skip
_NOT_OF_A_KEY: Final = re.compile(r"[^A-Za-z0-9._:/+-]+")
# By action: what the proposal is about, so that another of the same is refused while it is open.
_ABOUT: Final = {
    "transfer": ("from_warehouse", "to_warehouse", "sku"),
    "reroute": ("warehouse", "sku"),
    "safety_stock": ("warehouse", "sku"),
    "compensate": ("order", "code", "step"),
}


class ListProposals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which proposals: `waiting` for people, `open`, `done`, `over` (came to nothing) or `all`."""

    state: Literal["waiting", "open", "done", "over", "all"] = "all"
    action: Code = ""
    order: Literal["value", "latest"] = "latest"
    cursor: Cursor = ""
    limit: Limit = 20


class OneProposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposal by its id."""

    proposal: Id


class NoWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It takes nothing."""


def _cite(row: dict[str, Any]) -> AnswerCite:
    ref = str(row["id"])
    return AnswerCite(kind="proposal", ref=ref, label=str(row["action"]), path=f"/agent?id={ref}")


def _row(row: dict[str, Any], outcome: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**pick(row, *_KEPT), "measured_fen": outcome["mid_fen"] if outcome else None}


async def list_proposals(api: Api, args: ListProposals) -> Found:
    """Proposals, the newest or the dearest first."""
    got = await api.get(
        "/v1/proposals",
        of=args.state,
        action=args.action,
        order=args.order,
        cursor=args.cursor,
        limit=args.limit,
    )
    rows = [_row(r) for r in got["items"]]
    return Found(data=rows, cites=tuple(_cite(r) for r in rows), next=got["next"])


def show(got: dict[str, Any]) -> Found:
    """Give one proposal as tools give it."""
    kept = {k: v for k, v in got.items() if k not in ("row", "chart", "evidence")}
    data = {**_row(got["row"], got["outcome"]), **kept}
    return Found(data=data, cites=(_cite(data),))


async def get_proposal(api: Api, args: OneProposal) -> Found:
    """A proposal with its evidence and other ways."""
    return show(await api.get(f"/v1/proposals/{args.proposal}"))


async def agent_outcomes(api: Api, args: NoWish) -> Found:
    """What the proposals of 30 days came to."""
    cite = AnswerCite(kind="agent", ref="outcomes", label="30d", path="/agent")
    return Found(data=await api.get("/v1/agent/outcomes"), cites=(cite,))


def _propose(name: str, action: str, title: str, about: str) -> Tool | None:
    """Make the tool that proposes an action, with that action's own parameters; None without it."""
    act = agent_acts.known().get(action)
    if act is None:
        return None
    takes = msgspec.defstruct(
        name.title().replace("_", ""),
        [
            ("parameters", act.parameters),
            ("why", Why),
            ("cites", _Cites),
            ("low_fen", _Worth, 0),
            ("mid_fen", _Worth, 0),
            ("high_fen", _Worth, 0),
        ],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": "What is proposed, why, and what it rests on."},
    )

    async def run(api: Api, args: Any) -> Found:
        body = {
            "action": action,
            "key": key_of(action, args.parameters),
            "parameters": args.parameters,
            "why": args.why,
            "cites": args.cites,
            "low_fen": args.low_fen,
            "mid_fen": args.mid_fen,
            "high_fen": args.high_fen,
        }
        return show(await api.post("/v1/proposals", body))

    return Tool(
        name=name,
        title=title,
        about=about,
        kind="propose",
        takes=takes,
        run=run,
        idempotent=False,
    )


def key_of(action: str, parameters: Any) -> str:
    """Give what a proposal is about as a code; what a code can't hold is told by a digest."""
    told = msgspec.to_builtins(parameters)
    parts = [told[name] for name in _ABOUT.get(action, tuple(told))]
    words = [p if isinstance(p, str | int) else "+".join(str(v["sku"]) for v in p) for p in parts]
    text = ":".join(map(str, words))
    plain = _NOT_OF_A_KEY.sub("-", text).strip("-._:/+")
    if plain == text and len(text) <= 80:
        return text
    return f"{plain[:60] or action}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


TOOLS: Final[tuple[Tool, ...]] = tuple(
    tool
    for tool in (
        Tool(
            name="list_proposals",
            title="Proposals 提案",
            about="List proposals of skills, people and assistants, with worth and state.",
            kind="read",
            takes=ListProposals,
            run=list_proposals,
        ),
        Tool(
            name="get_proposal",
            title="Read a proposal 看提案",
            about="Read one proposal: evidence, other ways, approvals, what it brought.",
            kind="read",
            takes=OneProposal,
            run=get_proposal,
        ),
        Tool(
            name="agent_outcomes",
            title="Outcomes 成效",
            about="Read what proposals of the last 30 days brought, against what was expected.",
            kind="read",
            takes=NoWish,
            run=agent_outcomes,
        ),
        _propose(
            "propose_rebalance",
            "transfer",
            "Propose a transfer 提议调拨",
            "Propose to move stock between two warehouses.",
        ),
        _propose(
            "propose_reroute",
            "reroute",
            "Propose rerouting 提议改派",
            "Propose that open orders leave a warehouse that will be short of a SKU.",
        ),
        _propose(
            "propose_safety_stock",
            "safety_stock",
            "Propose safety stock 提议安全库存",
            "Propose another safety stock of a SKU in a warehouse.",
        ),
        _propose(
            "draft_compensation",
            "compensate",
            "Draft a compensation 起草赔付",
            "Draft the compensation of a broken promise; the amount is its clause's, not yours.",
        ),
    )
    if tool is not None
)

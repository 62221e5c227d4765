"""Tools that act: decide upon proposals, carry them out, take them back, set limits, stop all.

Each is the API's own act with its own rights. Keys are refused before that, unless the merchant
lets them (`keys_act`); stopping alone is anybody's who may stop. Nobody approves their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from danshu.capabilities.assistant.model import AnswerCite
from danshu.faces.mcp.proposing import Why, show
from danshu.faces.mcp.tool import Found, Id, Tool
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import AGENT_TEXT_CHARS

if TYPE_CHECKING:
    from danshu.faces.mcp.inside import Api

_Note = Annotated[str, Meta(max_length=AGENT_TEXT_CHARS, pattern=PLAIN)]


class Approve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which proposal, and what one has to say to it."""

    proposal: Id
    note: _Note = ""


class Decide(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which proposal, and why."""

    proposal: Id
    reason: Why


class Execute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which approved proposal; `rehearse` only says what would be done."""

    proposal: Id
    rehearse: bool = True


class SetAutonomy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How independent a kind of action is to be, and why."""

    action: Annotated[str, Meta(pattern=r"^[a-z_]{2,40}(?![\s\S])")]
    level: Literal["observe", "propose", "approve", "automatic"]
    reason: Why


class Stop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word on why; none is needed."""

    note: _Note = ""


async def approve_proposal(api: Api, args: Approve) -> Found:
    """Approve what somebody else proposed."""
    body = {"note": args.note}
    return show(await api.post(f"/v1/proposals/{args.proposal}/approve", body))


async def refuse_proposal(api: Api, args: Decide) -> Found:
    """Refuse, and why."""
    body = {"reason": args.reason}
    return show(await api.post(f"/v1/proposals/{args.proposal}/refuse", body))


async def execute(api: Api, args: Execute) -> Found:
    """Carry out what was approved, or say what that would do."""
    if not args.rehearse:
        return show(await api.post(f"/v1/proposals/{args.proposal}/perform", {}))
    told = await api.post(f"/v1/proposals/{args.proposal}/rehearse", {})
    path = f"/agent?id={args.proposal}"
    cite = AnswerCite(kind="proposal", ref=args.proposal, label="rehearsal", path=path)
    return Found(data=told, cites=(cite,))


async def rollback(api: Api, args: Decide) -> Found:
    """Take back what was done, as far as it can be."""
    body = {"reason": args.reason}
    return show(await api.post(f"/v1/proposals/{args.proposal}/roll-back", body))


async def set_autonomy(api: Api, args: SetAutonomy) -> Found:
    """Set a level; what is not earned is refused. Budgets stay as they are."""
    known = {one["action"]: one for one in (await api.get("/v1/agent/autonomy"))["items"]}
    now = known.get(args.action, {})
    kept = {name: now[name] for name in _BUDGETS if name in now}
    body = {**kept, "level": args.level, "reason": args.reason}
    told = await api.put(f"/v1/agent/autonomy/{args.action}", body)
    data = [one for one in told["items"] if one["action"] == args.action]
    return Found(data=data, cites=(_agent(args.action),))


_BUDGETS: Final = (
    "day_fen",
    "day_count",
    "none_up_to_fen",
    "one_up_to_fen",
    "earned",
    "regret_bound",
)


async def stop_all(api: Api, args: Stop) -> Found:
    """Stop the agent: from the answer on nothing is carried out."""
    return Found(
        data=await api.post("/v1/agent/stop", {"note": args.note}), cites=(_agent("stop"),)
    )


def _agent(ref: str) -> AnswerCite:
    return AnswerCite(kind="agent", ref=ref, label="", path="/agent")


def _act(name: str, title: str, takes: type[Struct], run: Any, about: str, **hints: bool) -> Tool:
    return Tool(name=name, title=title, about=about, kind="act", takes=takes, run=run, **hints)


TOOLS: Final = (
    _act(
        "approve_proposal",
        "Approve 批准",
        Approve,
        approve_proposal,
        "Approve a proposal that you did not make; with enough approvals it is carried out.",
        destructive=True,
    ),
    _act(
        "refuse_proposal",
        "Refuse 拒绝",
        Decide,
        refuse_proposal,
        "Refuse a proposal, with a reason.",
    ),
    _act(
        "execute",
        "Carry out 执行",
        Execute,
        execute,
        "Carry out a proposal that people approved, once; by default it is only rehearsed.",
        destructive=True,
    ),
    _act(
        "rollback",
        "Take back 撤回",
        Decide,
        rollback,
        "Take back what a proposal did, as far as it can be.",
        destructive=True,
    ),
    _act(
        "set_autonomy",
        "Set autonomy 自主等级",
        SetAutonomy,
        set_autonomy,
        "Set how independent a kind of action is; what it has not earned is refused.",
        destructive=True,
    ),
    _act(
        "stop_all",
        "Stop all 停用全部自动",
        Stop,
        stop_all,
        "Stop the agent at once: nothing is carried out any more.",
    ),
)

"""The one-click remedy 一键处置 of a finding: an ordinary act on its order, with a preview; or the
missing order pulled in, or a colleague told. What an act does, undoes and refuses is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.orders import model
from danshu.capabilities.orders.commands import Command
from danshu.hub import acts, findings_acts, findings_views, incident_rows, order_rights
from danshu.hub.sentinel_pull import pull_in
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.people.policies import Context
    from danshu.hub.compose import Hub
    from danshu.hub.findings_views import FindingItem
    from danshu.kernel.fact import Actor

    Ask = Callable[[str, Context], None]

Connection = Any
UNDO: Final = {"hold": "unhold"}
NO_REMEDY: Final = InputError("no_remedy", "this finding has no one-click remedy")
ENDED: Final = Refusal(
    code="finding_ended",
    reason="这件异常已经了结",
    reason_en="This finding has ended",
    clause="findings.state",
)
_ON_ORDER: Final = frozenset({"hold", "cancel", "align", "reroute", "allocate"})


class Remedied(Struct, frozen=True, kw_only=True):
    """What a remedy would do, or did: `said` are the types of the facts, `before` and `after` the
    order's state; `undo` is the act that takes it back, "" = none. Where it can't, `code` and
    `reason` say why, and nothing is written.
    """

    no: int
    remedy: str
    said: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    undo: str = ""
    code: str = ""
    reason: str = ""
    reason_en: str = ""


async def preview(hub: Hub, tenant: int, no: int, ask: Ask) -> Remedied:
    """Decide the remedy as it would be, without a trace. Raises InputError `no_remedy`."""
    finding, told = await _find(hub, tenant, no)
    remedy = finding.remedy
    if finding.state == "done":
        return _refused(no, remedy, ENDED)
    if told is None or finding.order is None:
        return Remedied(no=no, remedy=remedy)
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        held = await acts.hold(connection, world, finding.order, locked=False)
    if held is None:
        return _refused(no, remedy, acts.NO_ORDER)
    done = order_rights.command(told, ask)(world, held, hub.clock())
    if isinstance(done, Refusal):
        return _refused(no, remedy, done)
    return Remedied(
        no=no,
        remedy=remedy,
        said=tuple(NAMES[type(s.data)][0] for s in done.said),
        before=model.state(held.order).word,
        after=model.state(done.order).word,
        undo=UNDO.get(remedy, ""),
    )


async def run(hub: Hub, tenant: int, no: int, actor: Actor, ask: Ask) -> Remedied:
    """Do the remedy, and close the finding where the sentinel would not see its cause go."""
    finding, told = await _find(hub, tenant, no)
    remedy = finding.remedy
    if finding.state == "done":
        raise InputError("not_now", "this finding is done")
    done = Remedied(no=no, remedy=remedy, undo=UNDO.get(remedy, ""))
    if told is not None and finding.order is not None:
        outcome = await hub.change(tenant, finding.order, order_rights.command(told, ask), actor)
        if isinstance(outcome, Refusal):
            return _refused(no, remedy, outcome)
    elif remedy == "pull_in":
        told_by = await pull_in(hub, tenant, finding)
        if told_by:
            return Remedied(no=no, remedy=remedy, code="pull", reason=told_by, reason_en=told_by)
    elif remedy == "tell":
        async with hub.connection() as connection:
            detail = f"{finding.kind} {finding.channel} {finding.number}"
            key = f"remedy-{no}-{finding.times}"
            await incident_rows.tell(connection, tenant, incident_rows.FINDING, key, detail)
        return done
    handling = findings_acts.Handling(act="close", reason=remedy)
    async with hub.connection() as connection:
        await findings_acts.handle(
            connection, tenant, [no], handling, actor, hub.clock(), findings_acts.REMEDY
        )
    return done


async def _find(hub: Hub, tenant: int, no: int) -> tuple[FindingItem, Command | None]:
    async with hub.connection() as connection:
        finding = await findings_views.read_finding(connection, tenant, no)
    if not finding.remedy:
        raise NO_REMEDY
    if finding.remedy not in _ON_ORDER or finding.order is None:
        return finding, None
    reason = f"sentinel_{finding.kind}" if finding.remedy in ("hold", "cancel") else ""
    return finding, Command(event=finding.remedy, reason=reason, by="sentinel")


def _refused(no: int, remedy: str, told: Refusal) -> Remedied:
    return Remedied(
        no=no, remedy=remedy, code=told.code, reason=told.reason, reason_en=told.reason_en
    )

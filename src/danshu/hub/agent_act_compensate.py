"""Act `compensate`: what a broken promise owes is approved before its buyer complains.

The amount is the one that the pinned clause gave when the promise broke (remedies.py); no parameter
can name another, it can only fail to be the same. Who approves the proposal approves the money.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.hub import compensations
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.changes import caused
from danshu.hub.fields import PLAIN
from danshu.hub.order_causes import cause_of, cite, find_done
from danshu.hub.order_holdout import count_complaints
from danshu.hub.remedies import NOT_NOW
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import AMOUNT_MINOR, COMPLAINT_FEN
from danshu.kernel.shares import newcombe
from danshu.ports.skill import Told, Worth

if TYPE_CHECKING:
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.changes import Change, Decide, Held
    from danshu.hub.compensations import Compensation
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

_DAY_MS: Final = 86_400_000
CHANGED: Final = Refusal(
    code="compensation_changed",
    reason="这笔赔付已被处理或金额已变",
    reason_en="This compensation was decided meanwhile, or its amount is another",
    clause="agent.compensate",
)
PAID: Final = Refusal(
    code="not_taken_back",
    reason="已批准的赔付不能收回",
    reason_en="An approved compensation can't be taken back",
    clause="agent.compensate",
)


class CompensateParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which step of which promise of an order; the amount is what was seen, in minor units."""

    order: Annotated[str, Meta(min_length=36, max_length=36, pattern=PLAIN)]
    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    step: Annotated[int, Meta(ge=0, le=100)]
    amount_fen: Annotated[int, Meta(gt=0, le=AMOUNT_MINOR)]


class Compensate:
    """The act."""

    action = "compensate"
    title = Told(zh="投诉前赔付", en="Compensate before a complaint")
    reversibility: Reversibility = "irreversible"
    sensitivity: Sensitivity = 3
    parameters: type[Struct] = CompensateParameters
    measured_after_ms = 14 * _DAY_MS
    right = "order.compensate"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: CompensateParameters
    ) -> Rehearsed | Refusal:
        """Say what would be paid."""
        row = await _find(hub, tenant, parameters)
        if row is None or row.state != "proposed" or row.amount != parameters.amount_fen:
            return CHANGED
        yuan = f"{row.amount / 100:,.2f} {row.currency}"
        told = Told(
            zh=f"批准承诺 {row.code} 第 {row.step} 步的赔付 {yuan}",
            en=f"Approve {yuan} for step {row.step} of {row.code}",
        )
        return Rehearsed(changes=(told,), touched=1, back_until="never")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: CompensateParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Approve it by the ordinary act, once for this proposal; the payment follows by itself."""
        order, cause = _order(parameters), cause_of(proposal)
        kept = {"order": str(order), "done_ms": hub.clock()}
        done = Performed(made=cite([order]), touched=1, kept=kept)
        async with hub.connection() as connection:
            if order in await find_done(connection, tenant, [order], cause):
                return done
        row = await _find(hub, tenant, parameters)
        if row is None or row.state != "proposed" or row.amount != parameters.amount_fen:
            return CHANGED
        try:
            told = await hub.change(tenant, order, _approve(row, cause), actor)
        except InputError as error:
            if error.code != NOT_NOW.code:
                raise
            return CHANGED
        return told if isinstance(told, Refusal) else done

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: CompensateParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Money that was promised is not taken back."""
        return PAID

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: CompensateParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare whether this buyer complained with those whose compensation was held out."""
        order = _order(parameters)
        async with hub.connection() as connection:
            told = await count_complaints(connection, tenant, order, parameters.code, hub.clock())
        if not told.held_out:
            return None
        low, high = newcombe(told.held_out_complained, told.held_out, int(told.complained), 1)
        middle = told.held_out_complained / told.held_out - int(told.complained)
        worth = Worth(
            low_fen=round(low * COMPLAINT_FEN),
            mid_fen=round(middle * COMPLAINT_FEN),
            high_fen=round(high * COMPLAINT_FEN),
        )
        zh, en = ("投诉了", "complained") if told.complained else ("没投诉", "did not complain")
        return Measured(
            worth=worth,
            method="holdout",
            counted=told.held_out + 1,
            text=Told(
                zh=f"这位买家{zh}；未提前赔的 {told.held_out} 单有 "
                f"{told.held_out_complained} 单投诉",
                en=f"This buyer {en}; of {told.held_out} held out, "
                f"{told.held_out_complained} complained",
            ),
        )


def _order(parameters: CompensateParameters) -> uuid.UUID:
    try:
        return uuid.UUID(parameters.order)
    except ValueError:
        raise InputError("bad_parameters", "not an order's id", "/order") from None


async def _find(hub: Hub, tenant: int, parameters: CompensateParameters) -> Compensation | None:
    async with hub.connection() as connection:
        found = await compensations.of_order(connection, tenant, _order(parameters))
    place = (parameters.code, parameters.step)
    return next((row for row in found if (row.code, row.step) == place), None)


def _approve(row: Compensation, cause: str) -> Decide:
    approve = compensations.decided(row, "approve", "")

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        return caused(approve(world, held, now_ms), cause)

    return decide

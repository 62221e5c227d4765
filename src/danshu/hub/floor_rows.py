"""The rows of the floor: what follows from an order for the people who pick, pack and hand over.

They are written by the commit of each act on an order (`changes`), and the audit derives them again
from the facts.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract.model import State

# Named here so that every process that reads streams of orders knows these types too.
from danshu.capabilities.contract.performing import facts as acts_facts  # noqa: F401
from danshu.capabilities.floor import facts as facts
from danshu.capabilities.floor.model import STAGES, Review, Stage, label_of, needs_review
from danshu.kernel.limits import LATEST_MS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World

_LATE: Final = frozenset({State.RUNNING, State.PAUSED, State.BROKEN})
# A claim ends with its stage, and what was reviewed or called for belongs to the stage too.
_PUT: Final = """
insert into floor_tasks(tenant,id,fulfilment,wh,stage,review,held,due,units,skus,number,label,
stop,grp)
values(%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b)
on conflict (tenant,id,fulfilment) do update
set stage=excluded.stage, held=excluded.held, due=excluded.due, units=excluded.units,
skus=excluded.skus, stop=excluded.stop, grp=excluded.grp,
review=case when floor_tasks.stage=excluded.stage then floor_tasks.review else excluded.review end,
worker=case when floor_tasks.stage=excluded.stage then floor_tasks.worker else '' end,
called=case when floor_tasks.stage=excluded.stage then floor_tasks.called end
"""
_DROP: Final = tuple(
    f"delete from {table} where tenant=%b and id=%b and fulfilment=%b"
    for table in ("floor_tasks", "floor_scans", "floor_photos")
)


class TaskRow(Struct, frozen=True, kw_only=True):
    """A fulfilment order on the floor, as its order says. `due_ms` is LATEST_MS without a clock,
    and earlier than its promises where somebody wants it hurried.

    `stop_ms`: it is to be stopped, and by then the floor is to say whether it was; 0 = it is not.
    `group`: it leaves with others.
    """

    wh: int
    stage: Stage
    review: Review
    held: bool
    due_ms: int
    units: int
    skus: int
    number: str
    label: str
    stop_ms: int = 0
    group: str = ""


def project(
    world: World, id_: uuid.UUID, order: Order, promises: Sequence[Promise]
) -> dict[int, TaskRow]:
    """Give the rows of an order by the number of the fulfilment order."""
    on_floor = [f for f in order.fulfilments if f.state in STAGES]
    if not on_floor:
        return {}
    due_ms = min(due_of(promises), order.hurry_ms or LATEST_MS)
    rows = {}
    for f in on_floor:
        codes = {s.sku for s in f.shares}
        stage = STAGES[f.state]
        is_guarded = stage is Stage.PACKED and any(
            needs_review(int(world.skus[c][1].storage)) for c in codes if c in world.skus
        )
        rows[f.no] = TaskRow(
            wh=world.warehouse_no.get(f.warehouse, -1),
            stage=stage,
            review=Review.NEEDED if is_guarded else Review.OPTIONAL,
            held=bool(order.holds),
            due_ms=due_ms,
            units=sum(s.quantity for s in f.shares),
            skus=len(codes),
            number=order.number,
            label=label_of(order.number, id_, f.no),
            stop_ms=f.intercept.due_ms if f.intercept and f.intercept.state == "asked" else 0,
            group=f.group,
        )
    return rows


def read(columns: Sequence[Any]) -> tuple[TaskRow, bool]:
    """Read a stored row for the audit, and tell whether it counts as reviewed."""
    wh, stage, review, held, due, units, skus, number, label, stop, grp = columns
    row = TaskRow(
        wh=wh,
        stage=Stage(stage),
        review=Review.OPTIONAL,
        held=held,
        due_ms=round(due.timestamp() * 1000),
        units=units,
        skus=skus,
        number=number,
        label=label,
        stop_ms=round(stop.timestamp() * 1000) if stop else 0,
        group=str(grp) if grp else "",
    )
    return row, review == Review.DONE


def bare(row: TaskRow) -> TaskRow:
    """Give a row as the audit compares it: whether a review was needed is of its moment."""
    return replace(row, review=Review.OPTIONAL)


def due_of(promises: Sequence[Promise]) -> int:
    """Give the deadline that comes first, or has passed, of what is not done yet; epoch ms."""
    return min(
        [p.due_ms for p in promises if p.due_ms and p.stop is None and p.state in _LATE],
        default=LATEST_MS,
    )


def changes(
    tenant: int, id_: uuid.UUID, before: dict[int, TaskRow], after: dict[int, TaskRow]
) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the statements, with their parameters, that bring the rows up to date."""
    out: list[tuple[str, tuple[Any, ...]]] = [
        (sql, (tenant, id_, no)) for no in before.keys() - after.keys() for sql in _DROP
    ]
    for no, row in sorted(after.items()):
        if before.get(no) == row:
            continue
        values = (
            *(tenant, id_, no, row.wh, int(row.stage), int(row.review), row.held),
            *(write.instant(row.due_ms * 1000), row.units, row.skus, row.number, row.label),
            write.instant(row.stop_ms * 1000) if row.stop_ms else None,
            uuid.UUID(row.group) if row.group else None,
        )
        out.append((_PUT, values))
    return out

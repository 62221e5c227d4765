"""Where originals meet what other parts of the hub know, a function each: services that perceive,
the lexicon, the sandbox, devices, the graph of intents, repairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.hub import (
    device_waves,
    devices,
    document_templates,
    gauges,
    intent_graph,
    lexicons,
    perceiving,
    repair_rows,
    repairs,
    sandbox,
)

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.capabilities.intake.lexicon import Lexicon
    from danshu.capabilities.intents.deciding import Directed
    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Assessment, Original, Parsed, Repair
    from danshu.ports.perceiver import Perception

Connection = Any


async def perceive(
    hub: Hub, tenant: int, kind: str, original: Original, hints: Mapping[str, object]
) -> Perception:
    """Have an original perceived by the merchant's services of a kind."""
    return await perceiving.perceive(hub, tenant, kind, original, hints)


async def lexicon(hub: Hub, connection: Connection, tenant: int) -> Lexicon:
    """Give the merchant's lexicon."""
    return await lexicons.load(hub, tenant, connection)


async def judge(
    connection: Connection, tenant: int, row: Row, parsed: Parsed, amount_fen: int
) -> tuple[str, tuple[str, ...]]:
    """Give which way an original goes (`auto`, `sample`, `review`) and why."""
    told = await sandbox.judge(connection, tenant, row, parsed, amount_fen)
    return told.route, tuple(told.reasons)


def assess(device: Mapping[str, object], seen: Perception) -> Assessment:
    """Compare what was measured with a device's own normal state."""
    return devices.assess(device, seen)


async def direct(connection: Connection, tenant: int, repair: Repair) -> Directed:
    """Ask the graph of intents what is done about a device's symptoms."""
    kind = await devices.equipment_of(connection, tenant, repair.device)
    return await intent_graph.decide(connection, tenant, kind, repair.symptoms, words=repair.said)


async def open_repair(
    hub: Hub,
    connection: Connection,
    tenant: int,
    row: Row,
    repair: Repair,
    directed: Directed,
    actor: Actor,
) -> uuid.UUID:
    """Open the repair order that the graph asks for, in the caller's transaction."""
    return await repairs.open_repair(hub, connection, tenant, row, repair, directed, actor)


async def order_of_repair(
    connection: Connection, tenant: int, repair: uuid.UUID
) -> uuid.UUID | None:
    """Give the order by which the spares of a repair leave the merchant's own warehouses."""
    return (await repair_rows.find(connection, tenant, repair)).order


async def keep_measured(connection: Connection, tenant: int, row: Row, parsed: Parsed) -> None:
    """Keep what a wave says of its device, in the commit that says how it was read."""
    await device_waves.record(connection, tenant, row.id, parsed, row.received)


async def classify(connection: Connection, tenant: int, source: dict[str, str]) -> dict[str, str]:
    """Say of which class the device is that a source names, by the archive, not by who sends."""
    code = source.get("device", "")
    if not code:
        return source
    return {**source, "device_class": await devices.class_of(connection, tenant, code)}


async def look_up(
    connection: Connection, tenant: int, source: Mapping[str, str]
) -> dict[tuple[str, str], Mapping[str, object]]:
    """Read what there is beyond the directory: the device that the source names with its gauge, and
    the templates of documents in use, all together under the code "".
    """
    rows: dict[tuple[str, str], Mapping[str, object]] = {}
    if code := source.get("device", ""):
        rows["device", code] = await devices.look_up(connection, tenant, code)
        rows["gauge", code] = await gauges.look_up(connection, tenant, code)
    if held := await document_templates.load(connection, tenant):
        rows["template", ""] = {"templates": held}
    return rows

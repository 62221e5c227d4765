"""Where originals meet what other parts of the hub know, one line each: services that perceive,
the lexicon, the sandbox, the graph of intents, repairs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Assessment, Candidate, Original, Parsed, Repair, Span
    from danshu.ports.perceiver import Perception

Connection = Any


def _part(name: str) -> Any:
    """Give a module of the hub that may not be installed with it."""
    try:
        return importlib.import_module(f"danshu.hub.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"danshu.hub.{name}":
            raise
        raise NotAvailable(f"{name} is not there", 60) from error


async def perceive(
    hub: Hub, tenant: int, kind: str, original: Original, hints: Mapping[str, object]
) -> Perception:
    """Have an original perceived by the merchant's services of a kind."""
    told: Perception = await _part("perceiving").perceive(hub, tenant, kind, original, hints)
    return told


async def lexicon(hub: Hub, tenant: int) -> Any:
    """Give the merchant's lexicon."""
    return await _part("lexicons").load(hub, tenant)


def understand(text: str, words: Any, now_ms: int, pieces: tuple[Span, ...]) -> Parsed:
    """Read words as an order by a lexicon."""
    module = importlib.import_module("danshu.capabilities.intake.language")
    told: Parsed = module.understand(text, words, now_ms, pieces)
    return told


def resolve(words: Any, kind: str, said: str, of: str) -> tuple[Candidate, ...]:
    """Find words in a lexicon."""
    module = importlib.import_module("danshu.capabilities.intake.lexicon")
    told: tuple[Candidate, ...] = module.resolve(words, kind, said, of)
    return told


def assess(device: Mapping[str, object], seen: Perception) -> Assessment:
    """Compare what was measured with a device's own normal state."""
    told: Assessment = _part("devices").assess(device, seen)
    return told


async def judge(
    connection: Connection, tenant: int, row: Row, parsed: Parsed, amount_fen: int
) -> tuple[str, tuple[str, ...]]:
    """Give which way an original goes (`auto`, `sample`, `review`) and why."""
    try:
        part = _part("sandbox")
    except NotAvailable:
        return "review", ("sandbox",)
    told = await part.judge(connection, tenant, row, parsed, amount_fen)
    return told.route, tuple(told.reasons)


async def direct(connection: Connection, tenant: int, repair: Repair) -> Any:
    """Ask the graph of intents what is done about a device's symptoms."""
    kind = await _part("devices").equipment_of(connection, tenant, repair.device)
    return await _part("intent_graph").decide(
        connection, tenant, kind, repair.symptoms, words=repair.said
    )


async def open_repair(
    hub: Hub,
    connection: Connection,
    tenant: int,
    row: Row,
    repair: Repair,
    directed: Any,
    actor: Actor,
) -> uuid.UUID:
    """Open the repair order that the graph asks for, in the caller's transaction."""
    told: uuid.UUID = await _part("repairs").open_repair(
        hub, connection, tenant, row, repair, directed, actor
    )
    return told


async def look_up(
    connection: Connection, tenant: int, source: Mapping[str, str]
) -> dict[tuple[str, str], Mapping[str, object]]:
    """Read what the source names beyond the directory: its device."""
    code = source.get("device", "")
    if not code:
        return {}
    return {("device", code): await _part("devices").look_up(connection, tenant, code)}

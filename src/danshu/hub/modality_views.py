"""What people see of the ways in which originals come: what each needs, how far it may be trusted.

Shares are in thousandths.
"""

from __future__ import annotations

import fnmatch
import logging
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.hub import (
    original_context,
    perceiver_views,
    perceivers,
    review_views,
    sandbox,
    sandbox_settings,
)
from danshu.hub.review_views import CounterShown
from danshu.kernel.errors import DanshuError
from danshu.ports import registry
from danshu.ports.modality import Original, Parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.ports.modality import Context, Modality
    from danshu.ports.perceiver import Perception

Connection = psycopg.AsyncConnection[Any]
PORT: Final = "modality"
_log = logging.getLogger("danshu.perceiving")
DAYS: Final = 30
# What reads such bytes, where a plug-in does not say which services it asks (`perceives`).
_KINDS: Final = (("audio/*", "speech"), ("image/*", "document"), ("application/pdf", "document"))
_COUNTS: Final = """
select modality, state, count(*) from originals
where tenant=%s and received > now() - make_interval(days=>%s) group by modality, state
"""
_REVIEWS: Final = """
select modality, count(*) filter (where was_right), count(*) from original_reviews
where tenant=%s and at > now() - make_interval(days=>%s) and was_right is not null and not again
group by modality
"""


class ModalityView(Struct, frozen=True, kw_only=True):
    """A way in which originals come. `kinds` are the services that it asks, `ready` whether each of
    them has one that can work; `missing` what would make it so. `counts` by state and `reviewed`,
    `right` are of the last 30 days; `counters` how near it is to running by itself.
    """

    name: str
    title: str
    title_en: str
    version: str
    media_types: tuple[str, ...]
    origin: str
    kinds: tuple[str, ...]
    ready: bool
    missing: tuple[str, ...]
    counts: dict[str, int]
    reviewed: int
    right: int
    counters: tuple[CounterShown, ...]


class PluggedModality(Struct, frozen=True, kw_only=True):
    """A modality that is plugged in, for who has no merchant at hand."""

    name: str
    title: str
    title_en: str
    version: str
    media_types: tuple[str, ...]
    origin: str
    kinds: tuple[str, ...]
    extras: tuple[str, ...]
    missing: tuple[str, ...]


def list_plugged() -> list[PluggedModality]:
    """List what is plugged in, and what of its libraries is missing (commands that install it)."""
    found = []
    adapters = perceiver_views.list_adapters()
    for plugin in registry.plugins(PORT):
        try:
            modality = cast("Modality", registry.load(PORT, plugin.name))
        except DanshuError:  # one that can't be loaded takes nobody with it
            continue
        kinds = kinds_of(modality)
        local = [a for a in adapters if a.local and a.kind in kinds]
        found.append(
            PluggedModality(
                name=modality.name,
                title=modality.title,
                title_en=modality.title_en,
                version=modality.version,
                media_types=tuple(modality.media_types),
                origin=plugin.origin,
                kinds=kinds,
                extras=tuple(sorted({a.extra for a in local if a.extra})),
                missing=tuple(sorted({a.install for a in local if not a.ready})),
            )
        )
    return found


def kinds_of(modality: Modality) -> tuple[str, ...]:
    """Name the kinds of services that a modality asks."""
    told = getattr(modality, "perceives", None)
    if told is not None:
        return tuple(told)
    kinds = [
        kind
        for media_type in modality.media_types
        for pattern, kind in _KINDS
        if fnmatch.fnmatch(media_type, pattern)
    ]
    return tuple(dict.fromkeys(kinds))


async def list_modalities(connection: Connection, tenant: int) -> list[ModalityView]:
    """Give every modality with what came of it."""
    services = await perceivers.read_all(connection, tenant)
    active = {s.kind for s in services if s.state == perceivers.ACTIVE}
    known = {s.kind for s in services}
    counters = await _counters(connection, tenant)
    counts: dict[str, dict[str, int]] = {}
    for name, state, count in await _rows(connection, _COUNTS, tenant):
        counts.setdefault(name, {})[state] = count
    reviews = {row[0]: row[1:] for row in await _rows(connection, _REVIEWS, tenant)}
    views = []
    for plugged in list_plugged():
        lacking = tuple([k for k in plugged.kinds if k in known and k not in active])
        missing = () if active.issuperset(plugged.kinds) else plugged.missing
        right, reviewed = reviews.get(plugged.name, (0, 0))
        views.append(
            ModalityView(
                name=plugged.name,
                title=plugged.title,
                title_en=plugged.title_en,
                version=plugged.version,
                media_types=plugged.media_types,
                origin=plugged.origin,
                kinds=plugged.kinds,
                ready=not missing and not lacking,
                missing=missing,
                counts=counts.get(plugged.name, {}),
                reviewed=reviewed,
                right=right,
                counters=tuple(counters.get(plugged.name, ())),
            )
        )
    return views


async def _rows(connection: Connection, sql: Any, tenant: int) -> list[tuple[Any, ...]]:
    return await (await connection.execute(sql, (tenant, DAYS))).fetchall()


async def _counters(connection: Connection, tenant: int) -> dict[str, list[CounterShown]]:
    found: dict[str, list[CounterShown]] = {}
    for kept in await sandbox.list_all(connection, tenant):
        limits = await sandbox_settings.read(connection, tenant, kept.key.modality)
        shown = review_views.show_counter(kept.name, kept.key, kept, limits)
        found.setdefault(kept.key.modality, []).append(shown)
    return found


async def preview_draft(hub: Hub, tenant: int, perception: Perception) -> Parsed | None:
    """Say how a modality would read what a service perceived: the draft, and why. None where no
    modality asks services of this kind, or it needs the original itself.
    """
    plugged = next((p for p in list_plugged() if perception.kind in p.kinds), None)
    if plugged is None:
        return None
    modality = cast("Modality", registry.load(PORT, plugged.name))
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        lent = await original_context.lend(hub, connection, world, {}, hub.clock())
    media_type = plugged.media_types[0].replace("*", "png")
    try:
        original = Original(body=b"", media_type=media_type, digest="")
        return await modality.parse(original, _Told(lent, perception))
    except DanshuError:
        return None
    except Exception:  # noqa: BLE001 - logged; a plug-in is somebody else's code
        _log.exception("%s cannot read a preview", modality.name)
        return None


class _Told:
    """A context whose services have all seen the same already."""

    def __init__(self, lent: Context, perception: Perception) -> None:
        self.source, self.now_ms = lent.source, lent.now_ms
        self.understand, self.resolve, self.look_up = lent.understand, lent.resolve, lent.look_up
        self._lent, self._perception = lent, perception

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lent, name)

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Give what was seen."""
        return self._perception

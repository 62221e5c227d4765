"""The catalogue 资产目录: every asset, built here or registered, with what stewards say of it,
in the order in which it answers a question.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.searching.ranking import Ranking
from danshu.hub import asset_views, catalogue_entries, metric_book, valuations
from danshu.hub.asset_views import AssetText
from danshu.hub.catalogue_entries import NO_NOTE, CatalogueNote
from danshu.hub.search_words import card_of_asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.hub.asset_views import AssetLine
    from danshu.hub.compose import Hub

# What counts for the order of matches beside the words, each of at most 1.
_USE: Final = 0.15
_QUALITY: Final = 0.1
_CERTIFIED: Final = 0.15
_DEPRECATED: Final = 0.4


class CatalogueEntry(Struct, frozen=True, kw_only=True):
    """An asset in the catalogue. `kind` is `built` (a leaf of the log) or `registered` (kept
    elsewhere); `level` 1 to 5; `score` its quality, -1 = never looked at; `views` within 30 days;
    `metrics` are codes of those that are shown by it; `refreshed` "" = never.
    """

    name: str
    kind: str
    title: AssetText
    about: AssetText
    version: int
    role: str
    purpose: str
    level: int
    refresh_s: int
    state: str
    refreshed: str
    rows: int
    score: int
    views: int
    is_valued: bool
    metrics: tuple[str, ...]
    sources: tuple[str, ...]
    note: CatalogueNote


async def read(hub: Hub, tenant: int) -> tuple[CatalogueEntry, ...]:
    """Give all entries by name."""
    lines = await asset_views.list_assets(hub, tenant)
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
        notes = await catalogue_entries.read(connection, tenant)
        views = await catalogue_entries.read_views(connection, tenant)
        valued = await valuations.standing(connection, tenant)
    shown: dict[str, list[str]] = {}
    for code, metric in held.items():
        shown.setdefault(metric.metric.asset, []).append(code)
    found = [_built(line, notes.get(line.name, NO_NOTE), views, valued, shown) for line in lines]
    names = {line.name for line in lines}
    found += [
        _registered(name, note, views, valued)
        for name, note in notes.items()
        if note.registered is not None and name not in names
    ]
    return tuple(sorted(found, key=lambda e: e.name))


def _built(
    line: AssetLine,
    note: CatalogueNote,
    views: Mapping[str, int],
    valued: Mapping[str, Any],
    shown: Mapping[str, list[str]],
) -> CatalogueEntry:
    return CatalogueEntry(
        name=line.name,
        kind="built",
        title=line.title,
        about=line.about,
        version=line.version,
        role=line.owner,
        purpose=line.purpose,
        level=line.level,
        refresh_s=line.refresh_s,
        state=line.state,
        refreshed=line.refreshed,
        rows=line.rows,
        score=line.score,
        views=views.get(line.name, 0),
        is_valued=line.name in valued,
        metrics=tuple(shown.get(line.name, ())),
        sources=line.sources,
        note=note,
    )


def _registered(
    name: str, note: CatalogueNote, views: Mapping[str, int], valued: Mapping[str, Any]
) -> CatalogueEntry:
    kept = note.registered
    assert kept is not None
    levels = (kept.level, *(c.level for c in kept.columns))
    return CatalogueEntry(
        name=name,
        kind="registered",
        title=AssetText(zh=kept.title, en=kept.title_en or kept.title),
        about=AssetText(zh=note.description, en=note.description),
        version=1,
        role="",
        purpose=kept.purpose,
        level=max(levels),
        refresh_s=kept.refresh_s,
        state="elsewhere",
        refreshed="",
        rows=0,
        score=-1,
        views=views.get(name, 0),
        is_valued=name in valued,
        metrics=(),
        sources=(),
        note=note,
    )


def rank(
    found: Iterable[CatalogueEntry], question: str, answered: str = ""
) -> tuple[CatalogueEntry, ...]:
    """Order entries by a question: likeness of words first, then use, quality and standing; the
    asset that `answered` is from comes first. Without a question all are there, the most used
    first; with one only those that have something of it.
    """
    items = tuple(found)
    scores = dict(Ranking([(e.name, _text(e)) for e in items]).rank(question)) if question else {}
    best = max(scores.values(), default=0.0) or 1.0
    most = math.log1p(max((e.views for e in items), default=0)) or 1.0

    def value(entry: CatalogueEntry) -> float:
        likeness = scores.get(entry.name, 0.0) / best
        return (
            likeness
            + (2.0 if entry.name == answered else 0.0)
            + _USE * math.log1p(entry.views) / most
            + _QUALITY * max(entry.score, 0) / 100
            + (_CERTIFIED if entry.note.standing == "certified" else 0.0)
            - (_DEPRECATED if entry.note.standing == "deprecated" else 0.0)
        )

    kept = [e for e in items if not question or e.name in scores or e.name == answered]
    return tuple(sorted(kept, key=lambda e: (-value(e), e.name)))


def _text(entry: CatalogueEntry) -> str:
    from danshu.hub.assets import known

    asset = known().get(entry.name)
    card = card_of_asset(asset) if asset else None
    own = [card.zh, card.en, card.about, *card.words] if card else [entry.title.zh, entry.title.en]
    kept = entry.note.registered
    columns = [w for c in kept.columns for w in (c.name, c.title)] if kept else []
    note = entry.note
    said = (note.owner, note.description, *note.tags, *note.questions, *columns)
    return " ".join([*own, *own[:2], *said])

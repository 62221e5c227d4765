"""What a question came to, as it is shown: codes, figures and names; sentences are the reader's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub.asset_search import midnight_ms
from danshu.hub.asset_views import AssetText
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.capabilities.searching.model import Window
    from danshu.hub.asset_search import Found
    from danshu.hub.compose import Hub
    from danshu.hub.metrics import Answer
    from danshu.hub.world import World

_SHOWN: Final = 12
_DEFAULT: Final = 6


class AskedChoice(Struct, frozen=True, kw_only=True):
    """A metric that may be meant, the best first; what of the question it cannot be counted by."""

    code: str
    title: AssetText
    asset: str
    fit: int
    lacks: tuple[str, ...]


class AskedFilter(Struct, frozen=True, kw_only=True):
    """Only where a dimension has one of these values; `said` is what the question called them."""

    dimension: str
    values: tuple[str, ...]
    said: str


class AskedWindow(Struct, frozen=True, kw_only=True):
    """Days, the last one inclusive. `code` (`last_days`, `month`…) with `n` and `name` says how
    they were said; `since_ms` and `until_ms` are what was worked out.
    """

    code: str
    n: int
    name: str
    since: str
    last: str
    since_ms: int
    until_ms: int


class AskedHeard(Struct, frozen=True, kw_only=True):
    """What was written otherwise, and the word that it was taken for."""

    written: str
    taken: str


class AnswerRow(Struct, frozen=True, kw_only=True):
    """A part of the answer: value and name of each dimension, the figure, that of the time before
    (null: there is none).
    """

    keys: tuple[str, ...]
    names: tuple[AssetText, ...]
    value: int | None
    previous: int | None


class AnswerFigures(Struct, frozen=True, kw_only=True):
    """The figures: of which metric in which version, in force since when by whose approval; `total`
    over everything asked for. `unit` as in the port `asset`, `better` is `more`, `less` or "".
    """

    code: str
    title: AssetText
    version: int
    approved_by: str
    effective: str
    unit: str
    better: str
    asset: str
    total: int | None
    previous: int | None
    rows: tuple[AnswerRow, ...]
    more: bool
    is_sum: bool


class CatalogueAnswer(Struct, frozen=True, kw_only=True):
    """`verdict`: `answered` (there are figures), `locked` (`reason` and `clause` say why they are
    not shown), `ambiguous` (choose one of `choices`), `unknown` (`nearest` has what is like it),
    `unready` (`trouble`: it cannot be worked out now).
    """

    verdict: str
    choices: tuple[AskedChoice, ...]
    by: tuple[str, ...]
    by_titles: tuple[AssetText, ...]
    where: tuple[AskedFilter, ...]
    window: AskedWindow
    against: AskedWindow | None
    shape: str
    least: bool
    is_dated: bool
    heard: tuple[AskedHeard, ...]
    unknown: tuple[str, ...]
    nearest: tuple[str, ...]
    figures: AnswerFigures | None
    code: str
    reason: str
    reason_en: str
    clause: str
    trouble: str
    understood_ms: float
    took_ms: float


async def show(hub: Hub, tenant: int, found: Found) -> CatalogueAnswer:
    """Show what a question came to."""
    try:
        world = await hub.worlds.ensure(tenant)
    except InputError as error:
        if error.code != "no_network":
            raise
        world = None
    read, lexicon = found.reading, found.lexicon
    cards = lexicon.metrics
    no = found.refusal
    verdict: str = read.verdict
    if verdict == "answered" and found.answer is None:
        verdict = "locked" if no else "unready"
    facets = (
        {f.code: AssetText(zh=f.zh, en=f.en) for f in cards[read.choices[0].code].dimensions}
        if read.choices
        else {}
    )
    return CatalogueAnswer(
        verdict=verdict,
        choices=tuple(
            AskedChoice(
                code=c.code,
                title=AssetText(zh=cards[c.code].zh, en=cards[c.code].en),
                asset=cards[c.code].asset,
                fit=c.fit,
                lacks=c.lacks,
            )
            for c in read.choices
        ),
        by=found.by,
        by_titles=tuple(facets.get(d, AssetText(zh=d, en=d)) for d in found.by),
        where=tuple(
            AskedFilter(dimension=f.dimension, values=f.values, said=f.said) for f in read.where
        ),
        window=_window(read.window),
        against=_window(found.against) if found.against else None,
        shape=read.shape,
        least=read.least,
        is_dated=read.is_dated,
        heard=tuple(AskedHeard(written=a, taken=b) for a, b in read.heard),
        unknown=read.unknown,
        nearest=found.nearest,
        figures=_figures(found, world) if found.answer else None,
        code=no.code if no else "",
        reason=no.reason if no else "",
        reason_en=no.reason_en if no else "",
        clause=no.clause if no else "",
        trouble=found.trouble,
        understood_ms=round(found.understood_ms, 1),
        took_ms=round(found.took_ms, 1),
    )


def _window(window: Window) -> AskedWindow:
    from datetime import timedelta

    return AskedWindow(
        code=window.code,
        n=window.n,
        name=window.name,
        since=window.since.isoformat(),
        last=(window.until - timedelta(days=1)).isoformat(),
        since_ms=midnight_ms(window.since),
        until_ms=midnight_ms(window.until),
    )


def _figures(found: Found, world: World | None) -> AnswerFigures:
    answer, read = found.answer, found.reading
    assert answer is not None
    before = {row.keys: row.value for row in found.previous.rows} if found.previous else {}
    rows = [r for r in answer.rows if r.value is not None]
    if read.shape != "trend":
        if read.least:
            rows.reverse()
        most = read.limit or _DEFAULT
        rows = rows[: min(most, _SHOWN if not read.limit else read.limit)]
    return AnswerFigures(
        code=answer.code,
        title=AssetText(zh=answer.title.zh, en=answer.title.en),
        version=answer.version,
        approved_by=answer.approved_by,
        effective=answer.effective,
        unit=answer.unit,
        better=answer.better,
        asset=answer.asset,
        total=answer.total,
        previous=found.previous.total if found.previous else None,
        rows=tuple(
            AnswerRow(
                keys=r.keys,
                names=tuple(
                    _name(answer, world, d, k) for d, k in zip(answer.by, r.keys, strict=True)
                ),
                value=r.value,
                previous=before.get(r.keys),
            )
            for r in rows
        ),
        more=len(rows) < len(answer.rows),
        is_sum=answer.unit in ("orders", "units", "fen")
        and answer.total is not None
        and sum(r.value or 0 for r in answer.rows) == answer.total,
    )


def _name(answer: Answer, world: World | None, dimension: str, value: str) -> AssetText:
    """Give what a value is called; as it is stored where nobody knows a name."""
    titled: Any = answer.names.get(dimension, {}).get(value)
    if titled is not None:
        return AssetText(zh=titled.zh, en=titled.en)
    name = value
    if world is not None and value:
        if dimension == "warehouse":
            name = next((w.name for w in world.warehouses if w.code == value), value)
        elif dimension == "sku" and value in world.skus:
            name = world.skus[value][1].name
        elif dimension == "region" and value in world.places:
            name = world.places[value][1]
        elif dimension == "province":
            places = (p for r, p in world.places.items() if r[:2] == value[:2])
            name = next(places, (value, ""))[0]
    return AssetText(zh=name, en=name)

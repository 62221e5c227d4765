"""Questions in business words 业务语言搜索: understood, worked out by metrics, asked of the gate.
Without a number that is sure there is none: choices, or the nearest assets.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.metrics.shipped import library
from danshu.capabilities.searching import reading, times
from danshu.capabilities.searching.lexicon import Lexicon
from danshu.capabilities.searching.model import Choice, Reading, Value, Window
from danshu.capabilities.searching.words import glossary
from danshu.hub import metric_book, metric_gates, metrics, search_words
from danshu.hub.assets import known
from danshu.hub.metrics import Answer
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import METRIC_ROWS, QUESTION_MERCHANTS, QUESTION_ROWS, QUESTION_VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.metric_book import Held
    from danshu.hub.rights import Seated
    from danshu.hub.world import World

ZONE: Final = ZoneInfo("Asia/Shanghai")
NEAREST: Final = 5
# By hub and merchant: the words, and of which metrics and master data they were put together.
_ready: OrderedDict[tuple[int, int], tuple[tuple[object, ...], Lexicon]] = OrderedDict()


class Found(Struct, frozen=True, kw_only=True):
    """What a question came to. `reading` is how it was understood, `by` and `where` in the metric's
    own names; `answer` the figures, None where there is no number to give; `previous` those of the
    time it is compared with. `refusal` says why a number is not shown. `nearest` are assets and
    metrics by likeness, the likest first. Times in ms: understanding, and working out.
    """

    reading: Reading
    lexicon: Lexicon
    by: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    answer: Answer | None = None
    previous: Answer | None = None
    against: Window | None = None
    refusal: Refusal | None = None
    trouble: str = ""
    nearest: tuple[str, ...] = ()
    understood_ms: float = 0.0
    took_ms: float = 0.0


async def find(
    hub: Hub, tenant: int, seated: Seated, question: str, *, metric: str = "", as_of_ms: int = 0
) -> Found:
    """Answer a question. `metric` chooses one of the choices of an answer before; `as_of_ms` asks
    what was known then, by the formulas of then. Raises InputError `no_metric`.
    """
    at_ms = as_of_ms or hub.clock()
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, at_ms)
    lexicon = await ready(hub, tenant, held)
    began = time.perf_counter()
    today = datetime.datetime.fromtimestamp(at_ms / 1000, ZONE).date()
    read = reading.read(question, lexicon, today)
    ranked = tuple([name for name, _ in lexicon.ranking.rank(question)])
    understood_ms = (time.perf_counter() - began) * 1000
    found = Found(
        reading=read, lexicon=lexicon, nearest=ranked[:NEAREST], understood_ms=understood_ms
    )
    if metric:
        read = _chosen(read, lexicon, metric)
    if read.verdict != "answered":
        return found
    return await _work_out(hub, tenant, seated, held, found, read, as_of_ms)


async def ready(hub: Hub, tenant: int, held: Mapping[str, Held]) -> Lexicon:
    """Give a merchant's words; they are put together anew when metrics or master data changed."""
    try:
        world = await hub.worlds.ensure(tenant)
    except InputError as error:
        if error.code != "no_network":
            raise
        world = None
    digests = tuple(sorted([(code, h.digest) for code, h in held.items()]))
    key = (digests, world.revision if world else 0)
    place = (id(hub.worlds), tenant)
    kept = _ready.get(place)
    if kept is None or kept[0] != key:
        made = await asyncio.to_thread(_compose, held, world)
        kept = _ready[place] = key, made
        if len(_ready) > QUESTION_MERCHANTS:
            _ready.popitem(last=False)
    _ready.move_to_end(place)
    return kept[1]


def _compose(held: Mapping[str, Held], world: World | None) -> Lexicon:
    places = list(dict.fromkeys(_provinces(world))) if world else []
    values = _masters(world) if world else []
    for dimension, entries in glossary().named.items():
        values += [
            Value(dimension=dimension, codes=(code,), names=(*names, code), title=names[0])
            for code, names in entries.items()
        ]
    listed = [h.metric for _, h in sorted(held.items(), key=_shipped_first)]
    return search_words.compose(listed, known().values(), values, places, library().values)


def _shipped_first(item: tuple[str, Held]) -> tuple[int, str]:
    order = {code: i for i, code in enumerate(library().metrics)}
    return order.get(item[0], len(order)), item[0]


def _provinces(world: World) -> list[tuple[str, str]]:
    return [
        (f"{region.code[:2]}0000", world.places[region.code][0])
        for region in world.region_rows
        if region.code.isdigit() and region.code in world.places
    ]


def _masters(world: World) -> list[Value]:
    found = [
        Value(dimension="warehouse", codes=(w.code,), names=(w.name, w.code), title=w.name)
        for w in world.warehouses
    ]
    found += [
        Value(dimension="sku", codes=(sku.code,), names=(sku.name, sku.code), title=sku.name)
        for _, sku in list(world.skus.values())[:QUESTION_VALUES]
    ]
    found += [
        Value(dimension="region", codes=(r.code,), names=(r.name,), title=r.name)
        for r in world.region_rows[:QUESTION_VALUES]
        if world.places.get(r.code, ("", ""))[0] != r.name
    ]
    return found


def _chosen(read: Reading, lexicon: Lexicon, metric: str) -> Reading:
    """Take a person's choice among what a question may mean; what it lacks is left out."""
    if metric not in lexicon.metrics:
        raise metric_book.NO_METRIC
    choice = next((c for c in read.choices if c.code == metric), Choice(code=metric, fit=0))
    return replace(read, verdict="answered", choices=(choice, *read.choices))


async def _work_out(
    hub: Hub,
    tenant: int,
    seated: Seated,
    held: Mapping[str, Held],
    found: Found,
    read: Reading,
    as_of_ms: int,
) -> Found:
    code = read.choices[0].code
    lexicon = found.lexicon
    by = tuple(
        dict.fromkeys(d for a in read.by if (d := lexicon.dimension(code, a)))
    ) or lexicon.usual(code, read.shape)
    if read.shape == "trend" and lexicon.metrics[code].is_timed:
        by = (read.step,)
    where = {d: f.values for f in read.where if (d := lexicon.dimension(code, f.dimension))}
    found = replace(found, reading=read, by=by, where=where)
    refusal = await metric_gates.ask(hub, tenant, seated, held[code].metric, held)
    if refusal is not None:
        return replace(found, refusal=refusal)
    against = read.versus or times.before(read.window, read.against or "previous")
    began = time.perf_counter()
    try:
        wanted = [_ask(hub, tenant, code, found, read.window, as_of_ms)]
        if read.shape != "trend":
            wanted.append(_ask(hub, tenant, code, found, against, as_of_ms))
        answer, *before = await asyncio.gather(*wanted)
    except InputError as error:
        return replace(found, trouble=error.code)
    return replace(
        found,
        answer=answer,
        previous=before[0] if before else None,
        against=against if before else None,
        took_ms=(time.perf_counter() - began) * 1000,
    )


async def _ask(
    hub: Hub, tenant: int, code: str, found: Found, window: Window, as_of_ms: int
) -> Answer:
    is_trend = found.reading.shape == "trend"
    return await metrics.evaluate(
        hub,
        tenant,
        code,
        by=found.by,
        where=found.where,
        since_ms=midnight_ms(window.since),
        until_ms=midnight_ms(window.until),
        as_of_ms=as_of_ms,
        limit=METRIC_ROWS if is_trend or found.reading.least else QUESTION_ROWS,
        by_key=is_trend,
    )


def midnight_ms(day: datetime.date) -> int:
    """Give when a day begins in the merchant's zone, epoch ms."""
    at = datetime.datetime.combine(day, datetime.time(), ZONE)
    return int(at.timestamp() * 1000)

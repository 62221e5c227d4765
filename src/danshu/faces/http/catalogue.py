"""The catalogue of assets over HTTP: what there is, questions in business words, notes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, delete, get, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.hub import asset_answers, asset_catalogue, asset_search, catalogue_entries, search_log
from danshu.hub.asset_answers import CatalogueAnswer
from danshu.hub.asset_catalogue import CatalogueEntry
from danshu.hub.assets import known
from danshu.hub.catalogue_entries import NAME, CatalogueNote
from danshu.hub.search_log import Unanswered
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BATCH_BODY_BYTES, QUESTION_CHARS, UNANSWERED

_TAG: Final = "catalogue"
Asked = Annotated[str, QueryParameter(max_length=QUESTION_CHARS, description="in business words")]
AsOf = Annotated[int, QueryParameter(ge=0, description="epoch ms: as it was known then; 0 = now")]


class CatalogueCounts(Struct, frozen=True, kw_only=True):
    """How many there are, how many of them somebody answers for, how many are valued."""

    assets: int
    owned: int
    valued: int


class CatalogueList(Struct, frozen=True, kw_only=True):
    """Entries in the order in which they answer the question; `counts` are over all."""

    items: tuple[CatalogueEntry, ...]
    counts: CatalogueCounts


class UnansweredQuestions(Struct, frozen=True, kw_only=True):
    """Questions that found no number, what was asked most first."""

    items: tuple[Unanswered, ...]


@get("/v1/catalogue", **declare_read("listCatalogue", _TAG, "asset.read"))
async def list_catalogue(
    request: Request[Any, Any, Any], q: Asked = "", answered: Asked = ""
) -> CatalogueList:
    """List the assets, built and registered, in the order in which they answer `q`; `answered` is
    the asset that an answer came from.
    """
    hub, held = hub_of(request), held_of(request)
    found = await asset_catalogue.read(hub, held.tenant)
    counts = CatalogueCounts(
        assets=len(found),
        owned=sum(bool(e.note.owner) for e in found),
        valued=sum(e.is_valued for e in found),
    )
    return CatalogueList(items=asset_catalogue.rank(found, q.strip(), answered), counts=counts)


@get("/v1/catalogue/answer", **declare_read("askCatalogue", _TAG, "asset.read"))
async def answer(
    request: Request[Any, Any, Any], q: Asked, metric: Asked = "", as_of: AsOf = 0
) -> CatalogueAnswer:
    """Answer a question in business words by a metric: the number where it is sure and the caller
    may see it, else choices and the nearest assets. `metric` is one of the choices.
    """
    hub, held = hub_of(request), held_of(request)
    found = await asset_search.find(hub, held.tenant, held.seated, q, metric=metric, as_of_ms=as_of)
    async with hub.connection() as connection:
        if found.answer is not None and found.answer.asset:
            await catalogue_entries.count_view(connection, held.tenant, found.answer.asset)
        elif found.refusal is None:
            await search_log.keep(connection, held.tenant, q, found.reading.verdict)
    return await asset_answers.show(hub, held.tenant, found)


@get("/v1/catalogue/unanswered", **declare_read("listUnanswered", _TAG, "asset.write"))
async def list_unanswered(request: Request[Any, Any, Any]) -> UnansweredQuestions:
    """List the questions that found no number; who asked is not kept."""
    async with hub_of(request).connection() as connection:
        found = await search_log.listed(connection, held_of(request).tenant, UNANSWERED)
    return UnansweredQuestions(items=found)


@delete(
    "/v1/catalogue/unanswered",
    **declare_read("dropUnanswered", _TAG, "asset.write"),
    status_code=204,
)
async def drop_unanswered(request: Request[Any, Any, Any], q: Asked) -> None:
    """Take a question off the list: it has been seen to."""
    async with hub_of(request).connection() as connection:
        await search_log.drop(connection, held_of(request).tenant, q)


@get("/v1/catalogue/{name:str}", **declare_read("getCatalogueEntry", _TAG, "asset.read"))
async def get_entry(name: FromPath[str], request: Request[Any, Any, Any]) -> CatalogueEntry:
    """Read an entry; that it was looked at is counted by day, without a name."""
    hub, tenant = hub_of(request), held_of(request).tenant
    found = await asset_catalogue.read(hub, tenant)
    entry = next((e for e in found if e.name == name), None)
    if entry is None:
        raise InputError("no_asset", f"no asset is called {name!r}")
    async with hub.connection() as connection:
        await catalogue_entries.count_view(connection, tenant, name)
    return entry


@put(
    "/v1/catalogue/{name:str}",
    **declare_write("describeAsset", _TAG, "asset.write", BATCH_BODY_BYTES),
)
async def describe(
    name: FromPath[str], data: JSONBody[CatalogueNote], request: Request[Any, Any, Any]
) -> CatalogueEntry:
    """Say whose an asset is and what it is for, or register one that is kept elsewhere."""
    hub, held = hub_of(request), held_of(request)
    if not NAME.match(name):
        raise InputError("bad_name", "a name is a-z, 0-9 and -, 2 to 60 characters", "/name")
    async with hub.connection() as connection:
        await catalogue_entries.describe(connection, held.tenant, name, data, held.actor, known())
    found = await asset_catalogue.read(hub, held.tenant)
    return next(e for e in found if e.name == name)


ROUTES: Final = [
    list_catalogue,
    answer,
    list_unanswered,
    drop_unanswered,
    get_entry,
    describe,
]

"""Paper: picking lists, packing slips, evidence summaries as plain HTML with paged CSS.

Each printing asks for its right, shows no more than the person may see, and is a fact.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.capabilities.floor.facts import DocumentPrinted
from danshu.faces.http import papers
from danshu.faces.http.auth import Held, require
from danshu.faces.http.floor import worker_of, world_of
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.links import url_of
from danshu.faces.http.placing import PLAIN
from danshu.faces.http.problems import of
from danshu.hub import links, merchants, personal, timeline_figures, views
from danshu.hub import papers as sources
from danshu.hub.timeline_words import GRADES
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import PRINT_FULFILMENTS

Lang = Annotated[Literal["zh", "en"], QueryParameter(description="language of the paper")]
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'none'"
)
_HEADERS: Final = {"content-security-policy": _POLICY, "cache-control": "no-store"}
_ORIGIN: Final = "http://localhost"
FIELDS: Final[tuple[personal.Field, ...]] = ("name", "phone", "address")


class _Sheet(Struct, frozen=True, kw_only=True):
    """What every paper is made of: its kind, format, language, source and digest."""

    document: str
    paper: str
    lang: str
    digest: str
    of: tuple[str, ...]
    revealed: bool = False

    def fact(self) -> DocumentPrinted:
        """Give the fact of the printing."""
        return DocumentPrinted(
            digest=self.digest,
            document=self.document,
            lang=self.lang,
            of=self.of,
            paper=self.paper,
            revealed=self.revealed,
        )


def _respond(
    request: Request[Any, Any, Any], held: Held, sheet: _Sheet, title: str, **more: Any
) -> Response[str]:
    text = papers.render(
        sheet.document,
        lang=sheet.lang,
        paper=sheet.paper,
        title=title,
        number=more.pop("number", f"{sheet.document[:2].upper()}-{sheet.digest[:8]}"),
        printed_ms=hub_of(request).clock(),
        who=held.caller.name,
        digest=sheet.digest,
        **more,
    )
    return Response(text, media_type=MediaType.HTML, headers=_HEADERS)


def _link(request: Request[Any, Any, Any], order: uuid.UUID | str) -> str:
    origin = request.app.state.keyring.origin or _ORIGIN
    return f"{origin}/orders/{order}?tab=evidence"


async def _slip_link(
    request: Request[Any, Any, Any], held: Held, order: uuid.UUID
) -> tuple[str, str]:
    """Issue the link that a packing slip carries; gives its address and the words below it.

    "" where the merchant wants none, or the order has as many links as it may.
    """
    hub = hub_of(request)
    async with hub.connection() as connection:
        settings = await links.read_settings(connection, held.tenant)
        if not settings.slip:
            return "", ""
        made = await links.issue(
            connection,
            await links.load_key(connection),
            held.tenant,
            order,
            held.actor,
            by=held.caller.name,
            purpose="slip",
            days=settings.days,
            now_ms=hub.clock(),
        )
    if isinstance(made, Refusal):
        return "", "packing_no_qr"
    return url_of(request, made[1]), "packing_qr"


def _read_place(ref: str) -> tuple[uuid.UUID, int]:
    """Read `<order>.<number>`; without a number it is the first. Raises InputError `bad_id`."""
    text, _, number = ref.partition(".")
    try:
        id_ = uuid.UUID(text)
        no = int(number or 1)
    except ValueError as error:
        raise InputError("bad_id", "a fulfilment order is <order>.<number>") from error
    if not 1 <= no <= 10_000:
        raise InputError("bad_id", "a fulfilment order is <order>.<number>")
    return id_, no


async def _see(
    request: Request[Any, Any, Any], held: Held, world: World, id_: uuid.UUID, no: int
) -> views.Seen:
    """Read an order that has this fulfilment order in a warehouse of the person's.

    Raises InputError `no_order` or `no_task`.
    """
    seen = await views.read_order(hub_of(request), held.tenant, id_)
    part, _ = sources.pick_part(seen, no)
    if world.warehouse_no.get(part.warehouse, -1) not in worker_of(held, world).warehouses:
        raise sources.NO_FULFILMENT
    return seen


@get(
    "/print/picking/{refs:str}",
    operation_id="printPicking",
    tags=["print"],
    responses=PROBLEMS,
    guards=[may("print.picking")],
    media_type=MediaType.HTML,
)
async def print_picking(
    refs: FromPath[str], request: Request[Any, Any, Any], lang: Lang = "zh"
) -> Response[Any]:
    """Print picking lists, one a warehouse, for fulfilment orders `<order>.<number>` with commas
    between them; what does not wait to be picked is left out.
    """
    held, hub = held_of(request), hub_of(request)
    places = list(dict.fromkeys(_read_place(r) for r in refs.split(",") if r))
    if not 1 <= len(places) <= PRINT_FULFILMENTS:
        raise InputError("too_large", f"1 to {PRINT_FULFILMENTS} fulfilment orders a printing")
    world = await world_of(hub, held)
    found = []
    for id_, no in places:
        seen = await _see(request, held, world, id_, no)
        part, due_ms = sources.pick_part(seen, no)
        if part.state == "released":
            found.append((id_, seen.order, part, due_ms))
    if not found:
        problem = of(sources.NOTHING_TO_PICK)
        return Response(problem, status_code=problem.status, media_type="application/problem+json")
    lists = sources.list_picks(world, found)
    sheet = _Sheet(
        document="picking",
        paper="a4",
        lang=lang,
        digest=sources.digest(lists),
        of=tuple([f"{o.order}/{o.fulfilment}" for each in lists for o in each.orders]),
    )
    async with hub.connection() as connection, connection.transaction():
        await merchants.say(connection, held.tenant, held.actor, sheet.fact())
    return _respond(request, held, sheet, papers.word(lang, "picking"), sheets=lists)


@get(
    "/print/packing/{ref:str}",
    operation_id="printPacking",
    tags=["print"],
    responses=PROBLEMS,
    guards=[may("print.packing")],
    media_type=MediaType.HTML,
)
async def print_packing(
    ref: FromPath[str],
    request: Request[Any, Any, Any],
    lang: Lang = "zh",
    paper: Annotated[
        Literal["a5", "label"], QueryParameter(description="label: 100×150 mm")
    ] = "a5",
    prices: Annotated[bool, QueryParameter(description="needs order.read")] = False,
    reveal: Annotated[
        str,
        QueryParameter(
            max_length=200,
            pattern=PLAIN,
            description="the reason for which the receiver is printed unmasked",
        ),
    ] = "",
) -> Response[Any]:
    """Print the packing slip of a fulfilment order `<order>.<number>`. Of the receiver stands there
    what the person may see; what is masked is printed for a reason, which is a fact too.
    """
    held, hub = held_of(request), hub_of(request)
    id_, no = _read_place(ref)
    world = await world_of(hub, held)
    seen = await _see(request, held, world, id_, no)
    where = sources.pick_part(seen, no)[0].warehouse
    if prices:
        require(held, "order.read")
    sees = {field: held.may(f"field.{field}", warehouse=where) for field in FIELDS}
    hidden: list[personal.Field] = [field for field in FIELDS if not sees[field]]
    if reveal and hidden:
        require(held, "order.reveal", warehouse=where)
        async with hub.connection() as connection:
            told = await personal.reveal(
                connection, world, id_, held.actor, hub.clock(), hidden, reveal
            )
        if isinstance(told, Refusal) and told != personal.ERASED:
            raise InputError("no_order", "there is no such order")
        sees = dict.fromkeys(FIELDS, True)
    async with hub.connection() as connection:
        slip = await sources.read_slip(connection, world, seen, no, prices=prices, sees=sees)
    sheet = _Sheet(
        document="packing",
        paper=paper,
        lang=lang,
        digest=sources.digest(slip),
        of=(f"{id_}/{no}",),
        revealed=slip.revealed,
    )
    await sources.record_on(hub, held.tenant, id_, sheet.fact(), held.actor)
    link, caption = await _slip_link(request, held, id_)
    return _respond(
        request,
        held,
        sheet,
        f"{papers.word(lang, 'packing')} {slip.label}",
        sheets=(slip,),
        number=slip.label,
        has_prices=prices,
        channel_title=timeline_figures.channel_title(slip.channel, lang),
        link=link,
        caption=caption and papers.word(lang, caption),
    )


@get(
    "/print/evidence/{order_id:uuid}",
    operation_id="printEvidence",
    tags=["print"],
    responses=READ_PROBLEMS,
    guards=[may("print.evidence")],
    media_type=MediaType.HTML,
)
async def print_evidence(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any], lang: Lang = "zh"
) -> Response[Any]:
    """Print the evidence summary of an order: who did what when, the digests and their places in
    the log, the checkpoint, and what all this does not show.
    """
    held, hub = held_of(request), hub_of(request)
    seen = await views.read_order(hub, held.tenant, order_id)
    world = await world_of(hub, held)
    async with hub.connection() as connection:
        source = await sources.read_evidence(connection, world, seen, lang)
    sheet = _Sheet(
        document="evidence",
        paper="a4",
        lang=lang,
        digest=sources.digest(source),
        of=(str(order_id),),
    )
    await sources.record_on(hub, held.tenant, order_id, sheet.fact(), held.actor)
    names = timeline_figures.Names(lang=lang)
    return _respond(
        request,
        held,
        sheet,
        f"{papers.word(lang, 'evidence')} {seen.order.number}",
        sheets=(source,),
        grade_counts=names.join(f"{letter} {n}" for letter, n in source.grades.items()),
        lowest=max(source.grades, default=""),
        grade_notes=[
            {"letter": letter, "note": names.pick(GRADES[letter])}
            for letter in source.grades
            if letter in GRADES
        ],
        channel_title=timeline_figures.channel_title(source.channel, lang),
        link=_link(request, order_id),
    )


@get("/print/paper.css", include_in_schema=False, media_type=MediaType.CSS)
async def read_style() -> Response[bytes]:
    """Give the style of every paper; it says nothing of anybody."""
    return Response(papers.STYLE, media_type="text/css; charset=utf-8")


@get("/print/paper.js", include_in_schema=False)
async def read_script() -> Response[bytes]:
    """Give the script of the print button."""
    return Response(papers.SCRIPT, media_type="text/javascript; charset=utf-8")


ROUTES: Final = [print_picking, print_packing, print_evidence, read_style, read_script]

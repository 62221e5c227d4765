"""The rights register and licences over HTTP 权属与授权: registered, drafted, approved, billed."""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.licensing import billing, decide
from danshu.capabilities.licensing.billing import LicenceBill
from danshu.capabilities.licensing.model import LicenceTerms, RightEntry, day_of
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import licence_rows, licences, rights_register
from danshu.hub.actors import name_actors
from danshu.hub.fields import PLAIN
from danshu.hub.licence_rows import LicenceRow
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS

if TYPE_CHECKING:
    from danshu.hub.rights_register import RightVersion

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/licences/{licence:uuid}"
_TAG: Final = "licences"
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
Month = Annotated[
    str, QueryParameter(pattern=r"^(\d{4}-\d{2})?$", description="YYYY-MM; none = this month")
]


class RightItem(Struct, frozen=True, kw_only=True):
    """The newest entry of an asset in the rights register; `by` is a number of `people`."""

    asset: str
    version: int
    entry: RightEntry
    by: str
    at: str


class RightList(Struct, frozen=True, kw_only=True):
    """The entries of all assets that have one, by name."""

    items: tuple[RightItem, ...]


class RightWrite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry to be registered, and the version that was looked at (0 = none)."""

    entry: RightEntry
    seen: Annotated[int, Meta(ge=0)] = 0


class LicenceItem(Struct, frozen=True, kw_only=True):
    """A licence. `standing` is its state, and for one in force `waiting` before it begins and
    `expired` after its last day; `digest` is the SHA-256 of its terms, by which they are approved.
    """

    id: uuid.UUID
    no: int
    standing: str
    terms: LicenceTerms
    digest: str
    listing: uuid.UUID | None
    drafted_by: str
    drafted: str
    answered_by: str
    answered: str
    ended_by: str
    ended: str
    reason: str
    right: int


class LicencePage(Struct, frozen=True, kw_only=True):
    """Licences, the newest first; `next` is "" at the end. `people` names who acted, `me` is the
    caller's own name among them.
    """

    items: tuple[LicenceItem, ...]
    next: str
    people: dict[str, str]
    me: str


class LicenceSeen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of the terms that were looked at."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class LicenceReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class LicenceUse(Struct, frozen=True, kw_only=True):
    """A use of a licence: a delivered file or an answered question, with its digest."""

    id: uuid.UUID
    kind: str
    rows: int
    spent: int
    digest: str
    mark: str
    at: str


class LicenceStatement(Struct, frozen=True, kw_only=True):
    """The statement of a month, and the uses that it counts, the oldest first."""

    licence: uuid.UUID
    no: int
    recipient: str
    statement: LicenceBill
    uses: tuple[LicenceUse, ...]
    months: tuple[str, ...]


def _at(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def _item(row: LicenceRow, now_ms: int) -> LicenceItem:
    return LicenceItem(
        id=row.id,
        no=row.no,
        standing=decide.standing(row.terms, row.state, day_of(now_ms)),
        terms=row.terms,
        digest=row.digest,
        listing=row.listing,
        drafted_by=row.drafted_by,
        drafted=_at(row.drafted),
        answered_by=row.answered_by,
        answered=_at(row.answered),
        ended_by=row.ended_by,
        ended=_at(row.ended),
        reason=row.reason,
        right=row.right,
    )


def _right(version: RightVersion, by: str) -> RightItem:
    return RightItem(
        asset=version.asset,
        version=version.version,
        entry=version.entry,
        by=by,
        at=_at(version.at),
    )


def _answer(request: Ask, told: LicenceRow | Refusal, status: int = 200) -> Response[Any]:
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(_item(told, hub_of(request).clock()), status_code=status)


@get("/v1/rights-register", **declare_read("listRights", _TAG, "asset.read"))
async def list_rights(request: Ask) -> RightList:
    """List the newest entry of every asset in the rights register."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        found = await rights_register.list_newest(connection, tenant)
        people = await name_actors(connection, tenant, {one.by for one in found})
    return RightList(items=tuple([_right(one, people[one.by]) for one in found]))


@put("/v1/rights-register/{asset:str}", **declare_write("registerRight", _TAG, "licence.write"))
async def register_right(
    asset: FromPath[str], request: Ask, data: JSONBody[RightWrite]
) -> Response[RightItem]:
    """Register the next version of what the merchant's rights in an asset are."""
    hub, held = hub_of(request), held_of(request)
    licences.must_know(asset)
    async with hub.connection() as connection:
        told = await rights_register.register(
            connection, held.tenant, asset, data.entry, seen=data.seen, actor=held.actor,
            now_ms=hub.clock(),
        )  # fmt: skip
        if isinstance(told, Refusal):
            return respond(problems.of(told))
        people = await name_actors(connection, held.tenant, [told.by])
    return Response(_right(told, people[told.by]))


@get("/v1/licences", **declare_read("listLicences", _TAG, "licence.read"))
async def list_licences(
    request: Ask,
    standing: Annotated[Word, QueryParameter(name="state")] = "",
    asset: Word = "",
    recipient: Word = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> LicencePage:
    """List licences, the newest first."""
    hub, held = hub_of(request), held_of(request)
    before = int(read_place(cursor, int)[0]) if cursor else 0
    filters = {"state": standing, "asset": asset, "recipient": recipient}
    async with hub.connection() as connection:
        rows = await licence_rows.list_rows(connection, held.tenant, filters, before, limit + 1)
        shown = rows[:limit]
        acted = {s for r in shown for s in (r.drafted_by, r.answered_by, r.ended_by) if s}
        people = await name_actors(connection, held.tenant, acted | {held.actor.sub})
    now_ms = hub.clock()
    return LicencePage(
        items=tuple([_item(row, now_ms) for row in shown]),
        next=write_place(shown[-1].no) if len(rows) > limit else "",
        people=people,
        me=held.actor.sub,
    )


@post("/v1/licences", **declare_write("draftLicence", _TAG, "licence.write"))
async def draft_licence(request: Ask, data: JSONBody[LicenceTerms]) -> Response[LicenceItem]:
    """Draft a licence; another person has to approve it before anything is given under it."""
    hub, held = hub_of(request), held_of(request)
    licences.must_know(data.asset, data)
    async with hub.connection() as connection:
        told = await licences.draft(connection, held.tenant, data, held.actor, hub.clock())
    return _answer(request, told, 201)


@get(_ONE, **declare_read("readLicence", _TAG, "licence.read"))
async def read_licence(licence: FromPath[uuid.UUID], request: Ask) -> LicenceItem:
    """Read a licence."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        row = await licence_rows.find(connection, held_of(request).tenant, licence)
    return _item(row, hub.clock())


@put(_ONE, **declare_write("redraftLicence", _TAG, "licence.write"))
async def redraft_licence(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceTerms]
) -> Response[LicenceItem]:
    """Change the terms of a draft; whoever changed them last is its drafter."""
    hub, held = hub_of(request), held_of(request)
    licences.must_know(data.asset, data)
    async with hub.connection() as connection:
        told = await licences.redraft(
            connection, held.tenant, licence, data, held.actor, hub.clock()
        )
    return _answer(request, told)


@post(_ONE + "/approve", **declare_write("approveLicence", _TAG, "licence.approve"))
async def approve_licence(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceSeen]
) -> Response[LicenceItem]:
    """Let a licence come into force, as the second person, with exactly the terms seen."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await licences.approve(
            connection, held.tenant, licence, data.digest, held.actor, hub.clock()
        )
    return _answer(request, told)


@post(_ONE + "/decline", **declare_write("declineLicence", _TAG, "licence.approve"))
async def decline_licence(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceReason]
) -> Response[LicenceItem]:
    """Decline a draft, with a reason."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await licences.decline(
            connection, held.tenant, licence, data.reason, held.actor, hub.clock()
        )
    return _answer(request, told)


@post(_ONE + "/end", **declare_write("endLicence", _TAG, "licence.approve"))
async def end_licence(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceReason]
) -> Response[LicenceItem]:
    """End a licence that is in force: nothing is given under it from now on."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await licences.end(
            connection, held.tenant, licence, data.reason, held.actor, hub.clock()
        )
    return _answer(request, told)


async def _state(request: Ask, licence: uuid.UUID, month: str) -> LicenceStatement:
    hub, tenant = hub_of(request), held_of(request).tenant
    today = day_of(hub.clock())
    first = _month(month) if month else today.replace(day=1)
    last = (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
    async with hub.connection() as connection:
        row = await licence_rows.find(connection, tenant, licence)
        uses = await licence_rows.list_usage(connection, tenant, licence, first, last)
    ended = day_of(round(row.ended.timestamp() * 1000)) if row.ended else None
    granted = row.state in ("active", "ended")
    told = billing.bill(row.terms, first, licence_rows.usage_of(uses), ended)
    return LicenceStatement(
        licence=row.id,
        no=row.no,
        recipient=row.terms.recipient.name,
        statement=told if granted else billing.nothing(first),
        uses=tuple(
            [
                LicenceUse(
                    id=one.id, kind=one.kind, rows=one.rows, spent=one.spent,
                    digest=one.digest, mark=one.mark, at=_at(one.at),
                )
                for one in uses
            ]
        ),
        months=tuple([f"{m:%Y-%m}" for m in billing.months_of(row.terms, today)]),
    )  # fmt: skip


def _month(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise InputError("bad_filter", "a month is YYYY-MM", "/month") from error


@get(_ONE + "/statement", **declare_read("readLicenceStatement", _TAG, "licence.read"))
async def read_statement(
    licence: FromPath[uuid.UUID], request: Ask, month: Month = ""
) -> LicenceStatement:
    """Read the statement of a month 月结单: what was used and what is due."""
    return await _state(request, licence, month)


@get(
    _ONE + "/statement.csv",
    **{**declare_read("downloadLicenceStatement", _TAG, "licence.read"), "media_type": "text/csv"},
)
async def download_statement(
    licence: FromPath[uuid.UUID], request: Ask, month: Month = ""
) -> Response[bytes]:
    """Download the statement of a month as CSV (UTF-8 with a byte order mark)."""
    told = await _state(request, licence, month)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["授权", "被授权方", "月份", "计费项", "数量", "单价(分)", "金额(分)"])
    for line in told.statement.lines:
        place = [told.no, _text(told.recipient), told.statement.month]
        writer.writerow([*place, line.charge, line.quantity, line.each_fen, line.amount_fen])
    writer.writerow([told.no, "", told.statement.month, "due", "", "", told.statement.due_fen])
    writer.writerow([told.no, "", told.statement.month, "tax", "", "", told.statement.tax_fen])
    name = f"licence-{told.no}-{told.statement.month}.csv"
    return Response(
        ("\ufeff" + out.getvalue()).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _text(words: str) -> str:
    """Write words so that no spreadsheet runs them."""
    return "'" + words if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words


ROUTES: Final = [
    list_rights,
    register_right,
    list_licences,
    draft_licence,
    read_licence,
    redraft_licence,
    approve_licence,
    decline_licence,
    end_licence,
    read_statement,
    download_statement,
]

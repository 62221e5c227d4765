"""After-sales on the customer's evidence page: forms that need no script. An answer leads back to
the page, which says what became of it.
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath

from danshu.capabilities.after_sales import windows
from danshu.capabilities.after_sales.model import REFUND_ONLY
from danshu.faces.http.customer import HEADERS, answer
from danshu.faces.http.customer_forms import FORM_BYTES, BadForm, Form, field, photos, read, text
from danshu.faces.http.customer_pages import LANGS
from danshu.faces.http.framework import hub_of
from danshu.hub import customer_case_acts, links
from danshu.hub.customer_case_acts import EVIDENT, Wanted
from danshu.hub.links import Token
from danshu.kernel.errors import Busy, InputError, NotAvailable, Refusal
from danshu.kernel.limits import ORDER_LINES, RETRY_AFTER_S
from danshu.ledger import write

Ask = Request[Any, Any, Any]
# What the page has words for; any other no is told as one.
SAID: Final = frozenset(
    {
        *("case_asked", "case_sent", "case_withdrawn", "bad_case", "bad_price"),
        *("case_bad_photo", "more_than_paid"),
        *("bad_waybill", "case_too_fast", "no_photo", "window_over", "no_reason_exempt"),
        *(
            "not_received",
            "return_it",
            "case_open",
            "too_many_cases",
            "not_sent",
            "not_at_send_back",
        ),
        *("not_at_withdraw", "not_by_link"),
    }
)
_UNITS: Final = re.compile(r"^q(\d{1,5})\Z")
_WAYBILL: Final = re.compile(r"^[A-Za-z0-9-]{6,40}\Z")
_YUAN: Final = re.compile(r"^(\d{1,7})(?:\.(\d{1,2}))?\Z")
PRICE: Final = "price"
_REASONS: Final = frozenset(w.reason for w in windows.windows())


async def _wanted(form: Form) -> Wanted:
    """Read what is asked for. Raises BadForm."""
    kind, reason = field(form, "kind"), field(form, "reason")
    if kind not in windows.KINDS or reason not in _REASONS:
        raise BadForm("bad_case")
    units: dict[int, int] = {}
    named = [m for m in map(_UNITS.match, form) if m]
    if len(named) > ORDER_LINES:
        raise BadForm("bad_case")
    for match in named:
        count = field(form, match[0])
        if count and (not count.isdecimal() or len(count) > 6):
            raise BadForm("bad_case")
        units[int(match[1])] = int(count or 0)
    if not any(units.values()):
        raise BadForm("bad_case")
    lowered = 0
    if reason == PRICE:  # what is made good of the price: an amount, and no units
        lowered = _fen(field(form, "amount"))
        if kind != REFUND_ONLY or not lowered:
            raise BadForm("bad_price")
    shown = await photos(form)
    if reason in EVIDENT and not shown:
        raise BadForm("no_photo")
    return Wanted(
        kind=kind, reason=reason, units=units, text=text(form), lowered=lowered, photos=shown
    )


def _fen(told: str) -> int:
    """Read yuan with at most two decimals. Raises BadForm."""
    match = _YUAN.match(told)
    if match is None:
        raise BadForm("bad_price")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))


async def _do(request: Ask, given: Token) -> str:
    """Do what the form asks; gives which of SAID became of it."""
    hub = hub_of(request)
    async with hub.connection() as connection:  # the link, before the body is read
        link = await links.look_up(connection, given, hub.clock())
    form = await read(request)
    world = await hub.worlds.ensure(given.tenant)
    act = field(form, "act")
    wanted = await _wanted(form) if not act else None
    done: object
    async with hub.connection() as connection:
        place = (connection, world, link.order)
        try:
            if wanted is not None:
                done, said = await customer_case_acts.ask(*place, wanted, hub.clock()), "case_asked"
            elif act == "send_back":
                told = field(form, "carrier"), field(form, "waybill").upper()
                if not told[0] or not _WAYBILL.search(told[1]):
                    raise BadForm("bad_waybill")
                case = _case(form)
                done = await customer_case_acts.send_back(*place, case, told, hub.clock())
                said = "case_sent"
            elif act == "withdraw":
                done = await customer_case_acts.withdraw(*place, _case(form), hub.clock())
                said = "case_withdrawn"
            else:
                raise BadForm("bad_case")
        except write.GuardFailed as error:
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    return done.code if isinstance(done, Refusal) else said


def _case(form: Form) -> uuid.UUID:
    try:
        return uuid.UUID(field(form, "case"))
    except ValueError as error:
        raise BadForm("bad_case") from error


@post("/e/{token:str}/cases", include_in_schema=False, request_max_body_size=FORM_BYTES)
async def ask(token: FromPath[str], request: Ask) -> Response[Any]:
    """Ask for a return, an exchange or money back, name a waybill, or take a request back."""
    asked = request.query_params.get("lang", "")
    shown = f"&lang={asked}" if asked in LANGS else ""

    async def make(given: Token) -> Response[Any]:
        try:
            said = await _do(request, given)
        except BadForm as error:
            said = error.code
        except Busy:
            said = "too_fast"
        except InputError as error:
            if error in (links.NO_LINK, links.ENDED):
                raise
            said = error.code
        known = next((code for code in (said, f"case_{said}") if code in SAID), "case_no")
        headers = {**HEADERS, "location": f"/e/{token}?said={known}{shown}#cases"}
        return Response(b"", status_code=303, headers=headers)

    return await answer(request, token, make)


ROUTES: Final = [ask]

"""How a merchant sets up after-sales over HTTP: limits of amounts, what carriers pay."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, put
from litestar.params import JSONBody, QueryParameter

from danshu.faces.http.after_sale_views import AfterSaleSettings, NewCarrierTerms, TermsPage
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import after_sales_settings, claim_files
from danshu.hub.after_sales_settings import CarrierTerms, Settings
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import ORDER_BODY_BYTES

Ask = Request[Any, Any, Any]
Carrier = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)]


@get(
    "/v1/after-sale-settings",
    operation_id="getAfterSaleSettings",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def get_settings(request: Ask) -> AfterSaleSettings:
    """Read the limits of amounts: paid without a person, decided by two."""
    async with hub_of(request).connection() as connection:
        found = await after_sales_settings.read(connection, held_of(request).tenant)
    return AfterSaleSettings(auto_fen=found.auto_fen, second_fen=found.second_fen)


@put(
    "/v1/after-sale-settings",
    operation_id="putAfterSaleSettings",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def put_settings(data: JSONBody[AfterSaleSettings], request: Ask) -> AfterSaleSettings:
    """Set the limits of amounts."""
    held = held_of(request)
    wanted = Settings(auto_fen=data.auto_fen, second_fen=data.second_fen)
    async with hub_of(request).connection() as connection:
        await after_sales_settings.configure(connection, held.tenant, held.actor, wanted)
    return data


@get(
    "/v1/carrier-terms",
    operation_id="listCarrierTerms",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def list_terms(request: Ask) -> TermsPage:
    """Read what carriers pay for parcels, by carrier and day."""
    async with hub_of(request).connection() as connection:
        found = await after_sales_settings.read_terms(connection, held_of(request).tenant)
    return TermsPage(items=tuple(found))


@put(
    "/v1/carrier-terms",
    operation_id="putCarrierTerms",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("claim.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def put_terms(data: JSONBody[NewCarrierTerms], request: Ask) -> TermsPage:
    """Set what a carrier pays from a day on."""
    held = held_of(request)
    wanted = CarrierTerms(
        carrier=data.carrier,
        begins=data.begins,
        multiple=data.multiple,
        cap_fen=data.cap_fen,
        days=data.days,
        source=data.source,
    )
    async with hub_of(request).connection() as connection:
        await after_sales_settings.set_terms(connection, held.tenant, held.actor, wanted)
        found = await after_sales_settings.read_terms(connection, held.tenant)
    return TermsPage(items=tuple(found))


@get(
    "/v1/claims.csv",
    operation_id="readClaimsFile",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("claim.write")],
    media_type="text/csv",
)
async def read_claims(request: Ask, carrier: Carrier = "") -> Response[str]:
    """Give the open claims on a carrier as a file that it can be sent; "" = on all."""
    async with hub_of(request).connection() as connection:
        text = await claim_files.write(connection, held_of(request).tenant, carrier)
    headers = {"content-disposition": 'attachment; filename="claims.csv"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


ROUTES: Final = [get_settings, put_settings, list_terms, put_terms, read_claims]

"""Carriers' services over HTTP: by which each is asked to stop a parcel."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, delete, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import carrier_desks
from danshu.hub.fields import PLAIN, Word
from danshu.kernel.limits import ORDER_BODY_BYTES
from danshu.ports import registry

_DESK: Final = "/v1/carrier-services/{carrier:str}"
_Value = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class CarrierDesk(Struct, frozen=True, kw_only=True):
    """By which service a carrier is asked; of the account's options only the names are shown."""

    carrier: str
    adapter: str
    url: str
    options: tuple[str, ...]


class CarrierDesks(Struct, frozen=True, kw_only=True):
    """A merchant's services, and the adapters that there are."""

    items: tuple[CarrierDesk, ...]
    adapters: tuple[str, ...]


class SetCarrierDesk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which adapter, where, and with which account; options left out stay as they were."""

    adapter: Word
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)]
    options: dict[str, _Value] = {}


@get(
    "/v1/carrier-services",
    operation_id="listCarrierServices",
    tags=["parcels"],
    responses=READ_PROBLEMS,
    guards=[may("merchant.read")],
)
async def list_services(request: Request[Any, Any, Any]) -> CarrierDesks:
    """List by which services carriers are asked to stop parcels."""
    async with hub_of(request).connection() as connection:
        found = await carrier_desks.read(connection, held_of(request).tenant)
    return CarrierDesks(
        items=tuple([_show(d) for _, d in sorted(found.items())]),
        adapters=tuple(registry.names(carrier_desks.PORT)),
    )


@put(
    _DESK,
    operation_id="setCarrierService",
    tags=["parcels"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def set_service(
    carrier: FromPath[str], data: JSONBody[SetCarrierDesk], request: Request[Any, Any, Any]
) -> CarrierDesk:
    """Set by which service a carrier is asked, under the name that orders have for it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await carrier_desks.put(
            connection, held.tenant, held.actor, carrier, data.adapter, data.url, data.options
        )
        found = await carrier_desks.read(connection, held.tenant)
    return _show(found[carrier])


@delete(
    _DESK,
    operation_id="removeCarrierService",
    tags=["parcels"],
    responses=PROBLEMS,
    guards=[may("merchant.write")],
    status_code=204,
)
async def remove_service(carrier: FromPath[str], request: Request[Any, Any, Any]) -> None:
    """Ask a carrier by no service any more; what is asked then waits for a person."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await carrier_desks.remove(connection, held.tenant, held.actor, carrier)


def _show(desk: carrier_desks.Desk) -> CarrierDesk:
    return CarrierDesk(
        carrier=desk.carrier,
        adapter=desk.adapter,
        url=desk.url,
        options=tuple(sorted(desk.options)),
    )


ROUTES: Final = [list_services, set_service, remove_service]

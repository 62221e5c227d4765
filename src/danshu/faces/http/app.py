"""The application: two raw routes, Litestar for all others, and one life for hub and server."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from danshu.faces.http import (
    access,
    acting,
    acting_ends,
    acting_evidence,
    action_drafts,
    after_sale_acts,
    after_sale_inspecting,
    after_sale_settings,
    after_sales,
    alerting,
    amending,
    billing,
    board,
    books,
    bulk,
    bundles,
    buyer_requests,
    callbacks,
    carriers,
    certificates,
    coefficients,
    connector_books,
    connector_calls,
    connector_routes,
    connectors,
    customer,
    customer_asks,
    customer_cases,
    customer_windows,
    dead_letters,
    deciding,
    definitions,
    delegations,
    dictionary,
    entering,
    event_document,
    event_pulls,
    event_types,
    exported,
    failsafe,
    feeds,
    finding_acts,
    findings,
    floor,
    floor_parcels,
    floor_photos,
    floor_work,
    headers,
    health,
    health_board,
    hearing,
    holds,
    imports,
    inbox,
    intercepts,
    jobs,
    joining,
    links,
    log,
    masters,
    me,
    me_secrets,
    me_voice,
    merchant,
    merging,
    metrics,
    modelling,
    negotiations,
    notice_settings,
    order_groups,
    order_page,
    order_types,
    orders,
    overriding,
    paid_reviews,
    parcel_rules,
    parcels,
    people,
    personal,
    policies,
    printing,
    promises,
    proofs,
    provider,
    pulls,
    receiving,
    reconciling,
    redecisions,
    reference,
    release_waits,
    remedies,
    replanning,
    resilience,
    riders,
    routing_drafts,
    routing_moves,
    routing_policies,
    routing_trials,
    saved_views,
    selling,
    sessions,
    settlement,
    settlement_periods,
    settlement_values,
    settlement_vouchers,
    signals,
    stock,
    stock_pages,
    subscriptions,
    substitutes,
    times,
    traced,
    transitions,
    twins,
    weaving,
    workbench,
    zone_fits,
)
from danshu.faces.http.auth import Keyring
from danshu.faces.http.channels import Doors
from danshu.faces.http.console import Console
from danshu.faces.http.framework import Strict, StrictStructs, on_error, recall
from danshu.faces.http.hot import CHANNELS, ORDERS, Hot
from danshu.hub import entry, measuring, oidc, tracing
from danshu.hub.board_views import Boards
from danshu.hub.compose import Hub
from danshu.hub.job_runner import Runner
from danshu.hub.live import Live
from danshu.hub.view_counts import ViewCounts
from danshu.kernel.limits import BATCH_BODY_BYTES
from danshu.ledger.engine import home
from danshu.ledger.prove import Prover

_ROUTES: Final = [
    *acting.ROUTES,
    *acting_evidence.ROUTES,
    *acting_ends.ROUTES,
    *certificates.ROUTES,
    *delegations.ROUTES,
    *orders.ROUTES,
    *transitions.ROUTES,
    *workbench.ROUTES,
    *saved_views.ROUTES,
    *bulk.ROUTES,
    *jobs.ROUTES,
    *exported.ROUTES,
    *proofs.ROUTES,
    *bundles.ROUTES,
    *books.ROUTES,
    *log.ROUTES,
    *times.ROUTES,
    *links.ROUTES,
    *customer.ROUTES,
    *customer_asks.ROUTES,
    *customer_cases.ROUTES,
    *customer_windows.ROUTES,
    *receiving.ROUTES,
    *signals.ROUTES,
    *twins.ROUTES,
    *zone_fits.ROUTES,
    *weaving.ROUTES,
    *resilience.ROUTES,
    *feeds.ROUTES,
    *stock.ROUTES,
    *stock_pages.ROUTES,
    *masters.ROUTES,
    *dictionary.ROUTES,
    *selling.ROUTES,
    *intercepts.ROUTES,
    *imports.ROUTES,
    *promises.ROUTES,
    *remedies.ROUTES,
    *settlement.ROUTES,
    *settlement_periods.ROUTES,
    *settlement_vouchers.ROUTES,
    *settlement_values.ROUTES,
    *after_sales.ROUTES,
    *after_sale_acts.ROUTES,
    *after_sale_inspecting.ROUTES,
    *after_sale_settings.ROUTES,
    *amending.ROUTES,
    *holds.ROUTES,
    *substitutes.ROUTES,
    *buyer_requests.ROUTES,
    *alerting.ROUTES,
    *notice_settings.ROUTES,
    *subscriptions.ROUTES,
    *dead_letters.ROUTES,
    *event_pulls.ROUTES,
    *event_types.ROUTES,
    *event_document.ROUTES,
    *hearing.ROUTES,
    *definitions.ROUTES,
    *modelling.ROUTES,
    *action_drafts.ROUTES,
    *access.ROUTES,
    *board.ROUTES,
    *order_page.ROUTES,
    *order_types.ROUTES,
    *order_groups.ROUTES,
    *deciding.ROUTES,
    *overriding.ROUTES,
    *parcels.ROUTES,
    *merging.ROUTES,
    *release_waits.ROUTES,
    *parcel_rules.ROUTES,
    *carriers.ROUTES,
    *connectors.ROUTES,
    *connector_calls.ROUTES,
    *connector_routes.ROUTES,
    *connector_books.ROUTES,
    *redecisions.ROUTES,
    *failsafe.ROUTES,
    *findings.ROUTES,
    *health_board.ROUTES,
    *finding_acts.ROUTES,
    *pulls.ROUTES,
    *paid_reviews.ROUTES,
    *callbacks.ROUTES,
    *replanning.ROUTES,
    *billing.ROUTES,
    *reconciling.ROUTES,
    *coefficients.ROUTES,
    *negotiations.ROUTES,
    *riders.ROUTES,
    *personal.ROUTES,
    *inbox.ROUTES,
    *floor.ROUTES,
    *floor_work.ROUTES,
    *floor_photos.ROUTES,
    *floor_parcels.ROUTES,
    *printing.ROUTES,
    *sessions.ROUTES,
    *people.ROUTES,
    *provider.ROUTES,
    *merchant.ROUTES,
    *policies.ROUTES,
    *routing_policies.ROUTES,
    *routing_moves.ROUTES,
    *routing_trials.ROUTES,
    *routing_drafts.ROUTES,
    *me_secrets.ROUTES,
    *me_voice.ROUTES,
    *me.ROUTES,
    *joining.ROUTES,
    *entering.ROUTES,
]
_READING: Final = frozenset({"GET", "HEAD"})
_OPENAPI: Final = OpenAPIConfig(
    title="Danshu 单枢",
    version="1",
    description="Orders are decided, promised, reserved, made durable and provable.",
    path="/docs",
    render_plugins=[reference.Page(), reference.Style()],
    components=Components(
        security_schemes={
            "key": SecurityScheme(type="http", scheme="bearer", description="dsk_…"),
            "session": SecurityScheme(
                type="apiKey",
                name="danshu",
                security_scheme_in="cookie",
                description="of the console; by https __Host-danshu",
            ),
        }
    ),
    security=[{"key": []}, {"session": []}],
)


class Application:
    """The outer ASGI function. With `raw` False even the intake routes go through the framework.

    `ended` is an application whose life is over: its routes and files are taken over, as laying
    out the routes takes longer than everything else together.
    """

    def __init__(
        self, hub: Hub, *, raw: bool = True, origin: str = "", ended: Application | None = None
    ) -> None:
        self.streams = proofs.Streams()
        keyring, doors = Keyring(hub, origin), Doors(hub)
        boards = Boards(hub)
        self.live = Live(hub, boards)
        self.hot = Hot(hub, keyring, doors) if raw else None
        self._rest: Litestar = ended._rest if ended else _frame()
        self._rest.state.clear()
        self._rest.state.update(
            {
                "hub": hub,
                "boards": boards,
                "live": self.live,
                "counts": ViewCounts(hub),
                "runner": Runner(hub, home(os.environ) / "exports"),
                "keyring": keyring,
                "door": entry.open_door(),
                "provider": oidc.Client(),
                "doors": doors,
                "streams": self.streams,
                "prover": Prover(),
                "doorstep": customer.Doorstep(hub),
                "riders": riders.RiderDoor(hub),
            }
        )
        self._console: Console = ended._console if ended else Console()
        # The first words of the API's paths; all others are pages of the console.
        self._claimed = {route.path[1:].partition("/")[0] for route in self._rest.routes}
        self._is_https = origin.startswith("https://")

    def describe(self) -> bytes:
        """Give the OpenAPI document of the routes."""
        return reference.document(self._rest)

    def drain(self) -> None:
        """Go on answering, but be ready no more: streams end, and each answer closes its
        connection, so that callers come back by another node.
        """
        self.streams.closing = True
        self.live.closing = True
        if self.hot is not None:
            self.hot.draining = True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            if self.streams.closing:
                send = headers.closing(send)
            path, method = scope["path"], scope["method"]
            if self.hot is not None and method == "POST":
                if path == ORDERS:
                    return await self.hot.place(scope, receive, send)
                if path.startswith(CHANNELS):
                    return await self.hot.channel(scope, receive, send)
            if method in _READING and path[1:].partition("/")[0] not in self._claimed:
                return await self._console(scope, send, self._is_https)
            send = headers.sending(scope, send, self._is_https)
            if tracing.is_on():
                return await traced.answer(self._rest, scope, receive, send)
        await self._rest(scope, receive, send)


def build(
    hub: Hub, *, raw: bool = True, origin: str = "", ended: Application | None = None
) -> Application:
    """Make the application over a hub, whose life is the server's: it starts and closes with it.

    `origin` is where browsers find it (https://host): what passkeys and cookies are bound to.
    """
    return Application(hub, raw=raw, origin=origin, ended=ended)


@contextlib.asynccontextmanager
async def _live(frame: Litestar) -> AsyncIterator[None]:
    hub, runner, live = (frame.state[name] for name in ("hub", "runner", "live"))
    tracing.begin("danshu serve")
    await hub.start()
    running = asyncio.create_task(runner.run())
    publishing = asyncio.create_task(measuring.publish(hub))
    try:
        yield
    finally:
        running.cancel()
        publishing.cancel()
        await asyncio.gather(running, publishing, return_exceptions=True)
        await live.stop()
        await hub.close()
        tracing.end()


def _frame() -> Litestar:
    return Litestar(
        [
            *health.ROUTES,
            *metrics.ROUTES,
            Router("/", route_handlers=_ROUTES, dto=Strict, return_dto=None, before_request=recall),
        ],
        plugins=[StrictStructs()],
        openapi_config=_OPENAPI,
        exception_handlers={Exception: on_error},
        lifespan=[_live],
        logging_config=None,
        state=State(),
        request_max_body_size=BATCH_BODY_BYTES,
    )

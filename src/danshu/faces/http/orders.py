"""Orders: place, list, read, act, prove, follow."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import Parameter

from danshu.faces.http import hot, placing, problems
from danshu.faces.http.framework import PROBLEMS, held_of, respond
from danshu.faces.http.placing import NewOrder
from danshu.hub.requests import Answer
from danshu.kernel.limits import KEY_CHARS, ORDER_BODY_BYTES

IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        required=False,
        description=f"1 to {KEY_CHARS} visible ASCII characters; the same key with another body is 409",
    ),
]


@post(
    "/v1/orders",
    operation_id="placeOrder",
    tags=["orders"],
    responses=PROBLEMS,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def place_order(
    data: NewOrder, request: Request[Any, Any, Any], idempotency_key: IdempotencyKey = None
) -> Response[Answer]:
    """Place an order: decided, promised, reserved and durable when this answers; 200 when it was known."""
    held = await held_of(request, "order.place")
    hot.check_json(request.headers.get("content-type", "application/json").encode("latin-1"))
    key = idempotency_key.encode("latin-1") if idempotency_key is not None else None
    made = placing.request(held, key, await request.body(), data)
    outcome = await request.app.state.hub.batch.submit(made)
    if isinstance(outcome, Answer):
        return Response(outcome, status_code=200 if outcome.existing else 201)
    return respond(problems.of(outcome))


ROUTES: Final = [place_order]

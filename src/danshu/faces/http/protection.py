"""Budgets of privacy, impact assessments and people counted abroad, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.protection.model import Purpose
from danshu.faces.http.data_gates import AssetName
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.placing import PLAIN
from danshu.faces.http.questions import Cursor, Limit, read_before, read_place, write_place
from danshu.hub import border_people, data_gates, impact_assessments, privacy_budgets
from danshu.hub.impact_assessments import Assessment
from danshu.hub.privacy_budgets import Budget
from danshu.kernel.limits import BATCH_BODY_BYTES

_RECIPIENTS: Final = 200


class PrivacyBudgetPage(Struct, frozen=True, kw_only=True):
    """Budgets by year, asset and recipient, in thousandths of epsilon; `next` is "" at the end."""

    items: tuple[Budget, ...]
    next: str


class BorderCount(Struct, frozen=True, kw_only=True):
    """Distinct people whose data went abroad to a recipient in a calendar year."""

    recipient: str
    year: int
    people: int
    sensitive: int


class BorderCounts(Struct, frozen=True, kw_only=True):
    """Counts, the newest year first."""

    items: tuple[BorderCount, ...]


class AssessmentWritten(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An impact assessment: what is given to whom for what, how grave, and the text of it."""

    asset: AssetName
    recipient: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    purpose: Purpose
    risk: Literal["low", "medium", "high"]
    text: Annotated[str, Meta(min_length=20, max_length=20_000)]


class AssessmentPage(Struct, frozen=True, kw_only=True):
    """Assessments, the newest first; `next` is "" at the end."""

    items: tuple[Assessment, ...]
    next: str


@get(
    "/v1/privacy-budgets",
    operation_id="listPrivacyBudgets",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.aggregate")],
)
async def list_budgets(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> PrivacyBudgetPage:
    """List what of the budgets of privacy was spent."""
    after = (0, "", "")
    if cursor:
        year, asset, recipient = read_place(cursor, int, str, str)
        after = (int(year), str(asset), str(recipient))
    async with hub_of(request).connection() as connection:
        found = await privacy_budgets.page(connection, held_of(request).tenant, after, limit + 1)
    more = ""
    if len(found) > limit:
        last = found[limit - 1]
        more = write_place(last.year, last.asset, last.recipient)
    return PrivacyBudgetPage(items=tuple(found[:limit]), next=more)


@get(
    "/v1/border-counts",
    operation_id="listBorderCounts",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.aggregate")],
)
async def list_counts(request: Request[Any, Any, Any]) -> BorderCounts:
    """List how many people's data went abroad, by recipient and year: what the table counts by."""
    async with hub_of(request).connection() as connection:
        found = await border_people.list_counts(connection, held_of(request).tenant, _RECIPIENTS)
    return BorderCounts(
        items=tuple(BorderCount(recipient=r, year=y, people=n, sensitive=s) for r, y, n, s in found)
    )


@get(
    "/v1/impact-assessments",
    operation_id="listImpactAssessments",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.aggregate")],
)
async def list_assessments(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 50
) -> AssessmentPage:
    """List impact assessments."""
    async with hub_of(request).connection() as connection:
        found = await impact_assessments.page(
            connection, held_of(request).tenant, read_before(cursor), limit + 1
        )
    more = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return AssessmentPage(items=tuple(found[:limit]), next=more)


@post(
    "/v1/impact-assessments",
    operation_id="writeImpactAssessment",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.share"), only_json],
    request_max_body_size=BATCH_BODY_BYTES,
)
async def write_assessment(
    data: JSONBody[AssessmentWritten], request: Request[Any, Any, Any]
) -> Response[Assessment]:
    """Keep an impact assessment, three years at least; the fact holds its digest."""
    hub, held = hub_of(request), held_of(request)
    data_gates.find_asset(data.asset)
    async with hub.connection() as connection:
        made = await impact_assessments.write_one(
            connection,
            held.tenant,
            asset=data.asset,
            recipient=data.recipient,
            purpose=data.purpose,
            risk=data.risk,
            text=data.text,
            actor=held.actor,
            now_ms=hub.clock(),
        )
    return Response(made, status_code=201)


ROUTES: Final = [list_budgets, list_counts, list_assessments, write_assessment]

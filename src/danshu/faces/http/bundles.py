"""Bundles: who took which one out, and whether a bundle that somebody brings is whole and ours."""

from __future__ import annotations

import asyncio
import io
import uuid
import zipfile
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.faces import verify
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, raw_body
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.hub import bundle_exports, bundle_parts, evidence
from danshu.hub.bundle_exports import Exported
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BUNDLE_UPLOAD_BYTES

_GROWTH: Final = 8  # what is unpacked may be so many times the largest upload


class Bundles(Struct, frozen=True, kw_only=True):
    """Bundles that left the hub, the newest first; `next` is the cursor of the following page."""

    items: tuple[Exported, ...]
    next: str


class BundleCheck(Struct, frozen=True, kw_only=True):
    """One check of a bundle: its kind, its file, how it came out (null = could not be checked)."""

    check: str
    file: str
    passed: bool | None
    detail: str


class BundleFact(Struct, frozen=True, kw_only=True):
    """A fact of the bundle: type, claimed time, subject, leaf."""

    type: str
    occurred: str
    subject: str
    index: int


class BundleReport(Struct, frozen=True, kw_only=True):
    """How a bundle came out against this merchant's own keys. `code` 0 passed, 1 failed, 2 passed
    with parts that could not be checked here. `failures` are the checks that did not pass.
    """

    code: int
    order: str
    checks: int
    passed: int
    facts: tuple[BundleFact, ...]
    failures: tuple[BundleCheck, ...]


@get(
    "/v1/evidence/bundles",
    operation_id="listBundles",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("order.evidence")],
)
async def list_bundles(
    request: Request[Any, Any, Any],
    order: Annotated[uuid.UUID | None, QueryParameter(description="of one order alone")] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Bundles:
    """List the bundles that were exported: whose order, by whom, when, what for."""
    before = read_before(cursor)
    async with hub_of(request).connection() as connection:
        rows = await bundle_exports.read(
            connection, held_of(request).tenant, order, before, limit + 1
        )
    following = write_place(str(rows[limit - 1].id)) if len(rows) > limit else ""
    return Bundles(items=tuple(rows[:limit]), next=following)


@post(
    "/v1/evidence/verification",
    operation_id="verifyBundle",
    tags=["proof"],
    responses=PROBLEMS,
    status_code=200,
    guards=[may("trust.read")],
    request_max_body_size=BUNDLE_UPLOAD_BYTES,
    operation_class=raw_body("The bundle evb/1, a zip", "application/zip"),
)
async def verify_bundle(request: Request[Any, Any, Any]) -> BundleReport:
    """Verify a bundle that somebody brings against this merchant's own keys and the roots of the
    time-stamping authorities here; nothing is kept.
    """
    body = await request.body()
    _check_size(body)
    async with hub_of(request).connection() as connection:
        trust = await evidence.read_trust(connection, held_of(request).tenant)
    roots = bundle_parts.tsa_roots().decode()
    # Without a book there is no key: then any key but the bundle's own stands for none.
    anchors = [*(trust or [_NOBODY]), roots]
    report = await asyncio.to_thread(verify.verify, io.BytesIO(body), anchors)
    return BundleReport(
        code=report.code,
        order=report.order,
        checks=len(report.checks),
        passed=sum(c.passed is True for c in report.checks),
        facts=tuple(
            [BundleFact(type=t, occurred=o, subject=s, index=i) for t, o, s, i in report.facts]
        ),
        failures=tuple(
            [
                BundleCheck(check=c.check, file=c.file, passed=c.passed, detail=c.detail)
                for c in report.checks
                if not c.passed
            ]
        ),
    )


_NOBODY: Final = "nobody+00000000+AQ=="


def _check_size(body: bytes) -> None:
    """Refuse what would unpack to more than a node should hold. Raises InputError `too_large`."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        return  # the report says that it is no bundle
    if size > _GROWTH * BUNDLE_UPLOAD_BYTES:
        raise InputError("too_large", "the bundle unpacks to more than this route takes")


ROUTES: Final = [list_bundles, verify_bundle]

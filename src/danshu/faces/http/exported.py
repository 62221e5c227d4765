"""Files of exports over HTTP: fetched by whoever had them made, as long as they are kept."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import File

from danshu.faces.http.auth import require
from danshu.faces.http.framework import READ_PROBLEMS, held_of, may
from danshu.faces.http.jobs import mine, runner_of
from danshu.hub import export_kinds, exports, voucher_exports
from danshu.hub.export_files import MEDIA
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

_FILE: Final = ResponseSpec(
    bytes, description="The file", media_type="application/octet-stream", generate_examples=False
)


@get(
    "/v1/exports/{job_id:uuid}",
    operation_id="getExport",
    tags=["jobs"],
    responses={200: _FILE, **READ_PROBLEMS},
    guards=[may("export.make")],
)
async def get_export(job_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Response[Any]:
    """Fetch the file of an export, as long as it is kept."""
    job = await mine(request, job_id)
    if job.kind not in export_kinds.DECODERS or not job.result:
        raise InputError("not_found", "this job has made no file")
    if job.kind == voucher_exports.KIND:
        require(held_of(request), voucher_exports.READS)
    result = exports.decode_result(job.result)
    place = exports.find_file(runner_of(request).folder, result)
    if place is None:
        raise InputError("not_found", "the file is kept no more, or by another node")
    name = export_kinds.NAMES[job.kind]
    return File(
        path=place,
        filename=f"{name}-{rfc3339(job.created_ms)[:10]}-{str(job.id)[-6:]}.{result.form}",
        media_type=MEDIA[result.form],
        headers={"x-content-sha256": result.digest, "cache-control": "no-store"},
    )


ROUTES: Final = [get_export]

"""Every error of the API as an RFC 9457 problem: one shape, one place that decides the status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from danshu.faces.http.sheets import BadRows, RowError
from danshu.hub.rights import Forbidden
from danshu.kernel.errors import DanshuError, InputError, NotAvailable, Refusal, UnknownOutcome
from danshu.kernel.limits import JSON_DEPTH, RETRY_AFTER_S

PROBLEM_JSON: Final = "application/problem+json"
_URN: Final = "urn:danshu:problem:"

# What an InputError's code means over HTTP; all others are 422: understood, and not to be done.
_STATUS: Final = {
    "bad_json": 400,
    "bad_utf8": 400,
    "too_deep": 400,
    "empty_body": 400,
    "bad_key": 400,
    "bad_id": 400,
    "bad_cursor": 400,
    "bad_filter": 400,
    "bad_event": 400,
    "bad_event_id": 400,
    "bad_file": 400,
    "bad_photo": 400,
    "unauthenticated": 401,
    "bad_signature": 401,
    "bad_sign_in": 401,
    "code_needed": 401,
    "forbidden": 403,
    "foreign_origin": 403,
    "csrf": 403,
    "step_up": 403,
    "no_person": 404,
    "no_session": 404,
    "no_invitation": 404,
    "no_passkey": 404,
    "no_policy": 404,
    "no_provider": 404,
    "no_order": 404,
    "no_original": 404,
    "no_page": 404,
    "no_template": 404,
    "no_counter": 404,
    "no_review": 404,
    "no_modality": 404,
    "bad_source": 400,
    "no_redecision": 404,
    "no_book": 404,
    "no_token": 404,
    "no_link": 404,
    "no_compensation": 404,
    "no_request": 404,
    "no_case": 404,
    "no_tenant": 404,
    "no_account": 404,
    "no_channel": 404,
    "no_dead_letter": 404,
    "no_subscription": 404,
    "no_feed": 404,
    "no_metric": 404,
    "no_window": 404,
    "no_connector": 404,
    "no_device": 404,
    "no_delivery": 404,
    "no_exchange": 404,
    "no_licence_row": 404,
    "no_listing": 404,
    "no_valuation": 404,
    "no_repair": 404,
    "no_campaign": 404,
    "no_question": 404,
    "no_forecast": 404,
    "no_model": 404,
    "no_promotion": 404,
    "no_risk": 404,
    "model_damaged": 409,
    "no_goal": 404,
    "no_backlog_item": 404,
    "no_experiment": 404,
    "no_proposal": 404,
    "no_skill": 404,
    "no_transfer": 404,
    "no_wave": 404,
    "no_call": 404,
    "no_route": 404,
    "no_warehouse": 404,
    "no_source": 404,
    "signal_form": 400,
    "no_key": 404,
    "no_kind": 404,
    "no_view": 404,
    "no_job": 404,
    "no_negotiation": 404,
    "no_party": 404,
    "no_sheet": 404,
    "no_period": 404,
    "no_entry": 404,
    "no_draft": 404,
    "no_woven": 404,
    "no_event_type": 404,
    "no_operation": 404,
    "no_bill": 404,
    "no_run": 404,
    "no_difference": 404,
    "no_policy_set": 404,
    "no_coefficients": 404,
    "no_zone_fit": 404,
    "no_trial": 404,
    "no_sku": 404,
    "no_definition": 404,
    "no_action": 404,
    "no_block": 404,
    "no_row": 404,
    "no_calendar": 404,
    "no_witness": 404,
    "no_deposit": 404,
    "no_checkpoint": 404,
    "no_task": 404,
    "no_act": 404,
    "passkey_of_another": 409,
    "no_asset": 404,
    "no_asset_export": 404,
    "no_data_grant": 404,
    "no_delegation": 404,
    "no_certificate": 404,
    "bad_evidence": 400,
    "bad_series": 400,
    "not_found": 404,
    "method": 405,
    "too_large": 413,
    "content_type": 415,
    "busy": 429,
    "too_often": 429,
    "program": 500,
    "provider_fails": 502,
    "anchor_refused": 502,
}


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457). `code` is stable; `pointer` (RFC 6901) names the place in the
    body.

    `action` is what 403 refused. A business "no" also carries `reason` (Chinese), `reason_en` and
    the `clause` that refused.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    code: str
    pointer: str = ""
    reason: str = ""
    reason_en: str = ""
    clause: str = ""
    action: str = ""
    retry_after_s: int = 0
    errors: tuple[RowError, ...] = ()


def make(code: str, detail: str, pointer: str = "", status: int = 0) -> Problem:
    """Make a problem of a code; the status follows from it unless given."""
    status = status or _STATUS.get(code, 422)
    return Problem(
        type=_URN + code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        pointer=pointer,
    )


def of(error: DanshuError | Refusal) -> Problem:
    """Give the problem of a known error or of a refusal."""
    if isinstance(error, Refusal):
        status = 404 if error.code == "no_order" else 409
        return Problem(
            type=_URN + error.code,
            title=HTTPStatus(status).phrase,
            status=status,
            detail=error.reason_en or error.reason,
            code=error.code,
            reason=error.reason,
            reason_en=error.reason_en,
            clause=error.clause,
        )
    if isinstance(error, InputError):
        problem = make(error.code, error.detail, error.pointer)
        if isinstance(error, BadRows):
            problem = msgspec.structs.replace(problem, errors=error.errors)
        if isinstance(error, Forbidden):
            problem = msgspec.structs.replace(problem, action=error.action)
        return problem
    if isinstance(error, NotAvailable):
        problem = make(error.code, error.detail, status=_STATUS.get(error.code, 503))
        return msgspec.structs.replace(problem, retry_after_s=error.retry_after_s)
    if isinstance(error, UnknownOutcome):
        problem = make(error.code, str(error), status=503)
        return msgspec.structs.replace(problem, retry_after_s=RETRY_AFTER_S)
    return make("program", "the hub made a mistake; it has been written down")


def of_decoding(error: Exception, body: bytes) -> InputError:
    """Explain why a body could not be decoded: msgspec's errors, bad UTF-8, endless nesting."""
    if isinstance(error, UnicodeDecodeError):
        return InputError("bad_utf8", "the body is not UTF-8")
    if isinstance(error, RecursionError) or _is_deep(body):
        return InputError("too_deep", f"JSON nested deeper than {JSON_DEPTH}")
    if not body.strip():
        return InputError("empty_body", "the body is empty")
    text = str(error)
    if isinstance(error, msgspec.ValidationError):
        what, at, place = text.partition(" - at `$")
        return InputError("bad_field", what, _pointer(place.rstrip("`")) if at else "")
    return InputError("bad_json", text)


def _pointer(path: str) -> str:
    """Turn msgspec's `.lines[0].sku` into /lines/0/sku."""
    return path.replace("[...]", "/*").replace("[", "/").replace("]", "").replace(".", "/")


def _is_deep(body: bytes) -> bool:
    """Tell whether brackets outside of strings nest deeper than the limit."""
    if body.count(b"[") + body.count(b"{") <= JSON_DEPTH:
        return False
    depth, inside, escaped = 0, False, False
    for byte in body:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            if depth > JSON_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


encode: Final = msgspec.json.Encoder().encode

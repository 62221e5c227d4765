"""What the rider services' adapters share: answers read into objects, or into a no."""

from __future__ import annotations

import json
from typing import Any, Final

from danshu.kernel.errors import InputError, NotAvailable

_AGAIN: Final = frozenset({401, 403, 408, 425, 429})  # mended by people or by time, not by a no
_RETRY_AFTER_S: Final = 1


def refuse(detail: object) -> InputError:
    """Make the error of a service that will not."""
    return InputError("quote_refused", f"the service refuses: {str(detail)[:200]}")


def read_object(status: int, body: bytes) -> dict[str, Any]:
    """Read an answer. NotAvailable for what may pass, InputError `quote_refused` for a no."""
    if status >= 500 or status in _AGAIN:
        raise NotAvailable(f"the service answers {status}", _RETRY_AFTER_S)
    try:
        answer = json.loads(body) if body else {}
    except ValueError as error:
        raise NotAvailable(f"the service answers {status}, no JSON", _RETRY_AFTER_S) from error
    if not isinstance(answer, dict):
        raise NotAvailable("the service's answer is no object", _RETRY_AFTER_S)
    if not 200 <= status < 300:
        raise refuse(f"{status} {answer.get('code', '')} {answer.get('message', '')}")
    return answer

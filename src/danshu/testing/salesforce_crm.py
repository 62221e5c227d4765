"""A reference CRM that speaks Salesforce's REST API: records by external id, a query by pages.

`lose` counts answers lost after the work is done; a record of status `refused` breaks a rule of
the CRM's.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = "00Dxx0000001gPL!access"
OPTIONS: Final = {"object": "Order__c", "external_id": "Danshu_Key__c"}
SECRETS: Final = {"access_key": TOKEN}
_DATA: Final = "/services/data/v60.0"
_PAGE: Final = 2


class Crm:
    """What the CRM knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.records: dict[str, dict[str, Any]] = {}
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no("INVALID_SESSION_ID", "Session expired or invalid", 401)
        with self._lock:
            if asked.path.startswith(f"{_DATA}/query"):
                return self._query(asked)
            object_, field, key = map(unquote, asked.path.split("/")[-3:])
            if (object_, field) != (OPTIONS["object"], OPTIONS["external_id"]):
                return _no("NOT_FOUND", "The requested resource does not exist", 404)
            if asked.method == "GET":
                found = self.records.get(key)
                return tell(found) if found else _no("NOT_FOUND", "no such record", 404)
            answer = self._put(key, json.loads(asked.body))
            if self.lose:
                self.lose -= 1
                return None
        return answer

    def _put(self, key: str, fields: dict[str, Any]) -> Answer:
        if fields.get("Status__c") == "refused":
            return _no("FIELD_CUSTOM_VALIDATION_EXCEPTION", "as told", 400)
        known = self.records.get(key)
        id_ = known["Id"] if known else f"a0B5e0000{len(self.records) + 1:09d}"
        self.records[key] = {**fields, "Id": id_, OPTIONS["external_id"]: key}
        if known:
            return Answer(status=204)
        return tell({"id": id_, "success": True, "errors": [], "created": True}, 201)

    def _query(self, asked: Asked) -> Answer:
        if "q" not in asked.query and "-" not in asked.path:
            return _no("MALFORMED_QUERY", "no query", 400)
        start = int(asked.path.rpartition("-")[2]) if "q" not in asked.query else 0
        rows = list(self.records.values())
        told: dict[str, Any] = {"totalSize": len(rows), "records": rows[start : start + _PAGE]}
        told["done"] = start + _PAGE >= len(rows)
        if not told["done"]:
            told["nextRecordsUrl"] = f"{_DATA}/query/01gD0000002HU6K-{start + _PAGE}"
        return tell(told)


def _no(code: str, message: str, status: int) -> Answer:
    return tell([{"errorCode": code, "message": message}], status)


@contextlib.contextmanager
def serve() -> Iterator[Crm]:
    """Serve on a free port of this machine."""
    crm = Crm()
    with far_side.serve(crm.respond) as crm.url:
        yield crm

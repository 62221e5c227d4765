"""A reference ERP that speaks Kingdee's K3Cloud web API: who enters gets a session, bills are kept
by their number, none is saved twice.

`lose` counts answers to Save that are lost after the work is done; a bill of the customer `refused`
is not saved.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET: Final = "application secret of the ERP"
OPTIONS: Final = {"account_set": "62a0b1c2d3e4f5", "user": "danshu", "app_id": "224_danshu"}
SECRETS: Final = {"app_secret": SECRET}
_SESSION: Final = "kdservice-sessionid=session-of-danshu"


class Erp:
    """What the ERP knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.bills: dict[str, dict[str, Any]] = {}
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        told = json.loads(asked.body)
        if "LoginByAppSecret" in asked.path:
            wanted = [OPTIONS["account_set"], OPTIONS["user"], OPTIONS["app_id"], SECRET, 2052]
            if told.get("parameters") != wanted:
                return tell({"LoginResultType": 0, "Message": "应用密钥不正确"})
            return tell({"LoginResultType": 1, "KDSVCSessionId": _SESSION.partition("=")[2]})
        if asked.headers.get("cookie") != _SESSION:
            return _told(errors="会话信息已丢失，请重新登录")
        data = json.loads(told["data"])
        with self._lock:
            if ".View." in asked.path:
                found = self.bills.get(data["Number"])
                if found is None:
                    return _told(errors=f"编号为“{data['Number']}”的数据不存在")
                return _told(found)
            answer = self._save(told["formid"], data["Model"])
            if self.lose:
                self.lose -= 1
                return None
        return answer

    def _save(self, form: str, model: dict[str, Any]) -> Answer:
        number = model["FBillNo"]
        if number in self.bills:
            return _told(errors=f"单据编号“{number}”已存在")
        if model.get("FCustId", {}).get("FNumber") == "refused":
            return _told(errors="客户未审核")
        lines = model.get("FEntity", ())
        if sum(float(e["FDEBIT"]) - float(e["FCREDIT"]) for e in lines):
            return _told(errors="借贷不平")
        id_ = 100_000 + len(self.bills) + 1
        self.bills[number] = {"Id": id_, "Number": number, "form": form, "model": model}
        return _told(self.bills[number])


def _told(bill: dict[str, Any] | None = None, errors: str = "") -> Answer:
    status = {"IsSuccess": bill is not None, "Errors": [{"Message": errors}] if errors else []}
    result: dict[str, Any] = {"ResponseStatus": status}
    if bill is not None:
        result |= {"Id": bill["Id"], "Number": bill["Number"]}
    return tell({"Result": result})


@contextlib.contextmanager
def serve() -> Iterator[Erp]:
    """Serve on a free port of this machine."""
    erp = Erp()
    with far_side.serve(erp.respond) as origin:
        erp.url = f"{origin}/k3cloud"
        yield erp

"""The list of events that the hub says is what the code says: no more, no less."""

from __future__ import annotations

import re

from danshu.capabilities.contract.actions import catalogue
from danshu.capabilities.contract.catalogue import EVENTS, TAKEN_BACK
from danshu.hub import paying, request_acts
from tests.tidy.tree import ROOT

REQUESTS = {
    request_acts.REQUESTED: "made",
    request_acts.CONFIRMED: "accepted",
    request_acts.DECLINED: "declined",
    request_acts.WITHDRAWN: "withdrawn",
}
_NAME = re.compile(r'"([a-z]+\.[a-z_]+)"')


def test_the_order_s_machine_says_what_the_list_says() -> None:
    """Every event that stands in the code of orders, the desk and placing is one of the list."""
    places = [ROOT / "src/danshu/capabilities/orders", ROOT / "src/danshu/capabilities/contract"]
    text = "".join(p.read_text() for folder in places for p in folder.glob("*.py")
                   if p.name in ("decide.py", "moves.py", "commands.py"))  # fmt: skip
    said = {name for name in _NAME.findall(text) if name in EVENTS}
    wanted = {e for e, s in catalogue.SAYERS.items() if s.way == "order"}
    assert said - {"compensation.paid"} == wanted


def test_requests_and_payments_say_what_the_list_says() -> None:
    told = {e: s.by for e, s in catalogue.SAYERS.items() if s.way == "request"}
    assert told == REQUESTS
    assert [e for e, s in catalogue.SAYERS.items() if s.way == "payment"] == [paying.PAID]
    for event, ends in TAKEN_BACK.items():
        assert {event, *ends} <= set(EVENTS)


def test_the_list_is_documented() -> None:
    page = (ROOT / "docs/how-to/answer-a-request.md").read_text("utf-8")
    for event, sayer in catalogue.SAYERS.items():
        assert f"| `{event}` | {sayer.zh} ({sayer.en}) |" in page

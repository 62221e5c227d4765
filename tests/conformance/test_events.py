"""Published events are CloudEvents 1.0 and say nothing that is nobody's business."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from danshu.faces.http.notice_settings import Topic
from danshu.hub import event_forms
from danshu.kernel.fact import epoch_ms
from tests.tidy.tree import ROOT

GOLDEN = ROOT / "tests" / "kernel" / "golden"
KINDS = [kind for kinds in event_forms.TYPES.values() for kind in kinds]
PAGE = (ROOT / "docs" / "reference" / "events.md").read_text("utf-8")
PRIVATE = {"approved_by", "conditions", "drafted_by", "link", "message", "text", "token"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_becomes_a_cloud_event(kind: str) -> None:
    body = (GOLDEN / f"{kind}.v1.json").read_bytes()
    assert event_forms.group_of(body) in event_forms.GROUPS
    event = event_forms.write(body, "2026H2", 1_741)
    assert event == event_forms.write(body, "2026H2", 1_741)
    told, fact = json.loads(event.body), json.loads(body)
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in told)  # CloudEvents 1.0, 3.1
    assert (told["specversion"], told["id"], event.key) == ("1.0", fact["id"], fact["id"])
    assert (told["type"], event.type) == (f"danshu.{kind}",) * 2
    assert (told["source"], told["danshuleaf"]) == (fact["source"], "1741")
    assert epoch_ms(told["time"]) == epoch_ms(fact["occurred"])
    assert told["datacontenttype"] == "application/json"
    assert told["data"].items() <= fact["data"].items()
    assert not PRIVATE & set(told["data"])
    assert "sub" not in event.body.decode().replace('"subject"', "")
    assert f"`{kind}`" in PAGE


def test_topics_are_those_of_the_settings() -> None:
    assert get_args(Topic) == event_forms.GROUPS
    assert len(set(KINDS)) == len(KINDS)
    assert event_forms.group_of(b'{"type":"order.placed"}') == ""

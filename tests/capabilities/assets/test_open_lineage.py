"""OpenLineage events: by the schema of the parts that are used, and what they say."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from msgspec.structs import replace

from danshu.capabilities.assets import open_lineage
from danshu.capabilities.assets.open_lineage import Input, Told
from danshu.capabilities.assets.quality import CheckResult, judge
from danshu.hub import asset_lineage
from danshu.testing import lineage
from tests.tidy.tree import TESTS

SCHEMA = json.loads((TESTS / "fixtures" / "open_lineage.json").read_text("utf-8"))
TOLD = Told(
    merchant="demo",
    run="01a22c03-6661-7753-88b8-7ce31bacade6",
    asset="heat",
    about="How long it takes.",
    version=2,
    engine="2.0.0",
    began_ms=1_796_034_750_049,
    ended_ms=1_796_034_750_677,
    sql="select 1",
    inputs=(
        Input(
            name="orders", columns={"stream": "uuid", "total": "int64"}, rows=3, size=99, files=1,
            version="2026h2:51",
        ),
    ),
    columns=(("total", "fen", "Total"),),
    lineage={"total": (("orders", "total"),)},
    rows=1,
    size=500,
    digest="ab" * 32,
    quality=judge(
        [
            CheckResult(code="unique", of=3, wrong=0, passed=True),
            CheckResult(code="between", column="total", of=3, wrong=1, passed=False),
        ]
    ),
)  # fmt: skip


def faults(event: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(event)
    return [f"{list(each.absolute_path)}: {each.message}" for each in found]


@pytest.mark.parametrize("trouble", ["", "ProgramError: it broke"])
def test_events_keep_to_the_schema(trouble: str) -> None:
    begin, end = open_lineage.make_events(replace(TOLD, trouble=trouble))
    assert faults(begin) + faults(end) == []
    assert begin["run"]["runId"] == end["run"]["runId"]
    assert (begin["eventType"], end["eventType"]) == ("START", "FAIL" if trouble else "COMPLETE")
    (output,) = end["outputs"]
    assert ("outputFacets" in output) == (not trouble)
    assert ("errorMessage" in end["run"]["facets"]) == bool(trouble)


def test_an_event_without_a_job_is_refused() -> None:
    event = open_lineage.make_events(TOLD)[1]
    assert faults({k: v for k, v in event.items() if k != "job"}) != []
    del event["outputs"][0]["facets"]["columnLineage"]["fields"]["total"]["inputFields"][0]["name"]
    assert faults(event) != []


def test_an_event_says_what_was_made_of_what() -> None:
    (output,) = open_lineage.make_events(TOLD)[1]["outputs"]
    field = {"namespace": "danshu://demo", "name": "sources.orders", "field": "total"}
    facets = output["facets"]
    assert facets["columnLineage"]["fields"] == {"total": {"inputFields": [field]}}
    assert facets["dataQualityAssertions"]["assertions"] == [
        {"assertion": "unique", "success": True},
        {"assertion": "between", "success": False, "column": "total"},
    ]
    assert facets["version"]["datasetVersion"] == f"2:{'ab' * 32}"
    (source,) = open_lineage.make_events(TOLD)[0]["inputs"]
    assert source["facets"]["version"]["datasetVersion"] == "2026h2:51"


def test_a_collector_takes_events_and_one_that_is_down_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = open_lineage.make_events(TOLD)
    assert asyncio.run(asset_lineage.post(events)) == 0  # none is named
    with lineage.serve() as collector:
        monkeypatch.setenv(asset_lineage.VARIABLE, collector.url)
        assert asyncio.run(asset_lineage.post(events)) == 2
        assert collector.events == list(events)
        collector.room = 1
        assert asyncio.run(asset_lineage.post(events)) == 1
    assert asyncio.run(asset_lineage.post(events)) == 0

"""Services that perceive: registered, tried, put in order; what fails is followed by the next and
counted; what no original holds is refused; a candidate is compared, judged and goes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

from danshu.capabilities.intake import chains
from danshu.hub import perceiver_cache, perceiving
from danshu.hub.compose import open_hub
from danshu.hub.perceiver_audit import PerceiversFolder
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ledger.fold import fold_rows
from danshu.ports.modality import Original
from danshu.ports.perceiver import Perception
from danshu.testing import perceiver_desk
from danshu.testing.perceiver_desk import MAPPING, MOODS, TOKEN, ReaderDesk
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, House

PNG = b"\x89PNG\r\n\x1a\n" + b"a page of paper"
LINES = (
    ("采购单号 PO-2026-0071", 0.98, (60, 40, 420, 36)),
    ("冰美式 3 杯", 0.91, (60, 120, 300, 30)),
)
TEXT = "采购单号 PO-2026-0071\n冰美式 3 杯"


def original(body: bytes = PNG) -> Original:
    return Original(
        body=body, media_type="image/png", digest=hashlib.sha256(body).hexdigest(), name="po.png"
    )


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def no(response: Any, code: str) -> None:
    assert response.status_code >= 400, response.text
    assert response.json()["code"] == code, response.text


def wish(url: str, title: str, **more: Any) -> dict[str, Any]:
    told = {"kind": "document", "adapter": "http-json", "title": title, "url": url}
    return {**told, "mapping": MAPPING, "secrets": {"api_key": TOKEN}, "timeout_ms": 5_000, **more}


@contextlib.contextmanager
def desks(number: int) -> Iterator[list[tuple[ReaderDesk, str]]]:
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(perceiver_desk.reader_desk()) for _ in range(number)]
        for desk, _ in found:
            desk.pages[original().digest] = LINES
        yield found


def look(house: House, *bodies: bytes, **hints: Any) -> list[Perception | Exception]:
    """Perceive in a hub of the test's own loop."""

    async def story() -> list[Perception | Exception]:
        async with open_hub(house.url) as hub:
            told: list[Perception | Exception] = []
            for body in bodies:
                try:
                    seen = await perceiving.perceive(
                        hub, house.tenant, "document", original(body), hints
                    )
                    await asyncio.gather(*perceiving._shadows)
                    told.append(seen)
                except (InputError, NotAvailable) as error:
                    told.append(error)
            return told

    return asyncio.run(story())


def forget(house: House) -> None:
    """As if nothing had been perceived yet, and no breaker had opened."""
    tell(house.url, "delete from perceptions")
    tell(house.url, "update perceivers set breaker='{}'")


def test_a_service_is_registered_tried_and_followed_by_the_next(house: House) -> None:
    with desks(2) as ((first, first_url), (second, second_url)):
        no(house.call("POST", "/v1/perceivers", wish(first_url, "甲"), "viewer"), "forbidden")
        bad = {**MAPPING, "rows": "data.lines[["}
        no(house.call("POST", "/v1/perceivers", wish(first_url, "甲", mapping=bad)), "bad_mapping")
        no(house.call("POST", "/v1/perceivers", wish("http://10.0.0.1", "甲")), "bad_url")
        no(house.call("POST", "/v1/perceivers", wish(first_url, "甲", secrets={})), "bad_options")
        priced = wish(first_url, "甲", price_call=1_500, price_page=300)
        one = ok(house.call("POST", "/v1/perceivers", priced), 201)
        two = ok(house.call("POST", "/v1/perceivers", wish(second_url, "乙", label="v2")), 201)
        assert TOKEN not in str((one, two))
        _point_at_fields(house)
        # a secret goes to the address that it was given for, and nowhere else
        moved = {**priced, "url": "https://elsewhere.example", "secrets": {}}
        no(house.call("PUT", f"/v1/perceivers/{one['id']}", moved), "secret_again")
        png = {"content-type": "image/png"}
        sample = ok(
            house.call(
                "POST",
                "/v1/perceiver-samples",
                PNG,
                params={"kind": "document", "name": "po.png", "expects": TEXT},
                headers=png,
            ),
            201,
        )
        path = f"/v1/perceivers/{one['id']}/test"
        tried = ok(house.call("POST", path, params={"sample": sample["id"]}))
        assert (tried["end"], tried["cost"], tried["agreed"]) == ("done", 1_800, 1_000)
        seen = tried["perception"]
        assert seen["pieces"][1]["box"] == [60, 120, 360, 120, 360, 150, 60, 150]
        assert (seen["version"], seen["pieces"][0]["confidence"]) == ("general-3", 980)
        other = ok(house.call("POST", path, b"\x89PNG\r\n\x1a\nno page", headers=png))
        assert (other["end"], other["code"]) == ("refused", "unreadable")
        _fail_each_way(house, first, one["id"], priced)
        _see_again(house, second, one["id"])


def _point_at_fields(house: House) -> None:
    """A service that says which field is which is read without labels or tables."""
    row = {"text": "v", "path": "f", "confidence": "990"}
    mapping = {"sends": "raw", "rows": "fields", "row": row}
    fields = {"/number": "PO-7", "/lines/0/sku": SKUS[0].code, "/lines/0/quantity": "3"}
    answer = {"fields": [{"f": path, "v": value} for path, value in fields.items()]}
    asked = {"kind": "document", "mapping": mapping, "answer": answer}
    shown = ok(house.call("POST", "/v1/perceivers/preview", asked))
    assert shown["faults"] == []
    draft = shown["parsed"]["draft"]
    assert draft["number"] == "PO-7"
    assert [(line["sku"], line["quantity"]) for line in draft["lines"]] == [(SKUS[0].code, 3)]
    bad = {**asked, "answer": {"fields": [{"f": "/number", "v": 7}]}}
    assert ok(house.call("POST", "/v1/perceivers/preview", bad))["faults"]


def _fail_each_way(house: House, first: ReaderDesk, id_: str, asked: dict[str, Any]) -> None:
    """Each way to fail is counted under its code, and the second answers."""
    failed = {}
    for mood in [mood for mood in MOODS if mood not in ("well", "markup", "slow")]:
        first.mood = mood
        forget(house)
        (told,) = look(house, PNG)
        assert isinstance(told, Perception), (mood, told)
        failed[mood] = told.text
    assert set(failed.values()) == {TEXT}
    first.mood, first.slow_s = "slow", 0.4
    ok(house.call("PUT", f"/v1/perceivers/{id_}", {**asked, "timeout_ms": 150}))
    forget(house)
    assert isinstance(look(house, PNG)[0], Perception)
    shown = {v["title"]: v for v in ok(house.call("GET", "/v1/perceivers"))["items"]}
    codes = {"not_available": 2, "bad_answer": 5, "timeout": 1, "unreadable": 1}
    assert shown["甲"]["health"]["codes"] == codes, shown["甲"]["health"]
    assert shown["乙"]["health"]["failed"] == 0
    assert shown["甲"]["health"]["cost_today"] == 1_800 + 1_500  # what failed cost nothing


def _see_again(house: House, second: ReaderDesk, id_: str) -> None:
    # what is markup stays words that somebody wrote
    second.mood = "markup"
    ok(house.call("POST", f"/v1/perceivers/{id_}/state", {"state": "paused"}))
    (told,) = look(house, PNG + b"2")
    assert isinstance(told, Perception)
    assert told.text.startswith("<img src=x onerror=")
    # what was seen is seen again for nothing; forgotten, it is asked anew
    asked = len(second.asked)
    look(house, PNG + b"2")
    assert len(second.asked) == asked

    async def drop() -> None:
        async with open_hub(house.url) as hub, hub.connection() as connection:
            digest = original(PNG + b"2").digest
            await perceiver_cache.forget(connection, house.tenant, digest)

    asyncio.run(drop())
    look(house, PNG + b"2")
    assert len(second.asked) == asked + 1
    # nobody answers: it is tried again later
    second.mood = "dead"
    forget(house)
    (told,) = look(house, PNG)
    assert isinstance(told, NotAvailable)
    assert "paused" in str(told)


def test_a_candidate_is_compared_judged_and_goes_back(house: House) -> None:
    with desks(2) as ((first, first_url), (second, second_url)):
        one = ok(house.call("POST", "/v1/perceivers", wish(first_url, "甲")), 201)["id"]
        two = ok(house.call("POST", "/v1/perceivers", wish(second_url, "乙")), 201)["id"]
        pages = [PNG + bytes([n]) for n in range(40)]
        for body in pages:
            first.pages[original(body).digest] = second.pages[original(body).digest] = LINES
        (asked,) = ok(house.call("GET", "/v1/perceiver-chains"))["items"]
        assert (asked["set"], asked["services"]) == (False, [one, two])
        chain = "/v1/perceiver-chains/document"
        no(house.call("POST", f"{chain}/canary", {"candidate": two, "share": 100}), "no_chain")
        no(house.call("PUT", chain, {"services": [one, one]}), "bad_chain")
        no(house.call("PUT", chain, {"services": [one], "scope": "shop:1"}), "bad_scope")
        no(house.call("PUT", "/v1/perceiver-chains/speech", {"services": [one]}), "bad_chain")
        ok(house.call("PUT", chain, {"services": [one]}))
        ok(house.call("PUT", chain, {"services": [two], "scope": "store:S9"}))
        look(house, pages[0], store="S9")
        assert (len(first.asked), len(second.asked)) == (0, 1)
        # in the shadow it answers nobody and is compared
        second.pages[original(pages[1]).digest] = LINES[:1]
        shadow = {"candidate": two, "share": 10_000, "shadow": True}
        ok(house.call("POST", f"{chain}/canary", shadow))
        (told,) = look(house, pages[1])
        assert isinstance(told, Perception)
        assert told.text == TEXT
        minutes = ok(house.call("GET", f"/v1/perceivers/{two}/minutes"))["items"]
        assert sum(minute["compared"] for minute in minutes) == 1
        assert 0 < max(minute["agreed"] for minute in minutes) < 1_000
        # by the digest, the same originals go to it each time; promoted, it is the first
        ok(house.call("POST", f"{chain}/canary", {"candidate": two, "share": 5_000}))
        picked = [chains.pick(chains.Chain(candidate=two, share=5_000), original(b).digest)
                  for b in pages]  # fmt: skip
        before = len(second.asked)
        look(house, *pages[2:12])
        assert len(second.asked) - before == sum(picked[2:12])
        no(house.call("PUT", chain, {"services": [one]}), "canary_on")
        done = ok(house.call("POST", f"{chain}/promote", {"reason": "更准"}))
        assert (done["services"], done["candidate"]) == ([two, one], None)
        # one that fails goes back by itself, whoever waits is answered meanwhile
        first.mood = "garbage"
        ok(house.call("POST", f"{chain}/canary", {"candidate": one, "share": 10_000}))
        answered = look(house, *pages[12:20])
        assert all(isinstance(each, Perception) for each in answered)
        (now,) = [c for c in ok(house.call("GET", "/v1/perceiver-chains"))["items"]
                  if not c["scope"]]  # fmt: skip
        assert (now["candidate"], now["services"]) == (None, [two, one])
        rolled = 'select count(*) from facts where body like \'%%"by":"breaker"%%\'::bytea'
        assert ask(house.url, rolled) == 1
        _spend(house, two, wish(second_url, "乙"), pages[30:34])


def _spend(house: House, id_: str, asked: dict[str, Any], pages: list[bytes]) -> None:
    """A quota holds, of the day and beside others; the audit finds what the facts say."""
    calls = ok(house.call("GET", f"/v1/perceivers/{id_}"))["health"]["calls_today"]
    ok(house.call("PUT", f"/v1/perceivers/{id_}", {**asked, "quota_day": calls + 1}))
    told = look(house, *pages[:2])
    assert isinstance(told[0], Perception)
    assert isinstance(told[1], NotAvailable)  # the other answers nonsense still
    shown = ok(house.call("GET", f"/v1/perceivers/{id_}"))["health"]
    assert shown["calls_today"] == calls + 1
    asyncio.run(_audit(house))


async def _audit(house: House) -> None:
    async with open_hub(house.url) as hub, hub.connection() as connection:
        folders = [PerceiversFolder(house.tenant)]
        assert (await fold_rows(connection, house.tenant, folders)).differences == ()
        await connection.execute("update perceivers set url='https://other.example'")
        found = await fold_rows(connection, house.tenant, [PerceiversFolder(house.tenant)])
        assert {each.code for each in found.differences} == {"perceiver_differs"}

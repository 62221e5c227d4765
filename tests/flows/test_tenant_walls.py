"""The walls between merchants: every endpoint of the document, tried with what belongs to another.

Nothing is listed here: operations come from the document, and the other merchant's ids from what
it learns by asking each of them. A new endpoint is tried as soon as it is documented.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest
from msgspec import Struct

from danshu.capabilities.contract.actions.shipped import shipped
from danshu.capabilities.people.model import ROLES
from danshu.faces.work import rooms
from danshu.hub import people, sessions
from danshu.ledger.engine import Engine
from danshu.ports.modality import Draft, Intent, Parsed
from danshu.testing.authenticator import Authenticator
from tests.fixtures import (
    after_sales,
    agent_walls,
    asset_walls,
    campaigns,
    coe,
    connecting,
    devices,
    events,
    health,
    learning,
    licensing,
    metric_walls,
    overriding,
    perceiving,
    policies,
    reviews,
    scorers,
    templates,
    weaving,
)
from tests.fixtures import engine as stores
from tests.fixtures.bills import bring_bill
from tests.fixtures.floor import claim, photograph, release
from tests.fixtures.hub import WAREHOUSES, House, open_house, order, stock_up
from tests.fixtures.people import Browser, seat
from tests.fixtures.selling import sell
from tests.flows import wall_rows, walls
from tests.flows.test_http_channels import send
from tests.flows.test_people_passkeys import register
from tests.flows.walls import Answer, Operation, Pool, Sampler

DOCUMENT = walls.document()
OPERATIONS = {o.name: o for o in walls.operations(DOCUMENT)}
ROOMS = tuple(room.name for room in rooms.ROOMS)
# Words of a path that name no merchant's thing: kinds and adapters, the same for everybody.
COMMON_WORDS = {"channel", "kind", "work", "action", "document", "metric", "week"}
# What a stranger may leave behind at the other merchant's: failed attempts to sign in there.
KNOCKS = {"signInByPassword": {"refusals"}}


class Side(Struct, kw_only=True, eq=False):
    """One merchant: a key and a person who may do everything, and what they have seen."""

    house: House
    tenant: int
    code: str
    key: str
    person: uuid.UUID
    found: dict[str, Pool]
    browser: Browser
    stored: bytes = walls.SHIPPED  # what was sent and taken: it is one's own from then on
    rows: dict[str, Any] = {}  # as they were after the last trial
    whole: Pool = {}  # everything seen, once nothing more is looked at
    secrets: set[str] = set()  # what it alone may be told

    def by_key(self, method: str, path: str, kind: str = "", body: bytes = b"") -> Answer:
        """Ask with the API key."""
        headers = {"authorization": f"Bearer {self.key}"}
        if kind:
            headers["content-type"] = kind
        answer = self.house.client.request(method, path, content=body or None, headers=headers)
        return answer.status_code, answer.content

    def by_session(self, method: str, path: str, kind: str = "", body: bytes = b"") -> Answer:
        """Ask as the person, who is let in (again) where a session has ended."""
        answer = self._ask(method, path, kind, body)
        if answer[0] == 401 and self.browser.call("GET", "/v1/session").status_code != 200:
            self.browser.cookie = asyncio.run(self._let_in())
            assert self.browser.call("GET", "/v1/session").status_code == 200
            answer = self._ask(method, path, kind, body)
        return answer

    def _ask(self, method: str, path: str, kind: str, body: bytes) -> Answer:
        headers = {"origin": self.browser.headers["origin"], "x-csrf-token": self.browser.csrf}
        headers["cookie"] = f"danshu={self.browser.cookie}"
        if kind:
            headers["content-type"] = kind
        answer = self.house.client.request(method, path, content=body or None, headers=headers)
        return answer.status_code, answer.content

    async def _let_in(self) -> str:
        """Open a session without a password: the person may have changed it meanwhile."""
        url = self.house.url
        async with (
            await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
            connection.transaction(),
        ):
            return await sessions.open_(
                connection,
                self.tenant,
                await people.lock(connection, self.tenant, self.person),
                sessions.Visitor(address="127.0.0.1", agent="walls"),
                method="password",
                limited=False,
                now_ms=people.now_ms(),
            )

    def pool(self) -> Pool:
        """Everything seen, whoever told it."""
        if self.whole:
            return self.whole
        whole: dict[str, dict[Any, None]] = {}
        for part in self.found.values():
            for name, values in part.items():
                whole.setdefault(name, {}).update(dict.fromkeys(values))
        return {name: list(values) for name, values in whole.items()}

    def look_around(self) -> None:
        """Ask every question that reads and remember the answers; again what late ids ask for."""
        asked: set[str] = set()
        for _ in range(2):
            for operation in OPERATIONS.values():
                if not operation.is_read or operation.is_stream:
                    continue
                query = ""
                if operation.needed:  # to gather all that was seen takes its time
                    query = Sampler(DOCUMENT, self.pool()).query(operation)
                for path in [p + query for p in walls.fillings(operation, self.found)]:
                    if path in asked:
                        continue
                    asked.add(path)
                    status, body = self.by_session("GET", path)
                    if status == 200:
                        with contextlib.suppress(ValueError):
                            base = operation.path.partition("/{")[0]
                            walls.gather(json.loads(body), self.found.setdefault(base, {}))

    def do_everything(self) -> None:
        """Make one of everything that can be made without naming what is there already."""
        sampler = Sampler(DOCUMENT, self.pool())
        for operation in OPERATIONS.values():
            if not operation.is_read and not operation.words and "session" not in operation.path:
                kind, body = sampler.body(operation)
                path = operation.path + sampler.query(operation)
                self.by_session(operation.method, path, kind, body)


@pytest.fixture(scope="module")
def sides(engine: Engine, template: str) -> Iterator[tuple[Side, Side]]:
    """A, to whom things belong, and B, who wants them. B has goods under the same codes."""
    with stores._fresh(engine, template) as make, open_house(make) as house, wall_rows.counting():
        row = stores.ask(house.url, "select id from tenants where code='second'")
        assert isinstance(row, int)
        b = _side(house, row, "second", house.other)
        _furnish_alike(b)
        b.do_everything()
        house.work("sequence", "seal")  # both have a book of this half, signed by the one log key
        b.look_around()
        a = _side(house, house.tenant, "small", house.keys["admin"])
        _fill(a)
        sell(a.house, a.found)
        a.whole, b.whole = a.pool(), b.pool()
        a.secrets = walls.texts(a.whole) - walls.texts(b.whole)
        yield a, b


def _side(house: House, tenant: int, code: str, key: str) -> Side:
    return Side(
        house=house,
        tenant=tenant,
        code=code,
        key=key,
        person=seat(house.url, tenant, "A01", sorted(ROLES)).id,
        found={},
        browser=Browser(house, agent=f"browser of {code}"),
    )


def _furnish_alike(side: Side) -> None:
    """Give B what A has: whoever only looks at codes confuses the two."""

    async def fill() -> None:
        url = side.house.url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await stock_up(connection, side.tenant)

    asyncio.run(fill())


def _act(side: Side) -> None:
    """Begin an act with evidence, lend a right, record a certificate, bring in a bill."""
    house = side.house
    bring_bill(house, "WALL-A-BILL")
    losses = house.call("POST", "/v1/resilience/runs", {"cause": "WALL-A-CAUSE"})
    side.found["/v1/resilience/runs"] = {"id": [losses.json()["id"]]}
    side.found |= connecting.fill(house) | events.fill(house)
    order = house.place(number="WALL-A-ACTS")["order"]
    path = f"/v1/orders/{order}/acts"
    begun = side.browser.call("POST", path, {"action": "quality_check"})
    assert begun.status_code == 200, begun.text
    reading = {"kind": "scan", "code": "WALL-A-SCAN"}
    kept = side.browser.call("POST", f"{path}/{begun.json()['id']}/evidence", reading)
    assert kept.status_code == 200, kept.text
    side.found["/v1/orders"] = {"order": [order], "order_id": [order]}
    side.found["/v1/orders/{order_id}/acts"] = {"act_id": [begun.json()["id"]]}
    waiting = overriding.wait_for_second(house, side.tenant, order)
    side.found["/v1/orders/{order_id}/overrides"] = {"override_id": [waiting]}
    side.found["/v1/orders/{order_id}/blobs"] = {"digest": [kept.json()["digest"]]}
    to = str(seat(house.url, side.tenant, "A02", ["reviewer"]).id)
    now = datetime.datetime.fromtimestamp(house.hub.clock() / 1000, datetime.UTC)
    ends = (now + datetime.timedelta(hours=1)).isoformat()
    lent = {"action": "quality_check", "to": to, "ends": ends, "reason": "WALL-A-LENT"}
    given = side.browser.call("POST", "/v1/delegations", lent)
    assert given.status_code == 201, given.text
    side.found["/v1/delegations"] = {"id": [given.json()["id"]]}
    shown = {"certificate": "WALL-A-CERT", "number": "1", "until": "2035-01-01"}
    assert house.call("PUT", f"/v1/people/{to}/certificates", shown).status_code == 200
    side.found["/v1/people"] = {"person_id": [to]}
    side.found["/v1/people/{person_id}/certificates"] = {"certificate": ["WALL-A-CERT"]}


def _fill(side: Side) -> None:
    house = side.house
    house.call("PUT", "/v1/skus", [{"code": "WALL-A-1", "name": "墙内商品"}])
    for n in range(4):
        receiver = {**order()["receiver"], "name": f"墙内{n}", "detail": "墙内路 1 号"}
        placed = house.place(number=f"WALL-A-{n:04d}", receiver=receiver)
        if n % 2:
            act = {"event": "release"}
            house.call("POST", f"/v1/orders/{placed['order']}/transitions", act)
    side.found |= walls.merge(house)
    # What nothing but a platform and a person on the floor can bring.
    send(house, "shopify", b'{"strange": "WALL-A-INBOX"}')
    released = release(house)["order"]
    assert claim(house, "pick", order=released, role="admin").status_code == 200
    photo = photograph(house, released, "pick", role="admin").json()["digest"]
    side.found["/v1/floor/photos"] = {"digest": [photo]}
    linked = house.call("POST", f"/v1/orders/{released}/links", {})
    side.found["/v1/orders/{order_id}/links"] = {"link_id": [linked.json()["id"]]}
    side.found["/v1/findings"] = {"no": [walls.write_findings(house)]}
    case, digest = after_sales.received(house)
    side.found["/v1/after-sales"] = {"case_id": [case], "digest": [digest]}
    read = Parsed(intent=Intent.ORDER, draft=Draft(), fields=(), confidence=0, text="墙内")
    (original,) = reviews.lay(house.url, side.tenant, reviews.Laid(parsed=read))
    side.found |= {f"/v1/{w}": {"original_id": [original]} for w in ("reviews", "training-rows")}
    side.found["/v1/originals"] = {"original": [original]}
    side.found |= devices.fill(house, original)
    spoken = house.call("POST", "/v1/calls", {"caller": "13900001111"}).json()
    side.found["/v1/calls"] = {"call": [spoken["id"]]}
    house.call("PUT", "/v1/parties/wall-a-rider", {"name": "墙内骑手"})
    call = {"parties": ["wall-a-rider"], "reply_ms": 3_600_000}
    asked = house.call("POST", f"/v1/orders/{released}/negotiations", call)
    assert asked.status_code == 201, asked.text
    side.by_session("GET", "/v1/session")
    assert register(side.browser, Authenticator(side.browser.headers["origin"])).status_code < 300
    _act(side)
    side.found |= campaigns.fill(house) | perceiving.fill(house)
    asked = {"columns": ["number"], "form": "csv", "purpose": "walls", "f": ""}
    begun = side.browser.call("POST", "/v1/exports", asked)
    assert begun.status_code < 300, begun.text
    forbid = 'forbid (principal, action == Action::"order.erase", resource);'
    rule = {"text": forbid, "note": "WALL-A-NOTE", "base": 0}
    published = side.browser.call("POST", "/v1/policies", rule)
    assert published.status_code < 300, published.text
    side.found["/v1/exports"] = {"id": [begun.json()["id"]]}
    own = msgspec.to_builtins(shipped()[-1]) | {"action": "wall_a", "legal": ["WALL-A-LAW"]}
    draft = house.call("POST", "/v1/contract/drafts", {"action": own}).json()
    side.found["/v1/contract/drafts"] = {"id": [draft["id"]]}
    side.found["/v1/order-types/drafts"] = {"id": [walls.begin_type(house)]}
    side.found["/v1/intents/drafts"] = {"id": [walls.begin_intents(house)]}
    side.found["/v1/contract/action-versions"] = {"digest": [walls.find_action(house)]}
    policies.rule(house, side.tenant, side.found)
    side.found |= connecting.fill(house) | weaving.fill(house) | health.fill(house)
    side.found |= scorers.fill(house.url, side.tenant, WAREHOUSES[0].code)
    papers = templates.fill(house, side.tenant)
    papers["/v1/originals"]["original"] += side.found["/v1/originals"]["original"]
    side.found |= papers
    house.work(*ROOMS)
    side.found |= asset_walls.fill(house, side.tenant, side.browser)
    side.found |= licensing.fill(house) | metric_walls.fill(house) | agent_walls.fill(house)
    side.found |= coe.fill(house) | walls.stamp(house) | learning.fill(house, side.tenant)
    side.look_around()
    side.do_everything()
    house.work(*ROOMS)
    walls.wait_for_jobs(house.url)
    side.look_around()


def attempts(operation: Operation, a: Side, b: Side) -> Iterator[tuple[str, Answer, bytes]]:
    """Let B try an operation with what is A's: yields what was asked, the answer, what was sent."""
    sampler = Sampler(DOCUMENT, a.pool())
    kind, body = sampler.body(operation)
    asked = list(walls.fillings(operation, a.found)) if operation.words else [operation.path]
    query = sampler.query(operation)
    asked = [path + query for path in asked]
    for name in operation.parameters.get("query", {}) if asked and not query else ():
        known = a.pool().get("next" if name == "cursor" else name, ())
        asked += [f"{asked[0]}?{name}={value}" for value in known[:2] if walls.is_plain(str(value))]
    for path in asked:
        for way in (b.by_key, b.by_session):
            if operation.is_stream:
                if "?" not in path:
                    headers = {"authorization": f"Bearer {b.key}"}
                    yield path, walls.stream(b.house, path, headers), b""
                continue
            yield path, way(operation.method, path, kind, body), body


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_of_another_merchant_is_seen_or_changed(
    sides: tuple[Side, Side], name: str
) -> None:
    a, b = sides
    operation = OPERATIONS[name]
    assert b.by_session("GET", "/v1/orders")[0] == 200, "B is locked out: the test would be hollow"
    own = set(walls.fillings(operation, b.found, most=50)) if operation.words else set()
    before = a.rows or wall_rows.rows_of(a.house.url, a.tenant)
    tried = 0
    for path, (status, told), sent in attempts(operation, a, b):
        tried += 1
        b.stored += path.encode() + sent if status < 300 and not operation.is_read else b""
        said = path.encode() + sent + b.stored
        leaked = [s for s in a.secrets if s.encode() in told and not walls.is_own(s, said)]
        assert not leaked, f"{path} tells {leaked[:3]}"
        assert status < 500, f"{path}: {status} {told[:300]!r}"
        # Codes that both chose mean B's own thing; everything else is not there.
        place = path.partition("?")[0]
        stored = b.stored.replace(b'": ', b'":')
        chosen = any(f'"code":"{part}"'.encode() in stored for part in place.split("/"))
        if operation.words.keys() - COMMON_WORDS and place not in own and not chosen:
            assert status in (400, 401, 403, 404, 415, 422), f"{path}: {status} {told[:300]!r}"
    a.rows = before
    if not operation.is_read:  # what a read had changed would show at the next one that writes
        a.rows = wall_rows.rows_of(a.house.url, a.tenant)
        touched = {table for table in before if before[table] != a.rows[table]}
        assert touched <= KNOCKS.get(name, set())
    assert tried, f"A has nothing that {operation.path} could be tried with: see do_everything"


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if o.is_read and o.words])
def test_the_ids_that_are_tried_are_real(sides: tuple[Side, Side], name: str) -> None:
    """A opens with them what B could not; otherwise the test above would prove nothing."""
    a, _ = sides
    operation = OPERATIONS[name]
    paths = list(walls.fillings(operation, a.found))
    if operation.is_stream:
        headers = {"authorization": f"Bearer {a.key}"}
        statuses = {walls.stream(a.house, path, headers)[0] for path in paths[:1]}
    else:
        statuses = {a.by_session("GET", path)[0] for path in paths}
    assert statuses & {200, 202, 204, 302, 303}, f"{operation.path}: {statuses}"


def test_a_key_that_another_merchant_used_is_new(sides: tuple[Side, Side]) -> None:
    """The same Idempotency-Key and number place an order of one's own, and recall no other's."""
    a, b = sides
    body = order(number="WALL-A-SAME")
    headers = {"idempotency-key": "the-same-key"}
    first = a.house.client.post(
        "/v1/orders", json=body, headers={**headers, "authorization": f"Bearer {a.key}"}
    ).json()
    second = b.house.client.post(
        "/v1/orders", json=body, headers={**headers, "authorization": f"Bearer {b.key}"}
    )
    assert second.status_code == 201, second.text
    assert second.json()["order"] != first["order"]


def test_the_sampler_makes_what_the_hub_takes(sides: tuple[Side, Side]) -> None:
    """Bodies reach the rules behind the schema; otherwise every write would be tried with noise."""
    a, _ = sides
    sampler = Sampler(DOCUMENT, a.pool())
    understood = []
    for operation in OPERATIONS.values():
        kind, body = sampler.body(operation)
        if kind == "application/json" and not operation.words:
            status, told = a.by_session(operation.method, operation.path, kind, body)
            understood.append(status != 400 and b"bad_field" not in told)
    assert sum(understood) >= 0.6 * len(understood)

"""What the walls between merchants are tried with: every operation of the document, bodies made
from its schemas, and whatever a merchant can learn about itself by asking.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import itertools
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from msgspec import Struct

from danshu.capabilities.metrics import model as metrics
from danshu.capabilities.metrics import shipped
from danshu.ledger import stamps
from tests.fixtures.hub import House

METHODS = ("get", "post", "put", "patch", "delete")
PNG = b"\x89PNG\r\n\x1a\n" + b"made for a test"
STREAM_S = 1.0
DEPTH = 6  # a schema that names itself ends here
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{32,}|[\w-]{22,}")
ID_CHARS = 8
CODE = re.compile("[A-Z_]+")  # of a platform: the same for everybody
WRITTEN = Path(__file__).resolve().parents[2] / "web" / "openapi.json"
MARK = re.compile("墙内|WALL-A")
MARKED = re.compile(r"墙内\w*|WALL-A[A-Z0-9-]*")
# What everybody's formulas are known by until the merchant makes their own.
SHIPPED = " ".join(metrics.digest(m) for m in shipped.library().metrics.values()).encode()
Pool = dict[str, list[Any]]
Answer = tuple[int, bytes]


class Operation(Struct, kw_only=True, frozen=True, eq=False):
    """One method of one path. Parameters by where they stand: name -> schema."""

    name: str
    method: str
    path: str
    parameters: dict[str, dict[str, Any]]
    needed: tuple[str, ...]
    bodies: dict[str, Any]
    is_stream: bool

    @property
    def words(self) -> dict[str, Any]:
        """The parameters of the path."""
        return self.parameters.get("path", {})

    @property
    def is_read(self) -> bool:
        """Whether it only reads."""
        return self.method == "GET"


def is_plain(text: str) -> bool:
    """Tell whether a text can stand in a query as it is."""
    return text.isprintable() and "&" not in text and "#" not in text


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document as it is written; tests/tidy holds it to the code. Making it anew would
    take each worker longer than all else that it collects.
    """
    found: dict[str, Any] = json.loads(WRITTEN.read_bytes())
    return found


def operations(described: dict[str, Any]) -> Iterator[Operation]:
    """Give every operation below /v1."""
    for path, item in sorted(described["paths"].items()):
        for method in METHODS:
            if method not in item or not path.startswith("/v1"):
                continue
            raw = item[method]
            parameters: dict[str, dict[str, Any]] = defaultdict(dict)
            for parameter in raw.get("parameters", ()):
                parameters[parameter["in"]][parameter["name"]] = parameter.get("schema", {})
            needed = [p["name"] for p in raw.get("parameters", ()) if p.get("required")]
            answers = [a.get("content", {}) for a in raw["responses"].values()]
            yield Operation(
                name=raw["operationId"],
                method=method.upper(),
                path=path,
                parameters=dict(parameters),
                needed=tuple(n for n in needed if n in parameters.get("query", ())),
                bodies={
                    kind: told.get("schema", {})
                    for kind, told in raw.get("requestBody", {}).get("content", {}).items()
                },
                is_stream=any("text/event-stream" in content for content in answers),
            )


# Bodies


class Sampler:
    """Makes values that a schema allows; a field that a pool knows takes the pool's value."""

    def __init__(self, described: dict[str, Any], pool: Pool) -> None:
        self._schemas = described["components"]["schemas"]
        self._pool = pool

    def query(self, operation: Operation) -> str:
        """Give the query that an operation cannot do without, "" or ?name=value."""
        asked = operation.parameters.get("query", {})
        named = {name: self.value(asked[name], name) for name in operation.needed}
        return f"?{urlencode(named)}" if named else ""

    def body(self, operation: Operation) -> tuple[str, bytes]:
        """Give content type and bytes of a request; "" and nothing when it takes none."""
        kinds = sorted(operation.bodies, key=lambda kind: kind != "text/csv")
        for kind in kinds:
            schema = operation.bodies[kind]
            if kind in ("application/json", "*/*"):
                body = json.dumps(self.value(schema), ensure_ascii=False)
                return "application/json", body.encode()
            if "ndjson" in kind:
                order = self.value({"$ref": "#/components/schemas/NewOrder"})
                return kind, json.dumps(order).encode() + b"\n"
            if kind.startswith("image/"):
                return "image/png", PNG
            if kind == "text/csv":
                return kind, b"code,name\nWALL-CSV-9,wall\n"
        return "", b""

    def value(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> Any:
        """Give a value of a schema, for a field of that name."""
        if "$ref" in schema:
            return self.value(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        for choice in ("oneOf", "anyOf", "allOf"):
            if choice in schema:
                kinds = [s for s in schema[choice] if s.get("type") != "null"]
                return self.value(kinds[0], name, depth)
        if "enum" in schema:
            return next(v for v in schema["enum"] if v is not None)
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type", "object")
        kind = next(k for k in kind if k != "null") if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            wanted = max(1, schema.get("minItems", 0))
            one = name.removesuffix("s")
            return [self.value(schema.get("items", {}), one, depth + 1) for _ in range(wanted)]
        return self.scalar(schema, kind, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        made = {}
        required = schema.get("required", ())
        for field, inside in schema.get("properties", {}).items():
            # A field that may be left out is sent where it may name something of somebody's.
            if field in required or (depth < DEPTH and self._known(field)):
                made[field] = self.value(inside, field, depth + 1)
        return made

    def _known(self, name: str) -> list[Any]:
        return self._pool.get(name) or self._pool.get(name.removesuffix("_id")) or []

    def scalar(self, schema: dict[str, Any], kind: str, name: str) -> Any:
        """Give a boolean, number or text."""
        if kind == "boolean":
            return True
        if kind in ("integer", "number"):
            least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
            numbers = [v for v in self._known(name) if isinstance(v, int)]
            fits = [v for v in numbers if least <= v <= schema.get("maximum", v)]
            return fits[0] if fits else least
        known = [v for v in self._known(name) if isinstance(v, str)]
        pattern = schema.get("pattern", "")
        for text in (*known, "2026-11-22T08:00:00Z", "2026-11-22", "wall-1", "墙", "1", "0" * 64):
            if schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10_000) and (
                not pattern or re.search(pattern, text)
            ):
                is_time = "date" in schema.get("format", "")
                if not is_time or text[:4].isdigit():
                    return text
        least = schema.get("minLength", 0)
        return _match(pattern, least) if pattern else "x" * least


@functools.cache
def _match(pattern: str, least: int) -> str:
    """Find a text of a pattern, any one: to shorten it would take seconds."""
    any_one = settings(phases=[Phase.generate])
    return find(st.from_regex(pattern), lambda text: len(text) >= least, settings=any_one)


# What a merchant learns by asking


def gather(value: Any, pool: Pool, name: str = "") -> None:
    """Add every text and number of an answer to the pool, by the name of its field."""
    if isinstance(value, dict):
        for key, inside in value.items():
            gather(inside, pool, key)
    elif isinstance(value, list):
        for inside in value:
            gather(inside, pool, name.removesuffix("s"))
    elif isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", 0):
        known = pool.setdefault(name, [])
        if value not in known and len(known) < 200:
            known.append(value)


def texts(pool: Pool) -> set[str]:
    """Give the texts of a pool that can belong to one merchant only: ids, digests, marked words."""
    found = set()
    for name, values in pool.items():
        is_id = name == "id" or name.endswith("_id")
        for text in (v for v in values if isinstance(v, str) and not CODE.fullmatch(v)):
            if ID.fullmatch(text) or (is_id and len(text) >= ID_CHARS) or MARK.search(text):
                found.add(text)
    return found


def is_own(text: str, said: bytes) -> bool:
    """Tell whether a text is one's own: sent before, or a sentence about marked words that were."""
    marked = MARKED.findall(text)
    return text.encode() in said or (marked != [] and all(m.encode() in said for m in marked))


def fillings(operation: Operation, found: dict[str, Pool], most: int = 4) -> Iterator[str]:
    """Fill the path with values that a merchant has seen: those of the list above it first."""
    choices: list[list[Any]] = []
    for word, schema in operation.words.items():
        above = found.get(operation.path.partition("/{" + word + "}")[0], {})
        stem = word.removesuffix("_id")
        names = (word, stem, "id", "code", "key", "name", "digest")
        values = [v for n in names for v in above.get(n, ())]
        values += [v for pool in found.values() for n in (word, stem) for v in pool.get(n, ())]
        values = schema.get("enum") or values
        if schema.get("type") == "integer":
            values = [v for v in values if isinstance(v, int)] or [1]
        choices.append(list(dict.fromkeys(values))[:most])
    for filling in itertools.islice(itertools.product(*choices), most * 4):
        path = operation.path
        for word, value in zip(operation.words, filling, strict=True):
            path = path.replace("{" + word + "}", quote(str(value), safe=""))
        yield path


def wait_for_jobs(url: str) -> None:
    """Wait until nothing goes on by itself: whoever compares rows would meet it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(1_500):
            left = connection.execute("select count(*) from jobs where ended is null").fetchone()
            if left == (0,):
                return
            time.sleep(0.2)
    raise AssertionError("the jobs of the merchants did not end within five minutes")


def stream(house: House, path: str, headers: dict[str, str]) -> Answer:
    """Read a stream for a while, as a browser that then goes away."""
    got: dict[str, Any] = {"status": 0, "body": b""}

    async def listen() -> None:
        done = asyncio.Event()

        async def receive() -> Any:
            if not done.is_set():
                done.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.sleep(STREAM_S)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                got["status"] = message["status"]
            got["body"] += message.get("body", b"")

        raw = [(k.encode(), v.encode()) for k, v in headers.items()]
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
            "query_string": b"", "headers": raw, "scheme": "http", "http_version": "1.1",
            "server": ("testserver.local", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STREAM_S * 3):
                await house.client.app(scope, receive, send)

    portal: Any = house.client.blocking_portal
    portal.call(listen)
    return got["status"], got["body"]


def merge(house: House) -> dict[str, dict[str, list[Any]]]:
    """Let two orders leave as one parcel."""
    twins = [{"order": house.place()["order"], "fulfilment": 1} for _ in range(2)]
    merged = house.call("POST", "/v1/parcels:merge", {"parcels": [twins]}).json()
    return {"/v1/parcels": {"group": [merged["results"][0]["group"]]}}


def begin_intents(house: House) -> str:
    """Begin a draft of the intent graph; gives its id."""
    return str(house.call("POST", "/v1/intents/drafts", {"graph": {}}).json()["id"])


def find_action(house: House) -> str:
    """Give the digest of a contract action."""
    return str(house.call("GET", "/v1/contract/actions").json()["items"][0]["digest"])


def begin_type(house: House) -> str:
    """Begin a draft of an order type; gives its id."""
    kind = house.call("GET", "/v1/order-types").json()["templates"][0] | {"type": "wall_a"}
    return str(house.call("POST", "/v1/order-types/drafts", {"type": kind}).json()["id"])


def write_findings(house: House) -> int:
    """Write a re-decision and a finding as the workers do; gives the finding's number."""
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute(
            "with r as (insert into redecisions(tenant,no,after,closed,ended)"
            " values(%s,770077,%s,%s,now()) returning tenant,no)"
            " insert into redecision_items(tenant,no,id,outcome)"
            " select r.tenant,r.no,o.id,'stays' from r join lateral"
            " (select id from orders where tenant=r.tenant limit 1) o on true",
            (house.tenant, b"\0" * 32, b"[]"),
        )
        found = connection.execute(
            "insert into findings(tenant,class,subject,cause,params,evidence,incident,channel,shop,"
            "wh,place,number,risk_fen,at,found,due) values(%s,'clock_skew','WALL-A-SUBJECT',"
            "'occurred_ahead','{}','[]','WALL-A-INCIDENT','taobao','WALL-A-SHOP',-1,'',"
            "'WALL-A-FOUND',0,now(),now(),now()) returning no",
            (house.tenant,),
        ).fetchone()
        assert found is not None
        return int(found[0])


def stamp(house: House) -> dict[str, dict[str, list[Any]]]:
    """Give every checkpoint a token, as an authority would; tells their sizes."""
    sizes: list[Any] = []

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            asked = "select half, size, note from checkpoints where tenant=%s"
            found = await (await connection.execute(asked, (house.tenant,))).fetchall()
            sizes.extend(size for _, size, _ in found)
            for half, size, note in found:
                token = stamps.Token(
                    half=half, size=size, algorithm="sha256", authority="https://tsa.example/a",
                    digest=hashlib.sha256(note).digest(), gen_us=1, accuracy_us=None, serial="1",
                    policy="1.2", signer="WALL-A", own=False, checked="tests", token=b"WALL-A",
                )  # fmt: skip
                await stamps.add_token(connection, house.tenant, token)

    asyncio.run(work())
    return {"/v1/books/{half}/tokens": {"size": sizes}}

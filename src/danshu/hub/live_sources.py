"""What the live stream is made of: the board's progress, the seal, jobs, and who may still hear."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import agent_news, findings_news, trust
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.hub.order_rows import ROOM
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LIVE_IDS, LIVE_JOBS
from danshu.ledger import write
from danshu.ledger.sequence import KEY

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

Connection = psycopg.AsyncConnection[Any]
Token = tuple[str, str]
"""How somebody was let in: "session" or "key", and its id."""
_JOB_DAYS_MS: Final = 86_400_000
_JOB_SHOWN_S: Final = 15
_POSITIONS: Final = "select half, position from cursors where name=%s and tenant=%s"
# The segments between two positions; a batch of the board may end within one.
_KEYS: Final = """
select keys from segments where tenant=%(t)s and half=%(h)s and first < %(b)s and first >=
(select coalesce(max(first),0) from segments where tenant=%(t)s and half=%(h)s and first <= %(a)s)
order by first desc limit 20
"""
_PLACED: Final = f"""
select channel, sum(n)::int8 from board_counts where tenant=%s and kind={int(Kind.STATE)}
and wh={ANYWHERE} and channel<>'{EVERY}' group by 1
"""
_ARE_ORDERS: Final = """
select b.id from unnest(%(ids)s::uuid[]) w(id) join board_orders b on b.tenant=%(t)s and b.id=w.id
where b.id>=%(low)s and b.id<=%(high)s
"""
_JOBS: Final = """
select id, kind, state, total, exact, done, failed, asked_by, trouble, created, ended from jobs
where tenant=%s and id>=%s and (ended is null or ended > now() - %s * interval '1 second')
order by id desc limit %s
"""
_SESSIONS: Final = """
select id::text from sessions where tenant=%s and id = any(%s::uuid[]) and ended is null
and ends > %s
"""
# What floors are made of: readings come in moves, frames and stops by themselves.
_TWIN: Final = """
select coalesce((select no from signal_moves where tenant=%(t)s), 0),
coalesce((select max(at) from (select distinct on (wh) wh, at from twin_frames
  where tenant=%(t)s and at > %(since)s order by wh, at desc) f), 0),
coalesce((select sum(since) from twin_stops where tenant=%(t)s), 0)::text,
coalesce((select position from cursors where name='health' and tenant=0 and half=''), 0)
"""
_TWIN_MS: Final = 60_000
_KEYS_VALID: Final = "select id from api_keys where tenant=%s and id = any(%s) and revoked is null"


class OrdersNews(Struct, frozen=True, kw_only=True):
    """What is new since the last message: `placed` orders, by channel; some of their ids, and ids
    of orders that changed. `more`: there were further ones.
    """

    placed: int
    by_channel: dict[str, int]
    ids: tuple[uuid.UUID, ...]
    changed: tuple[uuid.UUID, ...]
    more: bool


class TwinNews(Struct, frozen=True, kw_only=True):
    """Some warehouse's floor is no longer what it was."""

    at: str


class FindingNews(Struct, frozen=True, kw_only=True):
    """The exceptions are no longer what they were: `revision` counts their commits; `open` wait,
    `red` of them in red classes.
    """

    revision: int
    open: int
    red: int


class HealthNews(Struct, frozen=True, kw_only=True):
    """The room looked at the health board again, at that moment."""

    at: str


class JobNews(Struct, frozen=True, kw_only=True):
    """Where a job stands; `exact` False: `total` is an estimate. `ended` "" = not yet."""

    id: uuid.UUID
    kind: str
    state: str
    total: int
    exact: bool
    done: int
    failed: int
    trouble: str
    created: str
    ended: str


class Seen(Struct, frozen=True, kw_only=True):
    """What a look found: messages (topic, payload) for all, and (person, payload) of jobs."""

    messages: list[tuple[str, Any]]
    personal: list[tuple[str, JobNews]]
    has_moved: bool


class Source:
    """Looks at one merchant; remembers what was there at the last look."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._positions: dict[str, int] | None = None
        self._placed: dict[str, int] = {}
        self._jobs: dict[uuid.UUID, JobNews] = {}
        self._twin: list[Any] | None = None
        self._findings = -1
        self._agent: agent_news.AgentNews | None = None
        self._looked = 0

    async def look(self, connection: Connection, now_ms: int) -> Seen:
        """Look once, on a connection of one's own."""
        messages: list[tuple[str, Any]] = []
        was = self._positions
        cursor = await connection.execute(_POSITIONS, (ROOM, self._tenant))
        now = {half: int(at) for half, at in await cursor.fetchall()}
        has_moved = was != now
        if has_moved:
            placed = await self._count_placed(connection)
            if was is not None:
                messages.append(("orders", await self._news(connection, was, now, placed)))
            self._positions, self._placed = now, placed
        messages.append(("trust", await trust.read(connection, self._tenant, now_ms)))
        asked = {"t": self._tenant, "since": now_ms - _TWIN_MS}
        *twin, looked = await (await connection.execute(_TWIN, asked)).fetchone() or (0, 0, "0", 0)
        if looked != self._looked:
            self._looked = looked
            messages.append(("health", HealthNews(at=rfc3339(looked))))
        if self._twin not in (None, twin):
            messages.append(("twin", TwinNews(at=rfc3339(now_ms))))
        self._twin = twin
        revision, waiting, red = await findings_news.read(connection, self._tenant)
        if revision != self._findings:
            self._findings = revision
            messages.append(("findings", FindingNews(revision=revision, open=waiting, red=red)))
        agent = await agent_news.read(connection, self._tenant)
        if agent != self._agent:
            self._agent = agent
            messages.append(("agent", agent))
        personal = await self._look_at_jobs(connection, now_ms)
        return Seen(messages=messages, personal=personal, has_moved=has_moved)

    async def _count_placed(self, connection: Connection) -> dict[str, int]:
        cursor = await connection.execute(_PLACED, (self._tenant,))
        return {channel: int(n) for channel, n in await cursor.fetchall()}

    async def _news(
        self,
        connection: Connection,
        was: dict[str, int],
        now: dict[str, int],
        placed: dict[str, int],
    ) -> OrdersNews:
        """Say which orders came, and which changed, between two positions of the board."""
        begun: list[uuid.UUID] = []
        changed: dict[uuid.UUID, None] = {}
        for half, end in now.items():
            asked = {"t": self._tenant, "h": half, "a": was.get(half, 0), "b": end}
            cursor = await connection.execute(_KEYS, asked, binary=True)
            for (keys,) in await cursor.fetchall():
                for stream, first, _ in KEY.iter_unpack(keys):
                    id_ = uuid.UUID(bytes=stream)
                    if first == 1:
                        begun.append(id_)
                    else:
                        changed[id_] = None
        came = await self._are_orders(connection, begun[-LIVE_IDS:])
        news = {c: n - self._placed.get(c, 0) for c, n in placed.items()}
        edited = [i for i in list(changed)[-LIVE_IDS:] if i not in came]
        return OrdersNews(
            placed=sum(news.values()),
            by_channel={c: n for c, n in sorted(news.items()) if n},
            ids=tuple(sorted(came)),
            changed=tuple(sorted(await self._are_orders(connection, edited))),
            more=len(begun) > LIVE_IDS or len(changed) > LIVE_IDS,
        )

    async def _are_orders(self, connection: Connection, ids: list[uuid.UUID]) -> set[uuid.UUID]:
        if not ids:
            return set()
        asked = {"t": self._tenant, "ids": ids, "low": min(ids), "high": max(ids)}
        cursor = await connection.execute(_ARE_ORDERS, asked, binary=True, prepare=False)
        return {r[0] for r in await cursor.fetchall()}

    async def _look_at_jobs(self, connection: Connection, now_ms: int) -> list[tuple[str, JobNews]]:
        """Give the jobs that moved since the last look, whichever node works on them."""
        since = uuid.UUID(int=(now_ms - _JOB_DAYS_MS) << 80)
        cursor = await connection.execute(_JOBS, (self._tenant, since, _JOB_SHOWN_S, LIVE_JOBS))
        out: list[tuple[str, JobNews]] = []
        jobs: dict[uuid.UUID, JobNews] = {}
        for (
            id_,
            kind,
            state,
            total,
            exact,
            done,
            failed,
            by,
            trouble,
            created,
            ended,
        ) in await cursor.fetchall():
            jobs[id_] = JobNews(
                id=id_,
                kind=kind,
                state=state,
                total=total,
                exact=exact,
                done=done,
                failed=failed,
                trouble=trouble,
                created=_told(created),
                ended=_told(ended) if ended else "",
            )
            if self._jobs.get(id_) != jobs[id_]:
                out.append((by, jobs[id_]))
        self._jobs = jobs
        return out


async def valid_tokens(
    connection: Connection, tenant: int, tokens: Iterable[Token], now_ms: int
) -> set[Token]:
    """Give the sessions and keys among the tokens that have not ended."""
    sessions = [id_ for kind, id_ in tokens if kind == "session"]
    keys = [id_ for kind, id_ in tokens if kind == "key"]
    asked = (tenant, sessions, write.instant(now_ms * 1000))
    found = await (await connection.execute(_SESSIONS, asked)).fetchall()
    valid: set[Token] = {("session", row[0]) for row in found}
    found = await (await connection.execute(_KEYS_VALID, (tenant, keys))).fetchall()
    return valid | {("key", row[0]) for row in found}


def _told(at: datetime.datetime) -> str:
    return rfc3339(round(at.timestamp() * 1000))

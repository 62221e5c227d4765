"""The fact types of connectors 连接器: who is connected, by which route calls go, what was done."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("connector.set")
class ConnectorSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """接入连接器: a far side as it is asked from now on. `options` is a digest; of secrets only the
    names are said. `state`: trial (sandbox alone), on, draining (no new calls), off.
    """

    adapter: str
    capability: str
    concurrency: int
    connector: str
    options: str
    rate_per_s: int = 0
    reason: str = ""
    revision: int
    secrets: tuple[str, ...] = ()
    state: str
    timeout_ms: int = 0
    title: str
    trial_url: str = ""
    url: str


@fact_type("connector.drained")
class ConnectorDrained(Struct, frozen=True, kw_only=True):
    """排空: every call that a draining connector had has ended; it is asked no more."""

    capability: str
    connector: str


@fact_type("connector_route.set")
class ConnectorRouteSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """设定路由: by which connectors the calls of a capability go; `digest` is that of the route.

    `candidate` takes `share` hundredths of a percent of what `replaces` would get, by other rules
    of the route more or less.
    """

    candidate: str = ""
    capability: str
    digest: str
    reason: str = ""
    replaces: str = ""
    share: int = 0
    stage: str
    version: int


@fact_type("connector_route.rolled_back")
class ConnectorRouteRolledBack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """灰度回退: the candidate gets no new calls. `by`: a person, or what it was worse by: failed,
    refused (hundredths of a percent of `tries`), slower (p95 in ms), breaker.
    """

    by: str
    candidate: str
    candidate_had: int = 0
    capability: str
    digest: str
    reason: str = ""
    replaced_had: int = 0
    replaces: str
    tries: int = 0
    version: int


@fact_type("connector_call.settled")
class ConnectorCallSettled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """人工处置调用: a person had a call tried again, moved to where the route leads, or ended."""

    act: str
    call: str
    capability: str
    connector: str = ""
    key: str
    reason: str = ""
    subject: str


@fact_type("connector_books.compared")
class ConnectorBooksCompared(Struct, frozen=True, kw_only=True):
    """双方对账: our calls of a span against the books of every far side that had a part of them.

    `lost`: ours that no far side has; `doubled`: had by two, or twice; `strange`: theirs alone;
    `differing`: had by both with another outcome.
    """

    agreed: int
    capability: str
    differing: int
    doubled: int
    lost: int
    ours: int
    run: str
    since: str
    strange: int
    theirs: int
    until: str

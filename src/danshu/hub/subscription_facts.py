"""The fact types of subscriptions to published events, and of what was given up."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("subscription.configured")
class SubscriptionConfigured(Struct, frozen=True, kw_only=True):
    """订阅设置: to which address events of which types go, in which form. `filters` is JSON;
    `subscription` its id. The secret is told by nothing.
    """

    batch: int
    filters: str
    mode: str
    name: str
    subscription: str
    timeout_s: int
    types: tuple[str, ...]
    url: str
    width: int


@fact_type("subscription.rekeyed")
class SubscriptionRekeyed(Struct, frozen=True, kw_only=True):
    """订阅换密钥: a new secret signs from now on, the old one beside it for a while."""

    subscription: str


@fact_type("subscription.paused")
class SubscriptionPaused(Struct, frozen=True, kw_only=True):
    """订阅暂停: nothing is delivered until it is resumed. `reason` is a person's own, or `gone`
    where the receiver answered 410.
    """

    reason: str
    subscription: str


@fact_type("subscription.resumed")
class SubscriptionResumed(Struct, frozen=True, kw_only=True):
    """订阅恢复: delivery goes on from where it stood."""

    subscription: str


@fact_type("subscription.replayed")
class SubscriptionReplayed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """订阅重放: delivery begins again at a place of the log; `since` is the instant that it was
    asked for, "" where the place itself was.
    """

    half: str
    position: int
    since: str = ""
    subscription: str


@fact_type("subscription.dropped")
class SubscriptionDropped(Struct, frozen=True, kw_only=True):
    """订阅删除: with what was parked and given up."""

    subscription: str


@fact_type("dead_letters.replayed")
class DeadLettersReplayed(Struct, frozen=True, kw_only=True):
    """死信重投: events that were given up are delivered again; their ids."""

    events: tuple[str, ...]
    subscription: str


@fact_type("dead_letters.dropped")
class DeadLettersDropped(Struct, frozen=True, kw_only=True):
    """死信放弃: events that were given up are not delivered any more; their ids, at most as many as
    are dropped in one step, and how many they were.
    """

    count: int
    events: tuple[str, ...]
    reason: str
    subscription: str

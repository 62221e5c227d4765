"""Examples of the fact types of subscriptions and dead letters."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import subscription_facts as facts

_ID = "019aa9d3-6b80-7000-8000-00000000000a"
_EVENT = "019aa9d3-6b80-7000-8000-000000000002/1"

EXAMPLES: list[Struct] = [
    facts.SubscriptionConfigured(
        batch=100,
        filters='[{"exact":{"data.channel":"taobao"}}]',
        mode="batch",
        name="仓储系统",
        subscription=_ID,
        timeout_s=10,
        types=("danshu.order.*",),
        url="https://wms.example/events",
        width=4,
    ),
    facts.SubscriptionRekeyed(subscription=_ID),
    facts.SubscriptionPaused(reason="对方升级", subscription=_ID),
    facts.SubscriptionResumed(subscription=_ID),
    facts.SubscriptionReplayed(
        half="2026h2", position=1_741, since="2026-11-22T11:00:00.000Z", subscription=_ID
    ),
    facts.SubscriptionDropped(subscription=_ID),
    facts.DeadLettersReplayed(events=(_EVENT,), subscription=_ID),
    facts.DeadLettersDropped(count=1, events=(_EVENT,), reason="已人工处理", subscription=_ID),
]

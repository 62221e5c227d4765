"""Connectors of customs, by their entry points, beside brokers that prove what they are sent."""

from __future__ import annotations

import contextlib

import msgspec
import pytest

from danshu.ports.asks.customs import Withdrawal
from danshu.ports.connector import Account, Call, Hearing, Verdict
from danshu.testing import customs_broker_forms, customs_brokers, customs_orders
from danshu.testing.connectors import AT_MS, CHECKS, ConnectorCase, call, find, load_connector

DECLARE = Call(
    key="order-1/customs", operation="declare", subject="o1", body=customs_orders.write("T1")
)
UNEQUAL = Call(
    key="order-2/customs",
    operation="declare",
    subject="o2",
    body=customs_orders.write("T2", paid=1),
)


@contextlib.contextmanager
def make_case(kind: str):
    with customs_brokers.serve(kind) as broker:
        broker.mood = customs_brokers.Mood(latency_ms=0, receipt_ms=0)
        account = Account(
            url=broker.url,
            options=customs_brokers.OPTIONS[kind],
            secrets=customs_brokers.SECRETS,
        )

        def lose() -> None:
            broker.lose_next = 1

        def count(key: str) -> int:
            return broker.books[key].times if key in broker.books else 0

        def callback() -> Hearing:
            entry = broker.books[DECLARE.key]
            entry.status = "800"
            if kind == "window":
                body, headers = customs_broker_forms.receipt(entry)
            else:
                at = str(AT_MS // 1000)
                body, headers = customs_broker_forms.rest_callback(entry, "e1", at)
            return Hearing(body=body, headers=headers)

        yield (
            ConnectorCase(
                connector=load_connector(customs_brokers.ADAPTERS[kind]),
                account=account,
                calls=(DECLARE,),
                lose=lose,
                count=count,
                refused=UNEQUAL,
                callback=callback,
            ),
            broker,
        )


@pytest.mark.parametrize("kind", ["rest", "window"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check, kind):
    with make_case(kind) as (case, _):
        check(case)


@pytest.mark.parametrize("kind", ["rest", "window"])
def test_a_declaration_is_released_and_withdrawn(kind):
    with make_case(kind) as (case, broker):
        first = call(case, DECLARE)
        broker.books[DECLARE.key].status = "800"
        found = find(case, DECLARE)
        assert found is not None
        assert (found.verdict, found.reference) == (Verdict.DONE, first.reference)
        assert msgspec.json.decode(found.body)["status"] == "800"
        asked = Withdrawal(key=DECLARE.key, reference=first.reference, reason="退单")
        undo = Call(
            key="order-1/undo", operation="withdraw", subject="o1", body=msgspec.json.encode(asked)
        )
        assert find(case, undo) is None
        assert call(case, undo).verdict is Verdict.DONE
        assert find(case, undo) is not None
        broker.mood.refuse = 100
        other = msgspec.structs.replace(DECLARE, key="other")
        call(case, other)
        broker.books["other"].status = "100"
        returned = find(case, other)
        assert returned is not None
        assert (returned.verdict, returned.code) == (Verdict.REFUSED, "100")

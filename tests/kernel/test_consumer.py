"""The consumer's module: proved, read in each mode, acted on once."""

from __future__ import annotations

import base64
import json
import sqlite3
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest

from danshu.hub import event_forms
from danshu.kernel import consumer, webhooks
from danshu.testing import receiver_kit

SECRET = webhooks.make_secret(b"consumer's secret, 24 b.")
NOW_S = 1_795_345_200


def test_the_specification_s_own_signature() -> None:
    # Standard Webhooks 1.0, the example of the reference libraries
    headers = {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": "1614265330",
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    consumer.verify(headers, body, [secret], 1_614_265_330)
    for changed in (
        {"Webhook-Id": "msg_other"},
        {"Webhook-Timestamp": "1614265331"},
        {"Webhook-Signature": "v1,abc v1a," + "A" * 43 + "="},
        {"Webhook-Signature": ""},
        {"Webhook-Timestamp": "-1"},
    ):
        with pytest.raises(consumer.BadSignature):
            consumer.verify({**headers, **changed}, body, [secret], 1_614_265_330)
    with pytest.raises(consumer.BadSignature):
        consumer.verify(headers, body, [secret], 1_614_265_330 + 301)


@pytest.mark.parametrize("key", ["danshu-1-缺货-华东 仓", "100%", "a\r\nb: c", "danshu-1-red:a/b"])
def test_any_key_becomes_an_id_that_a_header_holds(key: str) -> None:
    headers = webhooks.sign([webhooks.read_secret(SECRET)], key, NOW_S, b"{}")
    assert headers["webhook-id"].isascii()
    assert headers["webhook-id"].isprintable()
    assert unquote(headers["webhook-id"]) == key
    consumer.verify(headers, b"{}", [SECRET], NOW_S)


def test_each_mode_says_the_same() -> None:
    body = receiver_kit.event(data={"n": "运 100 %"})
    (event,) = consumer.read({"Content-Type": consumer.STRUCTURED + "; charset=utf-8"}, body)
    headers, data = event_forms.to_binary(body)
    assert consumer.read(headers, data) == (event,)
    assert consumer.read({"content-type": consumer.BATCHED}, event_forms.to_batch([body] * 3)) == (
        (event,) * 3
    )
    assert (event.data, event.seq) == ({"n": "运 100 %"}, 1)
    assert event.attributes["danshubook"] == "2026h2"
    told = {**json.loads(body), "data_base64": base64.b64encode(b'{"n":1}').decode()}
    assert consumer.read_event({k: v for k, v in told.items() if k != "data"}).data == {"n": 1}


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, b"{}", "content_type"),
        ({"content-type": consumer.STRUCTURED}, b"[" * 100_000, "bad_json"),
        ({"content-type": consumer.STRUCTURED}, b'{"a": NaN}', "bad_json"),
        ({"content-type": consumer.BATCHED}, b"{}", "bad_event"),
        ({"content-type": consumer.STRUCTURED}, b"[]", "bad_event"),
        ({"ce-specversion": "1.0", "ce-id": "%ff"}, b"", "bad_event"),
        ({"ce-specversion": "1.0", "content-type": "text/plain"}, b"a", "bad_data"),
    ],
)
def test_what_is_no_event_is_named(headers: dict[str, str], body: bytes, code: str) -> None:
    with pytest.raises(consumer.BadEvent) as caught:
        consumer.read(headers, body)
    assert caught.value.code == code


def act_twice(connection: Any) -> None:
    """A repeat is known within a commit and after it; what is rolled back comes again."""
    first = consumer.read_event(json.loads(receiver_kit.event(seq=1)))
    other = consumer.read_event(json.loads(receiver_kit.event(seq=2)))
    connection.cursor().execute(consumer.TABLE)
    connection.commit()
    assert consumer.once(connection, first)
    assert not consumer.once(connection, first)
    connection.rollback()
    assert consumer.once(connection, first)
    connection.commit()
    assert not consumer.once(connection, first)
    assert consumer.once(connection, other)
    changed = consumer.read_event({**json.loads(receiver_kit.event()), "id": first.id})
    with pytest.raises(consumer.OtherBytes):
        consumer.once(connection, changed)


def test_once_over_sqlite() -> None:
    act_twice(sqlite3.connect(":memory:"))


def test_once_over_postgresql(database: str) -> None:
    with psycopg.connect(database) as connection:
        act_twice(connection)
        tally = connection.execute("select count(*) from event_inbox").fetchone()
        assert tally == (2,)

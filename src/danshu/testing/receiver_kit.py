"""A contract kit for receivers of the hub's events: deliveries good and bad, and what they answer.

    from danshu.testing import receiver_kit

    @pytest.mark.parametrize("case", receiver_kit.CASES, ids=lambda case: case.name)
    def test_our_receiver(case):
        receiver_kit.check(case, "http://127.0.0.1:8000/events", "whsec_…")

or `python -m danshu.testing.receiver_kit URL SECRET`, which says what is wrong and ends with 1.
Each case makes its own events, under ids that no other run uses, so that a kit may be run against a
receiver again and again. What it sends is shaped and signed as the hub's webhooks are.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
from msgspec import Struct

from danshu.hub import event_forms
from danshu.kernel import consumer, webhooks
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EVENT_BATCH_BYTES

TAKEN: Final = range(200, 300)
REFUSED: Final = (400, 401, 403)
TIMEOUT_S: Final = 10.0
_ORIGIN: Final = "hub.example"
_LATE_S: Final = consumer.TOLERANCE_S + 60
_DATA: Final = {"amount": 15_300, "at": "2026-11-22T11:00:00.000Z"}


class Delivery(Struct, frozen=True, kw_only=True):
    """One request, the statuses that are right for it, and what its answer's headers must hold."""

    headers: dict[str, str]
    body: bytes
    answers: range | tuple[int, ...]
    method: str = "POST"
    allows: tuple[str, ...] = ()


class Case(Struct, frozen=True, kw_only=True):
    """Deliveries one after the other; `must` says what the receiver has to do."""

    name: str
    must: str
    make: Callable[[str, int], list[Delivery]]


class Finding(Struct, frozen=True, kw_only=True):
    """An answer that is not right: the case, which request of it (from 1), and the status."""

    case: str
    delivery: int
    status: int
    must: str


def event(
    subject: str = "", seq: int = 1, kind: str = "danshu.order.paid", data: Any = _DATA
) -> bytes:
    """Make an event of the hub about a subject of its own."""
    subject = subject or str(uuid.uuid4())
    told = {
        "danshubook": "2026h2",
        "danshuleaf": str(seq),
        "data": data,
        "datacontenttype": "application/json",
        "dataschema": f"https://hub.example/v1/event-types/{kind}/schema",
        "id": f"{subject}/{seq}",
        "partitionkey": subject,
        "source": "danshu/1",
        "specversion": "1.0",
        "subject": subject,
        "time": rfc3339(time.time_ns() // 1_000_000),
        "type": kind,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def sign(
    secret: str,
    now_s: int,
    headers: dict[str, str],
    body: bytes,
    answers: range | tuple[int, ...],
    others: tuple[str, ...] = (),
) -> Delivery:
    """Sign a delivery as the hub does; `others` are secrets that it signs with beside it."""
    keys = [webhooks.read_secret(each) for each in (*others, secret)]
    id_ = headers.get("ce-id") or _id_of(body)
    return Delivery(
        headers={**headers, **webhooks.sign(keys, id_, now_s, body)}, body=body, answers=answers
    )


def _id_of(body: bytes) -> str:
    told = json.loads(body)
    return f"{told[0]['id']}+{len(told)}" if isinstance(told, list) else str(told["id"])


def structured(secret: str, now_s: int, body: bytes, **more: Any) -> Delivery:
    """Deliver an event in structured mode."""
    headers = {"content-type": f"{event_forms.STRUCTURED}; charset=utf-8"}
    return sign(secret, now_s, headers, body, more.pop("answers", TAKEN), **more)


def batch(secret: str, now_s: int, bodies: list[bytes]) -> Delivery:
    """Deliver events in one batch."""
    headers = {"content-type": f"{event_forms.BATCHED}; charset=utf-8"}
    return sign(secret, now_s, headers, event_forms.to_batch(bodies), TAKEN)


def _handshake(secret: str, now_s: int) -> list[Delivery]:
    del secret, now_s  # it is asked before there is a secret
    asked = {"webhook-request-origin": _ORIGIN}
    return [
        Delivery(method="OPTIONS", headers=asked, body=b"", answers=TAKEN, allows=(_ORIGIN, "*"))
    ]


def _binary(secret: str, now_s: int) -> list[Delivery]:
    headers, body = event_forms.to_binary(event())
    return [sign(secret, now_s, headers, body, TAKEN)]


def _batched(secret: str, now_s: int) -> list[Delivery]:
    return [batch(secret, now_s, [event() for _ in range(16)])]


def _repeated(secret: str, now_s: int) -> list[Delivery]:
    body = event()
    headers, data = event_forms.to_binary(body)
    return [
        structured(secret, now_s, body),
        structured(secret, now_s + 1, body),
        batch(secret, now_s, [body, body]),
        sign(secret, now_s, headers, data, TAKEN),
    ]


def _disordered(secret: str, now_s: int) -> list[Delivery]:
    subject = str(uuid.uuid4())
    return [structured(secret, now_s, event(subject, seq)) for seq in (3, 1, 2)]


def _rotated(secret: str, now_s: int) -> list[Delivery]:
    other = webhooks.make_secret(b"another secret, 24 bytes" * 1)
    return [structured(secret, now_s, event(), others=(other,))]


def _grown(secret: str, now_s: int) -> list[Delivery]:
    grown = {**_DATA, "a_field_of_next_year": {"any": ["thing"]}}
    return [structured(secret, now_s, event(data=grown))]


def _unknown(secret: str, now_s: int) -> list[Delivery]:
    return [structured(secret, now_s, event(kind="danshu.kit.unheard_of", data={}))]


def _huge(secret: str, now_s: int) -> list[Delivery]:
    bodies, size = [], 2
    padding = {"padding": "运" * 2_000}
    while size + 7_000 < EVENT_BATCH_BYTES:
        bodies.append(event(kind="danshu.kit.huge", data=padding))
        size += len(bodies[-1]) + 1
    return [batch(secret, now_s, bodies)]


def _tampered(secret: str, now_s: int) -> list[Delivery]:
    good = structured(secret, now_s, event(), answers=REFUSED)
    other = good.body.replace(b"15300", b"15301")
    renamed = {**good.headers, "webhook-id": "another"}
    return [
        Delivery(headers=good.headers, body=other, answers=REFUSED),
        Delivery(headers=renamed, body=good.body, answers=REFUSED),
    ]


def _stale(secret: str, now_s: int) -> list[Delivery]:
    return [
        structured(secret, now_s - _LATE_S, event(), answers=REFUSED),
        structured(secret, now_s + _LATE_S, event(), answers=REFUSED),
    ]


def _unsigned(secret: str, now_s: int) -> list[Delivery]:
    good = structured(secret, now_s, event(), answers=REFUSED)
    bare = {"content-type": good.headers["content-type"]}
    empty = {**good.headers, "webhook-signature": "v1,"}
    later = {**good.headers}
    later["webhook-signature"] = later["webhook-signature"].replace("v1,", "v9,")
    return [
        Delivery(headers=headers, body=good.body, answers=REFUSED)
        for headers in (bare, empty, later)
    ]


def _foreign(secret: str, now_s: int) -> list[Delivery]:
    del secret
    other = webhooks.make_secret(b"not the receiver's secret")
    return [structured(other, now_s, event(), answers=REFUSED)]


CASES: Final = (
    Case(
        name="handshake",
        must="answer OPTIONS with webhook-allowed-origin: * or the hub's host",
        make=_handshake,
    ),
    Case(
        name="structured",
        must="take an event in structured mode with 2xx",
        make=lambda secret, now_s: [structured(secret, now_s, event())],
    ),
    Case(name="binary", must="take an event in binary mode with 2xx", make=_binary),
    Case(name="batched", must="take a batch with 2xx", make=_batched),
    Case(name="repeated", must="answer a repeat as the first time, with 2xx", make=_repeated),
    Case(name="out-of-order", must="take an event that comes late with 2xx", make=_disordered),
    Case(name="two-secrets", must="look at each of several signatures", make=_rotated),
    Case(name="new-field", must="leave a field that it does not know, and take it", make=_grown),
    Case(name="unknown-type", must="take a type that it does not know with 2xx", make=_unknown),
    Case(name="huge", must=f"take a batch of {EVENT_BATCH_BYTES} bytes with 2xx", make=_huge),
    Case(name="tampered", must="refuse another body or id with 401", make=_tampered),
    Case(name="stale", must="refuse a time five minutes away with 401", make=_stale),
    Case(name="unsigned", must="refuse what has no good signature with 401", make=_unsigned),
    Case(name="foreign", must="refuse another secret's signature with 401", make=_foreign),
)


def run(case: Case, url: str, secret: str, web: httpx.Client | None = None) -> list[Finding]:
    """Send a case's deliveries; gives those that were answered otherwise, status 0 = not at all."""
    if web is None:
        with httpx.Client(timeout=TIMEOUT_S) as web:
            return run(case, url, secret, web)
    found = []
    for n, each in enumerate(case.make(secret, int(time.time())), 1):
        try:
            answer = web.request(each.method, url, content=each.body, headers=each.headers)
            status, allowed = answer.status_code, answer.headers.get("webhook-allowed-origin", "")
        except httpx.HTTPError:
            status, allowed = 0, ""
        is_allowed = not each.allows or {a.strip() for a in allowed.split(",")} & {*each.allows}
        if status not in each.answers or not is_allowed:
            found.append(Finding(case=case.name, delivery=n, status=status, must=case.must))
    return found


def check(case: Case, url: str, secret: str) -> None:
    """Assert that a receiver answers a case's deliveries as it must."""
    found = run(case, url, secret)
    assert not found, "\n".join(describe(each) for each in found)


def describe(found: Finding) -> str:
    """Say what is wrong in one line."""
    told = f"answered {found.status}" if found.status else "gave no answer"
    return f"{found.case}, delivery {found.delivery}: it must {found.must}, and {told}"


def main(url: str, secret: str) -> int:
    """Run all cases and say how they went; gives the number of findings."""
    count = 0
    with httpx.Client(timeout=TIMEOUT_S) as web:
        for case in CASES:
            found = run(case, url, secret, web)
            sys.stdout.write(f"{'FAIL' if found else 'ok  '} {case.name}\n")
            for each in found:
                sys.stdout.write(f"     {describe(each)}\n")
            count += len(found)
    return count


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:3]) else 0)

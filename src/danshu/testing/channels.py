"""Conformance kit for channels: what every adapter owes the hub, whoever wrote it.

A plug-in's own tests build a ChannelCase and run CHECKS over it:

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check): check(ChannelCase(channel=…, bodies=…, sign=…))

The signers (danshu.testing.messages) are written apart from the adapters, from the platforms'
documents, so that no adapter checks itself.
"""

from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.channel import Account, Channel, Draft, DraftKind, Message
from danshu.testing import messages

Sign = Callable[[bytes, Account], Message]

SIGNED_MS: Final = 1_795_164_005_000
ACCOUNT: Final = Account(
    account="kit", tenant=1, channel="kit", shop="kit", key="kit-app-key", secret="kit-secret"
)


class ChannelCase(Struct, frozen=True, kw_only=True):
    """An adapter, messages that it must understand, and how its platform signs them.

    `signature_covers_body` is False only where the platform's own signature leaves the body out: a
    declared gap.
    """

    channel: Channel
    bodies: tuple[bytes, ...]
    sign: Sign
    signature_covers_body: bool = True


def case_of(name: str, bodies: tuple[bytes, ...]) -> ChannelCase:
    """Make the case of a channel that this kit has a signer for."""
    channel = load_channel(name)
    return ChannelCase(channel=channel, bodies=bodies, sign=sign_known(channel.name))


def load_channel(name: str) -> Channel:
    """Load a channel by its entry point and check that it is one."""
    channel = registry.load("channel", name)
    for attribute in ("name", "title", "verify", "parse", "acknowledge"):
        assert hasattr(channel, attribute), f"channel {name} has no {attribute}"
    return cast("Channel", channel)


def sign_known(name: str) -> Sign:
    """Give the signer of a channel that the kit knows."""
    if name != "table":
        return lambda body, account: messages.sign(
            name, body, account.secret, account.key, SIGNED_MS
        )

    def sign_own(body: bytes, account: Account) -> Message:
        signature = hmac.digest(account.secret.encode(), body, "sha256").hex()
        return Message(body=body, headers={"x-danshu-signature": signature})

    return sign_own


# What every adapter owes ----------------------------------------------------------------------


def check_named(case: ChannelCase) -> None:
    """The adapter has the name under which it was asked for, and a title for people."""
    assert case.channel.name == registry.spell_name(case.channel.name)
    assert case.channel.title.strip()


def check_repeats(case: ChannelCase) -> None:
    """The same message gives the same drafts, however often it comes."""
    for body in case.bodies:
        first = case.channel.parse(body)
        assert first
        assert case.channel.parse(bytes(bytearray(body))) == first
        assert msgspec.json.encode(case.channel.parse(body)) == msgspec.json.encode(first)


def check_plausible(case: ChannelCase) -> None:
    """Every draft is one that the hub can store and add up."""
    for body in case.bodies:
        for draft in case.channel.parse(body):
            assert draft.channel == case.channel.name
            assert_plausible(draft)


def assert_plausible(draft: Draft) -> None:
    """Ids are strings, amounts whole and add up, times are UTC milliseconds of our age."""
    assert type(draft.number) is str
    assert 0 < len(draft.number) <= limits.KEY_CHARS
    assert draft.status
    assert type(draft.status) is str
    assert len(draft.currency) == 3
    assert draft.currency.isupper()
    for amount in (draft.goods, draft.discount, draft.postage, draft.total, draft.paid):
        assert type(amount) is int
        assert 0 <= amount <= limits.AMOUNT_MINOR
    assert limits.EARLIEST_MS <= draft.created_ms < limits.LATEST_MS
    for when_ms in (draft.paid_ms, draft.ship_by_ms):
        assert type(when_ms) is int
        assert when_ms == 0 or limits.EARLIEST_MS <= when_ms < limits.LATEST_MS
    assert draft.lines or draft.kind is DraftKind.CANCEL
    assert len(draft.lines) <= limits.ORDER_LINES
    assert len({line.line for line in draft.lines}) == len(draft.lines)
    for line in draft.lines:
        assert type(line.line) is str
        assert line.line
        assert type(line.sku) is str
        assert 0 < len(line.sku) <= limits.SKU_CHARS
        assert type(line.quantity) is int
        assert 0 < line.quantity <= limits.LINE_QUANTITY
        assert type(line.price) is int
        assert line.price >= 0
        assert type(line.paid) is int
        assert line.paid >= 0
    # nobody may be refunded more than came in
    assert sum(line.paid for line in draft.lines) <= draft.paid
    # what the hub stores is UTF-8 without NUL
    assert b"\\u0000" not in msgspec.json.encode(draft)


def check_signature(case: ChannelCase) -> None:
    """The platform's signature opens the door, nothing else does."""
    other = msgspec.structs.replace(ACCOUNT, secret="another-secret")
    none = msgspec.structs.replace(ACCOUNT, secret="")
    for body in case.bodies:
        message = case.sign(body, ACCOUNT)
        assert case.channel.verify(message, ACCOUNT)
        assert not case.channel.verify(message, other), "another secret opened the door"
        assert not case.channel.verify(case.sign(body, none), none), "no secret opened the door"
        bare = Message(body=body)
        assert not case.channel.verify(bare, ACCOUNT), "no signature opened the door"
        assert not case.channel.verify(bare, none)
        for tampered in (body + b" ", body[:-1] + b"]", b""):
            if case.signature_covers_body:
                moved = msgspec.structs.replace(message, body=tampered)
                assert not case.channel.verify(moved, ACCOUNT), "a changed body came in"
        for spoilt in _spoil(message):
            assert not case.channel.verify(spoilt, ACCOUNT), "a changed signature came in"


def _spoil(message: Message) -> Iterator[Message]:
    """Change every header and parameter that belongs to the signature, one at a time."""
    unsigned = {"format", "app-id", "x-shopify-topic", "x-wc-webhook-topic"}
    if "msg_signature" in message.query:
        unsigned.add("signature")  # the stronger of the two counts
    for name, value in message.headers.items():
        if name in unsigned:
            continue
        for changed in ("", value[:-1], value + "0", "é" + value[1:], "\udc80"):
            yield msgspec.structs.replace(message, headers={**message.headers, name: changed})
    for name, value in message.query.items():
        if name not in unsigned:
            for changed in (value[:-1], value + "0", "é" + value[1:], "\udc80"):
                yield msgspec.structs.replace(message, query={**message.query, name: changed})


def check_acknowledges(case: ChannelCase) -> None:
    """Both answers are what their content type says."""
    for accepted, reason in ((True, ""), (False, '签名不对 " \\ \n')):
        answer = case.channel.acknowledge(accepted, reason)
        assert 200 <= answer.status < 500
        kind = answer.content_type.partition(";")[0].strip()
        text = answer.body.decode()
        if kind == "application/json":
            json.loads(text)
        else:
            assert kind == "text/plain"
    yes, no = case.channel.acknowledge(True), case.channel.acknowledge(False, "no")
    assert (yes.body, yes.status) != (no.body, no.status)
    assert yes.status == 200


GARBAGE: Final[tuple[bytes, ...]] = (
    b"",
    b" ",
    b"\x00",
    b"\xff\xfe\xfd",
    b"\xef\xbb\xbf",
    '{"a":"\xe9"}'.encode("latin-1"),
    '{"tid":1}'.encode("utf-16"),
    b"null",
    b"true",
    b"0",
    b'"text"',
    b"[]",
    b"{}",
    b"[[]]",
    b"{",
    b'{"a":',
    b'{"a":1,"a":2}',
    b'{"order":[]}',
    b'{"order":null,"items":null}',
    b'{"order":{},"items":{}}',
    b'{"payload":{}}',
    b'{"data":{"shop_order_detail":{}}}',
    b"[" * 100_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"a":NaN}',
    b'{"a":1e999999999}',
    b'{"a":' + b"9" * 5_000 + b"}",
    b'{"a":"\\ud800"}',
    b"<xml><a/></xml>",
    b"number,sku\n1,2\n",
    b'"' + b"x" * (limits.CHANNEL_BODY_BYTES + 1) + b'"',
)


def check_garbage(case: ChannelCase) -> None:
    """What cannot be understood is refused with InputError, and with nothing else."""
    bodies = [*GARBAGE]
    for body in case.bodies:
        bodies += [body[: len(body) // 2], body[1:], body + body, body.replace(b":", b"=", 3)]
        bodies += [body.replace(b'"', b'"\xff', 1), b"[" + body + b"]"]
    for body in bodies:
        _assert_understood_or_refused(case.channel, body)


ODD: Final[tuple[object, ...]] = (
    None,
    True,
    "",
    "x",
    "-1",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "2026-02-30 00:00:00",
    "1e5",
    "1.005",
    "NaN",
    "\x00",
    "\ud800",
    "国" * 5_000,
    -1,
    0,
    1.5,
    2**63,
    10**30,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": {}},
)


def check_mutations(case: ChannelCase) -> None:
    """Whatever one value of a good message turns into, it is understood or refused."""
    for body in case.bodies:
        try:
            document = json.loads(body)
        except ValueError:
            continue  # a table: its own tests change its cells
        for path in _paths(document):
            for odd in ODD:
                changed = _put(document, path, odd)
                _assert_understood_or_refused(case.channel, json.dumps(changed).encode())


def _assert_understood_or_refused(channel: Channel, body: bytes) -> None:
    refused: InputError | None = None
    drafts: tuple[Draft, ...] = ()
    try:
        drafts = channel.parse(body)
    except InputError as error:
        refused = error
    if refused is not None:
        assert refused.code, "a refusal without a code"
        assert refused.detail, "a refusal without words"
        assert refused.pointer == "" or refused.pointer.startswith("/"), refused.pointer
    for draft in drafts:
        assert_plausible(draft)


def _paths(node: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _paths(child, (*path, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _paths(child, (*path, index))


def _put(document: object, path: tuple[str | int, ...], value: object) -> object:
    """Copy along the path only, and put the value at its end."""
    if not path:
        return value
    assert isinstance(document, dict | list)
    changed: Any = copy.copy(document)
    step = path[0]
    changed[step] = _put(changed[step], path[1:], value)
    return changed


CHECKS: Final[tuple[Callable[[ChannelCase], None], ...]] = (
    check_named,
    check_repeats,
    check_plausible,
    check_signature,
    check_acknowledges,
    check_garbage,
    check_mutations,
)

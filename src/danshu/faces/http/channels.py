"""The doors of the platforms: find the shop, believe its signature or not, take the message, answer
its way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import parse_qsl

import msgspec

from danshu.hub import intake, merchants
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLER_S, CALLERS
from danshu.ports import registry
from danshu.ports.channel import Account, Acknowledgement, Channel, Message

_QUERY_FIELDS: Final = 100
_NOT_BELIEVED: Final = "signature not valid"


class Doors:
    """One door a channel; shops are remembered for CALLER_S seconds at most."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._accounts: dict[str, tuple[Account, float]] = {}

    async def knock(
        self, name: str, query_string: bytes, headers: Mapping[str, str], body: bytes
    ) -> Acknowledgement:
        """Let a message in, and answer in the platform's form.

        Raises InputError `no_channel`; NotAvailable or UnknownOutcome when the platform should
        repeat it.
        """
        adapter = find_channel(name)
        try:
            query = dict(
                parse_qsl(
                    query_string.decode("ascii"),
                    keep_blank_values=True,
                    max_num_fields=_QUERY_FIELDS,
                    errors="strict",
                )
            )
        except (ValueError, UnicodeDecodeError) as error:
            raise InputError("bad_filter", "the query cannot be read") from error
        account = await self._find(query.pop("account", ""))
        message = Message(body=body, headers=headers, query=query)
        if (
            account is None
            or registry.spell_name(account.channel) != registry.spell_name(name)
            or not adapter.verify(message, account)
        ):
            refused = adapter.acknowledge(False, _NOT_BELIEVED)
            return msgspec.structs.replace(refused, status=401)
        try:
            outcomes = await intake.take(self._hub, account, adapter, body)
        except InputError as error:
            return adapter.acknowledge(False, error.diagnose())
        error_ = intake.failed(outcomes)
        if error_ is None:
            return adapter.acknowledge(True)
        if isinstance(error_, InputError):
            return adapter.acknowledge(False, error_.diagnose())
        raise error_

    def forget(self, tenant: int) -> None:
        """Forget a tenant's shops: one of them was changed."""
        self._accounts = {k: a for k, a in self._accounts.items() if a[0].tenant != tenant}

    async def _find(self, name: str) -> Account | None:
        known = self._accounts.get(name)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        async with self._hub.connection() as connection:
            account = await merchants.find_account(connection, name)
        if account is not None:
            if len(self._accounts) >= CALLERS:
                self._accounts.clear()
            self._accounts[name] = (account, time.monotonic() + CALLER_S)
        return account


def find_channel(name: str) -> Channel:
    """Give a channel's adapter. Raises InputError `no_channel`."""
    if registry.spell_name(name) not in registry.names("channel"):
        raise InputError("no_channel", "there is no such channel")
    return cast("Channel", registry.load("channel", name))

"""Uber Direct: quotes that are valid for 15 minutes, deliveries made from them.

    POST <auth_url>/oauth/v2/token        client_credentials, scope eats.deliveries (form)
    POST /v1/customers/{id}/delivery_quotes    {pickup_address, dropoff_address, …_dt, …}
    -> {kind: "delivery_quote", id: "dqt_…", created, expires, fee (cents), currency_type,
        dropoff_eta, duration (min), pickup_duration, dropoff_deadline}
    POST /v1/customers/{id}/deliveries         {quote_id, manifest_items, idempotency_key, …}
    -> {id: "del_…", quote_id, status, fee, tracking_url}
    POST /v1/customers/{id}/deliveries/{delivery_id}/cancel

After developer.uber.com/docs/deliveries. Not verified against the service: how it treats an
idempotency_key that comes again (here: the same delivery), and times outside of its own windows.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote as escape
from urllib.parse import urlencode

from danshu.adapters.riders._reading import read_object, refuse
from danshu.kernel.errors import NotAvailable
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.ports.carrier_quote import Quote

if TYPE_CHECKING:
    from danshu.ports.carrier_quote import Account, Call, Place, Send

_MINUTE_MS: Final = 60_000
_READY_MS: Final = 5 * _MINUTE_MS
_PICKUP_MS: Final = 30 * _MINUTE_MS  # at least 20 minutes from now and 10 after it is ready
_DROPOFF_MS: Final = 20 * _MINUTE_MS  # at least between dropoff_ready_dt and its deadline
_NUMBER: Final = re.compile(r"[0-9A-Za-z_\-]{1,128}", re.ASCII)
_SLACK_MS: Final = _MINUTE_MS


class UberDirect:
    """The adapter; it keeps access tokens until shortly before they end."""

    cancels_by_key = False

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], tuple[str, int]] = {}

    async def quote(self, account: Account, send: Send, call: Call, at_ms: int) -> Quote:
        """Ask for a quote."""
        asked = {**_addresses(call), **_times(call, at_ms), "manifest_total_value": call.value_fen}
        data = await self._post(account, send, "delivery_quotes", asked, at_ms)
        id_, fee = data.get("id"), data.get("fee")
        good = isinstance(id_, str) and id_.startswith("dqt_") and _NUMBER.fullmatch(id_)
        if not good or not isinstance(fee, int) or fee < 0:
            raise NotAvailable("the quote can't be read")
        try:
            eta, valid = epoch_ms(str(data["dropoff_eta"])), epoch_ms(str(data["expires"]))
        except (KeyError, ValueError) as error:
            raise NotAvailable("the quote's instants can't be read") from error
        # whoever may hand over only from a time on does not arrive before it
        eta_ms = max(eta, call.start_ms)
        return Quote(token=str(id_), fee_fen=fee, eta_ms=eta_ms, valid_ms=valid)

    async def order(
        self, account: Account, send: Send, call: Call, quote: Quote, at_ms: int
    ) -> str:
        """Make the delivery from its quote."""
        asked: dict[str, Any] = {
            "quote_id": quote.token,
            "external_id": call.key,
            "idempotency_key": call.key,
            "manifest_items": [
                {"name": call.goods, "quantity": 1, "weight": call.weight_g, "size": "small"}
            ],
            "manifest_total_value": call.value_fen,
            **_addresses(call),
            **_times(call, at_ms),
            **_people(call),
        }
        data = await self._post(account, send, "deliveries", asked, at_ms)
        number = data.get("id")
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            raise NotAvailable("the delivery's number can't be read")
        return number

    async def cancel(
        self, account: Account, send: Send, call: Call, number: str, at_ms: int
    ) -> None:
        """Cancel a delivery. Without its number there is none: an order without answer is repeated
        under its key first.
        """
        if number:
            path = f"deliveries/{escape(number, safe='')}/cancel"
            await self._post(account, send, path, {}, at_ms)

    async def _post(
        self, account: Account, send: Send, path: str, asked: dict[str, Any], at_ms: int
    ) -> dict[str, Any]:
        token = await self._token(account, send, at_ms)
        customer = escape(account.options.get("customer_id", ""), safe="")
        url = f"{account.url.rstrip('/')}/v1/customers/{customer}/{path}"
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        body = json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()
        status, answer = await send("POST", url, headers, body)
        if status == 401:  # taken back before its time
            self._tokens.pop(_place(account), None)
        return read_object(status, answer)

    async def _token(self, account: Account, send: Send, at_ms: int) -> str:
        kept = self._tokens.get(_place(account))
        if kept and kept[1] > at_ms + _SLACK_MS:
            return kept[0]
        form = {
            "client_id": account.options.get("client_id", ""),
            "client_secret": account.options.get("client_secret", ""),
            "grant_type": "client_credentials",
            "scope": "eats.deliveries",
        }
        url = account.options.get("auth_url", account.url).rstrip("/") + "/oauth/v2/token"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        data = read_object(*await send("POST", url, headers, urlencode(form).encode()))
        token, lives_s = data.get("access_token"), data.get("expires_in")
        if not isinstance(token, str) or not isinstance(lives_s, int):
            raise refuse("no access token")
        self._tokens[_place(account)] = (token, at_ms + lives_s * 1000)
        return token


def _place(account: Account) -> tuple[str, str]:
    return account.url, account.options.get("client_id", "")


def _address(place: Place) -> str:
    # a structured address is JSON in a string
    told = {"street_address": [place.address], "city": place.city, "country": "CN"}
    return json.dumps(told, ensure_ascii=False)


def _addresses(call: Call) -> dict[str, str]:
    return {"pickup_address": _address(call.pickup), "dropoff_address": _address(call.dropoff)}


def _people(call: Call) -> dict[str, str]:
    return {
        "pickup_name": call.pickup.name,
        "pickup_phone_number": call.pickup.phone,
        "dropoff_name": call.dropoff.name,
        "dropoff_phone_number": call.dropoff.phone,
    }


def _times(call: Call, at_ms: int) -> dict[str, str]:
    """Give the four instants, in the order that the service demands of them."""
    ready = max(at_ms + _READY_MS, call.start_ms - 2 * _PICKUP_MS)
    pickup_by = ready + _PICKUP_MS
    dropoff_ready = min(call.start_ms, pickup_by)
    deadline = max(call.end_ms, dropoff_ready + _DROPOFF_MS, pickup_by)
    return {
        "pickup_ready_dt": rfc3339(ready),
        "pickup_deadline_dt": rfc3339(pickup_by),
        "dropoff_ready_dt": rfc3339(dropoff_ready),
        "dropoff_deadline_dt": rfc3339(deadline),
    }

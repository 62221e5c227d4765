"""The voice that a merchant answers the telephone with; without one, answers are words alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.capabilities.weave.woven import Woven
from danshu.hub import merchants, outside, weaving, wires
from danshu.hub.call_facts import TelephoneVoiceSet
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import CALL_SOUND_BYTES, CALL_SOUND_S
from danshu.ledger import safe
from danshu.ports import registry
from danshu.ports.connector import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor
    from danshu.ports.synthesizer import Synthesizer

Connection = Any
PORT: Final = "synthesizer"
NO_VOICE: Final = InputError("no_voice", "no voice is set up")
_SECRETS: Final = "telephone/"
_READ: Final = "select adapter, url, options::text from telephone_voices where tenant=%s"
_PUT: Final = (
    "insert into telephone_voices(tenant,adapter,url,options) values(%s,%s,%s,%s::jsonb)"
    " on conflict (tenant) do update set adapter=excluded.adapter, url=excluded.url,"
    " options=excluded.options"
)


class Voice(Struct, frozen=True, kw_only=True):
    """A voice: which adapter, where, with which options. Of secrets only the names."""

    adapter: str
    url: str = ""
    options: dict[str, str] = {}
    secrets: tuple[str, ...] = ()


def load(adapter: str) -> Synthesizer:
    """Give what is plugged in under a name. Raises InputError `unknown_adapter`."""
    try:
        return cast("Synthesizer", registry.load(PORT, adapter))
    except ProgramError:
        raise InputError("unknown_adapter", f"no adapter {adapter!r}", "/adapter") from None


async def read(connection: Connection, tenant: int) -> Voice | None:
    """Read the merchant's voice; None where none is set up."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    if row is None:
        return None
    secrets = await safe.read_all(connection, tenant, _SECRETS)
    options = msgspec.json.decode(row[2], type=dict[str, str])
    return Voice(adapter=row[0], url=row[1], options=options, secrets=tuple(sorted(secrets)))


async def put(
    connection: Connection, tenant: int, voice: Voice, secrets: Mapping[str, str], actor: Actor
) -> Voice:
    """Set the voice up; a secret that is not given stays. Raises InputError for an unknown adapter,
    a bad address, or something that the adapter needs and has not.
    """
    adapter = load(voice.adapter)
    if not adapter.local:
        weaving.guard(Woven(code="voice", base_url=outside.check_url(voice.url)))
    async with connection.transaction():
        await merchants.touch(connection, tenant)
        for name, value in secrets.items():
            await safe.put(connection, tenant, _SECRETS + name, value)
        kept = await safe.read_all(connection, tenant, _SECRETS)
        missing = [n for n in adapter.needs if not voice.options.get(n) and n not in kept]
        if missing:
            raise InputError("missing", f"it needs {', '.join(missing)}", "/options")
        told = msgspec.json.encode(voice.options).decode()
        await connection.execute(_PUT, (tenant, voice.adapter, voice.url, told))
        said = TelephoneVoiceSet(adapter=voice.adapter, url=voice.url)
        await merchants.say(connection, tenant, actor, said)
    return Voice(
        adapter=voice.adapter, url=voice.url, options=voice.options, secrets=tuple(sorted(kept))
    )


async def speak(hub: Hub, tenant: int, text: str, lang: str) -> tuple[str, bytes]:
    """Say a text: media type and sound. Raises InputError `no_voice`, NotAvailable."""
    async with hub.connection() as connection:
        voice = await read(connection, tenant)
        if voice is None:
            raise NO_VOICE
        secrets = await safe.read_all(connection, tenant, _SECRETS)
    account = Account(url=voice.url, options=voice.options, secrets=secrets)
    reach = outside.Reach(CALL_SOUND_S, CALL_SOUND_BYTES, 1)
    async with wires.open_wire() as wire:
        send = wires.sender(wire, voice.adapter, reach)
        return await load(voice.adapter).speak(account, send, text, lang)

"""What changed, kept beside findings: each finding names the change that it likely comes of.

Published policies, order types and actions, connected shops and carriers, keys and master data come
by their facts, as the room `sentinel` reads the log; a new build of the hub tells of itself when
its worker begins.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.sentinel import causes
from danshu.capabilities.sentinel.causes import DEPLOYED, KINDS
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import SENTINEL_CAUSE_S, SENTINEL_CHANGE_DAYS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.sentinel.parts import Told

Connection = Any
LIKELY: Final = f"""
left join lateral (
  select c.fact from sentinel_changes c where c.tenant=%(tenant)s and c.at <= w.at
  and c.at > w.at - case when w.class in ('volume_drift','latency_drift')
    then interval '1 hour' else interval '0 s' end - interval '{SENTINEL_CAUSE_S} s'
  and (cardinality(c.classes)=0 or w.class = any(c.classes))
  and (c.channel='' or c.channel=w.channel) order by c.at desc limit 1) likely on true
"""
"""Joins findings `w` that are about to be written with the newest change they may come of."""
_KEEP: Final = """
insert into sentinel_changes(tenant,at,fact,kind,channel,classes,params)
select %s, w.at, w.fact, w.kind, w.channel, string_to_array(w.classes,','), w.params::jsonb ||
  coalesce((select jsonb_build_object('no', p.no, 'name', p.name) from policy_sets p
    where p.tenant=%s and p.digest=decode(w.digest,'hex')), '{}')
from unnest(%s::timestamptz[],%s::text[],%s::text[],%s::text[],%s::text[],%s::text[],%s::text[])
  w(at,fact,kind,channel,classes,params,digest) on conflict do nothing
"""
# The first build that is noted is no change; what others know already is none to a new merchant.
_DEPLOY: Final = f"""
insert into sentinel_changes(tenant,at,fact,kind,channel,classes,params)
select t.id, case when last.params is not null or (known.n > 0 and known.same = 0)
    then %(now)s else 'epoch' end,
  '{DEPLOYED}:'||%(build)s, '{DEPLOYED}', '', '{{}}', %(params)s::jsonb
from tenants t
left join lateral (select params from sentinel_changes c where c.tenant=t.id
  and c.kind='{DEPLOYED}' order by c.at desc limit 1) last on true
cross join (select count(*) as n, count(*) filter (where params->>'build'=%(build)s) as same
  from sentinel_changes where kind='{DEPLOYED}') known
where last.params->>'build' is distinct from %(build)s
on conflict do nothing
"""
_FORGET: Final = f"""
delete from sentinel_changes where at < now() - interval '{SENTINEL_CHANGE_DAYS} days'
and at > 'epoch'
"""
_encode: Final = msgspec.json.Encoder().encode


def _decoder() -> Any:
    fields: list[tuple[str, Any]] = [("data", dict[str, Any])]
    fields += [(name, str) for name in ("id", "occurred", "time", "type")]
    return msgspec.json.Decoder(msgspec.defstruct("Changed", fields, frozen=True)).decode


MARKS: Final = dict.fromkeys([kind.encode() for kind in KINDS], _decoder())
"""How the facts of changes are read, by the bytes of their type."""


async def keep(connection: Connection, tenant: int, changed: Sequence[Told]) -> None:
    """Keep changes, in the commit that moves the sentinel's cursor."""
    kinds = [causes.KINDS[each.type] for each in changed]
    params = [
        {name: each.data[name] for name in kind.params if name in each.data and name != "digest"}
        for each, kind in zip(changed, kinds, strict=True)
    ]
    columns = (
        [write.instant(epoch_ms(each.time) * 1000) for each in changed],
        [each.id for each in changed],
        [each.type for each in changed],
        [str(each.data.get("channel", "")) for each in changed],
        [",".join(kind.classes) for kind in kinds],
        [_encode(told).decode() for told in params],
        [_digest(each) for each in changed],
    )
    await connection.execute(_KEEP, (tenant, tenant, *columns))


def _digest(each: Told) -> str:
    """Give what a policy set is known by, "" for other changes."""
    return str(each.data.get("digest", "")) if each.type.startswith("policy_set.") else ""


class Build:
    """The build of the hub that works here, told once to each merchant that it is new to."""

    def __init__(self) -> None:
        self._build = ""

    async def tell(self, connection: Connection, at_ms: int) -> None:
        """Note this build where another one was the last; once a process."""
        if self._build:
            return
        self._build = _read_build()
        params = {"version": importlib.metadata.version("danshu"), "build": self._build}
        given = {
            "now": write.instant(at_ms * 1000),
            "build": self._build,
            "params": _encode(params).decode(),
        }
        await connection.execute(_DEPLOY, given)
        await connection.execute(_FORGET)


def _read_build() -> str:
    """Give the digest of the hub's modules and of the versions of what is plugged in."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    plugged = {
        f"{one.name} {one.version}"
        for one in importlib.metadata.distributions()
        if any(point.group.startswith("danshu.") for point in one.entry_points)
    }
    digest.update("\n".join(sorted(plugged)).encode())
    return digest.hexdigest()[:12]

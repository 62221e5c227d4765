"""Regions and lanes in the database."""

from __future__ import annotations

from typing import Final

READ_REGIONS: Final = (
    "select no,code,name,province,lng_udeg,lat_udeg from regions where tenant=%b order by no"
)
READ_LANES: Final = """
select w.code,r.code,l.transit_min,l.sd_min,l.first_kg_fen,l.extra_kg_fen,l.carrier
from lanes l join warehouses w on w.tenant=l.tenant and w.no=l.wh
join regions r on r.tenant=l.tenant and r.no=l.region where l.tenant=%b order by l.wh,l.region
"""
UPSERT_REGIONS: Final = """
insert into regions(tenant,no,code,name,province,lng_udeg,lat_udeg)
select * from unnest(%b::int4[],%b::int4[],%b::text[],%b::text[],%b::text[],%b::int4[],%b::int4[])
on conflict (tenant,code) do update set name=excluded.name, province=excluded.province,
lng_udeg=excluded.lng_udeg, lat_udeg=excluded.lat_udeg
"""
UPSERT_LANES: Final = """
insert into lanes(tenant,wh,region,transit_min,sd_min,first_kg_fen,extra_kg_fen,carrier)
select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int4[],%b::int4[],%b::int4[],
%b::int4[],%b::text[])
on conflict (tenant,wh,region) do update set transit_min=excluded.transit_min,
sd_min=excluded.sd_min, first_kg_fen=excluded.first_kg_fen, extra_kg_fen=excluded.extra_kg_fen,
carrier=excluded.carrier
"""
# What it has in common with others follows it: snapshot.load_snapshot takes both.
READ_SNAPSHOT: Final = """
select s.body || coalesce(p.body,''::bytea) from snapshots s
left join snapshot_parts p on p.tenant=s.tenant and p.digest=s.part
where s.tenant=%b and s.digest=%b
"""

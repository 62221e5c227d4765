"""Stock rows and the statements that change them. Rows are always locked in key order."""

from __future__ import annotations

from typing import Final

# One conditional update for the whole group; the count fails the transaction when a row was short
# or is missing. The writer's session allows nested loops only, so rows are locked in the order of
# `want`: key order. Locking them first with FOR UPDATE cost a third more; where a plan differs, a
# deadlock is one more wrong guess.
RESERVE: Final = """
with want as materialized (
  select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int8[]) t(tenant,wh,sku,q)
  order by 1,2,3),
upd as (
  update stock s set reserved=s.reserved+w.q from want w
  where s.tenant=w.tenant and s.wh=w.wh and s.sku=w.sku and s.on_hand-s.reserved-s.safety>=w.q
  returning s.tenant,s.wh,s.sku,s.on_hand-s.reserved-s.safety as atp)
select 1/(count(*)=%b)::int as ok, array_agg(tenant), array_agg(wh), array_agg(sku), array_agg(atp)
from upd
"""

# Reserve (q over 0) and give back (below) in one conditional update: rows locked in key order, a
# short or missing one fails the transaction. One statement, so it may come last before the commit.
SHIFT: Final = """
with want as materialized (
  select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int8[]) t(tenant,wh,sku,q)
  order by 1,2,3),
upd as (
  update stock s set reserved=s.reserved+w.q from want w
  where s.tenant=w.tenant and s.wh=w.wh and s.sku=w.sku
  and (w.q<=0 or s.on_hand-s.reserved-s.safety>=w.q)
  returning s.wh,s.sku,s.on_hand-s.reserved-s.safety as atp)
select g.ok, u.wh, u.sku, u.atp
from (select 1/(count(*)=%b)::int as ok from upd) g left join upd u on true
"""

# Quotas cap what a channel may sell of a row; a missing row is no cap.
USE_QUOTA: Final = """
with want as (
  select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::text[],%b::int8[])
  t(tenant,wh,sku,channel,q)),
held as materialized (
  select c.tenant,c.wh,c.sku,c.channel,w.q,c.cap-c.used as rest
  from want w
  join quotas c on c.tenant=w.tenant and c.wh=w.wh and c.sku=w.sku and c.channel=w.channel
  order by c.tenant,c.wh,c.sku,c.channel for update of c),
upd as (
  update quotas c set used=c.used+h.q from held h
  where c.tenant=h.tenant and c.wh=h.wh and c.sku=h.sku and c.channel=h.channel and h.rest>=h.q
  returning 1)
select (select 1/(count(*)=%b)::int from upd)
"""

# Give back or take away without a question: on_hand and reserved move by the differences, rows in
# key order.
MOVE: Final = """
with d as (
  select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int8[],%b::int8[])
  t(tenant,wh,sku,on_hand,reserved)),
held as materialized (
  select s.tenant,s.wh,s.sku,d.on_hand as dh,d.reserved as dr
  from d join stock s on s.tenant=d.tenant and s.wh=d.wh and s.sku=d.sku
  order by s.tenant,s.wh,s.sku for update of s)
update stock s set on_hand=s.on_hand+h.dh, reserved=s.reserved+h.dr
from held h where s.tenant=h.tenant and s.wh=h.wh and s.sku=h.sku
returning s.tenant,s.wh,s.sku,s.on_hand-s.reserved-s.safety as atp
"""

GIVE_BACK_QUOTA: Final = """
update quotas c set used=greatest(0,c.used-w.q)
from unnest(%b::int4[],%b::int4[],%b::int4[],%b::text[],%b::int8[]) w(tenant,wh,sku,channel,q)
where c.tenant=w.tenant and c.wh=w.wh and c.sku=w.sku and c.channel=w.channel
"""

# Receipts, counts and adjustments: absolute values come in, the differences go into the fact.
READ_ROWS: Final = """
select s.wh,s.sku,s.on_hand,s.reserved,s.safety,s.in_transit from stock s
join unnest(%b::int4[],%b::int4[]) w(wh,sku) on w.wh=s.wh and w.sku=s.sku
where s.tenant=%b order by s.wh,s.sku for update of s
"""
WRITE_ROWS: Final = """
insert into stock(tenant,wh,sku,on_hand,safety,in_transit)
select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int8[],%b::int8[],%b::int8[])
order by 1,2,3
on conflict (tenant,wh,sku) do update
set on_hand=excluded.on_hand, safety=excluded.safety, in_transit=excluded.in_transit
returning wh,sku,on_hand-reserved-safety
"""

READ_ATP: Final = "select wh,sku,on_hand-reserved-safety from stock where tenant=%b"
READ_ATP_ROWS: Final = """
select s.wh,s.sku,s.on_hand-s.reserved-s.safety from stock s
where s.tenant=%b and s.sku = any(%b::int4[]) order by s.wh,s.sku
"""
LOCK_SKUS: Final = """
select s.wh,s.sku,s.on_hand-s.reserved-s.safety from stock s
where s.tenant=%b and s.sku = any(%b::int4[]) order by s.tenant,s.wh,s.sku for update
"""
READ_QUOTAS: Final = "select wh,sku,channel,cap,used from quotas where tenant=%b"
SET_QUOTA: Final = """
insert into quotas(tenant,wh,sku,channel,cap) values(%b,%b,%b,%b,%b)
on conflict (tenant,wh,sku,channel) do update set cap=excluded.cap
"""
DROP_QUOTA: Final = "delete from quotas where tenant=%b and wh=%b and sku=%b and channel=%b"

READ_SKUS: Final = (
    "select no,code,name,weight_g,storage,price_fen,barcode from skus where tenant=%b order by no"
)
READ_WAREHOUSES: Final = """
select no,code,name,region,lng_udeg,lat_udeg,storage_bits,capacity_units,cutoff_min,calendar,
kind from warehouses where tenant=%b order by no
"""
UPSERT_SKUS: Final = """
insert into skus(tenant,no,code,name,weight_g,storage,price_fen,barcode)
select * from unnest(%b::int4[],%b::int4[],%b::text[],%b::text[],%b::int4[],%b::int4[],
%b::int8[],%b::text[])
on conflict (tenant,code) do update set name=excluded.name, weight_g=excluded.weight_g,
storage=excluded.storage, price_fen=excluded.price_fen, barcode=excluded.barcode
"""
UPSERT_WAREHOUSE: Final = """
insert into warehouses(tenant,no,code,name,region,lng_udeg,lat_udeg,storage_bits,capacity_units,
cutoff_min,calendar,kind) values (%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b,%b)
on conflict (tenant,code) do update set name=excluded.name,
region=excluded.region, lng_udeg=excluded.lng_udeg, lat_udeg=excluded.lat_udeg,
storage_bits=excluded.storage_bits, capacity_units=excluded.capacity_units,
cutoff_min=excluded.cutoff_min, calendar=excluded.calendar, kind=excluded.kind
"""

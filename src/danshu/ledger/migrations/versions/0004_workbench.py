"""Tables of the workbench."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
create table worklist (
  tenant int not null, id uuid not null, due timestamptz, total bigint not null,
  currency text not null, wh int not null, state smallint not null,
  promise smallint not null, short boolean not null,
  channel text not null, region text not null, holds text[],
  primary key (tenant, id)) with (fillfactor = 85);
create index worklist_due on worklist (tenant, state, due, id) where due is not null;
create index worklist_promise on worklist (tenant, promise, id) where promise <= 35;
create index worklist_total on worklist (tenant, total, id);

create table order_tags (
  tenant int not null, id uuid not null, tag text not null, primary key (tenant, id, tag));
create index order_tags_tag on order_tags (tenant, tag, id);
create table order_assignees (
  tenant int not null, id uuid not null, assignee text not null, primary key (tenant, id));
create index order_assignees_assignee on order_assignees (tenant, assignee, id);

create table saved_views (
  tenant int not null, id uuid not null, owner text not null, shared boolean not null,
  name text not null, shipped text not null, roles text[] not null, body bytea not null,
  version int not null, changed_by text not null, changed timestamptz not null,
  primary key (tenant, id));

create table jobs (
  tenant int not null, id uuid not null, kind text not null, state text not null,
  question bytea not null, asked_by text not null, caller bytea not null, actor bytea not null,
  total bigint not null, exact boolean not null, done bigint not null default 0,
  failed bigint not null default 0, place uuid, stop boolean not null default false,
  result bytea not null default '', trouble text not null default '', parent uuid,
  lease timestamptz, holder uuid, created timestamptz not null default now(), ended timestamptz,
  primary key (tenant, id)) with (fillfactor = 50);
create index jobs_open on jobs (lease) where ended is null;
create table job_items (
  tenant int not null, job uuid not null, id uuid not null, code text not null default '',
  reason text not null default '', reason_en text not null default '',
  was bytea not null default '', primary key (tenant, job, id));
create index job_items_failed on job_items (tenant, job, id) where code <> '';
"""


# Work on the floor: a row for each fulfilment order between release and hand-over. The partial
# indexes are the four queues, next to be late first.
FLOOR = """
create table floor_tasks (
  tenant int not null, id uuid not null, fulfilment int not null, wh int not null,
  stage smallint not null, review smallint not null, held boolean not null,
  due timestamptz not null, units bigint not null, skus int not null, number text not null,
  label text not null, worker text not null default '', who text not null default '',
  kind smallint not null default 0, began timestamptz, until timestamptz, called timestamptz,
  primary key (tenant, id, fulfilment));
create index floor_tasks_pick on floor_tasks (tenant, wh, due, id, fulfilment)
  where stage = 1 and not held;
create index floor_tasks_pack on floor_tasks (tenant, wh, due, id, fulfilment)
  where stage = 2 and not held;
create index floor_tasks_review on floor_tasks (tenant, wh, due, id, fulfilment)
  where stage = 3 and not held and review < 2;
create index floor_tasks_handover on floor_tasks (tenant, wh, due, id, fulfilment)
  where stage = 3 and not held and review <> 1;
create index floor_tasks_label on floor_tasks (tenant, label);
create index floor_tasks_worker on floor_tasks (tenant, worker) where worker <> '';
create table floor_scans (
  tenant int not null, id uuid not null, fulfilment int not null, kind smallint not null,
  no int not null, code text not null, sku text not null, quantity bigint not null,
  at timestamptz not null, device_at timestamptz, primary key (tenant, id, fulfilment, kind, no));
create table floor_photos (
  tenant int not null, id uuid not null, fulfilment int not null, kind smallint not null,
  digest bytea not null, size int not null, primary key (tenant, id, fulfilment, kind, digest));
create table blobs (
  tenant int not null, digest bytea not null, kind text not null, body bytea not null,
  made timestamptz not null default now(), primary key (tenant, digest));
"""
# Master data and promises: sheets on their way in, what became of each row, columns chosen before;
# movements of stock by SKU.
MASTERS = """
create table sheets (
  tenant int not null, id uuid not null, kind text not null, name text not null,
  digest bytea not null, body bytea not null, form bytea not null, tabs bytea not null,
  first bytea not null, columns bytea not null default '', state text not null,
  mode text not null default '', counts bytea not null default '', line int not null default 0,
  trouble text not null default '', by text not null, actor bytea not null,
  made timestamptz not null default now(), changed timestamptz not null default now(),
  expires timestamptz, primary key (tenant, id));
create index sheets_waiting on sheets (changed) where state in ('applying', 'undoing');
create table sheet_rows (
  tenant int not null, id uuid not null, line int not null, outcome smallint not null,
  key text[] not null, given bytea not null, before bytea not null, after bytea not null,
  field text not null, reason text not null, value text not null, detail text not null,
  undone smallint not null default 0, primary key (tenant, id, line));
create index sheet_rows_outcome on sheet_rows (tenant, id, outcome, line);
create table sheet_columns (
  tenant int not null, kind text not null, signature bytea not null, columns bytea not null,
  used timestamptz not null default now(), primary key (tenant, kind, signature));
create table stock_moves (
  tenant int not null, sku int not null, id uuid not null, wh int not null, on_hand bigint not null,
  safety bigint not null, in_transit bigint not null, on_hand_after bigint,
  reason text not null, by text not null, role text not null, primary key (tenant, sku, id, wh));
create index skus_barcode on skus (tenant, barcode) where barcode <> '';
create table ticking (
  tenant int not null, id uuid not null, code text not null, state text not null,
  due timestamptz not null, started timestamptz not null, warned smallint not null,
  version int not null, wh int not null, channel text not null, carrier text not null,
  primary key (tenant, id, code));
create index ticking_due on ticking (tenant, due, id, code);
create table waiting_units (
  tenant int not null, sku text not null, id uuid not null, quantity bigint not null,
  due timestamptz, primary key (tenant, id, sku));
create index waiting_units_sku on waiting_units (tenant, sku);
alter table verdicts add column wh int not null default -1,
  add column channel text not null default '', add column carrier text not null default '';
update verdicts v set wh=o.wh, channel=o.channel from orders o where o.tenant=v.tenant
  and o.id=v.id;
create index verdicts_state on verdicts (tenant, state, at, id, code);
create table calendars (
  tenant int not null, id text not null, version text not null, digest bytea not null,
  body bytea not null, base text not null, changes bytea not null, by text not null,
  made timestamptz not null default clock_timestamp(), primary key (tenant, id, version));
"""
# The inbox as a page: what waits for a person, newest first; what an order's erasure must find.
INBOX = """
alter table inbox add column made timestamptz not null default now(),
  add column state text not null default 'open', add column oid uuid,
  add column note text not null default '';
update inbox set oid = substr(detail,1,36)::uuid
  where reason in ('news','cancel_refused') and detail ~ '^[0-9a-f-]{36}( |$)';
update inbox set state = 'told' where reason = 'news';
create index inbox_state on inbox (tenant, state, made, id);
create index inbox_order on inbox (tenant, oid) where oid is not null;
"""
# Orders that were on the floor when this version came.
BACKFILL = """
insert into floor_tasks(tenant,id,fulfilment,wh,stage,review,held,due,units,skus,number,label)
select o.tenant, o.id, (f->>'no')::int, w.no,
  case coalesce(f->>'state','allocated') when 'released' then 1 when 'picked' then 2 else 3 end,
  case when f->>'state'='packed' and exists (select 1 from jsonb_array_elements(f->'shares') s
    join skus k on k.tenant=o.tenant and k.code=s->>'sku' where k.storage & 7 = 0)
    then 1 else 0 end,
  coalesce(jsonb_array_length(d->'holds'),0) > 0,
  to_timestamp(coalesce((select min((t->>'due_ms')::bigint)
    from jsonb_array_elements(convert_from(o.terms,'UTF8')::jsonb) t
    where not t ? 'stop' and t->>'state' in ('running','paused','broken')), 4102444800000)/1000.0),
  (select sum((s->>'quantity')::bigint) from jsonb_array_elements(f->'shares') s),
  (select count(distinct s->>'sku') from jsonb_array_elements(f->'shares') s),
  d->>'number',
  concat_ws('-', nullif(right(regexp_replace(d->>'number','[^A-Za-z0-9]','','g'),5),''),
    upper(right(o.id::text,4)), f->>'no')
from orders o cross join lateral (select convert_from(o.doc,'UTF8')::jsonb d) j
cross join lateral jsonb_array_elements(coalesce(d->'fulfilments','[]')) f
join warehouses w on w.tenant=o.tenant and w.code=f->>'warehouse'
where o.state between 30 and 70 and f->>'state' in ('released','picked','packed')
"""


# Movements that were said before this version came; how much was there after each is not known.
MOVES = """
insert into stock_moves(tenant,sku,id,wh,on_hand,safety,in_transit,reason,by,role)
select f.tenant, k.no, f.stream, w.no, coalesce((m->>'on_hand')::int8,0),
  coalesce((m->>'safety')::int8,0), coalesce((m->>'in_transit')::int8,0),
  j->'data'->>'reason', j->'actor'->>'sub', coalesce(j->'actor'->>'role','')
from facts f
cross join lateral (select convert_from(substr(f.body,5),'UTF8')::json as j) said
cross join lateral json_array_elements(j->'data'->'lines') m
join warehouses w on w.tenant=f.tenant and w.code=j->'data'->>'warehouse'
join skus k on k.tenant=f.tenant and k.code=m->>'sku'
where f.n=1 and position('"type":"stock.moved"'::bytea in f.body) > 0
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in (TABLES + FLOOR + MASTERS + INBOX).split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(BACKFILL.replace(":", "\\:"))
    op.execute(MOVES.replace(":", "\\:"))


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

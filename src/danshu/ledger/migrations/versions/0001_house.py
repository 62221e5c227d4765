"""The first tables: facts and what is derived from them.

Every primary key and unique constraint begins with `tenant`, so that the tables can be distributed.
Growing tables are partitioned by day through the UUIDv7 of the order (or stream) itself.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
create table tenants (
  id int primary key generated always as identity, code text not null unique, name text not null,
  salt bytea not null, revision bigint not null default 1,
  created timestamptz not null default now());
create table api_keys (
  tenant int not null, id text not null, hash bytea not null, role text not null,
  name text not null, created timestamptz not null default now(), revoked timestamptz,
  primary key (tenant, id));
create table accounts (
  tenant int not null, account text not null, channel text not null,
  shop text not null default '', key text not null default '', secret text not null default '',
  primary key (tenant, account));

create table skus (
  tenant int not null, no int not null, code text not null, name text not null,
  weight_g int not null, storage int not null, price_fen bigint not null,
  barcode text not null default '', primary key (tenant, no), unique (tenant, code));
create table warehouses (
  tenant int not null, no int not null, code text not null, name text not null,
  region text not null, lng_udeg int not null, lat_udeg int not null, storage_bits int not null,
  capacity_units int not null, cutoff_min int not null, calendar text not null,
  primary key (tenant, no), unique (tenant, code));
create table regions (
  tenant int not null, no int not null, code text not null, name text not null,
  province text not null, lng_udeg int not null, lat_udeg int not null, primary key (tenant, no),
  unique (tenant, code));
create table lanes (
  tenant int not null, wh int not null, region int not null, transit_min int not null,
  sd_min int not null, first_kg_fen int not null, extra_kg_fen int not null,
  carrier text not null default '', primary key (tenant, wh, region));

create table stock (
  tenant int not null, wh int not null, sku int not null, on_hand bigint not null default 0,
  reserved bigint not null default 0, safety bigint not null default 0,
  in_transit bigint not null default 0, primary key (tenant, wh, sku),
  check (reserved >= 0 and on_hand >= reserved and safety >= 0 and in_transit >= 0))
  with (fillfactor = 50);
create table quotas (
  tenant int not null, wh int not null, sku int not null, channel text not null,
  cap bigint not null, used bigint not null default 0, primary key (tenant, wh, sku, channel),
  check (used >= 0));

create table idem (
  tenant int not null, okey text not null, oid uuid not null, bh bytea not null,
  primary key (tenant, okey));

create table orders (
  tenant int not null, id uuid not null, okey text not null, channel text not null,
  state smallint not null, wh int not null, region text not null, total bigint not null,
  currency text not null, due timestamptz, seq int not null, head bytea not null,
  doc bytea not null, terms bytea not null, primary key (tenant, id)) partition by range (id);
create index orders_state on orders (tenant, state, id);
create index orders_channel on orders (tenant, channel, id);
create index orders_wh on orders (tenant, wh, id);

create table facts (
  tenant int not null, stream uuid not null, v int not null, n int not null,
  gen int not null default 1, xid xid8 not null default pg_current_xact_id(),
  body bytea not null, primary key (tenant, stream, v)) partition by range (stream);
create index facts_xid on facts (xid);

create table vault (
  tenant int not null, id uuid not null, salt bytea not null, raw bytea, person bytea,
  erased timestamptz, primary key (tenant, id)) partition by range (id);

create table timers (
  tenant int not null, due timestamptz not null, id uuid not null, kind int not null,
  primary key (tenant, due, id, kind));
create table verdicts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  due timestamptz, at timestamptz not null, gap_ms bigint not null,
  primary key (tenant, id, code));

create table segments (
  tenant int not null, half text not null, first bigint not null, n int not null,
  gen int not null, xid_from xid8 not null, xid_to xid8 not null, keys bytea not null,
  hashes bytea not null, root bytea not null, primary key (tenant, half, first));
create index segments_xid on segments (tenant, gen, xid_to);
create table tiles (
  tenant int not null, half text not null, level int not null, n bigint not null,
  data bytea not null, primary key (tenant, half, level, n));
create table checkpoints (
  tenant int not null, half text not null, size bigint not null, note bytea not null,
  signed timestamptz not null default now(), primary key (tenant, half, size));
create table signers (
  name text primary key, seed bytea not null, created timestamptz not null default now());
create table books (
  tenant int not null, half text not null, size bigint not null, root bytea not null,
  signed bigint not null default 0, primary key (tenant, half)) with (fillfactor = 50);
create table clusters (gen int primary key, system_id bigint not null);
create table cursors (
  name text not null, tenant int not null, half text not null, position bigint not null,
  primary key (name, tenant, half));

create table snapshots (
  tenant int not null, digest bytea not null, body bytea not null,
  made timestamptz not null default now(), primary key (tenant, digest));
create table definitions (
  tenant int not null, code text not null, version int not null, digest bytea not null,
  body bytea not null, active boolean not null default true,
  primary key (tenant, code, version));

create table inbox (
  tenant int not null, id uuid not null, channel text not null, account text not null,
  reason text not null, detail text not null, body bytea not null, primary key (tenant, id));
create table imports (
  tenant int not null, digest bytea not null, name text not null, position bigint not null,
  totals bytea not null, updated timestamptz not null default now(),
  primary key (tenant, digest));
create table order_search (
  tenant int not null, id uuid not null, terms bigint[] not null,
  primary key (tenant, id)) partition by range (id);
create index order_search_terms on order_search using gin (terms);
create table replies (
  tenant int not null, okey text not null, bh bytea not null, status int not null,
  body bytea not null, primary key (tenant, okey));
"""

# Rows of these tables are a little over the 2 kB at which PostgreSQL begins to compress, which
# costs more CPU than it saves here, so let rows grow to the page instead.
STORAGE = """
alter table segments alter keys set storage external, alter hashes set storage external;
alter table tiles alter data set storage external;
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in (TABLES + STORAGE).split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in ("orders", "facts", "vault", "order_search"):
        op.execute(
            f"create table {table}_rest partition of {table} default"
            " with (toast_tuple_target = 8160)"
        )


def downgrade() -> None:
    """Nothing to go back to."""
    raise RuntimeError("the first migration can't be undone; drop the database instead")

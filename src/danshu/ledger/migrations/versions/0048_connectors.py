"""Connectors 连接器, what they are asked, by which route, how they are; and the safe."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"

TABLES = """
create table safe (
  tenant int not null, name text not null, key text not null, sealed bytea not null,
  put timestamptz not null default now(), primary key (tenant, name));
create table connectors (
  tenant int not null, id uuid not null, capability text not null, adapter text not null,
  title text not null, url text not null, trial_url text not null default '',
  options bytea not null default '{}', state text not null, concurrency int not null,
  rate_per_s int not null default 0, timeout_s float8 not null default 0,
  secrets text[] not null default '{}', revision int not null default 1,
  state_at timestamptz not null default now(), probed timestamptz,
  probe_trouble text not null default '',
  breaker bytea not null default '{}', tokens float8 not null default 0,
  filled timestamptz not null default now(), made timestamptz not null default now(),
  primary key (tenant, id));
create index connectors_by_id on connectors (id);
create table connector_calls (
  tenant int not null, id uuid not null, capability text not null, operation text not null,
  purpose text not null default '', key text not null, subject text not null,
  body bytea not null, context bytea not null default '', warehouse text not null default '',
  channel text not null default '', trial boolean not null default false,
  state text not null default 'due', connector uuid, route int not null default 0,
  handed boolean not null default false, sought int not null default 0,
  tries int not null default 0, next_try timestamptz, asked timestamptz not null,
  tried timestamptz, answered timestamptz, reference text not null default '',
  code text not null default '', reason text not null default '', reply bytea,
  trouble text not null default '', primary key (tenant, id), unique (tenant, key));
create index connector_calls_due on connector_calls (next_try) where next_try is not null;
create index connector_calls_of on connector_calls (tenant, subject);
create index connector_calls_at on connector_calls (tenant, connector, id);
create index connector_calls_open on connector_calls (tenant, connector, next_try)
  where state in ('due', 'pending', 'held');
create index connector_calls_unrouted on connector_calls (next_try)
  where connector is null and next_try is not null;
create table connector_routes (
  tenant int not null, capability text not null, version int not null, state text not null,
  body bytea not null, by text not null, reason text not null default '',
  set_at timestamptz not null, primary key (tenant, capability, version));
create table connector_minutes (
  tenant int not null, connector uuid not null, minute timestamptz not null,
  route int not null default 0, calls int not null, done int not null, refused int not null,
  failed int not null, latency int[] not null, backlog int not null default 0,
  primary key (tenant, connector, minute, route));
create index connector_minutes_old on connector_minutes (minute);
create table connector_runs (
  tenant int not null, id uuid not null, capability text not null, began timestamptz not null,
  since timestamptz not null, until timestamptz not null, state text not null,
  figures bytea not null default '{}', primary key (tenant, id));
create table connector_differences (
  tenant int not null, run uuid not null, no int not null, kind text not null,
  key text not null, connector uuid, call uuid, detail text not null,
  primary key (tenant, run, no));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

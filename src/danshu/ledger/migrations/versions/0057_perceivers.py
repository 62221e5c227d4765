"""Who hears, sees and measures originals: services, their order, what they did, what they gave."""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0056"

TABLES = """
create table perceivers (
  tenant int4 not null, id uuid not null, kind text not null, adapter text not null,
  title text not null, url text not null default '', label text not null default '',
  options bytea not null default '{}', mapping bytea not null default '',
  secrets text[] not null default '{}', state text not null, timeout_ms int4 not null,
  quota_minute int4 not null default 0, quota_day int4 not null default 0,
  price_call int8 not null default 0, price_second int8 not null default 0,
  price_page int8 not null default 0, revision int4 not null default 1,
  breaker bytea not null default '{}', trouble text not null default '', troubled timestamptz,
  version text not null default '', digest text not null default '',
  made timestamptz not null default now(), primary key (tenant, id));
create table perceiver_chains (
  tenant int4 not null, kind text not null, scope text not null default '', revision int4 not null,
  body bytea not null, set_at timestamptz not null default now(),
  primary key (tenant, kind, scope));
create table perceiver_minutes (
  tenant int4 not null, perceiver uuid not null, minute timestamptz not null,
  calls int4 not null default 0, done int4 not null default 0, refused int4 not null default 0,
  failed int4 not null default 0, codes jsonb not null default '{}', latency int4[] not null,
  cost int8 not null default 0, heard_ms int8 not null default 0, pages int4 not null default 0,
  compared int4 not null default 0, agreed int8 not null default 0,
  primary key (tenant, perceiver, minute));
create index perceiver_minutes_old on perceiver_minutes (minute);
create table perceiver_samples (
  tenant int4 not null, id uuid not null, kind text not null, name text not null,
  media_type text not null, digest bytea not null, expects text not null default '',
  body bytea not null,
  made timestamptz not null default now(), primary key (tenant, id));
create table perceptions (
  tenant int4 not null, key bytea not null, digest text not null, body bytea not null,
  at timestamptz not null default now(), primary key (tenant, key));
create index perceptions_of on perceptions (tenant, digest);
create index perceptions_old on perceptions (at)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

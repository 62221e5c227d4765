"""Versions of the intent graph 业务意图知识图谱, drafts and their road; gauges of fixed cameras."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"

TABLES = """
create table intents (
  tenant int not null, version int not null, digest bytea not null, body bytea not null,
  shipped bytea not null, active boolean not null default true, drafted_by text not null,
  approved_by text not null, published timestamptz not null default now(), retired timestamptz,
  primary key (tenant, version));
create unique index intents_active on intents (tenant) where active;
create table intent_drafts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  edited_by text not null, edited timestamptz not null default now(), primary key (tenant, id));
create unique index intent_drafts_open on intent_drafts (tenant, code)
  where state in ('draft','submitted');
create table intent_steps (
  tenant int not null, draft uuid not null, no int not null, act text not null,
  revision int not null, digest bytea not null, by text not null, note text not null default '',
  at timestamptz not null default now(), primary key (tenant, draft, no));
create table gauges (
  tenant int not null, device text not null, code text not null, body jsonb not null,
  template bytea not null default '', active boolean not null default true,
  at timestamptz not null default now(), primary key (tenant, device, code));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

"""Woven capabilities 编织能力: versions, drafts and their road, what they were called with."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0049"

TABLES = """
create table woven (
  tenant int not null, code text not null, version int not null, digest bytea not null,
  body bytea not null, active boolean not null default true, drafted_by text not null,
  approved_by text not null, published timestamptz not null default now(), retired timestamptz,
  primary key (tenant, code, version));
create table woven_drafts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  edited_by text not null, edited timestamptz not null default now(), primary key (tenant, id));
create unique index woven_drafts_open on woven_drafts (tenant, code)
  where state in ('draft','submitted');
create table woven_steps (
  tenant int not null, draft uuid not null, no int not null, act text not null,
  revision int not null, digest bytea not null, by text not null, note text not null default '',
  at timestamptz not null default now(), primary key (tenant, draft, no));
create table woven_days (
  tenant int not null, code text not null, version int not null, day date not null,
  calls int not null default 0, refused int not null default 0, failed int not null default 0,
  spent_ms bigint not null default 0, trouble text not null default '',
  primary key (tenant, code, version, day));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

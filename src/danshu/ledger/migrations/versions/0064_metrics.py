"""Metrics: formulas in versions, and who approved them; reports that were kept."""

from __future__ import annotations

from alembic import op

revision = "0064"
down_revision = "0063"

TABLES = """
create table metrics (
  tenant int not null, code text not null, version int not null, digest bytea not null,
  body bytea not null, drafted_by text not null, approved_by text not null,
  effective timestamptz not null, published timestamptz not null, retired timestamptz,
  reason text not null default '', primary key (tenant, code, version));
create table metric_drafts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  edited_by text not null, edited timestamptz not null default now(), primary key (tenant, id));
create unique index metric_drafts_open on metric_drafts (tenant, code)
  where state in ('draft','submitted');
create table metric_steps (
  tenant int not null, draft uuid not null, no int not null, act text not null,
  revision int not null, digest bytea not null, by text not null, note text not null default '',
  at timestamptz not null default now(), primary key (tenant, draft, no));
create table metric_reports (
  tenant int not null, id uuid not null, name text not null, body bytea not null,
  digest bytea not null, as_of timestamptz not null, by text not null,
  at timestamptz not null default now(), primary key (tenant, id));
create index metric_reports_newest on metric_reports (tenant, at, id)
"""


def upgrade() -> None:
    """Create the tables. A version is never deleted; a report keeps what it gave."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

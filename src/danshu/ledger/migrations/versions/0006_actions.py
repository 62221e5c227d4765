"""Tables of contract actions: drafts, their approvals, published versions."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
create table actions (
  tenant int not null, code text not null, version int not null, digest bytea not null,
  body bytea not null, active boolean not null default true, drafted_by text not null,
  approved_by text not null, published timestamptz not null default now(), retired timestamptz,
  primary key (tenant, code, version));
create unique index actions_digest on actions (tenant, digest);
create unique index actions_active on actions (tenant, code) where active;
create table action_drafts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  begun_by text not null, begun timestamptz not null default now(), edited_by text not null,
  edited timestamptz not null default now(), primary key (tenant, id));
create unique index action_drafts_open on action_drafts (tenant, code)
  where state in ('draft', 'submitted');
create table action_steps (
  tenant int not null, draft uuid not null, no int not null, act text not null,
  revision int not null, digest bytea not null, by text not null, note text not null,
  at timestamptz not null default now(), primary key (tenant, draft, no));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

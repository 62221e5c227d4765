"""Agent: proposals, autonomy, outcomes."""

from __future__ import annotations

from alembic import op

revision = "0075"
down_revision = "0074"

TABLES = """
create table agents(
  tenant int4 primary key, id uuid not null, doc jsonb not null default '{}',
  seq int4 not null default 0, head bytea not null);
create table proposals(
  tenant int4 not null, id uuid not null, action text not null, key text not null,
  state text not null, mid_fen int8 not null, made timestamptz not null,
  due timestamptz not null, tries int4 not null default 0, doc jsonb not null,
  evidence text not null, seq int4 not null, head bytea not null, primary key(tenant,id));
create unique index proposals_open on proposals(tenant,action,key)
  where state in ('waiting','approved','performing');
create index proposals_value on proposals(tenant,state,mid_fen desc,id);
create index proposals_due on proposals(due)
  where state in ('waiting','approved','performing','done','rolling_back');
create index proposals_key on proposals(tenant,action,key);
create index proposals_made on proposals(tenant,made);
create table agent_spent(
  tenant int4 not null, day date not null, action text not null, fen int8 not null,
  count int4 not null, primary key(tenant,day,action));
create table agent_runs(
  tenant int4 not null, skill text not null, version int4 not null, looked timestamptz not null,
  next timestamptz not null, took_ms int4 not null, drafts int4 not null, made int4 not null,
  refusals jsonb not null, trouble text not null, failures int4 not null,
  primary key(tenant,skill))
"""


def upgrade() -> None:
    """Make the tables: the agent of a merchant, proposals, what a day took, looks of skills."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

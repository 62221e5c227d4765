"""Tables of negotiations 双向协商: parties, their links, negotiations, what services are told."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

TABLES = """
create table parties (
  tenant int not null, code text not null, name text not null, adapter text not null,
  url text not null default '', options bytea not null default '', equipment text not null
  default '', active boolean not null default true, trips int[] not null default '{}',
  awarded int not null default 0, confirmed int not null default 0, primary key (tenant, code));
create table party_links (
  tenant int not null, id uuid not null, party text not null, digest bytea not null,
  issued timestamptz not null, expires timestamptz not null, revoked timestamptz,
  primary key (tenant, id), unique (tenant, digest));
create table negotiations (
  tenant int not null, id uuid not null, order_id uuid not null, fulfilment int not null,
  state text not null, seq int not null, head bytea not null, award_seq int not null default 0,
  parties text[] not null, reply_by timestamptz not null, award_by timestamptz not null,
  due timestamptz, doc bytea not null, primary key (tenant, id));
create index negotiations_order on negotiations (tenant, order_id);
create index negotiations_open on negotiations (tenant, award_by) where due is not null;
create table negotiation_sends (
  tenant int not null, id uuid not null, party text not null, kind text not null,
  ref text not null, state text not null default 'due', tries int not null default 0,
  next_try timestamptz, trouble text not null default '', token text not null default '',
  number text not null default '', primary key (tenant, id, party, kind, ref));
create index negotiation_sends_due on negotiation_sends (next_try) where state = 'due';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

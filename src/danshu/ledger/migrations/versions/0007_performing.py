"""Tables of doing an action: acts begun, their evidence, whose blobs are whose, delegations."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

# `performances` are acts under way: what came of them is facts. `order_blobs` says which bytes
# speak of an order, so that its erasure finds them.
TABLES = """
create table performances (
  tenant int not null, id uuid not null, oid uuid not null, fulfilment int not null,
  action text not null, version int not null, definition bytea not null,
  sub text not null, role text not null, delegated_by text not null default '',
  source text not null default '', state text not null default 'open',
  began timestamptz not null, ends timestamptz not null, statement bytea not null default '',
  text bytea not null default '', told bytea not null default '',
  primary key (tenant, id)) with (fillfactor = 70);
create index performances_open on performances (tenant, oid) where state = 'open';
create index performances_ends on performances (ends) where state = 'open';
create table performance_items (
  tenant int not null, id uuid not null, no int not null, digest bytea not null,
  body bytea not null, primary key (tenant, id, no));
create table order_blobs (
  tenant int not null, oid uuid not null, digest bytea not null, kind text not null,
  made timestamptz not null default clock_timestamp(), primary key (tenant, oid, digest));
create index order_blobs_digest on order_blobs (tenant, digest);
create table delegations (
  tenant int not null, id uuid not null, action text not null, giver uuid not null,
  taker uuid not null, reason text not null, begins timestamptz not null,
  ends timestamptz not null, withdrawn timestamptz, seq int not null, head bytea not null,
  primary key (tenant, id));
create index delegations_taker on delegations (tenant, taker, ends) where withdrawn is null;
create index delegations_giver on delegations (tenant, giver, ends) where withdrawn is null;
create table certificates (
  tenant int not null, person uuid not null, code text not null, number text not null,
  until timestamptz not null, primary key (tenant, person, code));
alter table floor_scans add column lot text not null default '',
  add column expiry text not null default '';
alter table floor_photos add column at timestamptz not null default clock_timestamp();
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

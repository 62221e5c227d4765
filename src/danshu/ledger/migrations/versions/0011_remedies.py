"""Tables of remedies: compensation proposed, decided, paid; laggards."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
create table compensations (
  tenant int not null, id uuid not null, code text not null, step int not null,
  state text not null, amount bigint not null check (amount > 0), base bigint not null,
  currency text not null, definition bytea not null, auto boolean not null,
  pay_by timestamptz not null, proposed timestamptz not null, decided timestamptz,
  by text not null default '', reason text not null default '', receipt text not null default '',
  tries int not null default 0, next_try timestamptz, trouble text not null default '',
  primary key (tenant, id, code, step));
create index compensations_state on compensations (tenant, state, pay_by, id);
create index compensations_waiting on compensations (next_try) where state = 'approved';
create table laggards (
  tenant int not null, id uuid not null, fulfilment int not null, handed timestamptz not null,
  said boolean not null default false, caught timestamptz,
  primary key (tenant, id, fulfilment));
create table remedy_settings (
  tenant int primary key, auto_fen bigint not null, adapter text not null, url text not null,
  secret text not null);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

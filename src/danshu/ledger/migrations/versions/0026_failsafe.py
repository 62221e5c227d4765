"""Tables of the fail-safe: cold decisions without a confirming temperature, orders that wait for
one, state and place of cold equipment, notices of incidents.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

# `decided` are the times, epoch milliseconds, of decisions that no reading has confirmed yet.
TABLES = """
create table cold_canaries (
  tenant int not null, wh int not null, class smallint not null, decided bigint[] not null,
  primary key (tenant, wh, class)) with (fillfactor = 50);
create table cold_waits (
  tenant int not null, id uuid not null, since timestamptz not null default now(),
  primary key (tenant, id));
alter table cold_equipment add column warehouse text not null default '';
create table cold_equipment_states (
  tenant int not null, code text not null, observed bigint not null, celsius real,
  health real not null, primary key (tenant, code));
create table incident_notices (
  tenant int not null, kind text not null, key text not null, detail text not null,
  state text not null default 'due', tries int not null default 0, trouble text not null default '',
  receipt text not null default '', made timestamptz not null default now(),
  next_try timestamptz default now(), primary key (tenant, kind, key));
create index incident_notices_due on incident_notices (next_try) where state = 'due';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

"""The rest of the sentinel: shops whose listing rests, windows that were compared, and changes that
findings may come of.
"""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"

TABLES = """
alter table pull_accounts add column is_on boolean not null default true;
alter table finding_incidents add column began timestamptz;
update finding_incidents set began=since;
alter table finding_incidents alter column began set not null;
create table pull_windows (
  tenant int not null, channel text not null, shop text not null, begins timestamptz not null,
  upto timestamptz not null, listed bigint not null, missing bigint not null,
  unreadable bigint not null, primary key (tenant, channel, shop, begins)) with (fillfactor = 50);
create table sentinel_changes (
  tenant int not null, at timestamptz not null, fact text not null, kind text not null,
  channel text not null, classes text[] not null, params jsonb not null,
  primary key (tenant, at, fact));
alter table findings add column change text not null default '';
create index findings_change on findings (tenant, change, incident)
  where change <> '' and state in ('open', 'assigned');
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

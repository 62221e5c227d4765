"""The tray of published events, and what a merchant's notice service is told of."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

TABLES = """
alter table notice_settings add column events text[] not null default '{}';
create table event_sends (
  tenant int not null, half text not null, position bigint not null, topic text not null,
  id text not null, type text not null, body bytea not null, state text not null default 'due',
  tries int not null default 0, next_try timestamptz, trouble text not null default '',
  made timestamptz not null default now(), primary key (tenant, half, position));
create index event_sends_due on event_sends (tenant, half, position) where state = 'due';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

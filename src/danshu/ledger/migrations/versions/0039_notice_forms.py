"""Tables of alerts 告警: which groups and mailboxes are told, and what is on its way to them."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"

TABLES = """
create table alert_channels (
  tenant int not null, no int not null, name text not null, adapter text not null,
  url text not null, secret text not null, lang text not null, grade smallint not null,
  is_on boolean not null, tries int not null default 0, trouble text not null default '',
  told timestamptz, next_try timestamptz not null default now(), primary key (tenant, no));
create table alert_sends (
  tenant int not null, channel int not null, kind text not null, key text not null,
  detail text not null, grade smallint not null, state text not null default 'due',
  trouble text not null default '',
  made timestamptz not null default now(), primary key (tenant, channel, kind, key));
create index alert_sends_due on alert_sends (tenant, channel, made) where state = 'due';
create index alert_sends_made on alert_sends (made) where state <> 'due';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

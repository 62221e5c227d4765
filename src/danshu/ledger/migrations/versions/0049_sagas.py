"""What is asked when an order is paid 已付款协同, and what far sides said of themselves.

`paid_reviews_due` are paid orders whose parties are to be asked, with the event that they are asked
by: put there in the commit that moves the follower's cursor, gone in the one that asks. A row of
`connector_news` is a callback that was acted on, committed with what it did.
"""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"

TABLES = """
create table paid_review_settings (
  tenant int not null, version int not null, body bytea not null, primary key (tenant));
create table paid_reviews_due (
  tenant int not null, id uuid not null, event bytea not null, tries int not null default 0,
  next_try timestamptz not null, primary key (tenant, id));
create index paid_reviews_due_next on paid_reviews_due (next_try);
create table connector_news (
  tenant int not null, connector uuid not null, id text not null, kind text not null,
  subject text not null, heard timestamptz not null, outcome text not null default '',
  primary key (tenant, connector, id));
create index connector_news_heard on connector_news (heard);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

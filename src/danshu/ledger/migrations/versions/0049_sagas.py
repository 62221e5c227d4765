"""What is asked when an order is paid 已付款协同.

`paid_reviews_due` are paid orders whose parties are to be asked, with the event that they are asked
by: put there in the commit that moves the follower's cursor, gone in the one that asks.
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
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

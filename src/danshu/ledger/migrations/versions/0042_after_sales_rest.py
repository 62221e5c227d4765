"""After-sales: what buyers may ask for by their link, and the merchant's own times of each step."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"

# `doc` holds what is beside the amounts: by link or not, days by reason, exempt goods, where to.
TABLES = """
alter table after_sale_settings add column doc bytea;
create table after_sale_times (
  tenant int not null, channel text not null, kind text not null, step text not null,
  begins date not null, hours int not null, source text not null,
  primary key (tenant, channel, kind, step, begins));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

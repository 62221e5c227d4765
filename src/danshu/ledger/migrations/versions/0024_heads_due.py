"""Orders that have ended and whose heads the log does not say yet: a row for a batch of leaves."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Make the table; the cursor that looked through all leaves for such orders goes."""
    op.execute(
        "create table heads_due ("
        " tenant int not null, half text not null, start bigint not null, stop bigint not null,"
        " ids uuid[] not null, primary key (tenant, half, start))"
    )
    op.execute("delete from cursors where name='heads-closed'")


def downgrade() -> None:
    """The next entry of the hour covers what waited here."""
    op.execute("drop table heads_due")

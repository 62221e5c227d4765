"""One follower for the rows of orders: it goes on from where the last of the four stood."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

# A follower that had not begun a book stood at its beginning.
BEGIN = """
insert into cursors(name,tenant,half,position)
select 'rows', b.tenant, b.half, min(coalesce(c.position,0))
from books b cross join unnest(array['search','board','worklist','open']) as old(name)
left join cursors c on c.name=old.name and c.tenant=b.tenant and c.half=b.half
group by b.tenant, b.half having min(coalesce(c.position,0)) > 0
"""
END = "delete from cursors where name in ('search','board','worklist','open')"


def upgrade() -> None:
    """Move the cursors together."""
    op.execute(BEGIN)
    op.execute(END)


def downgrade() -> None:
    """Part them again."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")

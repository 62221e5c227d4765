"""The amounts of held orders, in an index of their own: few among very many."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Make the index; worklist.holds is null for all that nothing holds."""
    op.execute("create index worklist_held on worklist (tenant, total, id) where holds is not null")


def downgrade() -> None:
    """Such a view walks all amounts again."""
    op.execute("drop index worklist_held")

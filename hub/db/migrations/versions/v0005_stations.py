"""how stations of units sound; spellings for engines; renderings by their asset"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "stations",
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_stations")),
    )
    op.create_table(
        "spellings",
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column("spelling", sa.String(length=120), nullable=False),
        sa.CheckConstraint("word <> '' AND spelling <> ''", name=op.f("ck_spellings_words")),
        sa.PrimaryKeyConstraint("engine", "word", name=op.f("pk_spellings")),
    )
    op.create_index("ix_renders_asset", "renders", ["asset"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_renders_asset", "renders")
    op.drop_table("spellings")
    op.drop_table("stations")

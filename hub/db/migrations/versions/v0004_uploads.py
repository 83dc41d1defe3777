"""uploads: what people send, on its way to a master"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("master", sa.String(length=64), nullable=True),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_uploads_has_bytes")),
        sa.CheckConstraint(
            "(stage = 'accepted') = (master IS NOT NULL)", name=op.f("ck_uploads_accepted_has_a_master")
        ),
        sa.ForeignKeyConstraint(["master"], ["assets.digest"], name=op.f("fk_uploads_master")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_unit", "uploads", ["unit", "updated_ms"])
    op.create_index("ix_uploads_stage", "uploads", ["stage", "updated_ms"])
    op.create_index("ix_uploads_source", "uploads", ["source"])
    op.create_index("ix_uploads_master", "uploads", ["master"])


def downgrade() -> None:
    """Go back; the files stay where they are."""
    op.drop_table("uploads")

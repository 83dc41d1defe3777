"""a lane for the sound of emergencies; the audit refuses to be written over"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# INSERT OR REPLACE deletes without asking the triggers of DELETE; so an entry may only follow the last one.
AUDIT_HAS_NO_PAST = {
    "sqlite": [
        "CREATE TRIGGER audit_only_after_the_last BEFORE INSERT ON audit "
        "WHEN NEW.n <> (SELECT COALESCE(MAX(n), 0) + 1 FROM audit) "
        "OR EXISTS (SELECT 1 FROM audit WHERE prev_hash = NEW.prev_hash) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION audit_only_after_the_last() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.n <> (SELECT COALESCE(MAX(n), 0) + 1 FROM audit) THEN "
        "RAISE EXCEPTION 'the audit is append-only'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER audit_only_after_the_last BEFORE INSERT ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_only_after_the_last()",
    ],
}
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = "n, lane, topic, payload, digest, qos, retain, created_ms, not_after_ms, sent_ms"
WAITING = sa.text("sent_ms IS NULL")


def upgrade() -> None:
    """Go forward."""
    _lanes(3)
    op.create_index("ix_outbox_waiting_topic", "outbox", ["topic"], sqlite_where=WAITING, postgresql_where=WAITING)
    for statement in AUDIT_HAS_NO_PAST[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Go back; what waits in the lane of sound is lost, loudspeakers ask for it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_only_after_the_last")
    else:
        op.execute("DROP TRIGGER audit_only_after_the_last ON audit")
        op.execute("DROP FUNCTION audit_only_after_the_last()")
    op.drop_index("ix_outbox_waiting_topic", "outbox")
    op.execute("DELETE FROM outbox WHERE lane = 3")
    _lanes(2)


def _lanes(last: int) -> None:
    """Allow the lanes up to `last`.  SQLite changes a check only by making the table anew."""
    check = f"lane IN ({', '.join(map(str, range(last + 1)))})"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_outbox_lane"), "outbox", type_="check")
        op.create_check_constraint(op.f("ck_outbox_lane"), "outbox", check)
        return
    op.drop_index("ix_outbox_waiting", "outbox")
    op.rename_table("outbox", "outbox_before")
    op.create_table(
        "outbox",
        sa.Column("n", COUNTER, autoincrement=True, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=160), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("qos", sa.Integer(), nullable=False),
        sa.Column("retain", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("not_after_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(check, name=op.f("ck_outbox_lane")),
        sa.CheckConstraint("qos IN (0, 1)", name=op.f("ck_outbox_qos")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO outbox ({COLUMNS}) SELECT {COLUMNS} FROM outbox_before")  # noqa: S608 - our own names
    op.drop_table("outbox_before")
    op.create_index("ix_outbox_waiting", "outbox", ["lane", "n"], sqlite_where=WAITING)

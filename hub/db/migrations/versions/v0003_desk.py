"""the desk: versions, search, comments, the lexicon of units, watched words, delegation"""

import json

import sqlalchemy as sa
from alembic import op

from content.desk.folding import searchable

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SEARCHED = ("title", "text", "document", "source", "note")  # what a bulletin of that time had

# A change of the lexicon is never altered: what was approved is read by the lexicon of its day.
LEXICON_IS_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER lexicon_no_{verb.lower()} BEFORE {verb} ON lexicon_changes "
        "BEGIN SELECT RAISE(ABORT, 'the lexicon is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION lexicon_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the lexicon is append-only'; END $$",
        "CREATE TRIGGER lexicon_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lexicon_changes "
        "FOR EACH STATEMENT EXECUTE FUNCTION lexicon_append_only()",
    ],
}


def upgrade() -> None:
    """Go forward."""
    op.add_column("bulletins", sa.Column("subject", sa.String(length=16), server_default="", nullable=False))
    op.add_column("bulletins", sa.Column("searched", sa.Text(), server_default="", nullable=False))
    _tables()
    _fill()
    for statement in LEXICON_IS_APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Go back; what the desk has written is lost, the bulletins stay as they are."""
    for name in ("delegations", "notices", "watch_words", "lexicon_proposals", "lexicon_changes"):
        op.drop_table(name)
    op.drop_table("bulletin_comments")
    op.drop_table("bulletin_versions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION lexicon_append_only()")
    op.drop_column("bulletins", "searched")
    op.drop_column("bulletins", "subject")


def _fill() -> None:
    """Make the bulletins that are there findable, each with its present words as its one known version."""
    bind = op.get_bind()
    for row in bind.execute(sa.text("SELECT id, document FROM bulletins")).all():
        held = json.loads(row.document)
        values = {
            "id": row.id,
            "subject": held.get("subject", ""),
            "searched": searchable(*(held.get(name) or "" for name in SEARCHED)),
            "version": held.get("version", 1),
            "document": row.document,
        }
        bind.execute(sa.text("UPDATE bulletins SET subject = :subject, searched = :searched WHERE id = :id"), values)
        bind.execute(sa.text("INSERT INTO bulletin_versions VALUES (:id, :version, :document)"), values)


def _tables() -> None:
    op.create_table(
        "bulletin_versions",
        sa.Column("bulletin", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bulletin"], ["bulletins.id"], name=op.f("fk_bulletin_versions_bulletin")),
        sa.PrimaryKeyConstraint("bulletin", "version", name=op.f("pk_bulletin_versions")),
    )
    op.create_table(
        "bulletin_comments",
        sa.Column("n", COUNTER, autoincrement=True, nullable=False),
        sa.Column("bulletin", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_bulletin_comments_says_something")),
        sa.ForeignKeyConstraint(["bulletin"], ["bulletins.id"], name=op.f("fk_bulletin_comments_bulletin")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_bulletin_comments")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bulletin_comments_bulletin", "bulletin_comments", ["bulletin", "n"])
    op.create_table(
        "lexicon_changes",
        sa.Column("n", COUNTER, autoincrement=True, nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("written", sa.String(length=80), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_lexicon_changes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lexicon_proposals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("addressee", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "answered_by IS NULL OR status = 'withdrawn' OR answered_by <> account",
            name=op.f("ck_lexicon_proposals_four_eyes"),
        ),
        sa.CheckConstraint(
            "(status = 'open') = (answered_by IS NULL)", name=op.f("ck_lexicon_proposals_answered_by_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_proposals")),
    )
    op.create_index("ix_lexicon_proposals_addressee", "lexicon_proposals", ["addressee", "status"])
    op.create_table(
        "watch_words",
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("word", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_watch_words_level")),
        sa.PrimaryKeyConstraint("unit", "word", name=op.f("pk_watch_words")),
    )
    op.create_table(
        "notices",
        sa.Column("n", COUNTER, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("bulletin", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_notices_account")),
        sa.ForeignKeyConstraint(["bulletin"], ["bulletins.id"], name=op.f("fk_notices_bulletin")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_notices")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_account", "notices", ["account", "seen_ms"])
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("leader", sa.String(length=64), nullable=False),
        sa.Column("deputy", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("leader <> deputy", name=op.f("ck_delegations_somebody_else")),
        sa.CheckConstraint("since_ms < until_ms", name=op.f("ck_delegations_ends")),
        sa.ForeignKeyConstraint(["deputy"], ["accounts.id"], name=op.f("fk_delegations_deputy")),
        sa.ForeignKeyConstraint(["leader"], ["accounts.id"], name=op.f("fk_delegations_leader")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_deputy", "delegations", ["deputy", "until_ms"])

"""The desk: comments, the lexicon of the units, watched words, who is told of them, and who stands in for whom."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from hub.db.tables.base import Counter, Ms, metadata

comments = Table(
    "bulletin_comments",
    metadata,
    Column("n", Counter, primary_key=True, autoincrement=True),
    Column("bulletin", ForeignKey("bulletins.id"), nullable=False),
    Column("version", Integer, nullable=False),  # which words it is about
    Column("account", String(64), nullable=False),
    Column("at_ms", Ms, nullable=False),
    Column("text", Text, nullable=False),
    CheckConstraint("text <> ''", name="says_something"),
    sqlite_autoincrement=True,
)
Index("ix_bulletin_comments_bulletin", comments.c.bulletin, comments.c.n)

lexicon_changes = Table(
    "lexicon_changes",
    metadata,
    Column("n", Counter, primary_key=True, autoincrement=True),
    Column("unit", String(32), nullable=False),
    Column("written", String(80), nullable=False),
    Column("spoken", Text, nullable=False),  # "": the layer says nothing about it any more
    Column("after", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("account", String(64), nullable=False),
    Column("at_ms", Ms, nullable=False),
    Column("why", Text, nullable=False),
    sqlite_autoincrement=True,
)

lexicon_proposals = Table(
    "lexicon_proposals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False),
    Column("addressee", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("answered_by", String(64), nullable=True),
    Column("at_ms", Ms, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("answered_by IS NULL OR status = 'withdrawn' OR answered_by <> account", name="four_eyes"),
    CheckConstraint("(status = 'open') = (answered_by IS NULL)", name="answered_by_somebody"),
)
Index("ix_lexicon_proposals_addressee", lexicon_proposals.c.addressee, lexicon_proposals.c.status)

watch_words = Table(
    "watch_words",
    metadata,
    Column("unit", String(32), primary_key=True),
    Column("word", String(80), primary_key=True),  # small letters
    Column("level", Integer, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("level BETWEEN 1 AND 4", name="level"),
)

# What somebody is told and has not seen yet, or when it was seen.
notices = Table(
    "notices",
    metadata,
    Column("n", Counter, primary_key=True, autoincrement=True),
    Column("account", ForeignKey("accounts.id"), nullable=False),
    Column("bulletin", ForeignKey("bulletins.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("at_ms", Ms, nullable=False),
    Column("seen_ms", Ms, nullable=True),
    sqlite_autoincrement=True,
)
Index("ix_notices_account", notices.c.account, notices.c.seen_ms)

delegations = Table(
    "delegations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False),
    Column("leader", ForeignKey("accounts.id"), nullable=False),
    Column("deputy", ForeignKey("accounts.id"), nullable=False),
    Column("since_ms", Ms, nullable=False),
    Column("until_ms", Ms, nullable=False),
    Column("revoked_ms", Ms, nullable=True),
    Column("document", Text, nullable=False),
    CheckConstraint("leader <> deputy", name="somebody_else"),
    CheckConstraint("since_ms < until_ms", name="ends"),
)
Index("ix_delegations_deputy", delegations.c.deputy, delegations.c.until_ms)

"""People, what they may do, and what they did."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from hub.db.tables.base import Ms, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("must_change_password", Integer, nullable=False),
    Column("created_ms", Ms, nullable=False),
    Column("closed_ms", Ms, nullable=True),
    CheckConstraint("must_change_password IN (0, 1)", name="must_change_password"),
)

grants = Table(
    "grants",
    metadata,
    Column("account", ForeignKey("accounts.id"), primary_key=True),
    Column("role", String(40), primary_key=True),
    Column("unit", String(32), primary_key=True),
    Column("granted_by", ForeignKey("accounts.id"), nullable=True),
    Column("granted_ms", Ms, nullable=False),
    CheckConstraint("granted_by IS NULL OR granted_by <> account", name="not_by_oneself"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("started_ms", Ms, nullable=False),
    Column("seen_ms", Ms, nullable=False),
    Column("confirmed_ms", Ms, nullable=False),
    Column("address", String(64), nullable=False),
    Column("ended_ms", Ms, nullable=True),
)

failures = Table(
    "sign_in_failures",
    metadata,
    Column("counter", String(16), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_ms", Ms, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("n", Ms, primary_key=True, autoincrement=False),
    Column("at_ms", Ms, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("unit", String(200), nullable=False),
    Column("act", String(200), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("prev_hash"),  # two entries after one would be a fork
)

"""Bulletins and sound."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from hub.db.tables.base import Ms, metadata

bulletins = Table(
    "bulletins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author", String(64), nullable=False),
    Column("editor", String(64), nullable=False),
    Column("approver", String(64), nullable=True),
    Column("updated_ms", Ms, nullable=False),
    Column("subject", String(16), nullable=False, server_default=""),
    Column("searched", Text, nullable=False, server_default=""),  # content.desk.search: no marks, small letters
    Column("document", Text, nullable=False),
    CheckConstraint("approver IS NULL OR (approver <> author AND approver <> editor)", name="four_eyes"),
    CheckConstraint(
        "approver IS NOT NULL OR stage NOT IN ('approved', 'scheduled', 'aired')", name="nothing_on_air_unapproved"
    ),
)
Index("ix_bulletins_unit_stage", bulletins.c.unit, bulletins.c.stage, bulletins.c.updated_ms)

# Every version of the words, as it was last kept: who wrote it, who approved it.
bulletin_versions = Table(
    "bulletin_versions",
    metadata,
    Column("bulletin", ForeignKey("bulletins.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
)

assets = Table(
    "assets",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("codec", String(16), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("chunks", Text, nullable=False),  # hashes, a space between two
    CheckConstraint("size_bytes > 0 AND duration_ms > 0", name="sound"),
)

renders = Table(
    "renders",
    metadata,
    Column("recipe", String(64), primary_key=True),
    Column("asset", String(64), nullable=False),
    Column("document", Text, nullable=False),
)

Index("ix_renders_asset", renders.c.asset)

# What every loudspeaker holds beforehand: sirens, standing messages, the words that announce a drill.
pinned = Table(
    "pinned",
    metadata,
    Column("name", String(64), primary_key=True),  # "siren_wail", "standing:lu-quet", "drill"
    Column("asset", ForeignKey("assets.digest"), nullable=False),
)

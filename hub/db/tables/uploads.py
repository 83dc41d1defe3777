"""Uploads: what people send, on its way to a master."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from hub.db.tables.base import Ms, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("source", String(64), nullable=True),
    Column("master", ForeignKey("assets.digest"), nullable=True),
    Column("updated_ms", Ms, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("size_bytes > 0", name="has_bytes"),
    CheckConstraint("(stage = 'accepted') = (master IS NOT NULL)", name="accepted_has_a_master"),
)
Index("ix_uploads_unit", uploads.c.unit, uploads.c.updated_ms)
Index("ix_uploads_stage", uploads.c.stage, uploads.c.updated_ms)
Index("ix_uploads_source", uploads.c.source)
Index("ix_uploads_master", uploads.c.master)

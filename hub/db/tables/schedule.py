"""Programmes, the days that came of them, and what each loudspeaker was told to play."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from hub.db.tables.base import Ms, metadata

programmes = Table(
    "programmes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("enabled", Integer, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("enabled IN (0, 1)", name="enabled"),
)

programme_areas = Table(
    "programme_areas",
    metadata,
    Column("programme", ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True),
    Column("area", String(32), primary_key=True),
)
Index("ix_programme_areas_area", programme_areas.c.area)

programme_bulletins = Table(
    "programme_bulletins",
    metadata,
    Column("programme", ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True),
    Column("bulletin", String(64), primary_key=True),
)
Index("ix_programme_bulletins_bulletin", programme_bulletins.c.bulletin)

days = Table(
    "days",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),  # 2026-08-13, local
    Column("document", Text, nullable=False),
)

manifests = Table(
    "manifests",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("sequence", Ms, nullable=False),
    Column("document", Text, nullable=False),
)

quiet_hours = Table(
    "quiet_hours",
    metadata,
    Column("area", String(32), primary_key=True),
    Column("document", Text, nullable=False),
)

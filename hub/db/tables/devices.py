"""Loudspeakers, what was sent to them, and what they say."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from hub.db.tables.base import Ms, metadata

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(32), nullable=False, index=True),
    Column("registration", String(16), nullable=False),
    Column("public_key", LargeBinary, nullable=True),
    Column("claim_hash", String(64), nullable=True, unique=True),
    Column("document", Text, nullable=False),
    CheckConstraint("registration <> 'active' OR public_key IS NOT NULL", name="active_has_key"),
    CheckConstraint("registration <> 'retired' OR public_key IS NULL", name="retired_has_none"),
)

device_areas = Table(
    "device_areas",
    metadata,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("area", String(32), primary_key=True),
)
Index("ix_device_areas_area", device_areas.c.area)

groups = Table(
    "groups",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("members", Text, nullable=False),  # unit codes, a space between two
)

sightings = Table(
    "sightings",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("document", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("subject", String(16), primary_key=True),
    Column("ref", String(64), primary_key=True),
    Column("sequence", Ms, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("queued_ms", Ms, nullable=False),
    Column("document", Text, nullable=False),
)
Index("ix_deliveries_open", deliveries.c.state, deliveries.c.queued_ms)
Index("ix_deliveries_subject_ref", deliveries.c.subject, deliveries.c.ref)

as_runs = Table(
    "as_runs",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("key_id", String(16), primary_key=True),
    Column("n", Ms, primary_key=True),
    Column("boot", Ms, nullable=False),
    Column("source", String(16), nullable=False),
    Column("item", String(64), nullable=False),
    Column("digest", String(64), nullable=True),
    Column("start_ms", Ms, nullable=False),
    Column("end_ms", Ms, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("why", String(32), nullable=False),
    Column("cut_by", String(64), nullable=False),
    Column("level_cdb", Integer, nullable=False),
    Column("clock_trusted", Integer, nullable=False),
    CheckConstraint("outcome IN ('completed', 'cut', 'missed')", name="outcome"),
)
Index("ix_as_runs_start", as_runs.c.start_ms)
Index("ix_as_runs_item", as_runs.c.item)

# The highest number up to which no record is missing, so that confirming does not scan a year of records.
as_run_marks = Table(
    "as_run_marks",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("key_id", String(16), primary_key=True),
    Column("first", Ms, nullable=False),
    Column("up_to", Ms, nullable=False),
)

"""Incidents and their roll calls."""

from sqlalchemy import Column, Index, String, Table, Text

from hub.db.tables.base import Ms, metadata

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("event", String(64), nullable=False, index=True),
    Column("stage", String(16), nullable=False, index=True),
    Column("created_ms", Ms, nullable=False),
    Column("document", Text, nullable=False),
)

rolls = Table(
    "rolls",
    metadata,
    Column("alert", String(64), primary_key=True),
    Column("opened_ms", Ms, nullable=False),
    Column("closed_ms", Ms, nullable=True, index=True),
    Column("document", Text, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("alert", String(64), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("document", Text, nullable=False),
)
Index("ix_calls_device", calls.c.device)

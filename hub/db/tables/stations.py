"""How the stations of units sound."""

from sqlalchemy import CheckConstraint, Column, String, Table, Text

from hub.db.tables.base import metadata

stations = Table(
    "stations",
    metadata,
    Column("area", String(32), primary_key=True),
    Column("document", Text, nullable=False),
)

# What an engine gets wrong, and what it is given instead.
spellings = Table(
    "spellings",
    metadata,
    Column("engine", String(64), primary_key=True),
    Column("word", String(60), primary_key=True),
    Column("spelling", String(120), nullable=False),
    CheckConstraint("word <> '' AND spelling <> ''", name="words"),
)

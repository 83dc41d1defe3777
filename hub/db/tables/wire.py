"""What must reach the wire, and the numbers it carries."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, text

from hub.db.tables.base import Counter, Ms, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("n", Counter, primary_key=True, autoincrement=True),
    Column("lane", Integer, nullable=False),
    Column("topic", String(160), nullable=False),  # of a message; or the area a sound is pushed to
    Column("payload", LargeBinary, nullable=False),  # of a message; empty for a sound
    Column("digest", String(64), nullable=False, server_default=""),  # of a sound to push, chunk by chunk
    Column("qos", Integer, nullable=False),
    Column("retain", Integer, nullable=False),
    Column("created_ms", Ms, nullable=False),
    Column("not_after_ms", Ms, nullable=False),  # later than this nobody would obey it
    Column("sent_ms", Ms, nullable=True),
    CheckConstraint("lane IN (0, 1, 2, 3)", name="lane"),
    CheckConstraint("qos IN (0, 1)", name="qos"),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_waiting",
    outbox.c.lane,
    outbox.c.n,
    sqlite_where=text("sent_ms IS NULL"),
    postgresql_where=text("sent_ms IS NULL"),
)
# An insert of a retained message looks for older ones of its topic that are still waiting.
Index(
    "ix_outbox_waiting_topic",
    outbox.c.topic,
    sqlite_where=text("sent_ms IS NULL"),
    postgresql_where=text("sent_ms IS NULL"),
)

sequences = Table(
    "sequences",
    metadata,
    Column("name", String(100), primary_key=True),  # "override:48", "manifest:loa-0001"
    Column("value", Ms, nullable=False),
)

# Everything retained that should stand at the broker now: a broker that has forgotten it is told again.
desired = Table(
    "desired",
    metadata,
    Column("topic", String(160), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("not_after_ms", Ms, nullable=False),
)

"""All tables, one module a domain, in one MetaData and so one migration history."""

from sqlalchemy import MetaData

from hub.db.tables import content, desk, devices, emergency, people, schedule, stations, uploads, wire
from hub.db.tables.base import metadata

MODULES = (content, desk, devices, emergency, people, schedule, stations, uploads, wire)


def everything() -> MetaData:
    """Return the metadata with every table in it."""
    return metadata

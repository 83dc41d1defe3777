"""Stations and spellings: the ports of content over one transaction."""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from content.speech.spelling import Spelling
from content.station import Station
from devices.protocol.ids import AreaCode
from hub.db.documents import Documents
from hub.db.tables.stations import spellings, stations
from hub.db.upsert import put

_STATIONS = Documents(Station)


class SqlStations:
    """A StationStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, area: AreaCode, station: Station) -> None:
        """Keep what `area` says about itself; nothing at all forgets it."""
        if station.says_nothing:
            await self._db.execute(delete(stations).where(stations.c.area == area))
        else:
            await put(self._db, stations, {"area": area, "document": _STATIONS.pack(station)})

    async def every(self) -> Mapping[AreaCode, Station]:
        """Return what every area says about itself."""
        rows = await self._db.execute(select(stations))
        return {AreaCode(row.area): _STATIONS.unpack(row.document) for row in rows}


class SqlSpellings:
    """A SpellingStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._db = connection

    async def put(self, spelling: Spelling) -> None:
        """Keep a spelling in place of the one for the same word."""
        values = {"engine": spelling.engine, "word": spelling.word, "spelling": spelling.spelling}
        await put(self._db, spellings, values)

    async def remove(self, engine: str, word: str) -> None:
        """Forget a spelling; what is not there is no error."""
        await self._db.execute(delete(spellings).where(spellings.c.engine == engine, spellings.c.word == word))

    async def every(self) -> tuple[Spelling, ...]:
        """Return all spellings by engine and word."""
        rows = await self._db.execute(select(spellings).order_by(spellings.c.engine, spellings.c.word))
        found = [Spelling(engine=row.engine, word=row.word, spelling=row.spelling) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.engine, one.word)))

"""One transaction with every store in it; its outgoing messages are offered to the dispatcher after the commit."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.db.engine import Database
from hub.db.outbox import Outbox, Outgoing
from hub.db.stores.audit import SqlAudit
from hub.db.stores.content import SqlAssets, SqlBulletins, SqlPinned, SqlRenders
from hub.db.stores.desk import SqlComments, SqlDelegations, SqlHeard, SqlLexicon, SqlNotices, SqlWatchWords
from hub.db.stores.devices import SqlAsRuns, SqlDeliveries, SqlDevices, SqlGroups, SqlStates
from hub.db.stores.emergency import SqlIncidents, SqlOverrideSequences, SqlRollCalls
from hub.db.stores.people import SqlPeople
from hub.db.stores.schedule import SqlDays, SqlManifests, SqlProgrammes, SqlQuietHours
from hub.db.stores.stations import SqlSpellings, SqlStations
from hub.db.stores.uploads import SqlUploads, UploadFiles

Offer = Callable[[Iterable[Outgoing]], None]


class Transaction:
    """All stores over one connection."""

    def __init__(self, connection: AsyncConnection, asset_folder: Path) -> None:
        self.connection = connection
        self.outbox = Outbox(connection)
        self.audit = SqlAudit(connection)
        self.people = SqlPeople(connection)
        self.bulletins = SqlBulletins(connection)
        self.assets = SqlAssets(connection, asset_folder)
        self.renders = SqlRenders(connection)
        self.devices = SqlDevices(connection)
        self.pinned = SqlPinned(connection)
        self.groups = SqlGroups(connection)
        self.deliveries = SqlDeliveries(connection)
        self.as_runs = SqlAsRuns(connection)
        self.states = SqlStates(connection)
        self.programmes = SqlProgrammes(connection)
        self.days = SqlDays(connection)
        self.manifests = SqlManifests(connection)
        self.incidents = SqlIncidents(connection)
        self.rolls = SqlRollCalls(connection)
        self.sequences = SqlOverrideSequences(connection)
        self.quiet_hours = SqlQuietHours(connection)
        self.stations = SqlStations(connection)
        self.spellings = SqlSpellings(connection)
        self.comments = SqlComments(connection)
        self.lexicon = SqlLexicon(connection)
        self.watch_words = SqlWatchWords(connection)
        self.notices = SqlNotices(connection)
        self.delegations = SqlDelegations(connection)
        self.uploads = SqlUploads(connection)
        self.heard = SqlHeard(connection)


class Store:
    """Opens transactions."""

    def __init__(self, db: Database, asset_folder: Path, offer: Offer = lambda _: None) -> None:
        self.db = db
        self.asset_folder = asset_folder
        self.upload_files = UploadFiles(asset_folder.parent / "uploads")
        self.offer = offer  # the dispatcher sets itself here when it starts

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[Transaction]:
        """Commit everything done inside, or nothing; `urgent`: before all others who wait to write."""
        async with self.db.write(urgent=urgent) as connection:
            tx = Transaction(connection, self.asset_folder)
            yield tx
        if tx.outbox.added:
            self.offer(tx.outbox.added)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Look, change nothing."""
        async with self.db.read() as connection:
            yield Transaction(connection, self.asset_folder)

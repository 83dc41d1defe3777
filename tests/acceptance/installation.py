"""A hub and its loudspeakers as they are installed: processes that can be killed, and what they leave on disk."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.protocol.ids import AssetDigest, DeviceId
from firmware_sim.enrol import enrol
from firmware_sim.identity import Identity, identity_line
from hub.app import Hub, open_hub
from hub.bench.mosquitto import Mosquitto, free_port
from hub.config import Settings
from hub.db.engine import Database, open_engine
from hub.db.transaction import Store
from hub.demo import place
from hub.demo.place import PROVINCE, Person
from tests.acceptance.hearing import Recording, decode
from tests.acceptance.processes import Child

UP_S = 60.0


@dataclass
class Installation:
    """The commune of the demo, installed for good."""

    folder: Path
    broker: Mosquitto
    database_url: str = ""
    people: Mapping[str, Person] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    http_port: int = field(default_factory=free_port)

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder / "hub",
            database_url=self.database_url,
            http_port=self.http_port,
            broker_host=self.broker.host,
            broker_port=self.broker.port,
            unit=PROVINCE,
            settle_s=0.2,
            beacon_s=1.0,
            quiet_preset="none",
        )

    @property
    def url(self) -> str:
        return self.settings.url

    async def install(self, devices: int, then: Callable[[Hub], Awaitable[None]]) -> None:
        """Make people and loudspeakers in a hub that runs for this only, and do what else must be done in it."""
        async with open_hub(self.settings) as hub:
            self.people = await place.settle(hub.ctx)
            _, codes = await place.hang_up(hub.ctx, self.people["administrator"].actor, devices)
            enrolled = [await enrol(hub.url, code, bytes([n + 1]) * 32) for n, code in enumerate(codes)]
            self.identities = tuple(one.identity for one in enrolled)
            await then(hub)

    def public_keys(self) -> dict[DeviceId, bytes]:
        """The public keys of the loudspeakers."""
        return {one.device: one.signer().public_key for one in self.identities}

    def hub(self) -> Child:
        """The hub, as a service manager starts it."""
        set_by_hand = self.settings.model_dump(exclude_defaults=True)
        return Child("hub", "serve", env={f"LOA_{name.upper()}": str(value) for name, value in set_by_hand.items()})

    def loudspeaker(self, number: int) -> Child:
        """One loudspeaker in a process of its own, with a recorder under its horn."""
        identity = self.identities[number]
        path = self.folder / f"{identity.device}.jsonl"
        path.write_text(identity_line(identity), "utf-8")
        broker = f"{self.broker.host}:{self.broker.port}"
        where = ("--directory", str(self.folder), "--airchecks", "1", "--duration", "86400")
        return Child("firmware_sim", "--identities", str(path), "--broker", broker, *where)

    def aircheck(self, number: int) -> Path:
        return self.folder / "airchecks" / f"{self.identities[number].device}.wav"

    def records_made(self, number: int) -> int:
        """How many records a loudspeaker has numbered, by its own flash."""
        return int(self._ledger(number)["last_n"])

    def records_waiting(self, number: int) -> int:
        """How many of them the hub has not confirmed yet."""
        return len(self._ledger(number)["waiting"])

    def _ledger(self, number: int) -> dict[str, Any]:
        path = self.folder / self.identities[number].device / "state" / "ledger.json"
        if not path.exists():
            return {"last_n": 0, "waiting": []}
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def sounds(self, digests: Iterable[AssetDigest]) -> dict[str, Recording]:
        """The sounds that the hub keeps, decoded."""
        folder = self.settings.data_dir / "assets"
        return {digest: decode((folder / digest[:2] / digest).read_bytes()) for digest in digests}

    def store(self) -> Store:
        """What the hub keeps; close `.db` when it is no longer needed."""
        return Store(Database(open_engine(self.settings.database)), self.settings.data_dir / "assets")

"""A hub without a broker and without waiting: the real flows over a real store, a clock that tests turn, people, and
a voice whose audio is made by arithmetic."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import argon2

from content.audio.loudness import Loudness
from content.errors import ContentError
from content.model import Bulletin
from content.recipe import Recipe, RecipeDigest, Rendered
from devices.areas import AreaCode
from devices.areas_data import units_today
from devices.gateway import Incoming
from devices.model import Site
from devices.protocol import topics
from devices.protocol.chunks import asset_of
from devices.protocol.codec import Message, decode_as, encode
from devices.protocol.ids import DeviceId
from devices.protocol.limits import HEADER_BYTES
from devices.protocol.messages import FromDevice, Overrides
from devices.protocol.signing import Signer
from emergency.override import ALL_CLEAR, DRILL_OPENING
from firmware_sim.identity import Identity
from hub.auth.model import Account, AccountId, Grant, Role
from hub.auth.passwords import Hashing
from hub.db.detached import DetachedAssets, DetachedRenders
from hub.db.outbox import Outgoing
from hub.db.transaction import Store
from hub.flows import bulletin, collect, fleet, kit, schedule
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.events import Events
from hub.flows.schedule import When
from scheduler.calendars import ZONE, zone_of
from scheduler.model import Programme
from tests.fakes.sql import Templates, open_store

PROVINCE, COMMUNE, OTHER = AreaCode("48"), AreaCode("20669"), AreaCode("20194")  # Đà Nẵng, Quế Phước, Hải Vân
START = datetime(2026, 8, 13, 1, 0, tzinfo=UTC)  # 08:00 on a Thursday
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the rules are the same, the second is not
KIT = ("siren_wail", "siren_pulse", "all_clear", DRILL_OPENING, ALL_CLEAR, "standing-lu")
WORD_MS, SIREN_MS = 250, 4_000
TEXT = "Kính mời bà con đến nhà văn hóa thôn lúc 19 giờ để họp về phòng chống lụt bão."


zone_of(ZONE)  # its file is read once in a process
TREE = units_today()  # a second of reading; every unit of the country


class Voice:
    """A renderer: a quarter of a second a word, and as many bytes; `asked` counts the recipes."""

    def __init__(self, store: Store) -> None:
        self._assets, self._renders = DetachedAssets(store), DetachedRenders(store)
        self.asked: Counter[RecipeDigest] = Counter()
        self.made = 0
        self.urgent = 0  # asked for at once
        self.fails: ContentError | None = None

    async def render_at_once(self, recipe: Recipe) -> Rendered:
        self.urgent += 1
        return await self.render(recipe)

    async def render(self, recipe: Recipe) -> Rendered:
        digest = recipe.digest()
        self.asked[digest] += 1
        if self.fails and recipe.phrases:
            raise self.fails
        held = await self._renders.find(digest)
        if held is not None:
            return held
        self.made += 1
        words = sum(len(phrase.words.split()) for phrase in recipe.phrases)
        data = hashlib.sha256(digest.encode()).digest() * max(words * 30, 100)
        asset = asset_of(data, SIREN_MS + words * WORD_MS)
        await self._assets.put(asset, data)
        return await self._renders.add(
            Rendered(
                recipe=digest,
                asset=asset,
                loudness=Loudness(lufs=-16.0, peak_dbtp=-1.5),
                engine="fake",
                rendered_at=START,
            )
        )


@dataclass(kw_only=True)
class Hub:
    """Flows, and everything that came of them."""

    ctx: Context
    voice: Voice
    signer: Signer
    root: Signer
    at_ms: int
    sent: list[Outgoing] = field(default_factory=list)  # what was offered to the dispatcher
    told: list[str] = field(default_factory=list)
    needs: list[tuple[str, tuple[tuple[int, int], ...]]] = field(default_factory=list)
    identities: dict[DeviceId, Identity] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.ctx.store

    def now(self) -> datetime:
        return self.ctx.now()

    def later(self, **span: float) -> datetime:
        """Let time go by."""
        self.at_ms += timedelta(**span) // timedelta(milliseconds=1)
        return self.now()

    def on_topic(self, topic: str) -> list[Outgoing]:
        return [message for message in self.sent if message.topic == topic and message.digest is None]

    def document(self, area: str) -> Overrides:
        """Return what was last said to an area."""
        return decode_as(Overrides, body(self.on_topic(topics.override(AreaCode(area)))[-1].payload))

    async def person(self, name: str, *roles: tuple[Role, str]) -> Actor:
        account = Account(
            id=AccountId(f"a-{name}"),
            login=name,
            name=name.title(),
            password_hash=CHEAP.hash("ngủ ngon nhé 2026"),
            must_change_password=False,
            created_at=self.now(),
        )
        grants = tuple(
            Grant(account=account.id, role=role, unit=AreaCode(unit), granted_at=self.now()) for role, unit in roles
        )
        async with self.store.write() as tx:
            await tx.people.put_account(account)
            for grant in grants:
                await tx.people.put_grant(grant)
        return Actor(account=account, grants=grants)

    async def loudspeaker(self, number: int, unit: str = COMMUNE) -> Identity:
        """Register and enrol a loudspeaker through the flows."""
        operator = Actor(
            account=_nobody(self.now()),
            grants=(Grant(account=AccountId("a-0"), role=Role.OPERATOR, unit=PROVINCE, granted_at=self.now()),),
        )
        name = DeviceId(f"loa-{number:04}")
        device, code = await fleet.register(
            self.ctx, operator, device_id=name, unit=AreaCode(unit), site=Site(name=f"Thôn {number}")
        )
        identity = Identity(
            device=name,
            seed=hashlib.sha256(f"device {number}".encode()).digest(),
            areas=device.areas,
            root_public_key=self.root.public_key,
        )
        await fleet.enrol(self.ctx, code=code, public_key=identity.signer().public_key)
        self.identities[name] = identity
        return identity

    async def approved(self, author: Actor, approver: Actor, text: str = TEXT, unit: str = COMMUNE) -> Bulletin:
        """Take a bulletin from the first word to the approval."""
        draft = await bulletin.write(self.ctx, author, unit=AreaCode(unit), title="Họp thôn", text=text)
        asked = await bulletin.submit(self.ctx, author, draft.id)
        return await bulletin.approve(self.ctx, approver, asked.id, version=asked.version)

    async def on_air(self, who: Actor, item: Bulletin, start: datetime, rule: str = "", *audience: str) -> Programme:
        planned = await schedule.plan(
            self.ctx, who, item.id, audience=audience or (COMMUNE,), when=When(start=start, rule=rule)
        )
        return await schedule.put_on_air(self.ctx, who, planned, accept_conflicts=True)

    async def hears(
        self, message: FromDevice, *, retained: bool = False, signer: Signer | None = None
    ) -> collect.Collected:
        """Let a loudspeaker say `message`."""
        identity = self.identities[message.device]
        payload = (signer or identity.signer()).seal(encode(message))
        return await self.takes(Incoming(topic_of(message), payload, retained))

    async def takes(self, *messages: Incoming) -> collect.Collected:
        return await collect.take(self.ctx, messages, lambda digest, ranges: self.needs.append((digest, ranges)))

    async def acts(self) -> list[str]:
        """Return what the audit holds, oldest first."""
        async with self.store.read() as tx:
            return [entry.act async for entry in tx.audit.all()]


class Told(Events):
    """Events that are also written down, with what the outbox held when they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.names_told: list[str] = []

    def tell(self, *names: str) -> None:
        self.names_told += names
        super().tell(*names)


def body(payload: bytes) -> bytes:
    return payload[HEADER_BYTES:]


def topic_of(message: Message) -> str:
    leaf = {"State": "state", "Ack": "ack", "Need": "need", "AsRunReport": "asrun"}[type(message).__name__]
    return topics.of_device(message.device, topics.Leaf(leaf))  # type: ignore[union-attr]


def _nobody(now: datetime) -> Account:
    return Account(
        id=AccountId("a-0"), login="nobody", name="", password_hash="", must_change_password=False, created_at=now
    )


def hub_over(store: Store, *, unit: str = PROVINCE) -> Hub:
    """Return a hub over `store`; its outbox is collected instead of sent."""
    signer, root = (Signer.from_seed(hashlib.sha256(name).digest()) for name in (b"working", b"root"))
    voice = Voice(store)
    events = Told()
    ctx = Context(
        store=store,
        tree=TREE,
        unit=AreaCode(unit),
        now_ms=lambda: hub.at_ms,
        signer=lambda _now_ms: signer,
        hashing=Hashing(hasher=CHEAP),
        render=voice.render,
        render_at_once=voice.render_at_once,
        speaker="fake",
        plan_days=2,
        root_public=root.public_key,
        broker=("127.0.0.1", 1883),
        events=events,
    )
    hub = Hub(
        ctx=ctx, voice=voice, signer=signer, root=root, at_ms=int(START.timestamp() * 1000), told=events.names_told
    )
    store.offer = hub.sent.extend
    return hub


@asynccontextmanager
async def open_flows(templates: Templates, kind: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with open_store(templates, kind, tmp_path) as store:
        yield hub_over(store)


async def with_kit(hub: Hub) -> Hub:
    """Pin what the alerts of the tests sound; the whole kit would be thirty renderings a test."""
    await kit.prepare(hub.ctx, KIT)
    return hub

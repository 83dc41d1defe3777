"""Messages as Hypothesis makes them: good ones of every kind, within every limit."""

import base64

from hypothesis import strategies as st

from devices.protocol import limits
from devices.protocol.codec import Message
from devices.protocol.errors import Reason
from devices.protocol.manifest import AfterCut, Asset, Codec, Manifest, PlayItem, QuietHours, QuietWindow, ServiceClass
from devices.protocol.messages import (
    Ack,
    AckStage,
    AreaSequence,
    AsRun,
    AsRunReport,
    Command,
    CommandName,
    KeyEntry,
    KeySet,
    Need,
    Outcome,
    Override,
    OverrideKind,
    Overrides,
    Source,
    State,
    Status,
    Step,
    Subject,
    TimeBeacon,
    Why,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
ids = st.builds(
    lambda first, rest: first + rest, st.sampled_from(LETTERS), st.text(LETTERS + "-", max_size=limits.ID_CHARS_MAX - 1)
)
areas = ids.map(lambda text: text[: limits.AREA_CHARS_MAX])
digests = st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")
short_hashes = st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}")
sequences = st.integers(1, limits.SEQUENCE_MAX)
counts = st.integers(0, limits.SEQUENCE_MAX)
moments = st.integers(0, limits.TIME_MS_MAX)
percents = st.integers(0, 100)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=limits.ID_CHARS_MAX)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


def tuples(items: st.SearchStrategy, size_max: int, **more: object) -> st.SearchStrategy:
    return st.lists(items, max_size=size_max, **more).map(tuple)


@st.composite
def lives(draw: st.DrawFn, ms_max: int = limits.TIME_MS_MAX) -> dict[str, int]:
    issued_at_ms = draw(st.integers(0, limits.TIME_MS_MAX - 1))
    last_ms = min(limits.TIME_MS_MAX, issued_at_ms + ms_max)
    return {"issued_at_ms": issued_at_ms, "expires_at_ms": draw(st.integers(issued_at_ms + 1, last_ms))}


beacons = st.builds(TimeBeacon, sequence=sequences, issued_at_ms=moments)
key_entries = st.builds(
    KeyEntry,
    key_id=short_hashes,
    public_key=st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode()),
    not_before_ms=moments,
    not_after_ms=moments,
)
key_sets = st.builds(
    lambda life, **more: KeySet(**life, **more), lives(), sequence=sequences, keys=tuples(key_entries, limits.KEYS_MAX)
)


@st.composite
def assets(draw: st.DrawFn) -> Asset:
    size_bytes = draw(st.integers(1, 4 * limits.CHUNK_BYTES))
    count = -(-size_bytes // limits.CHUNK_BYTES)
    return Asset(
        digest=draw(digests),
        codec=draw(st.sampled_from(Codec)),
        size_bytes=size_bytes,
        duration_ms=draw(st.integers(1, limits.ASSET_DURATION_MS_MAX)),
        chunks=tuple(draw(short_hashes) for _ in range(count)),
    )


quiet_windows = st.builds(QuietWindow, from_min=st.integers(0, 1439), until_min=st.integers(0, 1440))
quiet_hours = st.builds(
    QuietHours, utc_offset_min=st.integers(-1440, 1440), windows=tuples(quiet_windows, limits.QUIET_WINDOWS_MAX)
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    entries = draw(st.lists(assets(), min_size=1, max_size=4, unique_by=lambda asset: asset.digest))
    named = st.sampled_from([asset.digest for asset in entries])
    edges = sorted(draw(st.sets(moments, max_size=10)))
    windows = list(zip(edges[::2], edges[1::2], strict=False))
    item_ids = draw(st.lists(ids, min_size=len(windows), max_size=len(windows), unique=True))
    items = tuple(
        PlayItem(
            id=item_id,
            service_class=draw(st.sampled_from(ServiceClass)),
            start_ms=start_ms,
            end_ms=end_ms,
            asset=draw(named),
            after_cut=draw(st.sampled_from(AfterCut)),
            title=draw(texts)[: limits.TITLE_CHARS_MAX],
        )
        for item_id, (start_ms, end_ms) in zip(item_ids, windows, strict=True)
    )
    return Manifest(
        device=draw(ids),
        sequence=draw(sequences),
        **draw(lives()),
        areas=draw(tuples(areas, 4)),
        quiet=draw(quiet_hours),
        volume_percent=draw(percents),
        emergency_volume_percent=draw(percents),
        filler=draw(st.none() | named),
        pinned=draw(tuples(named, 3)),
        assets=tuple(entries),
        items=items,
    )


steps = st.builds(Step, asset=digests, fallback=st.none() | digests, gap_ms=st.integers(0, limits.STEP_GAP_MS_MAX))
overrides = st.builds(
    lambda life, **more: Override(**life, **more),
    lives(limits.OVERRIDE_MS_MAX),
    id=ids,
    kind=st.sampled_from(OverrideKind),
    level=st.integers(1, 5),
    hazard=ids,
    repeats=st.integers(0, limits.OVERRIDE_REPEATS_MAX),
    volume_percent=percents,
    steps=tuples(steps, 4, min_size=1),
    assets=tuples(assets(), 2),
    text=texts,
)
documents = st.builds(
    lambda life, **more: Overrides(**life, **more),
    lives(),
    area=areas,
    sequence=sequences,
    overrides=tuples(overrides, 3, unique_by=lambda override: override.id),
)


@st.composite
def commands(draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(CommandName))
    return Command(
        device=draw(ids),
        id=draw(ids),
        sequence=draw(sequences),
        **draw(lives()),
        name=name,
        value=draw(percents if name is CommandName.VOLUME else counts),
    )


states = st.builds(
    State,
    device=ids,
    boot=counts,
    at_ms=moments,
    status=st.sampled_from(Status),
    why=st.sampled_from(Why),
    source=st.none() | st.sampled_from(Source),
    sounding=names,
    digest=st.none() | digests,
    since_ms=moments,
    volume_percent=percents,
    clock_trusted=st.booleans(),
    clock_offset_ms=st.integers(-limits.TIME_MS_MAX, limits.TIME_MS_MAX),
    keys=counts,
    manifest=counts,
    overrides=tuples(st.builds(AreaSequence, area=areas, sequence=sequences), 4),
    assets_held=counts,
    assets_missing=counts,
    asrun_waiting=counts,
    refused=counts,
    firmware=names,
)
acks = st.builds(
    Ack,
    device=ids,
    at_ms=moments,
    of=st.sampled_from(Subject),
    ref=names,
    sequence=counts,
    stage=st.sampled_from(AckStage),
    reason=st.none() | st.sampled_from(Reason),
    why=st.none() | st.sampled_from(Why),
    sounded_at_ms=moments,
)
ranges = st.tuples(st.integers(0, 1023), st.integers(0, 1023)).map(lambda pair: tuple(sorted(pair)))
needs = st.builds(Need, device=ids, at_ms=moments, digest=digests, ranges=tuples(ranges, 10))
records = st.builds(
    AsRun,
    n=sequences,
    boot=counts,
    source=st.sampled_from(Source),
    id=ids,
    digest=st.none() | digests,
    start_ms=moments,
    end_ms=moments,
    outcome=st.sampled_from(Outcome),
    why=st.sampled_from(Why),
    by=names,
    level_cdb=st.integers(-9600, 0),
    clock_trusted=st.booleans(),
)
reports = st.builds(
    AsRunReport,
    device=ids,
    at_ms=moments,
    records=st.lists(records, max_size=5, unique_by=lambda record: record.n).map(
        lambda found: tuple(sorted(found, key=lambda record: record.n))
    ),
)
BY_TYPE: dict[str, st.SearchStrategy[Message]] = {
    "time": beacons,
    "keys": key_sets,
    "manifest": manifests(),
    "overrides": documents,
    "cmd": commands(),
    "state": states,
    "ack": acks,
    "need": needs,
    "asrun": reports,
}
messages = st.one_of(*BY_TYPE.values())

"""The small parts: clock, cache, ledger, disk, air-check, scenario, identity, enrolment, command line."""

import asyncio
import base64
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.ids import AssetDigest
from devices.protocol.messages import Outcome, Source, Why
from firmware_sim import cache, scenario
from firmware_sim.cli import main
from firmware_sim.clock import BEACONS_KEPT, DEAD_BAND_MS, Clock
from firmware_sim.disk import Disk
from firmware_sim.durable import Timekeeping
from firmware_sim.enrol import enrol, read_answer
from firmware_sim.errors import AudioUnreadable, EnrolmentFailed, IdentityInvalid, ScenarioInvalid
from firmware_sim.events import DropAsset, Persist, StoreAsset, StoreChunk, StoreFailed
from firmware_sim.faults import Kind
from firmware_sim.fleet import check_kinds
from firmware_sim.horn import RATE_HZ, AirCheck, decode, level_cdb
from firmware_sim.identity import identity_line, read_identities
from firmware_sim.records import NOTHING_HEARD_CDB, Ending, Ledger, Open
from tests.fakes.hub_stand_in import HOUR, ROOT, SECOND, START, audio, identity_of, item, manifest, override, seed_of

MOMENT = st.integers(0, 4_000_000_000_000)

# --- clock ----------------------------------------------------------------------------------------------------------


@given(
    steps=st.lists(st.tuples(st.sampled_from(["beacon", "ntp", "signed"]), MOMENT, st.integers(0, 10**7)), max_size=20)
)
def test_whatever_it_is_told_the_clock_is_never_below_the_floor_and_the_floor_never_sinks(
    steps: list[tuple[str, int, int]],
) -> None:
    clock, own_ms = Clock(), 0
    for kind, moment, passed in steps:
        own_ms += passed
        before_ms, before = clock.floor_ms, clock.certain_ms(own_ms)
        match kind:
            case "beacon":
                clock = clock.set_by_beacon(own_ms, moment)
            case "ntp":
                clock = clock.set_by_ntp(own_ms, moment)
            case _:
                clock = clock.raised(own_ms, moment)
        assert clock.floor_ms >= before_ms
        assert clock.now_ms(own_ms) >= clock.floor_ms
        if kind != "ntp":
            assert clock.floor_ms >= moment
        if not clock.trusted:
            assert clock.certain_ms(own_ms) >= before


def test_of_the_last_beacons_the_least_delayed_is_believed() -> None:
    clock = Clock()
    for n, delay_ms in enumerate([40, 900, 2_000, 35, 3_000]):
        clock = clock.set_by_beacon(n * 10_000 + delay_ms, START + n * 10_000)
    assert START - 40 - DEAD_BAND_MS <= clock.offset_ms <= START - 35


def test_a_hub_that_sets_its_clock_back_is_followed_after_a_minute_but_not_below_what_it_signed() -> None:
    clock = Clock()
    for n in range(2 * BEACONS_KEPT):
        clock = clock.set_by_beacon(n * 10_000, START + n * 10_000 - (5_000 if n >= BEACONS_KEPT else 0))
    assert clock.offset_ms == START - 5_000


# --- cache ----------------------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(1, 90_000), min_size=1, max_size=12, unique=True),
    held=st.sets(st.integers(0, 11)),
    wanted=st.sets(st.integers(0, 11)),
    quota=st.integers(0, 400_000),
)
def test_the_cache_never_plans_above_its_quota_and_gives_up_nothing_that_is_needed_more(
    sizes: list[int], held: set[int], wanted: set[int], quota: int
) -> None:
    sounds = [audio(f"a{n}", 1_000, size) for n, size in enumerate(sizes)]
    wants = [sounds[n].asset for n in sorted(wanted) if n < len(sounds)]
    shelf = {sounds[n].digest: len(sounds[n].data) for n in held if n < len(sounds)}
    plan = cache.plan(wants, shelf, {}, quota)
    stay = {digest: size for digest, size in shelf.items() if digest not in plan.evict}
    assert sum(stay.values()) + sum(asset.size_bytes for asset in plan.fetch) <= max(quota, 0)
    named = {asset.digest for asset in wants}
    assert named <= set(stay) | {asset.digest for asset in plan.fetch} | set(plan.no_room)
    if sum(asset.size_bytes for asset in wants) <= quota:
        assert not plan.no_room
        assert not named & set(plan.evict)


def test_pinned_audio_goes_before_everything_and_the_day_follows_in_its_order() -> None:
    siren, voice, filler, early, late = (audio(name, 1_000) for name in ("siren", "voice", "filler", "early", "late"))
    plan = manifest(
        identity_of(1).device,
        item("early", START, early),
        item("late", START + HOUR, late),
        sounds=[late, early],
        pinned=[siren],
        filler=filler,
    )
    alert = override("flood", voice, brought=[voice])
    order = [asset.digest for asset in cache.wanted(plan, [alert], START)]
    assert order == [sound.digest for sound in (siren, voice, filler, early, late)]
    assert early.digest not in [asset.digest for asset in cache.wanted(plan, [], START + 1_000)]


def test_what_was_not_used_for_longest_goes_first() -> None:
    old, new, fresh = (audio(name, 1_000, 10_000) for name in ("old", "new", "fresh"))
    shelf = {old.digest: 10_000, new.digest: 10_000}
    plan = cache.plan([fresh.asset], shelf, {old.digest: 5, new.digest: 9}, 20_000)
    assert plan.evict == (old.digest,)


# --- ledger ---------------------------------------------------------------------------------------------------------


def an_open(**more: int) -> Open:
    fields = {"start_ms": START, "natural_end_ms": START + 5_000, "bound_ms": START + 9_000, "checkpoint_ms": START}
    return Open(
        source=Source.OVERRIDE,
        id="flood",
        digest=AssetDigest("0" * 64),
        step=0,
        why=Why.OVERRIDE,
        boot=1,
        clock_trusted=True,
        **{**fields, **more},
    )


@pytest.mark.parametrize(
    ("end_ms", "bound_ms", "outcome", "length_ms"),
    [
        (5_000, 9_000, Outcome.COMPLETED, 5_000),
        (8_000, 9_000, Outcome.COMPLETED, 5_000),
        (3_000, 9_000, Outcome.CUT, 3_000),
        (8_000, 4_000, Outcome.CUT, 4_000),
    ],
)
def test_a_record_ends_with_its_audio_its_bound_or_the_cut(
    end_ms: int, bound_ms: int, outcome: Outcome, length_ms: int
) -> None:
    ledger = Ledger().opened(an_open(bound_ms=START + bound_ms))
    (record,) = ledger.closed(START + end_ms, Ending(why=Why.STOPPED, by="cmd-1")).waiting
    assert (record.outcome, record.end_ms - record.start_ms) == (outcome, length_ms)
    assert (record.why, record.by) == ((Why.STOPPED, "cmd-1") if outcome is Outcome.CUT else (Why.OVERRIDE, ""))


@given(acts=st.lists(st.integers(0, 3), max_size=60))
def test_numbers_have_no_gap_whatever_happens(acts: list[int]) -> None:
    ledger, made = Ledger(), 0
    for n, act in enumerate(acts):
        before = ledger.last_n
        match act:
            case 0:
                ledger = ledger.opened(an_open()).closed(START + 1_000, Ending(why=Why.STOPPED))
            case 1:
                ledger = ledger.opened(an_open()).checkpointed(START + 500).after_power_loss()
            case 2:
                ledger = ledger.missed(f"i{n}", AssetDigest("1" * 64), (START, START + 1), 1, Ending(why=Why.NO_AUDIO))
            case _:
                ledger = ledger.confirmed(ledger.last_n - 1)
        made += act != 3
        assert ledger.last_n in (before, before + 1)
    assert ledger.last_n == made
    numbers = [record.n for record in ledger.waiting]
    assert numbers == list(range(made - len(numbers) + 1, made + 1))


# --- disk -----------------------------------------------------------------------------------------------------------


def test_flash_gives_back_what_was_stored_and_forgets_what_went_bad(tmp_path: Path) -> None:
    siren, news = audio("siren", 1_000), audio("news", 1_000)
    disk = Disk(tmp_path)
    disk.power_up()
    stored = [
        StoreAsset(siren.digest, siren.data),
        StoreAsset(news.digest, news.data),
        StoreChunk(news.digest, 3, b"x"),
    ]
    assert disk.store([*stored, Persist(Timekeeping(boot=7))]) == []
    (tmp_path / "assets" / siren.digest).write_bytes(siren.data[:-1] + b"?")
    (tmp_path / "state" / "ledger.json.new").write_bytes(b"a write that was cut off")
    memory, shelf = Disk(tmp_path).power_up()
    assert memory.timekeeping.boot == 7
    assert shelf.complete == {news.digest: len(news.data)}
    assert shelf.parts == {news.digest: {3: b"x"}}
    assert disk.store([DropAsset(news.digest)]) == []
    assert not list((tmp_path / "assets").iterdir())
    assert not list((tmp_path / "state").glob("*.new"))


def test_a_full_disk_takes_no_audio_but_still_remembers(tmp_path: Path) -> None:
    siren = audio("siren", 1_000)
    disk = Disk(tmp_path)
    disk.power_up()
    disk.full = True
    effects = [StoreChunk(siren.digest, 0, b"x"), StoreAsset(siren.digest, siren.data), Persist(Timekeeping(boot=2))]
    assert disk.store(effects) == [StoreFailed(siren.digest)]
    assert Disk(tmp_path).power_up()[0].timekeeping.boot == 2


# --- horn -----------------------------------------------------------------------------------------------------------


def test_an_air_check_opens_after_every_write_and_goes_on_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "air" / "check.wav"
    check = AirCheck(path, START)
    check.append(np.arange(RATE_HZ, dtype=np.int16))
    again = AirCheck(path, START + 90 * SECOND)
    assert (again.start_ms, again.frames) == (START, RATE_HZ), "it goes on: the gap is written as silence"
    again.append(np.full(10, 7, dtype=np.int16))
    with wave.open(str(path), "rb") as file:
        assert file.getnframes() == RATE_HZ + 10
        assert file.readframes(1) == b"\x00\x00"
    path.write_bytes(path.read_bytes() + b"\x01")  # killed in the middle of a write
    assert AirCheck(path, START + 2 * SECOND).frames == RATE_HZ + 10
    assert AirCheck(path, START + HOUR).start_ms == START + HOUR, "after long absence a new file"
    assert len(list(path.parent.iterdir())) == 2


def test_a_level_is_hundredths_of_dbfs() -> None:
    assert level_cdb(0.0, 100) == NOTHING_HEARD_CDB
    assert level_cdb(32768.0**2 * 100, 100) == 0
    assert level_cdb((32768.0 / 2) ** 2 * 100, 100) == -602


async def test_bytes_that_are_no_sound_are_unreadable() -> None:
    with pytest.raises(AudioUnreadable):
        await decode(b"no sound")


# --- scenario, identity, enrolment, command line --------------------------------------------------------------------


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_can_be_suffered_and_comes_again_with_its_seed(name: str) -> None:
    first, again = (scenario.load(name, devices=40, seed=7) for _ in range(2))
    assert first == again
    check_kinds([fault.kind for fault in first.plan.faults])
    assert first.plan.ends_ms <= first.duration_s * 1000


def test_a_share_hits_that_many_devices_once() -> None:
    text = 'about="x"\nduration_s=10\n[[fault]]\nkind="cut"\nshare_percent=25\nat_s=1\nspread_s=2\nfor_s=3'
    faults = scenario.parse("x", text, devices=40, seed=1).plan.faults
    assert len({fault.device for fault in faults}) == len(faults) == 10
    assert all(1_000 <= fault.at_ms <= 3_000 and fault.for_ms == 3_000 for fault in faults)


@pytest.mark.parametrize("text", ["", "about=1", 'about="x"\nduration_s=1\n[[fault]]\nkind="earthquake"', "[["])
def test_a_scenario_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(ScenarioInvalid, match="broken"):
        scenario.parse("broken", text, devices=1, seed=1)


def test_a_fleet_cannot_break_the_broker() -> None:
    with pytest.raises(ScenarioInvalid, match="broker_down"):
        check_kinds([Kind.CUT, Kind.BROKER_DOWN])


def test_an_identity_is_one_line_and_its_key_is_not_shown() -> None:
    identity = identity_of(3, "vn", "25")
    (read,) = read_identities(["", identity_line(identity) + "\n"])
    assert read == identity
    assert str(identity.seed) not in repr(identity)
    for line in ("{}", "[]", "no", identity_line(identity).replace('"seed": "', '"seed": "!')):
        with pytest.raises(IdentityInvalid):
            list(read_identities([line]))


ANSWER = {
    "device": "loa-1",
    "areas": ["vn", "25"],
    "root_public_key": base64.b64encode(ROOT.public_key).decode(),
    "broker": {"host": "127.0.0.1", "port": 1883},
    "quiet": {"utc_offset_min": 420, "windows": [{"from_min": 1320, "until_min": 300}]},
}


async def a_hub_that_answers(status: str, body: bytes) -> tuple[asyncio.Server, str, list[bytes]]:
    got: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        got.append(head + await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", got


async def test_a_claim_code_becomes_an_identity() -> None:
    server, url, got = await a_hub_that_answers("200 OK", json.dumps(ANSWER).encode())
    async with server:
        found = await enrol(url, "ABCD-1234", seed_of("new"))
    assert found.identity.device == "loa-1"
    assert found.identity.quiet.quiet(START - 8 * HOUR + 30 * 60 * SECOND)
    assert (found.broker.host, found.broker.port) == ("127.0.0.1", 1883)
    assert got[0].startswith(b"POST /api/enrol ")
    sent = json.loads(got[0].split(b"\r\n\r\n")[1])
    assert sent["claim_code"] == "ABCD-1234"
    assert base64.b64decode(sent["public_key"]) == found.identity.signer().public_key


@pytest.mark.parametrize(("status", "again"), [("409 Conflict", False), ("503 Unavailable", True)])
async def test_a_refused_claim_says_whether_trying_again_can_help(status: str, again: bool) -> None:
    server, url, _ = await a_hub_that_answers(status, b"no")
    async with server:
        with pytest.raises(EnrolmentFailed) as caught:
            await enrol(url, "ABCD", seed_of("new"))
    assert caught.value.again is again


async def test_a_hub_out_of_reach_is_worth_another_try_and_nonsense_is_not() -> None:
    with pytest.raises(EnrolmentFailed) as caught:
        await enrol("http://127.0.0.1:9", "ABCD", seed_of("new"))
    assert caught.value.again
    for bad in (
        b"",
        b"{}",
        json.dumps({**ANSWER, "broker": {}}).encode(),
        json.dumps({**ANSWER, "areas": ["?"]}).encode(),
    ):
        with pytest.raises(EnrolmentFailed):
            read_answer(bad, seed_of("new"))
    with pytest.raises(EnrolmentFailed):
        await enrol("file:///etc/passwd", "ABCD", seed_of("new"))


def test_without_identities_the_command_line_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--directory", str(tmp_path), "--broker", "127.0.0.1:1"]) == 2
    assert "--identities" in capsys.readouterr().err

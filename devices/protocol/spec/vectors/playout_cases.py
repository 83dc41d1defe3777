"""A situation, and what must sound.  The answers are written by hand: they are the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.protocol.spec.vectors.material import DEVICE, HOUR, MINUTE, Json, asset, at, but, digest

NEVER = 1 << 62  # until something happens
SPEECH, MUSIC, SIREN, VOICE, NEWS = "speech", "music", "siren", "voice", "news"
LENGTHS: Mapping[str, int] = {SPEECH: 5 * MINUTE, MUSIC: 30_000, SIREN: 10_000, VOICE: 20_000, NEWS: 3 * MINUTE}
ALL = tuple(LENGTHS)
NIGHT: Json = {"utc_offset_min": 420, "windows": [{"from_min": 21 * 60, "until_min": 5 * 60}]}
NOON: Json = {"utc_offset_min": 420, "windows": [{"from_min": 11 * 60 + 30, "until_min": 13 * 60}]}
ALWAYS: Json = {"utc_offset_min": 420, "windows": [{"from_min": 0, "until_min": 1440}]}
NO_QUIET: Json = {"utc_offset_min": 420, "windows": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What changes, then the question at a moment, then the answer."""

    at_ms: int
    why: str
    until_ms: int
    about: str = ""
    sound: Json | None = None
    change: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutCase:
    """Questions asked one after the other; what an implementation remembers between them is its own affair."""

    name: str
    asserts: tuple[str, ...]
    situation: Json
    asks: tuple[Ask, ...]


def play(name: str, asserts: str, *asks: Ask, **situation: Any) -> PlayoutCase:
    """Return a case; what is not given of the situation is plain: trusted clock, no manifest, all audio, no quiet."""
    plain = {
        "clock_trusted": True,
        "floor_ms": at("00:00"),
        "manifest": None,
        "overrides": (),
        "held": holding(*ALL),
        "quiet": NO_QUIET,
        "hold_until_ms": 0,
    }
    return PlayoutCase(name=name, asserts=tuple(asserts.split()), situation={**plain, **situation}, asks=asks)


def holding(*names: str) -> Json:
    """Return held audio: digest -> duration in ms."""
    return {digest(name): LENGTHS[name] for name in names}


def day(*items: Json, **changes: Any) -> Json:
    """Return a manifest with these items."""
    plain = {
        "type": "manifest",
        "device": DEVICE,
        "sequence": 1,
        "issued_at_ms": at("00:00", day=24),
        "expires_at_ms": at("00:00", day=30),
        "areas": ["26734"],
        "quiet": NO_QUIET,
        "volume_percent": 70,
        "emergency_volume_percent": 95,
        "filler": None,
        "pinned": [],
        "assets": [asset(name, LENGTHS[name]) for name in ALL],
        "items": list(items),
    }
    return but(plain, **changes)


def item(
    id_: str, start: str, end: str, audio: str = SPEECH, *, after_cut: str = "join", class_: str = "normal"
) -> Json:
    """Return one slot of the day."""
    return {
        "id": id_,
        "class": class_,
        "start_ms": at(start),
        "end_ms": at(end),
        "asset": digest(audio),
        "after_cut": after_cut,
        "title": "",
    }


def step(audio: str, gap_ms: int = 0, fallback: str | None = None) -> Json:
    """Return one clip of an override."""
    return {"asset": digest(audio), "fallback": digest(fallback) if fallback else None, "gap_ms": gap_ms}


def override(id_: str, *steps: Json, issued: str = "05:00", expires: str = "08:00", **changes: Any) -> Json:
    """Return an override: an emergency of level 3, one round, unless changed."""
    plain = {
        "id": id_,
        "kind": "emergency",
        "level": 3,
        "hazard": "lu-quet",
        "issued_at_ms": at(issued),
        "expires_at_ms": at(expires),
        "repeats": 1,
        "volume_percent": 100,
        "steps": list(steps) or [step(SIREN)],
        "assets": [],
        "text": "",
    }
    return but(plain, **changes)


def _until(clock: str | None) -> int:
    """Return a moment of the day of the vectors, or of another: HH:MM/26."""
    if clock is None:
        return NEVER
    text, _, day_text = clock.partition("/")
    return at(text, day=int(day_text or 25))


def sounds(
    clock: str,
    source: str,
    id_: str,
    audio: str,
    position_ms: int,
    *,
    until: str,
    volume: int | None = None,
    **change: Any,
) -> Ask:
    """At `clock` this must sound."""
    why = {"item": "scheduled", "override": "override", "drill": "drill", "filler": "filler"}[source]
    loud = {"item": 70, "override": 100, "drill": 100, "filler": 70}[source] if volume is None else volume
    sound = {
        "source": source,
        "id": id_,
        "digest": digest(audio),
        "position_ms": position_ms,
        "volume_percent": loud,
    }
    return Ask(at_ms=at(clock), why=why, until_ms=_until(until), about=id_, sound=sound, change=change)


def silent(clock: str, why: str, about: str = "", *, until: str | None, **change: Any) -> Ask:
    """At `clock` nothing must sound; `until` None: until something happens."""
    return Ask(at_ms=at(clock), why=why, until_ms=_until(until), about=about, change=change)


MORNING = item("sang", "06:00", "06:10")
FLOOD = override("lu", step(SIREN, 2_000), step(VOICE), repeats=2)
DRILL = override("tap", step(SIREN), kind="drill", level=5)
SHORT = override("ngan", step(SIREN), step(VOICE))  # 30 seconds


def cut(after_cut: str, **changes: Any) -> Json:
    """Return a day with one item of that policy."""
    return day(item("sang", "06:00", "06:10", after_cut=after_cut), **changes)


DAY_CASES = (
    play(
        "an item sounds from its start to the end of its audio",
        "PL-ITEM-01 PL-ITEM-02 PL-END-01",
        silent("05:59", "nothing_scheduled", until="06:00"),
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        silent("06:05", "item_over", "sang", until="06:10"),
        silent("06:10", "nothing_scheduled", until="00:00/30"),
        manifest=day(MORNING),
    ),
    play(
        "an item ends with its window though its audio is longer",
        "PL-END-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:02"),
        silent("06:02", "nothing_scheduled", until="06:30"),
        manifest=day(item("sang", "06:00", "06:02"), item("trua", "06:30", "06:40")),
    ),
    play(
        "a device that comes late joins where the clock says",
        "PL-ITEM-01",
        sounds("06:03", "item", "sang", SPEECH, 3 * MINUTE, until="06:05"),
        manifest=day(MORNING),
    ),
    play(
        "a device that comes after the audio is silent",
        "PL-ITEM-02",
        silent("06:07", "item_over", "sang", until="06:10"),
        manifest=day(MORNING),
    ),
    play(
        "items that touch follow each other",
        "PL-ONE-01",
        sounds("06:00", "item", "a", SPEECH, 0, until="06:05"),
        sounds("06:05", "item", "b", NEWS, 0, until="06:08"),
        manifest=day(item("a", "06:00", "06:05"), item("b", "06:05", "06:10", NEWS)),
    ),
    play(
        "asked again it is the same sound further on",
        "PL-ONE-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "item", "sang", SPEECH, MINUTE, until="06:05"),
        sounds("06:04:59", "item", "sang", SPEECH, 299_000, until="06:05"),
        manifest=day(MORNING),
    ),
    play("no manifest", "PL-NONE-01", silent("06:00", "no_manifest", until=None)),
    play(
        "a manifest that expires in the middle of an item",
        "PL-NONE-01 PL-END-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:01"),
        silent("06:01", "manifest_expired", until=None),
        manifest=day(MORNING, expires_at_ms=at("06:01")),
    ),
    play(
        "the clock is not trusted",
        "CK-DARK-01",
        silent("06:00", "clock_not_trusted", until=None),
        sounds("06:01", "item", "sang", SPEECH, MINUTE, until="06:05", clock_trusted=True),
        manifest=day(MORNING),
        clock_trusted=False,
    ),
    play(
        "a new manifest that keeps the item does not disturb it",
        "MF-WHOLE-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "item", "sang", SPEECH, MINUTE, until="06:05", manifest=day(MORNING, sequence=2)),
        manifest=day(MORNING),
    ),
    play(
        "a new manifest without the item ends it",
        "MF-WHOLE-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        silent("06:01", "nothing_scheduled", until="07:00", manifest=day(item("sau", "07:00", "07:10"))),
        manifest=day(MORNING),
    ),
    play(
        "an item of class emergency has the emergency volume",
        "PL-VOL-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05", volume=95),
        manifest=day(item("sang", "06:00", "06:10", class_="emergency")),
    ),
    play(
        "an item of class priority has the common volume",
        "PL-VOL-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05", volume=70),
        manifest=day(item("sang", "06:00", "06:10", class_="priority")),
    ),
    play(
        "the clock is set back behind the start of an item, and comes again",
        "PL-CLOCK-01 PL-END-01",
        sounds("06:00:30", "item", "sang", SPEECH, 30_000, until="06:05"),
        silent("05:59", "nothing_scheduled", until="06:00"),
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        manifest=day(MORNING),
    ),
)

FILLER_CASES = (
    play(
        "the filler stands in, in a loop, until the audio arrives",
        "PL-FILL-01 PL-VOL-01",
        sounds("06:00", "filler", "sang", MUSIC, 0, until="06:00:30"),
        sounds("06:00:40", "filler", "sang", MUSIC, 10_000, until="06:01"),
        sounds("06:00:50", "item", "sang", SPEECH, 50_000, until="06:05", held=holding(SPEECH, MUSIC)),
        manifest=day(MORNING, filler=digest(MUSIC)),
        held=holding(MUSIC),
    ),
    play(
        "the filler ends with the window",
        "PL-FILL-01 PL-END-01",
        sounds("06:00:15", "filler", "sang", MUSIC, 15_000, until="06:00:20"),
        silent("06:00:20", "nothing_scheduled", until="07:00"),
        manifest=day(item("sang", "06:00", "06:00:20"), item("sau", "07:00", "07:10"), filler=digest(MUSIC)),
        held=holding(MUSIC),
    ),
    play(
        "no filler is named",
        "PL-FILL-02",
        silent("06:00", "no_audio", "sang", until="06:10"),
        manifest=day(MORNING),
        held=holding(MUSIC),
    ),
    play(
        "the filler is not held either",
        "PL-FILL-02",
        silent("06:00", "no_audio", "sang", until="06:10"),
        manifest=day(MORNING, filler=digest(MUSIC)),
        held=holding(),
    ),
)

CUT_CASES = (
    play(
        "join: it goes on where the clock says",
        "PL-CUT-01 PL-RANK-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        sounds("06:01:30", "item", "sang", SPEECH, 90_000, until="06:05"),
        silent("06:05", "item_over", "sang", until="06:10"),
        silent("06:06", "item_over", "sang", until="06:10"),
        manifest=cut("join"),
    ),
    play(
        "resume: it goes on where it was cut, as long as its window lasts",
        "PL-CUT-02",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        sounds("06:01:30", "item", "sang", SPEECH, 60_000, until="06:05:30"),
        silent("06:05:30", "item_over", "sang", until="06:10"),
        manifest=cut("resume"),
    ),
    play(
        "resume: cut twice, heard once",
        "PL-CUT-02",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "a", SIREN, 0, until="06:01:10", overrides=(override("a"),)),
        sounds("06:01:10", "item", "sang", SPEECH, 60_000, until="06:05:10"),
        sounds("06:02:10", "override", "b", SIREN, 0, until="06:02:20", overrides=(override("b"),)),
        sounds("06:02:20", "item", "sang", SPEECH, 120_000, until="06:05:20"),
        manifest=cut("resume"),
    ),
    play(
        "resume: the window is over first",
        "PL-CUT-02 PL-END-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:04", "override", "ngan", SIREN, 0, until="06:04:10", overrides=(SHORT,)),
        sounds("06:04:10", "override", "ngan", VOICE, 0, until="06:04:30"),
        sounds("06:04:30", "item", "sang", SPEECH, 240_000, until="06:05"),
        silent("06:05", "nothing_scheduled", until="07:00"),
        manifest=day(item("sang", "06:00", "06:05", after_cut="resume"), item("sau", "07:00", "07:10")),
    ),
    play(
        "resume: the clock is set back behind its anchor",
        "PL-CUT-02 PL-CLOCK-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        sounds("06:01:30", "item", "sang", SPEECH, 60_000, until="06:05:30"),
        sounds("06:00:10", "item", "sang", SPEECH, 60_000, until="06:04:10"),
        manifest=cut("resume"),
    ),
    play(
        "resume: the clock is set back behind its anchor while it is cut again",
        "PL-CUT-02 PL-CLOCK-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        sounds("06:01:30", "item", "sang", SPEECH, 60_000, until="06:05:30"),
        sounds("06:00:10", "override", "b", SIREN, 0, until="06:00:20", overrides=(override("b"),)),
        sounds("06:00:20", "item", "sang", SPEECH, 60_000, until="06:04:20"),
        manifest=cut("resume"),
    ),
    play(
        "restart: it begins again",
        "PL-CUT-03",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        sounds("06:01:30", "item", "sang", SPEECH, 0, until="06:06:30"),
        manifest=cut("restart"),
    ),
    play(
        "skip: it stays silent",
        "PL-CUT-04",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "ngan", SIREN, 0, until="06:01:10", overrides=(SHORT,)),
        sounds("06:01:10", "override", "ngan", VOICE, 0, until="06:01:30"),
        silent("06:01:30", "skipped", "sang", until="06:10"),
        silent("06:02", "skipped", "sang", until="06:10"),
        manifest=cut("skip"),
    ),
    play(
        "restart: an override held it back from its start",
        "PL-CUT-05",
        sounds("05:59:50", "override", "ngan", SIREN, 0, until="06:00"),
        sounds("06:00", "override", "ngan", VOICE, 0, until="06:00:20"),
        sounds("06:00:20", "item", "sang", SPEECH, 0, until="06:05:20"),
        manifest=cut("restart"),
        overrides=(SHORT,),
    ),
    play(
        "join: an override held it back from its start",
        "PL-CUT-05",
        sounds("05:59:50", "override", "ngan", SIREN, 0, until="06:00"),
        sounds("06:00", "override", "ngan", VOICE, 0, until="06:00:20"),
        sounds("06:00:20", "item", "sang", SPEECH, 20_000, until="06:05"),
        manifest=cut("join"),
        overrides=(SHORT,),
    ),
    play(
        "resume: quiet hours held it back from its start",
        "PL-CUT-05 PL-QUIET-01",
        silent("04:58", "quiet_hours", "som", until="05:00"),
        sounds("05:00", "item", "som", SPEECH, 0, until="05:05"),
        manifest=day(item("som", "04:58", "05:10", after_cut="resume"), quiet=NIGHT),
    ),
)

OVERRIDE_CASES = (
    play(
        "two rounds of two steps, then the day",
        "PL-OVR-01 PL-OVR-02 PL-GAP-01",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:10", "gap", "lu", until="05:10:12"),
        sounds("05:10:12", "override", "lu", VOICE, 0, until="05:10:32"),
        sounds("05:10:32", "override", "lu", SIREN, 0, until="05:10:42"),
        silent("05:10:42", "gap", "lu", until="05:10:44"),
        sounds("05:10:44", "override", "lu", VOICE, 0, until="05:11:04"),
        silent("05:11:04", "nothing_scheduled", until="06:00"),
        manifest=day(MORNING),
        overrides=(FLOOD,),
    ),
    play(
        "repeats 0: until it expires",
        "PL-OVR-01 PL-END-02",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        sounds("05:10:10", "override", "lu", SIREN, 0, until="05:10:20"),
        sounds("05:10:20", "override", "lu", SIREN, 0, until="05:10:25"),
        silent("05:10:25", "no_manifest", until=None),
        overrides=(override("lu", repeats=0, expires="05:10:25"),),
    ),
    play(
        "it has expired",
        "PL-END-02",
        silent("05:10", "no_manifest", until=None),
        overrides=(override("lu", expires="05:10"),),
    ),
    play(
        "it expires in the middle of a clip, and an item comes back",
        "PL-END-02",
        sounds("06:01", "override", "lu", VOICE, 0, until="06:01:05"),
        sounds("06:01:05", "item", "sang", SPEECH, 65_000, until="06:05"),
        manifest=day(MORNING),
        overrides=(override("lu", step(VOICE), expires="06:01:05"),),
    ),
    play(
        "it is not listed any more",
        "OV-LIST-01",
        sounds("06:01", "override", "lu", SIREN, 0, until="06:01:10"),
        sounds("06:01:03", "item", "sang", SPEECH, 63_000, until="06:05", overrides=()),
        manifest=day(MORNING),
        overrides=(FLOOD,),
    ),
    play(
        "the clock is not trusted: an emergency sounds",
        "CK-DARK-01 PL-END-02",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        overrides=(override("lu"),),
        clock_trusted=False,
        floor_ms=at("05:05"),
    ),
    play(
        "the clock is not trusted: it is measured against the floor",
        "CK-EXP-02 PL-END-02",
        silent("05:10", "no_manifest", until=None),
        overrides=(override("lu", expires="07:00"),),
        clock_trusted=False,
        floor_ms=at("07:00"),
    ),
    play(
        "the own clock is far ahead and not trusted: an emergency sounds",
        "CK-EXP-02",
        sounds("10:00", "override", "lu", SIREN, 0, until="10:00:10"),
        overrides=(override("lu", expires="08:00"),),
        clock_trusted=False,
        floor_ms=at("05:05"),
    ),
    play(
        "the clock is set back in the middle of a clip",
        "PL-CLOCK-01",
        sounds("05:10", "override", "lu", VOICE, 0, until="05:10:20"),
        sounds("05:09", "override", "lu", VOICE, 0, until="05:09:20"),
        overrides=(override("lu", step(VOICE)),),
    ),
    play(
        "the clock is set back by hours in a gap",
        "PL-GAP-03",
        sounds("10:00", "override", "lu", SIREN, 0, until="10:00:10"),
        silent("10:00:10", "gap", "lu", until="10:00:20"),
        sounds("05:10", "override", "lu", VOICE, 0, until="05:10:20", clock_trusted=True),
        overrides=(override("lu", step(SIREN, 10_000), step(VOICE), expires="08:00"),),
        clock_trusted=False,
        floor_ms=at("05:05"),
    ),
)

RANK_CASES = (
    play(
        "an emergency silences a drill of a higher level",
        "PL-RANK-01",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        overrides=(DRILL, override("lu", level=1)),
    ),
    play(
        "a drill silences an item of class priority",
        "PL-RANK-01",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "drill", "tap", SIREN, 0, until="06:01:10", overrides=(DRILL,)),
        sounds("06:01:10", "item", "sang", SPEECH, 70_000, until="06:05"),
        manifest=day(item("sang", "06:00", "06:10", class_="priority")),
    ),
    play(
        "an emergency silences an item of class emergency",
        "PL-RANK-01",
        sounds("06:01", "override", "lu", SIREN, 0, until="06:01:10"),
        manifest=day(item("sang", "06:00", "06:10", class_="emergency")),
        overrides=(override("lu"),),
    ),
    play(
        "the higher level sounds first, then the lower",
        "PL-RANK-02",
        sounds("05:10", "override", "cao", SIREN, 0, until="05:10:10"),
        sounds("05:10:10", "override", "thap", VOICE, 0, until="05:10:30"),
        overrides=(override("thap", step(VOICE), level=2, issued="05:09"), override("cao", level=4)),
    ),
    play(
        "of one level the later issued",
        "PL-RANK-02",
        sounds("05:10", "override", "a", SIREN, 0, until="05:10:10"),
        overrides=(override("b", step(VOICE), issued="05:00"), override("a", issued="05:01")),
    ),
    play(
        "issued together: the greater id",
        "PL-RANK-02",
        sounds("05:10", "override", "b", SIREN, 0, until="05:10:10"),
        overrides=(override("a", step(VOICE)), override("b")),
    ),
    play(
        "an interrupted override begins its clip again",
        "PL-OVR-03 PL-RANK-02",
        sounds("05:10", "override", "a", VOICE, 0, until="05:10:20"),
        sounds(
            "05:10:05",
            "override",
            "b",
            SIREN,
            0,
            until="05:10:15",
            overrides=(override("a", step(VOICE)), override("b", level=5)),
        ),
        sounds("05:10:15", "override", "a", VOICE, 0, until="05:10:35"),
        overrides=(override("a", step(VOICE)),),
    ),
)

STEP_CASES = (
    play(
        "the fallback stands in for audio that is not held",
        "PL-STEP-01",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        overrides=(override("lu", step(VOICE, fallback=SIREN)),),
        held=holding(SIREN),
    ),
    play(
        "better audio waits for the step's next turn",
        "PL-STEP-02",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        sounds("05:10:03", "override", "lu", SIREN, 3_000, until="05:10:10", held=holding(SIREN, VOICE)),
        sounds("05:10:10", "override", "lu", VOICE, 0, until="05:10:30"),
        overrides=(override("lu", step(VOICE, fallback=SIREN), repeats=2),),
        held=holding(SIREN),
    ),
    play(
        "a step that cannot sound is passed over",
        "PL-STEP-01",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        sounds("05:10:10", "override", "lu", SIREN, 0, until="05:10:20"),
        silent("05:10:20", "waiting_for_audio", "lu", until="08:00"),
        overrides=(override("lu", step(VOICE), step(SIREN), repeats=2),),
        held=holding(SIREN),
    ),
    play(
        "a voice that comes after the last round sounds once, alone",
        "PL-STEP-04 PL-OVR-02",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:10", "waiting_for_audio", "lu", until="06:00"),
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "lu", VOICE, 0, until="06:01:20", held=holding(SIREN, SPEECH, VOICE)),
        sounds("06:01:20", "item", "sang", SPEECH, 80_000, until="06:05"),
        silent("06:10", "nothing_scheduled", until="07:00"),
        manifest=day(MORNING),
        overrides=(override("lu", step(SIREN), step(VOICE), step(VOICE), expires="07:00"),),
        held=holding(SIREN, SPEECH),
    ),
    play(
        "a voice that was stood in for sounds once when it comes, after its gap the next one",
        "PL-STEP-04",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:10", "gap", "lu", until="05:10:15"),
        sounds("05:10:15", "override", "lu", SIREN, 0, until="05:10:25"),
        silent("05:10:25", "waiting_for_audio", "lu", until="08:00"),
        sounds("05:30", "override", "lu", VOICE, 0, until="05:30:20", held=holding(SIREN, VOICE, NEWS)),
        silent("05:30:20", "gap", "lu", until="05:30:25"),
        sounds("05:30:25", "override", "lu", NEWS, 0, until="05:33:25"),
        silent("05:33:25", "no_manifest", until="08:00"),
        overrides=(override("lu", step(VOICE, 5_000, fallback=SIREN), step(NEWS, fallback=SIREN)),),
        held=holding(SIREN),
    ),
    play(
        "nothing of it is held: an item sounds until its audio arrives",
        "PL-STEP-03",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        sounds("06:01", "override", "lu", VOICE, 0, until="06:01:20", held=holding(SPEECH, VOICE)),
        manifest=day(MORNING),
        overrides=(override("lu", step(VOICE)),),
        held=holding(SPEECH),
    ),
    play(
        "nothing of it is held, and nothing is below",
        "PL-STEP-03",
        silent("05:10", "waiting_for_audio", "lu", until="06:00"),
        manifest=day(MORNING),
        overrides=(override("lu", step(VOICE)),),
        held=holding(),
    ),
    play(
        "its audio is lost in the gap after its last round: it has ended all the same",
        "PL-OVR-02",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:10", "gap", "lu", until="05:10:15"),
        silent("05:10:12", "gap", "lu", until="05:10:15", held=holding()),
        silent("05:10:15", "no_manifest", until="08:00"),
        silent("05:11", "no_manifest", until="08:00", held=holding(SIREN)),
        overrides=(override("lu", step(SIREN, 5_000)),),
    ),
    play(
        "its audio is lost in the middle of a clip, and comes again",
        "PL-STEP-03",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:05", "waiting_for_audio", "lu", until="08:00", held=holding()),
        sounds("05:11", "override", "lu", SIREN, 0, until="05:11:10", held=holding(SIREN)),
        overrides=(override("lu"),),
    ),
    play(
        "of two that are silent the reason is that of the higher",
        "PL-STEP-03 PL-GAP-02",
        sounds("05:10", "override", "bao", SIREN, 0, until="05:10:10"),
        silent("05:10:10", "waiting_for_audio", "lu", until="08:00"),
        overrides=(override("lu", step(VOICE), level=5), override("bao", step(SIREN, 4 * HOUR), level=2, repeats=2)),
        held=holding(SIREN),
    ),
    play(
        "a higher one waits for its audio while a lower one sounds",
        "PL-STEP-03",
        sounds("05:10", "override", "thap", SIREN, 0, until="05:10:10"),
        overrides=(override("cao", step(VOICE), level=5), override("thap", level=1)),
        held=holding(SIREN),
    ),
)

GAP_CASES = (
    play(
        "a gap begins where the clip ended, also for a device that looked late",
        "PL-GAP-01",
        sounds("05:10", "override", "lu", SIREN, 0, until="05:10:10"),
        silent("05:10:11", "gap", "lu", until="05:10:12"),
        sounds("05:10:13", "override", "lu", VOICE, 0, until="05:10:33"),
        overrides=(FLOOD,),
    ),
    play(
        "a gap of a minute is silent, though an item is due",
        "PL-GAP-01",
        sounds("06:01", "override", "lu", SIREN, 0, until="06:01:10"),
        silent("06:01:10", "gap", "lu", until="06:02:10"),
        sounds("06:02:10", "override", "lu", SIREN, 0, until="06:02:20"),
        manifest=day(MORNING),
        overrides=(override("lu", step(SIREN, MINUTE), repeats=2),),
    ),
    play(
        "in a gap of three hours the day goes on, and is cut when it ends",
        "PL-GAP-02",
        sounds("05:00", "override", "bao", SIREN, 0, until="05:00:10"),
        silent("05:00:10", "gap", "bao", until="06:00"),
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        silent("06:10", "gap", "bao", until="08:00:10"),
        sounds("08:00:10", "override", "bao", SIREN, 0, until="08:00:20"),
        manifest=day(MORNING),
        overrides=(override("bao", step(SIREN, 3 * HOUR), repeats=0, expires="20:00"),),
    ),
    play(
        "in a long gap of a higher override a lower one sounds, and is cut when the gap ends",
        "PL-GAP-02",
        sounds("05:00", "override", "bao", SIREN, 0, until="05:00:10"),
        sounds("05:00:10", "override", "lu", VOICE, 0, until="05:00:30"),
        sounds("05:01:05", "override", "lu", VOICE, 0, until="05:01:11"),
        sounds("05:01:11", "override", "bao", SIREN, 0, until="05:01:21"),
        sounds("05:01:21", "override", "lu", VOICE, 0, until="05:01:41"),
        overrides=(
            override("bao", step(SIREN, MINUTE + 1_000), level=4, repeats=2),
            override("lu", step(VOICE), level=2, repeats=0),
        ),
    ),
)

QUIET_CASES = (
    play(
        "an item in quiet hours is silent, over midnight",
        "PL-QUIET-01",
        silent("21:00", "quiet_hours", "toi", until="21:10"),
        silent("23:59", "quiet_hours", "khuya", until="00:05/26"),
        manifest=day(
            item("toi", "21:00", "21:10"),
            but(item("khuya", "23:55", "23:56"), end_ms=at("00:05", day=26)),
            quiet=NIGHT,
        ),
    ),
    play(
        "an item that runs into quiet hours is cut",
        "PL-QUIET-01",
        sounds("20:58", "item", "toi", SPEECH, 0, until="21:00"),
        silent("21:00", "quiet_hours", "toi", until="21:10"),
        manifest=day(item("toi", "20:58", "21:10"), quiet=NIGHT),
    ),
    play(
        "an item of class emergency sounds in quiet hours",
        "PL-QUIET-01",
        sounds("21:00", "item", "khan", SPEECH, 0, until="21:05", volume=95),
        manifest=day(item("khan", "21:00", "21:10", class_="emergency"), quiet=NIGHT),
    ),
    play(
        "the device's own quiet hours bind as well",
        "PL-QUIET-02",
        silent("12:00", "quiet_hours", "trua", until="12:10"),
        manifest=day(item("trua", "12:00", "12:10"), quiet=NIGHT),
        quiet=NOON,
    ),
    play(
        "the manifest's quiet hours bind where the device has none",
        "PL-QUIET-02",
        silent("12:00", "quiet_hours", "trua", until="12:10"),
        manifest=day(item("trua", "12:00", "12:10"), quiet=NOON),
    ),
    play(
        "outside of both it sounds until the first begins",
        "PL-QUIET-02",
        sounds("11:28", "item", "trua", SPEECH, 0, until="11:30"),
        manifest=day(item("trua", "11:28", "11:40"), quiet=NIGHT),
        quiet=NOON,
    ),
    play(
        "0 to 1440 is always",
        "PL-QUIET-01",
        silent("12:00", "quiet_hours", "trua", until="12:10"),
        manifest=day(item("trua", "12:00", "12:10"), quiet=ALWAYS),
    ),
    play(
        "a drill in quiet hours is silent until they are over",
        "PL-QUIET-03",
        silent("04:59", "quiet_hours", "tap", until="05:00"),
        sounds("05:00", "drill", "tap", SIREN, 0, until="05:00:10"),
        manifest=day(quiet=NIGHT),
        overrides=(DRILL,),
    ),
    play(
        "a drill that runs into quiet hours is cut",
        "PL-QUIET-03",
        sounds("20:59:55", "drill", "tap", SIREN, 0, until="21:00"),
        silent("21:00", "quiet_hours", "tap", until="23:00"),
        manifest=day(quiet=NIGHT),
        overrides=(override("tap", kind="drill", expires="23:00"),),
    ),
    play(
        "an emergency override sounds in quiet hours",
        "PL-QUIET-03",
        sounds("03:15", "override", "lu", SIREN, 0, until="03:15:10"),
        manifest=day(quiet=NIGHT),
        overrides=(override("lu", issued="03:00"),),
        quiet=ALWAYS,
    ),
    play(
        "a drill while the clock is not trusted is silent",
        "CK-DARK-01",
        silent("12:00", "clock_not_trusted", "tap", until="08:00/26"),
        overrides=(override("tap", kind="drill", expires="20:00"),),
        clock_trusted=False,
    ),
)

STOP_CASES = (
    play(
        "a stop silences an item, and it comes back by its policy",
        "PL-STOP-01 PL-CUT-03",
        sounds("06:00", "item", "sang", SPEECH, 0, until="06:05"),
        silent("06:01", "stopped", "sang", until="06:02", hold_until_ms=at("06:02")),
        sounds("06:02", "item", "sang", SPEECH, 0, until="06:07"),
        manifest=cut("restart"),
    ),
    play(
        "a stop holds an item back from its start",
        "PL-STOP-01 PL-CUT-05",
        silent("06:00", "stopped", "sang", until="06:02"),
        sounds("06:02", "item", "sang", SPEECH, 0, until="06:07"),
        manifest=cut("restart"),
        hold_until_ms=at("06:02"),
    ),
    play(
        "a stop silences a drill",
        "PL-STOP-01",
        silent("06:00", "stopped", "tap", until="06:02"),
        sounds("06:02", "drill", "tap", SIREN, 0, until="06:02:10"),
        overrides=(DRILL,),
        hold_until_ms=at("06:02"),
    ),
    play(
        "a stop does not silence an emergency override",
        "PL-STOP-01 CM-STOP-01",
        sounds("06:00", "override", "lu", SIREN, 0, until="06:00:10"),
        overrides=(override("lu"),),
        hold_until_ms=at("07:00"),
    ),
    play(
        "nothing is scheduled, stopped or not",
        "PL-STOP-01",
        silent("05:00", "nothing_scheduled", until="06:00"),
        manifest=day(MORNING),
        hold_until_ms=at("05:30"),
    ),
)

CASES: tuple[PlayoutCase, ...] = (
    *DAY_CASES,
    *FILLER_CASES,
    *CUT_CASES,
    *OVERRIDE_CASES,
    *RANK_CASES,
    *STEP_CASES,
    *GAP_CASES,
    *QUIET_CASES,
    *STOP_CASES,
)

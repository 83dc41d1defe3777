"""`loa demo` as a newcomer runs it: what it prints, what its loudspeakers were heard to sound, and how it ends."""

import itertools
import json
import os
import re
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import hearing
from tests.acceptance.hearing import Heard, Recording
from tests.acceptance.processes import Child

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ONCE_S = 240.0  # half a minute on a quiet machine; a loaded one may take some
ENDS_S = 10.0
DEVICES = 12
CHIME_HZ = (523.25, 659.25, 783.99)  # C5 E5 G5
CHIME_STARTS_S = (0.0, 0.4, 0.8)
SIREN_HZ = 950.0  # of a flash flood: bursts of a quarter of a second, twice a second
SLACK_S = 0.25  # one tick of the recorder
PROGRAMME, SIREN, WARNING = "programme", "siren", "warning"


@dataclass(frozen=True)
class Run:
    """One demo that has ended."""

    code: int
    answer: str
    said: str
    folder: Path

    @property
    def object(self) -> dict[str, Any]:
        (line,) = self.answer.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "hub" / "loa.db")) as kept:
            return kept.execute(question).fetchall()

    def asset(self, digest: str) -> Recording:
        return hearing.decode((self.folder / "hub" / "assets" / digest[:2] / digest).read_bytes())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("demo")
    with Child("hub", "demo", "--once", "--json", "--directory", str(folder)) as child:
        code = child.ended(ONCE_S)
        child.nobody_is_left(ENDS_S)
        answer, said = child.answer, child.said
    print(said)
    return Run(code, answer, said, folder)


# --- what it prints -------------------------------------------------------------------------------------------------


def test_it_ends_well_and_every_loudspeaker_did_everything(run: Run) -> None:
    assert run.code == 0, run.said
    found = run.object
    assert found["ok"] is True
    assert found["devices"] == DEVICES
    assert found["bulletin"]["played_on"] == DEVICES
    emergency = found["emergency"]
    everywhere = {name: emergency[name] for name in ("accepted_by", "sounded_on", "preempted", "resumed")}
    assert everywhere == dict.fromkeys(everywhere, DEVICES)
    assert 0 < emergency["click_to_first_ms"] <= emergency["click_to_last_ms"] < 5_000
    assert 0 < found["elapsed_s"] < ONCE_S


def test_the_bulletin_is_spoken_in_words(run: Run) -> None:
    bulletin = run.object["bulletin"]
    assert re.search(r"\d", bulletin["text"]), "a text without a number shows nothing"
    assert not re.search(r"[\d/]|\bUBND\b", bulletin["spoken"])
    assert bulletin["audio_ms"] > 5_000


def test_nobody_obeyed_a_stranger_an_old_message_or_one_that_is_over(run: Run) -> None:
    assert run.object["refused"] == {"unsigned": DEVICES, "replayed": DEVICES, "expired": DEVICES}


def test_every_record_was_signed_and_none_is_missing(run: Run) -> None:
    as_run = run.object["as_run"]
    assert as_run == {"records": 4 * DEVICES, "signatures_ok": True, "missing": 0}
    kept: dict[str, list[int]] = {}
    for device, n in run.rows("SELECT device, n FROM as_runs ORDER BY device, n"):
        kept.setdefault(device, []).append(n)
    assert list(kept.values()) == [[1, 2, 3, 4]] * DEVICES


def test_it_tells_in_sentences_what_happens(run: Run) -> None:
    story = (
        "cụm loa của Xã Quế Phước, Thành phố Đà Nẵng đã đăng ký",
        "soạn bản tin",
        "nghe thử và duyệt",
        "12/12 cụm loa hoạt động",
        "Đang phát bản tin trên 12/12 cụm loa",
        "TIN KHẨN CẤP: Nước suối dâng nhanh",
        "Còi đã hụ ở 12/12 cụm loa",
        "Đã thu hồi tin khẩn cấp; chương trình phát tiếp từ chỗ bị ngắt",
        "Kẻ lạ bị từ chối: tin không đúng chữ ký 12/12 cụm loa",
        "KẾT QUẢ: ĐẠT",
    )
    places = [run.said.find(words) for words in story]
    assert -1 not in places, dict(zip(story, places, strict=True))
    assert places == sorted(places)
    assert not re.search(r"Traceback|Error|WARNING|[{}]|\bNone\b", run.said), run.said


# --- what was heard -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sounds(run: Run) -> dict[str, Recording]:
    """The mastered sounds, as the hub keeps them."""
    ((programme,),) = run.rows("SELECT DISTINCT digest FROM as_runs WHERE source = 'item'")
    ((siren,),) = run.rows("SELECT asset FROM pinned WHERE name = 'siren_pulse'")
    ((document,),) = run.rows("SELECT document FROM incidents")
    (warning,) = (asset["digest"] for asset in json.loads(document)["override"]["assets"])
    return {name: run.asset(digest) for name, digest in ((PROGRAMME, programme), (SIREN, siren), (WARNING, warning))}


@dataclass(frozen=True)
class AirCheck:
    """What one loudspeaker was heard to sound."""

    device: str
    recording: Recording
    heard: list[Heard]

    def piece(self, one: Heard) -> Recording:
        return Recording(self.recording.piece(one.start_s, one.end_s))


@pytest.fixture(params=[0, 1], ids=["one loudspeaker", "another"])
def air(run: Run, sounds: dict[str, Recording], request: pytest.FixtureRequest) -> AirCheck:
    paths = [Path(name) for name in run.object["airchecks"]]
    assert len(paths) == 2, paths
    path = paths[request.param]
    recording = hearing.load_wav(path)
    return AirCheck(path.stem, recording, hearing.timeline(recording, sounds))


def test_the_programme_the_siren_the_warning_and_the_programme_again_were_heard_in_this_order(air: AirCheck) -> None:
    assert [one.name for one in air.heard] == [PROGRAMME, SIREN, WARNING, PROGRAMME], air.heard


def test_it_was_silent_before_and_nothing_else_was_ever_heard(air: AirCheck) -> None:
    first, last = air.heard[0], air.heard[-1]
    assert first.start_s > 1, "too short a silence to say anything"
    assert hearing.is_silent(air.recording.piece(0, first.start_s - 0.02))
    assert hearing.is_silent(air.recording.piece(last.end_s + 0.1, air.recording.seconds))
    assert hearing.unexplained(air.recording, air.heard) == []


def test_the_programme_begins_with_three_notes_of_a_chime_and_goes_on_with_speech(air: AirCheck) -> None:
    programme = air.piece(air.heard[0])
    assert hearing.notes(programme.samples, CHIME_HZ, CHIME_STARTS_S) == list(CHIME_HZ)
    assert hearing.share_at(programme.piece(0, 1.6), *CHIME_HZ) > 0.8, "something else than bells"
    chime, speech, *_ = hearing.stretches(programme.samples, pause_s=0.25)
    assert chime[0] < 0.1
    assert 1.2 < chime[1] < 2.5
    assert hearing.share_at(programme.piece(*speech), *CHIME_HZ) < 0.3, "the words are bells too"


def test_the_siren_is_the_one_of_a_flash_flood(air: AirCheck) -> None:
    siren = air.heard[1]
    bursts = hearing.bursts(air.recording.samples, SIREN_HZ)
    assert len(bursts) == 20
    assert all(siren.start_s - SLACK_S < start and end < siren.end_s + SLACK_S for start, end in bursts)
    assert all(0.18 <= end - start <= 0.3 for start, end in bursts), bursts
    every = [later[0] - earlier[0] for earlier, later in itertools.pairwise(bursts)]
    assert all(0.4 <= gap <= 0.6 for gap in every), every


def test_the_warning_is_speech_from_its_first_word_on_and_louder_than_the_programme(air: AirCheck) -> None:
    programme, siren, warning, _ = air.heard
    assert warning.position_s < SLACK_S
    assert 0 < warning.start_s - siren.end_s < 1.5
    assert hearing.bursts(air.piece(warning).samples, SIREN_HZ) == []
    assert (programme.volume, siren.volume, warning.volume) == (0.8, 1.0, 1.0)


def test_the_programme_was_cut_at_once_and_went_on_where_it_was_cut_to_its_end(
    air: AirCheck, sounds: dict[str, Recording]
) -> None:
    before, siren, warning, after = air.heard
    assert before.position_s < 0.05, "it did not begin with its beginning"
    assert siren.start_s - before.end_s < SLACK_S, "silence between the programme and the siren"
    assert after.start_s - warning.end_s < SLACK_S
    assert after.position_s == pytest.approx(before.position_at_end_s, abs=SLACK_S)
    assert after.position_at_end_s == pytest.approx(hearing.stretches(sounds[PROGRAMME].samples)[-1][1], abs=SLACK_S)


def test_the_records_say_what_was_heard_and_when(air: AirCheck, run: Run) -> None:
    records = run.rows(
        f"SELECT start_ms, end_ms, source, outcome FROM as_runs WHERE device = '{air.device}' ORDER BY n"  # noqa: S608
    )
    assert [(source, outcome) for _, _, source, outcome in records] == [
        ("item", "cut"),
        ("override", "completed"),
        ("override", "cut"),
        ("item", "completed"),
    ]
    for heard, (start_ms, end_ms, _, _) in zip(air.heard, records, strict=True):
        assert heard.start_s == pytest.approx(air.recording.at(start_ms), abs=SLACK_S)
        # A clip ends with some silence, in which nothing can be heard to end.
        assert heard.end_s == pytest.approx(air.recording.at(end_ms), abs=2 * SLACK_S)


# --- how it ends ----------------------------------------------------------------------------------------------------


def demo(folder: Path) -> Child:
    return Child("hub", "demo", "--directory", str(folder))


def with_all_its_children(child: Child) -> None:
    """Return when the broker, the voice and the loudspeakers run."""
    child.until_it_says("12/12 cụm loa hoạt động", 120)
    assert len(child.relatives()) >= 3, child.relatives()


def test_at_a_terminal_it_says_where_to_look_and_who_one_is_shows_all_of_it_and_stays_until_ctrl_c(
    tmp_path: Path,
) -> None:
    with demo(tmp_path) as child:
        with_all_its_children(child)
        assert re.search(r"Trang điều hành: http://127\.0\.0\.1:\d+", child.said)
        assert len(re.findall(r"tên đăng nhập (canbo|lanhdao|quantri) +mật khẩu \S{8,}", child.said)) == 3
        child.until_it_says("Diễn xong", ONCE_S)
        assert "KẾT QUẢ: ĐẠT" in child.said, child.said
        child.interrupt()
        assert child.ended(ENDS_S) == 0, child.said
        child.nobody_is_left(2.0)
        assert child.said.endswith("Đã dừng.")
        assert "Traceback" not in child.said
        assert child.answer == "", "standard output is for --json"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_when_it_is_ended_from_outside_it_leaves_nobody_behind(tmp_path: Path, how: signal.Signals) -> None:
    with demo(tmp_path) as child:
        with_all_its_children(child)
        os.kill(child.pid, how)
        assert child.ended(ENDS_S) == -how
        child.nobody_is_left(ENDS_S)


def test_ctrl_c_while_it_starts_ends_it_as_cleanly(tmp_path: Path) -> None:
    with demo(tmp_path) as child:
        child.until_it_says("đang kết nối", 120)
        child.interrupt()
        assert child.ended(ENDS_S) == 0, child.said
        child.nobody_is_left(ENDS_S)
        assert "Traceback" not in child.said

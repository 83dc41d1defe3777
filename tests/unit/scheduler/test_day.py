"""The day: who sounds, who gives way, and what is said about it."""

from datetime import date, timedelta

import pytest

from devices.protocol.ids import AreaCode
from devices.protocol.manifest import AfterCut, QuietHours, ServiceClass
from scheduler.day import compile_day, compile_days, conflicts_of, why_at
from scheduler.model import Listener, Programme, Reason, Recurrence, Silence, Silent
from tests.unit.scheduler.builders import DAY, SLEEPLESS, VILLAGERS, at, clip, local, programme, table, wall

PRIORITY, EMERGENCY = ServiceClass.PRIORITY, ServiceClass.EMERGENCY
TEN_MINUTES_MS = 600_000


def reasons(programmes: list[Programme], on: date = DAY, listener: Listener = VILLAGERS) -> list[tuple[str, Reason]]:
    return [(one.programme, one.reason) for one in compile_day(programmes, on, listener).explanations]


# --- plain days -------------------------------------------------------------------------------------------------


def test_a_programme_plays_its_bulletins_in_sequence_with_a_breath_between_them() -> None:
    day = compile_day([programme("a", "05:00", [60, 90])], DAY, VILLAGERS)
    assert table(day) == [("a-0", "05:00", "05:01"), ("a-1", "05:01:01", "05:02:31")]
    breath = day.entries[day.entries.index(day.slots[0]) + 1]
    assert isinstance(breath, Silence)
    assert breath.why is Silent.BETWEEN_CLIPS


def test_a_day_without_programmes_is_silent_from_end_to_end_and_says_why() -> None:
    day = compile_day([], DAY, VILLAGERS)
    silences = [entry for entry in day.entries if isinstance(entry, Silence)]
    assert [(entry.start, entry.end, entry.why) for entry in silences] == [
        (at("00:00"), at("05:00"), Silent.QUIET_HOURS),
        (at("05:00"), at("21:00"), Silent.NOTHING_SCHEDULED),
        (at("21:00"), at("00:00", DAY + timedelta(days=1)), Silent.QUIET_HOURS),
    ]


def test_only_programmes_for_an_area_of_the_device_are_in_its_day() -> None:
    ours, theirs = programme("a", "05:00"), programme("b", "06:00", audience=(AreaCode("20670"),))
    all_of_the_province = programme("c", "07:00", audience=(AreaCode("48"), AreaCode("20670")))
    assert [slot.programme for slot in compile_day([ours, theirs, all_of_the_province], DAY, VILLAGERS).slots] == [
        "a",
        "c",
    ]


def test_a_programme_that_is_switched_off_is_not_in_the_day() -> None:
    assert compile_day([programme("a", "05:00", enabled=False)], DAY, VILLAGERS).explanations == ()


def test_an_items_id_names_the_occurrence_and_survives_every_other_edit() -> None:
    before = compile_day([programme("a", "05:00")], DAY, VILLAGERS).slots[0]
    edited = programme("a", "05:00", title="Tên mới", version=7, slack_ms=TEN_MINUTES_MS)
    assert before.id == "a-20261125t050000-00" == compile_day([edited], DAY, VILLAGERS).slots[0].id


# --- quiet hours ------------------------------------------------------------------------------------------------


def test_a_programme_set_to_a_quarter_past_three_at_night_does_not_play_and_says_so() -> None:
    day = compile_day([programme("tiep-song", "03:15", 1200)], DAY, VILLAGERS)
    assert day.slots == ()
    (said,) = day.explanations
    assert said.reason is Reason.QUIET_HOURS
    assert said.sentence == (
        "“TIEP-SONG” đặt lúc 03:15 là giờ yên tĩnh nên không phát; chỉ bản tin khẩn cấp được phát."
    )
    assert said.sentence in why_at(day, at("03:20")).sentences
    assert day.conflicts == (said,)


def test_an_emergency_programme_plays_in_quiet_hours() -> None:
    day = compile_day([programme("a", "03:15", service_class=EMERGENCY)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "03:15", "03:16")]


def test_nothing_is_moved_out_of_quiet_hours_although_it_may_give() -> None:
    night = [programme("a", "04:55", slack_ms=TEN_MINUTES_MS), programme("b", "04:55", service_class=EMERGENCY)]
    assert reasons(night) == [("a", Reason.QUIET_HOURS), ("b", Reason.PLANNED)]


@pytest.mark.parametrize(
    ("lengths", "after_cut", "heard", "said"),
    [
        ([60], AfterCut.RESUME, [("a-0", "20:58", "20:59")], [Reason.PLANNED]),
        ([120], AfterCut.RESUME, [("a-0", "20:58", "21:00")], [Reason.PLANNED]),
        ([121], AfterCut.RESUME, [], [Reason.QUIET_HOURS]),
        ([60, 90], AfterCut.RESUME, [("a-0", "20:58", "20:59")], [Reason.PLANNED, Reason.CUT]),
        ([600], AfterCut.JOIN, [("a-0", "20:58", "21:00")], [Reason.PLANNED, Reason.CUT]),
    ],
)
def test_what_would_run_into_quiet_hours_ends_before_them(
    lengths: list[float], after_cut: AfterCut, heard: list[tuple[str, str, str]], said: list[Reason]
) -> None:
    day = compile_day([programme("a", "20:58", lengths, after_cut=after_cut)], DAY, VILLAGERS)
    assert table(day) == heard
    assert [one.reason for one in day.explanations] == said


def test_the_open_window_of_an_item_closes_at_quiet_hours() -> None:
    day = compile_day([programme("a", "20:50", 60, slack_ms=3_600_000)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "20:50", "21:00")]


# --- conflicts --------------------------------------------------------------------------------------------------


def test_the_higher_class_has_its_time_and_the_lower_begins_later_within_its_slack() -> None:
    low = programme("a", "05:00", 120, slack_ms=TEN_MINUTES_MS, after_cut=AfterCut.SKIP)
    day = compile_day([low, programme("b", "05:01", 60, service_class=PRIORITY)], DAY, VILLAGERS)
    assert table(day) == [("b-0", "05:01", "05:02"), ("a-0", "05:02:01", "05:04:01")]
    moved = day.conflicts[0]
    assert (moved.programme, moved.reason, moved.by) == ("a", Reason.MOVED, "b")
    assert moved.sentence == "“A” dời từ 05:00 sang 05:02:01 để nhường “B”: lớp ưu tiên cao hơn lớp thông thường."


def test_one_that_may_not_give_is_dropped() -> None:
    day = compile_day(
        [programme("a", "05:00", 120), programme("b", "05:01", 60, service_class=PRIORITY)], DAY, VILLAGERS
    )
    assert table(day) == [("b-0", "05:01", "05:02")]
    assert [(one.programme, one.reason, one.by) for one in day.conflicts] == [("a", Reason.DROPPED, "b")]


def test_a_programme_of_several_bulletins_plays_those_that_fit_and_is_never_cut_inside_one() -> None:
    low = programme("a", "05:00", [60, 60, 60])
    day = compile_day([low, programme("b", "05:02", service_class=PRIORITY)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "05:00", "05:01"), ("b-0", "05:02", "05:03")]
    assert day.conflicts[0].sentence == (
        "“A” chỉ phát đến 05:01, mục thứ 2 bị cắt, để nhường “B”: lớp ưu tiên cao hơn lớp thông thường."
    )


def test_what_joins_by_the_clock_may_be_cut_inside() -> None:
    relay = programme("a", "05:00", 1800, after_cut=AfterCut.JOIN)
    day = compile_day([relay, programme("b", "05:10", service_class=PRIORITY)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "05:00", "05:10"), ("b-0", "05:10", "05:11")]


def test_less_than_half_a_minute_of_it_is_not_worth_hearing() -> None:
    relay = programme("a", "05:00", 1800, after_cut=AfterCut.JOIN)
    day = compile_day([relay, programme("b", "05:00:29", service_class=PRIORITY)], DAY, VILLAGERS)
    assert reasons([relay, programme("b", "05:00:29", service_class=PRIORITY)])[0] == ("a", Reason.DROPPED)
    assert [slot.programme for slot in day.slots] == ["b"]


@pytest.mark.parametrize(
    ("left", "right", "winner", "rule"),
    [
        ({"service_class": EMERGENCY}, {"service_class": PRIORITY}, "a", "lớp khẩn cấp cao hơn lớp ưu tiên"),
        ({"place": 1}, {"place": 0}, "b", "thứ tự do người lập lịch đặt"),
        ({"start": "05:00:30"}, {"start": "05:00"}, "b", "chương trình đặt sớm hơn được giữ giờ"),
        ({}, {}, "a", "cùng lớp và cùng giờ, xếp theo mã chương trình"),
    ],
)
def test_the_written_rule_decides_and_is_named(
    left: dict[str, object], right: dict[str, object], winner: str, rule: str
) -> None:
    pair = [programme(name, **{"start": "05:00"} | more) for name, more in (("a", left), ("b", right))]  # type: ignore[arg-type]
    day = compile_day(pair, DAY, VILLAGERS)
    assert [slot.programme for slot in day.slots] == [winner]
    assert day.conflicts[0].sentence.endswith(f"{rule}.")


def test_two_programmes_may_touch() -> None:
    day = compile_day([programme("a", "05:00", 60), programme("b", "05:01", 60)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "05:00", "05:01"), ("b-0", "05:01", "05:02")]
    assert day.conflicts == ()


def test_a_window_stays_open_for_what_is_interrupted_until_the_next_programme() -> None:
    first = programme("a", "05:00", 60, slack_ms=TEN_MINUTES_MS)
    assert table(compile_day([first], DAY, VILLAGERS)) == [("a-0", "05:00", "05:11")]
    both = [first, programme("b", "05:05")]
    assert table(compile_day(both, DAY, VILLAGERS)) == [("a-0", "05:00", "05:05"), ("b-0", "05:05", "05:06")]


@pytest.mark.parametrize(
    ("policy", "end"),
    [(AfterCut.RESUME, "05:11"), (AfterCut.RESTART, "05:11"), (AfterCut.SKIP, "05:01"), (AfterCut.JOIN, "05:01")],
)
def test_a_window_stays_open_only_for_a_policy_that_can_use_it(policy: AfterCut, end: str) -> None:
    day = compile_day([programme("a", "05:00", 60, slack_ms=TEN_MINUTES_MS, after_cut=policy)], DAY, VILLAGERS)
    assert table(day) == [("a-0", "05:00", end)]


# --- validity ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("until", "plays"), [("05:00:59", False), ("05:01", True), ("04:00", False)])
def test_a_programme_must_be_over_by_the_end_of_its_validity(until: str, plays: bool) -> None:
    day = compile_day([programme("a", "05:00", 60, valid_until=at(until))], DAY, VILLAGERS)
    assert bool(day.slots) is plays
    assert [one.reason for one in day.explanations] == [Reason.PLANNED if plays else Reason.EXPIRED]


def test_a_bulletin_that_is_no_longer_valid_drops_out_and_the_next_moves_up() -> None:
    clips = (clip("cu", 60, valid_until=at("04:00")), clip("moi", 60))
    day = compile_day([programme("a", "05:00", clips=clips)], DAY, VILLAGERS)
    assert table(day) == [("a-1", "05:00", "05:01")]
    assert [one.sentence for one in day.explanations] == [
        "“A” phát lúc 05:00 như đã đặt.",
        "Mục thứ 1 của “A” đặt lúc 05:00 hết hiệu lực nên không phát.",
    ]


def test_an_open_window_closes_at_the_end_of_validity() -> None:
    one = programme("a", "05:00", 60, slack_ms=TEN_MINUTES_MS, valid_until=at("05:03"))
    assert table(compile_day([one], DAY, VILLAGERS)) == [("a-0", "05:00", "05:03")]


# --- midnight ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [DAY, date(2026, 11, 30), date(2026, 12, 31), date(2028, 2, 28), date(2028, 2, 29)])
def test_a_programme_over_midnight_stands_in_both_days_and_is_one_item(on: date) -> None:
    one = programme("a", f"{on}T23:59", 120)
    today, tomorrow = compile_days([one], on, 2, SLEEPLESS)
    assert [slot.id for slot in today.slots] == [slot.id for slot in tomorrow.slots] == [f"a-{on:%Y%m%d}t235900-00"]
    assert today.entries[-1].end == local(f"{on + timedelta(days=1)}T00:01") == tomorrow.entries[0].end
    assert tomorrow.entries[0].start < tomorrow.start == today.end


def test_the_first_programme_of_tomorrow_cuts_the_last_of_today() -> None:
    late = programme("a", "23:59", 120)
    early = programme("b", f"{DAY + timedelta(days=1)}T00:00", service_class=PRIORITY)
    assert reasons([late, early], DAY, SLEEPLESS) == [("a", Reason.DROPPED)]
    assert table(compile_day([late, early], DAY + timedelta(days=1), SLEEPLESS)) == [("b-0", "00:00", "00:01")]


def test_a_programme_between_midnight_and_seven_belongs_to_its_local_day_although_utc_has_yesterday() -> None:
    day = compile_day([programme("a", "06:00", rule="FREQ=DAILY")], DAY, VILLAGERS)
    assert [(f"{slot.start:%d %H:%M}", slot.id) for slot in day.slots] == [("24 23:00", "a-20261125t060000-00")]


@pytest.mark.parametrize(
    ("rule", "on", "plays"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", date(2026, 11, 28), True),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", date(2026, 11, 29), False),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", date(2028, 2, 29), True),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", date(2028, 2, 28), False),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", date(2027, 1, 1), True),
        ("FREQ=DAILY;INTERVAL=2", date(2026, 12, 1), True),
        ("FREQ=DAILY;INTERVAL=2", date(2026, 12, 2), False),
    ],
)
def test_a_programme_plays_on_the_days_of_its_rule(rule: str, on: date, plays: bool) -> None:
    assert bool(compile_day([programme("a", "05:00", rule=rule)], on, VILLAGERS).slots) is plays


def test_every_hour_of_an_emergency_is_as_many_occurrences() -> None:
    rule = f"FREQ=DAILY;BYHOUR={','.join(map(str, range(7, 21)))}"
    day = compile_day([programme("a", "07:00", rule=rule, service_class=EMERGENCY)], DAY, VILLAGERS)
    assert [f"{slot.id[-9:-5]}" for slot in day.slots] == [f"{hour:02d}00" for hour in range(7, 21)]


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["FREQ=NEVER", "FREQ=SECONDLY", "X" * 3000])
def test_a_rule_that_cannot_be_used_silences_its_programme_and_no_other(rule: str) -> None:
    day = compile_day([programme("a", "05:00", rule=rule), programme("b", "05:00")], DAY, VILLAGERS)
    assert table(day) == [("b-0", "05:00", "05:01")]
    assert [(one.programme, one.reason) for one in day.explanations] == [("a", Reason.BAD_RULE), ("b", Reason.PLANNED)]


def test_a_programme_without_audio_is_not_in_the_day() -> None:
    assert compile_day([programme("a", "05:00", clips=())], DAY, VILLAGERS).slots == ()


def test_an_unknown_zone_silences_its_programme_and_no_other() -> None:
    lost = programme("a", "05:00", recurrence=Recurrence(start=wall("2026-11-25T05:00"), zone="Asia/Atlantis"))
    assert reasons([lost, programme("b", "06:00")]) == [("a", Reason.BAD_RULE), ("b", Reason.PLANNED)]


# --- questions --------------------------------------------------------------------------------------------------


def test_why_a_moment_sounds_as_it_does_is_answered_by_a_chain() -> None:
    low = programme("a", "05:00", 120, slack_ms=TEN_MINUTES_MS, after_cut=AfterCut.SKIP)
    day = compile_day([low, programme("b", "05:01", service_class=PRIORITY)], DAY, VILLAGERS)
    assert why_at(day, at("05:01:30")).sentences == (
        "Phát “b-0” (lớp ưu tiên) từ 05:01 đến 05:02.",
        "“A” dời từ 05:00 sang 05:02:01 để nhường “B”: lớp ưu tiên cao hơn lớp thông thường.",
        "“B” phát lúc 05:01 như đã đặt.",
    )
    assert why_at(day, at("05:03")).sentences[1].startswith("“A” dời từ 05:00")


@pytest.mark.parametrize(
    ("clock", "sentence"),
    [
        ("02:00", "Giờ yên tĩnh: chỉ phát bản tin khẩn cấp."),
        ("12:00", "Không có chương trình nào trong lịch."),
        ("05:00:30", "Phát “a-0” (lớp thông thường) từ 05:00 đến 05:01."),
        ("05:05", "“a-0” đã hết lúc 05:01; khung giờ còn mở đến 05:11 để phát bù nếu bị ngắt."),
    ],
)
def test_every_moment_has_an_answer(clock: str, sentence: str) -> None:
    day = compile_day([programme("a", "05:00", slack_ms=TEN_MINUTES_MS)], DAY, VILLAGERS)
    assert why_at(day, at(clock)).sentences[0] == sentence


def test_a_moment_of_another_day_is_not_answered_from_this_one() -> None:
    assert why_at(compile_day([], DAY, VILLAGERS), at("12:00", DAY + timedelta(days=1))).entry is None


def test_conflicts_are_shown_before_a_programme_is_saved() -> None:
    kept = [programme("a", "05:00", 120, rule="FREQ=DAILY")]
    candidate = programme("b", "05:01", service_class=PRIORITY, rule="FREQ=WEEKLY")
    found = conflicts_of(candidate, kept, DAY, 8, [VILLAGERS])
    assert [(one.programme, one.by, f"{one.start:%d}") for one in found] == [("a", "b", "24"), ("a", "b", "01")]


def test_a_candidates_own_troubles_are_among_its_conflicts() -> None:
    found = conflicts_of(programme("b", "03:15"), [], DAY, 1, [VILLAGERS])
    assert [one.reason for one in found] == [Reason.QUIET_HOURS]


def test_troubles_that_others_have_without_it_are_not() -> None:
    kept = [programme("a", "03:15"), programme("c", "06:00"), programme("d", "06:00")]
    assert conflicts_of(programme("b", "05:00"), kept, DAY, 1, [VILLAGERS]) == ()


def test_an_edited_programme_is_compared_with_the_others_and_not_with_itself() -> None:
    kept = [programme("a", "05:00"), programme("c", "07:00")]
    assert conflicts_of(programme("a", "05:00:30"), kept, DAY, 1, [VILLAGERS]) == ()


def test_a_conflict_exists_only_where_both_are_heard() -> None:
    elsewhere = Listener(areas=(AreaCode("20670"),))
    kept = [programme("a", "05:00")]
    candidate = programme("b", "05:00", audience=(AreaCode("20670"),))
    assert conflicts_of(candidate, kept, DAY, 1, [VILLAGERS, elsewhere]) == ()
    assert conflicts_of(programme("b", "05:00"), kept, DAY, 1, [VILLAGERS, elsewhere]) != ()


def test_a_device_with_longer_quiet_hours_has_a_conflict_of_its_own() -> None:
    town = Listener(areas=VILLAGERS.areas, quiet=QuietHours(windows=()))
    found = conflicts_of(programme("b", "04:00"), [], DAY, 1, [town, VILLAGERS])
    assert [one.reason for one in found] == [Reason.QUIET_HOURS]

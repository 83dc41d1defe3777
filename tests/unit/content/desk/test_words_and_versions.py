"""Lexicon layers, readings by hand, differences, search, watched words, lists, delegation, and the twin."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.desk.checklists import items_for, known, listed
from content.desk.delegation import Delegation, standing_in
from content.desk.differences import Kind, changed_share, differences
from content.desk.findings import Gravity, at_least
from content.desk.folding import composed, folded, searchable
from content.desk.lexicon import (
    Change,
    Proposal,
    Status,
    Word,
    answered,
    checked,
    concerns,
    effect,
    lexicon_of,
    standing,
)
from content.desk.readings import laid_over, lifted, moved, spoken_form
from content.desk.search import likeness, matches, searched, terms
from content.desk.twin import twin_of
from content.desk.watchwords import Watch, WatchWord, seen_in, watched
from content.errors import Answered, BadEntry
from content.model import Bulletin, Requester, Subject, drafted
from content.text import NATION, ByHand, normalise
from devices.protocol.ids import AreaCode, ContentId

NOW = datetime(2026, 8, 13, 1, tzinfo=UTC)
NATION_CODE, PROVINCE, COMMUNE = AreaCode("vn"), AreaCode("48"), AreaCode("20669")
CHAIN = (COMMUNE, PROVINCE, NATION_CODE)


def change(n: int, unit: AreaCode, written: str, spoken: str, after: str = "") -> Change:
    word = checked(Word(written=written, spoken=spoken, after=after))
    return Change(n=n, unit=unit, word=word, account="a", at=NOW, why="")


def bulletin(text: str = "Họp thôn lúc 19h.", **words: object) -> Bulletin:
    given = {"title": "Họp thôn", "author": "an", **words}
    return drafted(id=ContentId("b-1"), unit=COMMUNE, text=text, now=NOW, **given)  # type: ignore[arg-type]


# --- lexicon


@pytest.mark.parametrize(
    ("changes", "spoken"),
    [
        ([], "ban chỉ huy họp"),
        ([change(1, NATION_CODE, "BCH", "ban chấp hành")], "ban chấp hành họp"),
        ([change(1, PROVINCE, "BCH", "b"), change(2, NATION_CODE, "BCH", "c")], "bê họp"),
        ([change(1, COMMUNE, "BCH", "ban ba"), change(2, PROVINCE, "BCH", "ban tư")], "ban ba họp"),
        ([change(1, COMMUNE, "BCH", "ban ba"), change(2, COMMUNE, "BCH", "ban tư")], "ban tư họp"),
        ([change(1, COMMUNE, "BCH", "ban ba"), change(2, COMMUNE, "BCH", "")], "ban chỉ huy họp"),
        ([change(1, AreaCode("20194"), "BCH", "ban ba")], "ban chỉ huy họp"),
    ],
)
def test_the_nearest_layer_and_the_last_change_hold(changes: list[Change], spoken: str) -> None:
    assert normalise("BCH họp", lexicon_of(changes, CHAIN)).spoken == spoken


def test_a_word_with_a_context_goes_before_the_one_without() -> None:
    made = [change(1, COMMUNE, "NVH", "nhà văn hóa"), change(2, COMMUNE, "NVH", "nguyễn văn hùng", after="ông")]
    lexicon = lexicon_of(made, CHAIN)
    assert normalise("ông NVH đến NVH", lexicon).spoken == "ông nguyễn văn hùng đến nhà văn hóa"
    assert [one.word.spoken for one in standing(made, COMMUNE)] == ["nhà văn hóa", "nguyễn văn hùng"]


def test_the_lexicon_of_any_day_can_be_had_again() -> None:
    made = [change(n, COMMUNE, "BCH", f"ban {w}") for n, w in ((1, "một"), (2, "hai"), (5, "ba"))]
    said = [normalise("BCH", lexicon_of(made, CHAIN, until=n)).spoken for n in (0, 1, 2, 3, 5, None)]
    assert said == ["ban chỉ huy", "ban một", "ban hai", "ban hai", "ban ba", "ban ba"]


@pytest.mark.parametrize(
    ("written", "spoken", "field"),
    [("", "a", "written"), ("x" * 90, "a", "written"), ("(a)", "a", "written"), ("a\tb", "a", "written"),
     ("a", "a" * 400, "spoken")],
)  # fmt: skip
def test_what_cannot_be_an_entry_is_refused(written: str, spoken: str, field: str) -> None:
    with pytest.raises(BadEntry) as refused:
        checked(Word(written=written, spoken=spoken))
    assert refused.value.field == field


def test_what_is_typed_becomes_spoken_words() -> None:
    assert checked(Word(written=" QL ", spoken="Quốc lộ 14", after=" Trên | trên |")) == Word(
        written="QL", spoken="quốc lộ mười bốn", after="trên"
    )
    assert spoken_form("Bảy giờ rưỡi, buổi sáng.") == "bảy giờ rưỡi, buổi sáng"
    assert spoken_form("") == ""


def test_the_effect_of_a_change_is_shown_where_it_is_heard() -> None:
    after = lexicon_of([change(1, COMMUNE, "Nậm Pàn", "nậm bàn")], CHAIN)
    text = "Mưa lớn ở suối Nậm Pàn, UBND xã cảnh báo."
    found = effect(text, (), NATION, after)
    assert found is not None
    assert [(spot.source, spot.before, spot.after) for spot in found.spots] == [("Nậm Pàn", "nậm pàn", "nậm bàn")]
    assert (found.before.spoken, found.after.spoken)[1].startswith("mưa lớn ở suối nậm bàn")
    assert effect("Trời nắng.", (), NATION, after) is None
    assert effect(text, (ByHand(start=15, end=22, spoken="nậm bàn"),), NATION, after) is None
    assert concerns(Word(written="Nậm Pàn", spoken=""), text)
    assert not concerns(Word(written="Nậm Pàn", spoken=""), "Trời nắng.")


def test_a_proposal_is_answered_once() -> None:
    asked = Proposal(
        id="p", unit=COMMUNE, to=PROVINCE, word=Word(written="a", spoken="a"), account="an", at=NOW, why=""
    )
    done = answered(asked, Status.REFUSED, by="binh", now=NOW, answer=" trùng nghĩa ")
    assert (done.status, done.answer) == (Status.REFUSED, "trùng nghĩa")
    with pytest.raises(Answered):
        answered(done, Status.ACCEPTED, by="binh", now=NOW)


# --- readings by hand


def at(text: str, piece: str, spoken: str) -> ByHand:
    start = text.index(piece)
    return ByHand(start=start, end=start + len(piece), spoken=spoken)


OLD = "Họp lúc 7h30 tại A1, mang theo B2."


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, [("7h30", "bảy rưỡi"), ("B2", "bê hai")]),
        (f"Kính mời. {OLD}", [("7h30", "bảy rưỡi"), ("B2", "bê hai")]),
        (OLD.replace("A1", "nhà A1"), [("7h30", "bảy rưỡi"), ("B2", "bê hai")]),
        (OLD.replace("7h30", "8h30"), [("B2", "bê hai")]),
        (OLD.replace(", mang theo B2", ""), [("7h30", "bảy rưỡi")]),
        ("", []),
    ],
)
def test_a_reading_goes_with_its_piece(new: str, expected: list[tuple[str, str]]) -> None:
    held = (at(OLD, "7h30", "bảy rưỡi"), at(OLD, "B2", "bê hai"))
    assert [(new[one.start : one.end], one.spoken) for one in moved(held, OLD, new)] == expected


def test_a_reading_laid_over_another_takes_its_place() -> None:
    held = (at(OLD, "7h30", "a"), at(OLD, "B2", "b"))
    assert [one.spoken for one in laid_over(held, at(OLD, "lúc 7h30", "c"))] == ["c", "b"]
    assert lifted(held, *OLD_SPAN) == (held[1],)


OLD_SPAN = (OLD.index("7h30"), OLD.index("7h30") + 4)


def test_what_is_written_by_hand_is_said_with_its_pause_and_nothing_else_changes() -> None:
    said = normalise("Họp 3/4. Mời bà con.", by_hand=[at("Họp 3/4. Mời bà con.", "3/4.", "ba phần tư")])
    assert [(one.words, one.pause_ms) for one in said.phrases] == [("họp ba phần tư", 500), ("mời bà con", 500)]
    assert [(one.rule, one.source) for one in said.spans] == [("by_hand", "3/4.")]


@given(st.text(alphabet="a1 /,.hBộ“”\u0301\n", max_size=40), st.data())
def test_a_reading_by_hand_of_any_piece_is_said(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    said = normalise(text, by_hand=[ByHand(start=start, end=end, spoken="ba phần tư")])
    seen = [span for span in said.spans if span.rule == "by_hand"]
    assert len(seen) <= 1
    assert not seen or "ba phần tư" in said.spoken
    assert not any(c.isdigit() for c in said.spoken)


# --- differences


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("họp lúc 7h", "họp lúc 8h", [(Kind.SAME, "họp lúc ", "họp lúc "), (Kind.REPLACED, "7h", "8h")]),
        ("mời bà con", "mời bà con họp", [(Kind.SAME, "mời bà con", "mời bà con"), (Kind.ADDED, "", " họp")]),
        ("a b c", "a c", [(Kind.SAME, "a ", "a "), (Kind.REMOVED, "b ", ""), (Kind.SAME, "c", "c")]),
        ("bảy giờ", "tám rưỡi", [(Kind.REPLACED, "bảy giờ", "tám rưỡi")]),
        ("", "x", [(Kind.ADDED, "", "x")]),
        ("x", "x", [(Kind.SAME, "x", "x")]),
        ("", "", []),
    ],
)
def test_versions_are_compared_word_by_word(old: str, new: str, expected: list[tuple[Kind, str, str]]) -> None:
    assert [(one.kind, one.old, one.new) for one in differences(old, new)] == expected


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_pieces_make_up_both_texts(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(one.old for one in pieces) == old
    assert "".join(one.new for one in pieces) == new
    assert 0.0 <= changed_share(pieces) <= 1.0


# --- search


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tiem chung", True), ("TIÊM CHỦNG", True), ("chung tiem", True), ('"tiem chung"', True),
        ('"chung tiem"', False), ("dot 2", True), ("đợt", True), ("12/tb-ubnd", True), ("hop thon", False), ("", True),
    ],
)  # fmt: skip
def test_a_search_ignores_tone_marks_and_case(query: str, found: bool) -> None:
    text = searched(bulletin("Đợt 2 tại trạm y tế.", title="Lịch tiêm chủng", document="12/TB-UBND"))
    assert all(term in text for term in terms(query)) is found


@given(st.text(max_size=60))
def test_folding_keeps_the_length_and_is_done_once(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)
    assert searchable(text) == searchable(composed(text))


def test_matches_are_marked_in_the_text_as_it_is_written() -> None:
    text = "Lịch tiêm chủng; tiêm\nchủng nhắc lại."
    assert [text[m.start : m.end] for m in matches(text, terms('"tiem chung"'))] == ["tiêm chủng", "tiêm\nchủng"]
    assert len(matches("aaa", ("aa", "a"))) == 1


def test_the_same_marks_count_more() -> None:
    one, two = bulletin("Họp bàn.", title="Bán lúa"), bulletin("Họp bàn.", title="Bạn lúa")
    assert likeness(one, "bán lúa") > likeness(two, "bán lúa")


# --- watched words


WATCHED = [
    WatchWord(unit=PROVINCE, word="đánh bạc", level=Watch.SHOW),
    WatchWord(unit=COMMUNE, word="Đánh bạc", level=Watch.STOP, told=("an",)),
    WatchWord(unit=COMMUNE, word="ho hang", level=Watch.REMIND),
    WatchWord(unit=NATION_CODE, word="đa cấp", level=Watch.TELL, why="Bán hàng đa cấp."),
]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Cấm đánh bạc.", [4]),
        ("Cấm ĐÁNH  BẠC và đánh\nbạc.", [4, 4]),
        ("Danh bạc của nhà máy.", []),
        ("Người họ hàng, ho hang.", [1, 1]),
        ("Bán hàng đa cấp.", [3]),
        ("Hội thảo đa cấp để đánh bạc.", [4, 3]),
        ("Đã cấp phát gạo.", []),
        ("cấpđa đa cấpx", []),
    ],
)
def test_watched_words_are_found_as_they_are_written(text: str, levels: list[int]) -> None:
    assert [int(one.word.level) for one in seen_in(text, WATCHED)] == levels


def test_a_watched_word_says_what_will_happen() -> None:
    stop, tell = watched("Hội thảo đa cấp để đánh bạc.", WATCHED)
    assert (stop.gravity, tell.gravity) == (Gravity.STOP, Gravity.ERROR)
    assert "Bán hàng đa cấp." in tell.words
    assert (tell.source, stop.source) == ("đa cấp", "đánh bạc")


# --- lists


def ticks(requester: Requester) -> tuple[str, ...]:
    return tuple(item.id for item in items_for(requester, Subject.OTHER))


@pytest.mark.parametrize("requester", [one for one in Requester if one not in {Requester.OWN, Requester.AUTHORITY}])
def test_a_third_party_airs_nothing_before_its_list_is_confirmed(requester: Requester) -> None:
    bare = bulletin(requester=requester)
    stops = at_least(Gravity.STOP, listed(bare))
    assert {one.code for one in stops} >= {"checklist.source"}
    assert len(stops) > len(ticks(requester)) / 2
    done = replace(bare, source="Đơn vị đề nghị", ticked=ticks(requester))
    assert at_least(Gravity.STOP, listed(done)) == ()


def test_the_own_bulletins_are_only_reminded() -> None:
    assert listed(bulletin()) == ()
    (found,) = listed(bulletin(subject=Subject.POLICY))
    assert found.gravity is Gravity.NOTE
    assert listed(bulletin(subject=Subject.POLICY, ticked=("original_document",))) == ()


@pytest.mark.parametrize(
    ("requester", "text", "expected"),
    [
        (Requester.FIRM, "Công ty May A tuyển 50 công nhân may, tuổi 18–45, có sức khỏe.", []),
        (Requester.FIRM, "Tuyển 50 công nhân, lương cao, giảm giá áo cho nhân viên.",
         [("advert.selling", "giảm giá"), ("advert.beyond", "lương")]),
        (Requester.SCHOOL, "Tuyển sinh lớp 10, ưu đãi cho hồ sơ sớm.", [("advert.selling", "ưu đãi")]),
        (Requester.OWN, "Người có công được ưu đãi, giảm giá vé.", []),
        (Requester.FIRM, "Lương Văn A ký tên; tiêm miễn phí.", [("advert.beyond", "Lương")]),
    ],
)  # fmt: skip
def test_advertising_is_found_in_what_third_parties_ask_for(
    requester: Requester, text: str, expected: list[tuple[str, str]]
) -> None:
    found = listed(bulletin(text, requester=requester, source="x", ticked=ticks(requester)))
    assert [(one.code, one.source) for one in found] == expected


def test_only_items_of_a_list_can_be_ticked() -> None:
    assert known(("no_advertising", "original_document"))
    assert not known(("anything",))


# --- delegation


def delegation(**more: object) -> Delegation:
    made = {"id": "d", "unit": COMMUNE, "leader": "chi", "deputy": "binh", "since": NOW, "why": "", "made_at": NOW}
    return Delegation(**{**made, "until": NOW + timedelta(days=3), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "author", "later", "stands"),
    [
        ({}, "an", timedelta(), True),
        ({}, "an", timedelta(days=3), False),
        ({}, "an", timedelta(seconds=-1), False),
        ({}, "binh", timedelta(), False),  # the deputy's own words
        ({}, "chi", timedelta(), False),  # the leader's own words
        ({"revoked_at": NOW + timedelta(hours=1)}, "an", timedelta(hours=1), False),
        ({"deputy": "dung"}, "an", timedelta(), False),
    ],
)
def test_a_deputy_stands_in_for_a_while_and_never_over_words_of_the_two(
    more: dict[str, object], author: str, later: timedelta, stands: bool
) -> None:
    found = standing_in([delegation(**more)], "binh", bulletin(author=author), NOW + later)
    assert bool(found) is stands


@pytest.mark.parametrize("more", [{"until": NOW}, {"until": NOW + timedelta(days=40)}, {"deputy": "chi"}])
def test_a_delegation_ends_and_is_to_somebody_else(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a delegation|nobody"):
        delegation(**more)


# --- the twin


def test_the_text_twin_says_what_is_heard() -> None:
    item = bulletin("UBND xã mời họp.", document="12/TB-UBND", issuer="UBND xã", valid_until=NOW)
    twin = twin_of(item, normalise(item.text), "Xã Quế Phước", (NOW,))
    made = json.loads(json.dumps(twin.as_json()))
    assert made["spoken"] == "ủy ban nhân dân xã mời họp"
    assert made["valid_until"] == "2026-08-13T01:00:00Z"
    assert made["aired"] == ["2026-08-13T01:00:00Z"]
    assert twin.plain().splitlines() == [
        "HỌP THÔN", "Xã Quế Phước · Thông thường · Khác", "12/TB-UBND · UBND xã", "", "UBND xã mời họp.",
    ]  # fmt: skip

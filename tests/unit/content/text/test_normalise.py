"""Written Vietnamese → spoken words: the table of real wording, and what must hold of every text."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from content.text import NATION, RULES, SOUTHERN, LexiconError, normalise, parse_entries
from content.text.normalise import TEXT_CHARS_MAX
from content.text.rules import Rule
from content.text.syllables import LETTERS

SEED = 20_250_902
TABLE = Path(__file__).with_name("spoken.tsv")
SPOKEN = re.compile(f"(?:[{LETTERS}]+(?: [{LETTERS}]+)*)?")


def _cases() -> list[tuple[str, str]]:
    """Return the lines of the table: written, spoken."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(w, s) for w, _, s in (line.partition("\t") for line in lines) if s]


CASES = _cases()
EXAMPLES = [pytest.param(rule, w, s, id=f"{rule.id}: {w}") for rule in RULES for w, s in rule.examples]


@pytest.mark.parametrize(("written", "spoken"), CASES)
def test_real_wording_is_said_by_the_conventions(written: str, spoken: str) -> None:
    assert normalise(written).spoken == spoken


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 400


@pytest.mark.parametrize(("rule", "written", "spoken"), EXAMPLES)
def test_a_rule_reads_its_own_examples(rule: Rule, written: str, spoken: str) -> None:
    got = normalise(written)
    assert got.spoken == spoken
    assert rule.id in {reading.rule for reading in got.spans}


def test_rule_ids_are_unique_and_every_rule_has_examples() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(rule.examples for rule in RULES)


@pytest.mark.parametrize(("written", "spoken"), CASES)
def test_decomposed_letters_are_said_alike(written: str, spoken: str) -> None:
    assert normalise(unicodedata.normalize("NFD", written)).spoken == spoken


@pytest.mark.parametrize(("written", "spoken"), CASES)
def test_spoken_words_stay_as_they_are(written: str, spoken: str) -> None:
    assert normalise(spoken).spoken == spoken, written


@pytest.mark.parametrize("entry", NATION.entries, ids=lambda e: e.written)
def test_a_reading_of_the_lexicon_is_itself_spoken(entry: object) -> None:
    spoken = entry.spoken.replace(",", "")  # type: ignore[attr-defined]
    assert SPOKEN.fullmatch(spoken)
    assert normalise(spoken).spoken == spoken


@pytest.mark.parametrize("unit", NATION.units.values(), ids=lambda u: u.symbol)
def test_a_unit_is_said_after_its_number(unit: object) -> None:
    spoken = normalise(f"12,5{unit.symbol}").spoken  # type: ignore[attr-defined]
    assert spoken.startswith("mười hai phẩy năm ")


_WRITTEN = (
    "1|05|12|2026|3,5|1.250|/|-| - |–|:|.|,| |\n|h|h30|m|km/h|đ|%|ngày |tháng |từ |đến |thứ |"
    "số |quý |QL|ĐT.|P.|TP.|UBND|"
    "NĐ-CP|T2|CN|XV|I|0912 345 678|+84|1900 |112|@|gov.vn|_|(|)|°C|−|²|x|&|ÂL|b|Đ/c|hộ|xã"
)
_PIECES = st.sampled_from(_WRITTEN.split("|"))
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=14).map("".join))


@seed(SEED)
@settings(max_examples=1500, deadline=None)
@given(_TEXTS)
def test_any_text_becomes_words_and_words_stay(text: str) -> None:
    got = normalise(text)
    assert SPOKEN.fullmatch(got.spoken), got.spoken
    assert unicodedata.is_normalized("NFC", got.spoken)
    assert normalise(got.spoken).spoken == got.spoken


@seed(SEED)
@settings(max_examples=500, deadline=None)
@given(_TEXTS)
def test_phrases_hold_the_same_words_and_spans_point_into_the_source(text: str) -> None:
    got = normalise(text)
    assert " ".join(p.words for p in got.phrases) == got.spoken
    for piece in (*got.spans, *got.unread):
        assert 0 <= piece.start <= piece.end <= len(text)
        assert text[piece.start : piece.end] == piece.source


@seed(SEED)
@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_a_number_with_dots_is_said_like_the_same_number_without(number: int) -> None:
    dotted = f"{number:,}".replace(",", ".")
    if number < 10**9:  # longer runs of bare digits are accounts, not amounts
        assert normalise(f"{dotted} đồng").spoken == normalise(f"{number} đồng").spoken
    assert "không xác" not in normalise(f"{dotted} đồng").spoken


def test_pauses_follow_the_signs() -> None:
    phrases = normalise("Tin bão. Gọi 0912 345 678, ngay!").phrases
    assert [p.words for p in phrases] == ["tin bão", "gọi không chín một hai", "ba bốn năm", "sáu bảy tám", "ngay"]
    assert [p.pause_ms for p in phrases] == [500, 200, 200, 200, 500]


@pytest.mark.parametrize(
    ("written", "source", "proposed"),
    [
        ("Công ty XYZ", "XYZ", "ích xì i dài dét"),
        ("gồm 1,250 hộ", "1,250", "một phẩy hai năm không"),
        ("còn 1/3", "", ""),
        ("rồi 2/3 thì", "2/3", "mùng hai tháng ba"),
        ("ông Smith", "Smith", "smith"),
        ("你 tốt", "你", ""),
        ("15/9/25", "15/9/25", "mười lăm tháng chín năm hai nghìn không trăm hai mươi lăm"),
    ],
)
def test_what_is_not_sure_is_listed_for_the_editor(written: str, source: str, proposed: str) -> None:
    listed = [(u.source, u.proposed) for u in normalise(written).unread]
    assert listed == ([(source, proposed)] if source else [])


def test_a_document_offers_the_shorter_reading() -> None:
    reading = normalise("Nghị định số 168/2024/NĐ-CP").spans[0]
    assert reading.alternatives == ("một trăm sáu mươi tám năm hai nghìn không trăm hai mươi tư của chính phủ",)


def test_offsets_point_into_a_decomposed_source() -> None:
    text = unicodedata.normalize("NFD", "Hoà nhạc lúc 7h30")
    reading = normalise(text).spans[-1]
    assert text[reading.start : reading.end] == "7h30"


def test_a_commune_may_put_its_own_words_on_top() -> None:
    layer = parse_entries("xã Hòa Vang", "TBĐT\ttrạm bơm đồng trong\nCN\tcon nuôi\tdự án\n")
    lexicon = NATION.with_entries(layer).with_style(SOUTHERN)
    assert normalise("TBĐT, dự án CN, sáng CN", lexicon).spoken == "trạm bơm đồng trong dự án con nuôi sáng chủ nhật"
    assert normalise("1.005 hộ", lexicon).spoken == "một ngàn không trăm lẻ năm hộ"


@pytest.mark.parametrize(
    "table", ["một cột", "A\tChữ Hoa", "A\t5", "\tbê", "A\tbê\t\t\t\tthừa", "A\tb" + "ê" * 2_000_000]
)
def test_a_layer_that_cannot_be_used_is_refused(table: str) -> None:
    with pytest.raises(LexiconError):
        parse_entries("lớp thử", table)


HOSTILE = (
    *("1/", "1-", "(", "a", "0.0.", "A.", "a@", "1,", "1.000.", "0912 ", "ngày 1, ", "T2,", "I", "Ạ̣̣", "\u0301\u0323"),
    *("-5", "−", "A&", "7h", "http://a", "số 1/", "1x", "QL1A", "中", "\u200b", "5 ", "TP.", "9", "/", "1 000 "),
    *("đồng/", "P.", "+84", "16°12'", "\n", "01/TB-", "UBND-"),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_length_and_no_faster(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (_steps(piece * n, monkeypatch) for n in (300, 1200))
    assert large <= 4.2 * small + 20


def _steps(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many places of a text were tried: each costs a bounded amount, as every pattern is bounded."""
    module = sys.modules["content.text.normalise"]  # the package's attribute of that name is the function
    count = 0
    read = module._read_token

    def counted(*args: object) -> int:
        nonlocal count
        count += 1
        return int(read(*args))

    with monkeypatch.context() as patch:
        patch.setattr(module, "_read_token", counted)
        normalise(text)
    return count


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_no_pattern_repeats_without_a_bound(rule: Rule) -> None:
    unescaped = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "c", rule.pattern.pattern)
    assert not re.search(r"[*+]|\{[0-9]*,\}", unescaped.replace("(?:c*", ""))


@pytest.mark.parametrize("rule", [r for r in RULES if r.heads or r.tails], ids=lambda r: r.id)
def test_the_short_cuts_of_a_rule_lose_no_example(rule: Rule) -> None:
    assert any(rule.id in {s.rule for s in normalise(w).spans} for w, _ in rule.examples)


def test_what_is_longer_than_any_bulletin_is_shown_and_not_said() -> None:
    got = normalise("a " * (TEXT_CHARS_MAX // 2) + "năm 2026")
    assert got.spoken.endswith(" a")
    assert (got.unread[-1].source, got.unread[-1].rule) == ("năm 2026", "text.too_long")

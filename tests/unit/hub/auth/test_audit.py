"""The audit chain: any change shows, and anybody can check it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.audit import GENESIS, AuditEntry, Head, append, canonical_bytes, entry_hash, verify
from hub.auth.errors import BadAuditEntry

NOW = datetime(2026, 5, 4, 5, 30, 0, 123_000, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
acts = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True)
details = st.dictionaries(texts, st.one_of(st.integers(), texts, st.none(), st.booleans()), max_size=3)
fields = st.fixed_dictionaries({"actor": texts, "unit": texts, "act": acts, "subject": texts, "detail": details})


def chain_of(rows: Sequence[Mapping[str, object]]) -> list[AuditEntry]:
    chain: list[AuditEntry] = []
    for i, row in enumerate(rows):
        at = NOW + timedelta(seconds=i)
        chain.append(append(chain[-1] if chain else None, at=at, **row))  # type: ignore[arg-type]
    return chain


chains = st.lists(fields, min_size=1, max_size=6).map(chain_of)


def an_entry(prev: AuditEntry | None = None, **changed: object) -> AuditEntry:
    row: dict[str, object] = {
        "at": NOW, "actor": "hoa", "unit": "20669", "act": "bulletin.approve", "subject": "b-17", "detail": {"cụm": 14},
    }  # fmt: skip
    return append(prev, **(row | changed))  # type: ignore[arg-type]


def test_the_bytes_that_are_hashed_are_exactly_these() -> None:
    assert canonical_bytes(an_entry()) == (
        b"11:loa-audit-1,1:1,13:1777872600123,3:hoa,5:20669,16:bulletin.approve,4:b-17,"
        b'12:{"c\xe1\xbb\xa5m":14},'
        b"64:0000000000000000000000000000000000000000000000000000000000000000,"
    )


def test_the_hash_is_their_sha256_and_binds_the_next_entry() -> None:
    first = an_entry()
    second = an_entry(first)
    assert first.hash == hashlib.sha256(canonical_bytes(first)).hexdigest() == entry_hash(first)
    assert (first.n, first.prev_hash) == (1, GENESIS)
    assert (second.n, second.prev_hash) == (2, first.hash)


def test_a_script_that_knows_only_the_description_agrees() -> None:
    for entry in (first := an_entry(), an_entry(first)):
        at_ms = round(entry.at.timestamp() * 1000)
        texts_ = ["loa-audit-1", entry.n, at_ms, entry.actor, entry.unit, entry.act, entry.subject, entry.detail]
        data = b""
        for text in (*texts_, entry.prev_hash):
            raw = str(text).encode()
            data += str(len(raw)).encode() + b":" + raw + b","
        assert hashlib.sha256(data).hexdigest() == entry.hash


def test_an_empty_audit_is_whole() -> None:
    assert verify([]) is None


@given(chains)
def test_an_untouched_chain_is_whole(chain: list[AuditEntry]) -> None:
    assert verify(chain) is None
    assert verify(chain, head=Head(n=chain[-1].n, hash=chain[-1].hash)) is None


@given(chains, st.data())
def test_any_changed_field_is_found_at_its_entry(chain: list[AuditEntry], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from(AuditEntry.__slots__))
    value = getattr(chain[i], name)
    if isinstance(value, str):
        at = data.draw(st.integers(0, len(value)))
        sign = data.draw(st.characters().filter(lambda c: value[at : at + 1] != c))
        other: object = value[:at] + sign + value[at + 1 :]
    elif isinstance(value, int):
        other = value + data.draw(st.integers(-3, 3).filter(bool))
    else:
        other = value + timedelta(microseconds=data.draw(st.sampled_from([-1000, -1, 1, 1000])))
    assert verify([*chain[:i], replace(chain[i], **{name: other}), *chain[i + 1 :]]) == chain[i].n  # type: ignore[arg-type]


@given(chains, st.data())
def test_any_deleted_entry_is_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(chain) - 1))
    head = Head(n=chain[-1].n, hash=chain[-1].hash)
    assert verify([*chain[:i], *chain[i + 1 :]], head=head) == i + 1


@given(chains, st.data())
def test_any_two_entries_that_changed_places_are_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(chain) - 1))
    j = data.draw(st.integers(0, len(chain) - 1))
    moved = list(chain)
    moved[i], moved[j] = moved[j], moved[i]
    assert verify(moved) == (None if i == j else min(i, j) + 1)


@given(chains, st.data())
def test_an_entry_put_in_between_is_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(chain) - 1))
    forged = append(chain[i - 1] if i else None, at=NOW, actor="x", unit="", act="forged", subject="")
    assert verify([*chain[:i], forged, *chain[i:]]) == i + 2  # the forged one fits, the true next one no longer


def test_a_chain_rewritten_to_its_end_is_found_by_a_head_that_was_written_down() -> None:
    chain = chain_of([{"actor": "hoa", "unit": "20669", "act": "a", "subject": str(n)} for n in range(5)])
    head = Head(n=5, hash=chain[-1].hash)
    rewritten = chain_of([{"actor": "hoa", "unit": "20669", "act": "a", "subject": "other"} for _ in range(5)])
    assert verify(rewritten) is None
    assert verify(rewritten, head=head) == 5


def test_a_part_of_a_chain_can_be_checked_from_a_known_entry() -> None:
    chain = chain_of([{"actor": "hoa", "unit": "20669", "act": "a", "subject": str(n)} for n in range(5)])
    assert verify(chain[2:], after=chain[1]) is None
    assert verify(chain[3:], after=chain[1]) == 3
    assert verify(chain[2:]) == 1


def test_an_entry_without_a_time_zone_is_broken_not_an_error() -> None:
    assert verify([replace(an_entry(), at=NOW.replace(tzinfo=None))]) == 1


def test_times_are_kept_to_the_millisecond_whatever_the_zone() -> None:
    vietnam = timezone(timedelta(hours=7))
    entry = an_entry(at=NOW.astimezone(vietnam) + timedelta(microseconds=789))
    assert entry.at == NOW
    assert entry == an_entry()


def test_details_are_kept_as_sorted_compact_json() -> None:
    entry = an_entry(detail={"z": [1, 2], "a": "Quế Phước"})
    assert entry.detail == '{"a":"Quế Phước","z":[1,2]}'
    assert json.loads(an_entry(detail=None).detail) == {}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"at": NOW.replace(tzinfo=None)}, "at"),
        ({"act": "Approve!"}, "act"),
        ({"act": ""}, "act"),
        ({"actor": "x" * 201}, "actor"),
        ({"subject": "two\nlines"}, "subject"),
        ({"unit": "\ud800"}, "unit"),
        ({"detail": {"x": float("nan")}}, "detail"),
        ({"detail": {"x": object()}}, "detail"),
        ({"detail": {"x": "\ud800"}}, "detail"),
        ({"detail": {"x": "a" * 20_000}}, "detail"),
    ],
)
def test_what_cannot_be_proved_later_is_not_written(changed: dict[str, object], field: str) -> None:
    with pytest.raises(BadAuditEntry) as caught:
        an_entry(None, **changed)
    assert caught.value.field == field

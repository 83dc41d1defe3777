"""An asset taken apart and put together again, whatever order its chunks arrive in."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.chunks import Assembly, asset_of, digest_of, is_chunk, ranges, split
from devices.protocol.errors import MessageRefused, Reason
from devices.protocol.limits import CHUNK_BYTES, NEED_RANGES_MAX
from devices.protocol.manifest import Asset, Codec
from tests.conformance.asserting import asserts

sizes = st.integers(1, 5 * CHUNK_BYTES) | st.sampled_from(
    [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
)


def audio(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


@asserts("AS-CHUNK-01", "AS-WHOLE-01")
@given(sizes, st.randoms(use_true_random=False))
def test_chunks_in_any_order_make_the_whole(size_bytes: int, rng: random.Random) -> None:
    data = audio(size_bytes)
    assembly = Assembly(asset_of(data, 1000))
    order = list(enumerate(split(data)))
    rng.shuffle(order)
    for n, chunk in order:
        assert not assembly.complete()
        assert any(first <= n <= last for first, last in assembly.missing())
        assert assembly.add(n, chunk)
        assert not assembly.add(n, chunk), "a duplicate is harmless and nothing new"
    assert assembly.complete()
    assert assembly.missing() == ()
    assert assembly.assemble() == data


@given(sizes)
def test_all_chunks_but_the_last_have_the_fixed_size(size_bytes: int) -> None:
    *full, last = split(audio(size_bytes))
    assert all(len(chunk) == CHUNK_BYTES for chunk in full)
    assert 0 < len(last) <= CHUNK_BYTES


@asserts("AS-CHUNK-01")
@pytest.mark.parametrize(("n", "change"), [(0, b"x"), (1, b""), (-1, None), (2, None)])
def test_a_wrong_chunk_changes_nothing(n: int, change: bytes | None) -> None:
    data = audio(CHUNK_BYTES + 10)
    assembly = Assembly(asset_of(data, 1000))
    with pytest.raises(MessageRefused) as refused:
        assembly.add(n, data[:CHUNK_BYTES] if change is None else change)
    assert refused.value.reason is Reason.WRONG_CHUNK
    assert assembly.missing() == ((0, 1),)


@asserts("AS-WHOLE-01")
def test_a_whole_with_the_wrong_digest_is_refused_and_forgotten() -> None:
    data = audio(CHUNK_BYTES + 10)
    true = asset_of(data, 1000)
    liar = Asset(
        digest=digest_of(b"other"), codec=Codec.OPUS, size_bytes=len(data), duration_ms=1000, chunks=true.chunks
    )
    assembly = Assembly(liar)
    for n, chunk in enumerate(split(data)):
        assembly.add(n, chunk)
    with pytest.raises(MessageRefused) as refused:
        assembly.assemble()
    assert refused.value.reason is Reason.WRONG_DIGEST
    assert assembly.missing() == ((0, 1),)


def test_a_chunk_is_known_by_its_length_as_well() -> None:
    data = audio(CHUNK_BYTES + 10)
    asset = asset_of(data, 1000)
    assert is_chunk(asset, 1, data[CHUNK_BYTES:])
    assert not is_chunk(asset, 1, data[CHUNK_BYTES:] + b"\0")


@asserts("AS-NEED-01")
@given(st.sets(st.integers(0, 1023)))
def test_ranges_name_exactly_the_numbers(numbers: set[int]) -> None:
    found = ranges(sorted(numbers))
    named = {n for first, last in found for n in range(first, last + 1)}
    assert len(found) <= NEED_RANGES_MAX
    assert named <= numbers
    assert named == numbers or len(found) == NEED_RANGES_MAX
    assert all(later[0] > earlier[1] + 1 for earlier, later in itertools.pairwise(found))


@asserts("AS-NEED-01")
def test_more_ranges_than_fit_are_asked_for_later() -> None:
    found = ranges(range(0, 1024, 2))
    assert len(found) == NEED_RANGES_MAX
    assert found[-1] == (510, 510)

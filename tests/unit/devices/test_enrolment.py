import hashlib
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.enrolment import (
    ALPHABET,
    ClaimCode,
    claim,
    claim_hash,
    expect,
    new_claim_code,
    parse_claim_code,
    replace_hardware,
    retire,
)
from devices.errors import BadClaimCode, ClaimRefused, WhyRefused
from devices.model import Device, Site
from devices.protocol.errors import IllegalTransition
from devices.protocol.ids import AreaCode, DeviceId
from devices.protocol.lifecycle import Registration

NOW = datetime(2026, 9, 5, 10, 0, tzinfo=UTC)
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))

codes = st.integers().map(lambda seed: new_claim_code(random.Random(seed).randrange))


def code(n: int = 0) -> ClaimCode:
    return new_claim_code(lambda below: n % below)


def expected(n: int = 0) -> Device:
    return expect(
        id=DeviceId("loa-1"),
        unit=AreaCode("20669"),
        areas=(AreaCode("48"), AreaCode("20669")),
        site=Site(name="Thôn 1"),
        code=code(n),
        now=NOW,
    )


def active() -> Device:
    return claim(expected(), code(), KEY, now=NOW)


# --- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_is_four_groups_of_four_signs_that_cannot_be_mistaken(rng: random.Random) -> None:
    groups = new_claim_code(rng.randrange).split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert not set("0O1IL") & set("".join(groups))


@given(codes)
def test_a_code_is_read_back_however_it_was_typed(made: ClaimCode) -> None:
    assert parse_claim_code(made) == made
    assert parse_claim_code(f"  {made.lower().replace('-', ' ')} ") == made
    assert parse_claim_code(made.replace("-", "")) == made


@given(codes, st.integers(0, 15), st.integers(1, 30))
def test_one_wrong_sign_is_noticed(made: ClaimCode, place: int, shift: int) -> None:
    signs = list(made.replace("-", ""))
    signs[place] = ALPHABET[(ALPHABET.index(signs[place]) + shift) % len(ALPHABET)]
    with pytest.raises(BadClaimCode):
        parse_claim_code("".join(signs))


@given(codes, st.integers(0, 13))
def test_two_neighbours_exchanged_are_noticed(made: ClaimCode, place: int) -> None:
    signs = list(made.replace("-", ""))
    signs[place], signs[place + 1] = signs[place + 1], signs[place]
    if "".join(signs) == made.replace("-", ""):
        assert parse_claim_code("".join(signs)) == made
    else:
        with pytest.raises(BadClaimCode):
            parse_claim_code("".join(signs))


@given(st.text(max_size=200))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        found = parse_claim_code(text)
    except BadClaimCode:
        return
    assert parse_claim_code(found) == found


def test_only_the_hash_of_a_code_is_kept() -> None:
    device = expected()
    assert device.claim_hash == hashlib.sha256(code().encode()).hexdigest() == claim_hash(code())
    assert code() not in repr(device)


# --- claims ---------------------------------------------------------------------------------------------------------


def test_a_claim_with_the_right_code_makes_the_device_active() -> None:
    device = claim(expected(), code(), KEY, now=NOW)
    assert (device.registration, device.public_key, device.claimed_at) == (Registration.ACTIVE, KEY, NOW)


def test_the_same_claim_made_again_changes_nothing() -> None:
    assert claim(active(), code(), KEY, now=NOW + timedelta(minutes=1)) == active()


REFUSED = {
    "a wrong code": (expected(), code(1), KEY, WhyRefused.WRONG_CODE),
    "a second key": (active(), code(), OTHER_KEY, WhyRefused.NOT_EXPECTED),
    "a retired device": (retire(active()), code(), KEY, WhyRefused.WRONG_CODE),
    "a key of 31 bytes": (expected(), code(), KEY[:31], WhyRefused.BAD_KEY),
    "a key of zeros": (expected(), code(), bytes(32), WhyRefused.BAD_KEY),
    "the old code after a replacement": (replace_hardware(active(), code(1)), code(0), KEY, WhyRefused.WRONG_CODE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_claim_is_refused_for(case: str) -> None:
    device, given_code, key, why = REFUSED[case]
    with pytest.raises(ClaimRefused) as refused:
        claim(device, given_code, key, now=NOW)
    assert refused.value.why is why


def test_nothing_of_a_retired_device_is_believed() -> None:
    device = retire(active())
    assert (device.registration, device.public_key, device.claim_hash) == (Registration.RETIRED, None, None)
    with pytest.raises(IllegalTransition):
        retire(device)
    with pytest.raises(IllegalTransition):
        replace_hardware(device, code(1))


def test_new_hardware_claims_the_same_identity_with_a_new_code() -> None:
    waiting = replace_hardware(active(), code(1))
    assert (waiting.registration, waiting.public_key) == (Registration.EXPECTED, None)
    device = claim(waiting, code(1), OTHER_KEY, now=NOW)
    assert (device.id, device.public_key) == (active().id, OTHER_KEY)

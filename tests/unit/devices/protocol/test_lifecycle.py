"""The tables, walked pair by pair."""

import itertools

import pytest

from devices.protocol.errors import IllegalTransition, MessageRefused, ProtocolError, Reason
from devices.protocol.lifecycle import DELIVERY, REGISTRATION, Delivery, Enrol, Registration, Step, move

DELIVERY_STEPS = {
    Delivery.QUEUED: "send→sent expire→expired",
    Delivery.SENT: "send→sent receive→received accept→accepted refuse→refused finish→done expire→expired",
    Delivery.RECEIVED: "accept→accepted refuse→refused finish→done expire→expired",
    Delivery.ACCEPTED: "finish→done expire→expired",
    Delivery.REFUSED: "send→sent accept→accepted",
    Delivery.DONE: "",
    Delivery.EXPIRED: "",
}
REGISTRATION_STEPS = {
    Registration.EXPECTED: "claim→active retire→retired",
    Registration.ACTIVE: "retire→retired replace→expected",
    Registration.RETIRED: "",
}


def table_of(steps: dict[str, str]) -> dict[tuple[str, str], str]:
    return {
        (str(state), step): after
        for state, text in steps.items()
        for step, after in (p.split("→") for p in text.split())
    }


@pytest.mark.parametrize(
    ("table", "steps", "states", "acts"),
    [(DELIVERY, DELIVERY_STEPS, Delivery, Step), (REGISTRATION, REGISTRATION_STEPS, Registration, Enrol)],
    ids=["delivery", "registration"],
)
def test_every_pair_leads_where_the_table_says_or_nowhere(table, steps, states, acts) -> None:  # type: ignore[no-untyped-def]
    expected = table_of(steps)
    for state, act in itertools.product(states, acts):
        if (str(state), str(act)) in expected:
            assert move(table, state, act) == expected[str(state), str(act)]
        else:
            with pytest.raises(IllegalTransition, match=f"no step from '{state}' by '{act}'"):
                move(table, state, act)


@pytest.mark.parametrize("end", [Delivery.DONE, Delivery.EXPIRED])
def test_what_is_over_stays_over(end: Delivery) -> None:
    assert not any(state is end for state, _ in DELIVERY)


def test_a_retired_device_never_comes_back() -> None:
    assert not any(state is Registration.RETIRED for state, _ in REGISTRATION)


def test_errors_carry_what_the_ack_needs() -> None:
    refused = MessageRefused(Reason.STALE, "7, 9 is held", ref="vn", sequence=7)
    assert isinstance(refused, ProtocolError)
    assert (str(refused), refused.ref, refused.sequence) == ("stale: 7, 9 is held", "vn", 7)
    assert str(MessageRefused(Reason.STALE)) == "stale"

"""How a message to a device, and a device, may change state.  Tables; nothing else may change them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from devices.protocol.errors import IllegalTransition


class Delivery(StrEnum):
    """How far a manifest, override or command has come with one device, as the hub knows it."""

    QUEUED = "queued"  # committed, not yet at the broker
    SENT = "sent"  # the broker has it
    RECEIVED = "received"  # the device has it
    ACCEPTED = "accepted"  # the device will obey
    REFUSED = "refused"  # the device will not, and said why
    DONE = "done"  # it has been done, or will not be any more, and the device said so
    EXPIRED = "expired"  # nobody may obey it any more


class Step(StrEnum):
    """What moves a delivery."""

    SEND = "send"
    RECEIVE = "receive"
    ACCEPT = "accept"
    REFUSE = "refuse"
    FINISH = "finish"
    EXPIRE = "expire"


DELIVERY: Mapping[tuple[Delivery, Step], Delivery] = {
    (Delivery.QUEUED, Step.SEND): Delivery.SENT,
    (Delivery.QUEUED, Step.EXPIRE): Delivery.EXPIRED,
    (Delivery.SENT, Step.SEND): Delivery.SENT,  # sent again
    (Delivery.SENT, Step.RECEIVE): Delivery.RECEIVED,
    (Delivery.SENT, Step.ACCEPT): Delivery.ACCEPTED,  # the first answer may be lost
    (Delivery.SENT, Step.REFUSE): Delivery.REFUSED,
    (Delivery.SENT, Step.FINISH): Delivery.DONE,
    (Delivery.SENT, Step.EXPIRE): Delivery.EXPIRED,
    (Delivery.RECEIVED, Step.ACCEPT): Delivery.ACCEPTED,
    (Delivery.RECEIVED, Step.REFUSE): Delivery.REFUSED,
    (Delivery.RECEIVED, Step.FINISH): Delivery.DONE,
    (Delivery.RECEIVED, Step.EXPIRE): Delivery.EXPIRED,
    (Delivery.ACCEPTED, Step.FINISH): Delivery.DONE,
    (Delivery.ACCEPTED, Step.EXPIRE): Delivery.EXPIRED,
    (Delivery.REFUSED, Step.SEND): Delivery.SENT,  # a person sends it again
    (Delivery.REFUSED, Step.ACCEPT): Delivery.ACCEPTED,  # a later copy was good
}


class Registration(StrEnum):
    """Whether a device belongs to us."""

    EXPECTED = "expected"  # known by its claim code, never seen
    ACTIVE = "active"  # has claimed its identity
    RETIRED = "retired"  # its key is taken back; nothing of it is believed


class Enrol(StrEnum):
    """What moves a registration."""

    CLAIM = "claim"
    RETIRE = "retire"
    REPLACE = "replace"  # new hardware under the same identity: claim again


REGISTRATION: Mapping[tuple[Registration, Enrol], Registration] = {
    (Registration.EXPECTED, Enrol.CLAIM): Registration.ACTIVE,
    (Registration.EXPECTED, Enrol.RETIRE): Registration.RETIRED,
    (Registration.ACTIVE, Enrol.RETIRE): Registration.RETIRED,
    (Registration.ACTIVE, Enrol.REPLACE): Registration.EXPECTED,
}

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


def move(table: Mapping[tuple[S, A], S], state: S, act: A) -> S:
    """Return the state that `act` leads to.  Raises IllegalTransition."""
    try:
        return table[state, act]
    except KeyError:
        raise IllegalTransition(state, act) from None

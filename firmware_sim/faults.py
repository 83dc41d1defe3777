"""What goes wrong, and when: plans made from a seed, the same for the virtual world and for a real broker."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MINUTE_MS = 60_000


class Kind(StrEnum):
    """One way to fail."""

    CUT = "cut"  # the line of one device, for a while
    NOISE = "noise"  # the line of one device loses, doubles, swaps and alters messages, for a while
    REBOOT = "reboot"  # power is lost at any effect; back after a while
    CLOCK_LOST = "clock_lost"  # power is lost and the RTC's battery is dead: it comes back in 1970
    CLOCK_SKEW = "clock_skew"  # power is lost and the RTC comes back `amount` ms wrong
    DISK_FULL = "disk_full"  # flash takes no audio, for a while
    BROKER_DOWN = "broker_down"  # for a while; retained messages and sessions survive
    BROKER_FORGETS = "broker_forgets"  # as above, and nothing survives
    HUB_DOWN = "hub_down"  # for a while


OF_ALL = frozenset({Kind.BROKER_DOWN, Kind.BROKER_FORGETS, Kind.HUB_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`kind` happens at `at_ms` to device number `device` (to everybody for OF_ALL) and lasts `for_ms`."""

    at_ms: int
    kind: Kind
    device: int = 0
    for_ms: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one line treats messages.  Without noise it keeps their order and their bytes."""

    delay_ms: tuple[int, int] = (20, 60)  # 4G
    lose_percent: int = 0  # only what is sent at most once is lost for good
    double_percent: int = 0
    swap_percent: int = 0  # delayed so long that later ones overtake it
    alter_percent: int = 0  # one byte is another one


QUIET_LINE = Line()
NOISY_LINE = Line(delay_ms=(20, 4_000), lose_percent=10, double_percent=10, swap_percent=10, alter_percent=5)

# How long each kind lasts at most, and how much more often than rarely it comes.
_LASTS_MS: Mapping[Kind, int] = {
    Kind.CUT: 40 * MINUTE_MS,
    Kind.NOISE: 20 * MINUTE_MS,
    Kind.REBOOT: 10 * MINUTE_MS,
    Kind.CLOCK_LOST: 5 * MINUTE_MS,
    Kind.CLOCK_SKEW: 5 * MINUTE_MS,
    Kind.DISK_FULL: 15 * MINUTE_MS,
    Kind.BROKER_DOWN: 10 * MINUTE_MS,
    Kind.BROKER_FORGETS: 5 * MINUTE_MS,
    Kind.HUB_DOWN: 30 * MINUTE_MS,
}
_WEIGHTS: Mapping[Kind, int] = {Kind.CUT: 5, Kind.NOISE: 4, Kind.REBOOT: 5, Kind.DISK_FULL: 2}
SKEW_MAX_MS = 30 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Faults in the order of time."""

    seed: int
    faults: tuple[Fault, ...] = field(default_factory=tuple)

    @property
    def ends_ms(self) -> int:
        """Return when the last fault is over."""
        return max((fault.at_ms + fault.for_ms for fault in self.faults), default=0)


def random_plan(
    seed: int, *, devices: int, start_ms: int, end_ms: int, count: int, kinds: tuple[Kind, ...] = tuple(Kind)
) -> Plan:
    """Return `count` faults between two moments, none lasting beyond the second; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - a plan must come again with its seed
    weights = [_WEIGHTS.get(kind, 1) for kind in kinds]
    faults = [_fault(dice, kind, devices, start_ms, end_ms) for kind in dice.choices(kinds, weights, k=count)]
    return Plan(seed=seed, faults=tuple(sorted(faults, key=lambda fault: (fault.at_ms, fault.device, fault.kind))))


def _fault(dice: random.Random, kind: Kind, devices: int, start_ms: int, end_ms: int) -> Fault:
    at_ms = dice.randrange(start_ms, end_ms)
    for_ms = min(dice.randrange(1_000, _LASTS_MS[kind]), end_ms - at_ms)
    amount = dice.randrange(-SKEW_MAX_MS, SKEW_MAX_MS) if kind is Kind.CLOCK_SKEW else 0
    return Fault(at_ms=at_ms, kind=kind, device=dice.randrange(devices), for_ms=for_ms, amount=amount)

"""What time it is: the device's own clock, an offset to it, a floor that never sinks, and whether to believe them.

The own clock is the RTC as read at power-up plus a count that only goes up, so it never goes back within a power-up.
Pure and frozen: every change is a new value.
"""

from dataclasses import dataclass, replace

BEACONS_KEPT = 6  # one minute of beacons: the one that was delayed least tells the truth, as in NTP's clock filter
DEAD_BAND_MS = 25  # network jitter: a correction below it would be heard and would mean nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """now = own clock + offset, and never below the floor."""

    offset_ms: int = 0  # hub's time minus the own clock
    floor_ms: int = 0  # it is at least this late: the newest signed moment ever seen
    trusted: bool = False
    recent: tuple[int, ...] = ()  # offsets that the last live beacons gave

    def now_ms(self, own_ms: int) -> int:
        """Return the best guess of UTC."""
        return own_ms + self.offset_ms

    def certain_ms(self, own_ms: int) -> int:
        """Return a moment that has surely passed: now when trusted, else the floor."""
        return own_ms + self.offset_ms if self.trusted else self.floor_ms

    def raised(self, own_ms: int, floor_ms: int) -> "Clock":
        """Return the clock after a signed moment was seen; it then runs on from there, it does not stand still."""
        floor_ms = max(self.floor_ms, floor_ms)
        offset_ms = max(self.offset_ms, floor_ms - own_ms)
        if floor_ms == self.floor_ms and offset_ms == self.offset_ms:
            return self
        return Clock(floor_ms=floor_ms, offset_ms=offset_ms, trusted=self.trusted, recent=self.recent)

    def set_by_beacon(self, own_ms: int, issued_at_ms: int) -> "Clock":
        """Return the clock after a live beacon: trusted, at the offset of the least delayed of the last beacons."""
        recent = (*self.recent, issued_at_ms - own_ms)[-BEACONS_KEPT:]
        best = max(recent)
        offset_ms = self.offset_ms if self.trusted and abs(best - self.offset_ms) <= DEAD_BAND_MS else best
        floor_ms = max(self.floor_ms, issued_at_ms)
        offset_ms = max(offset_ms, floor_ms - own_ms)
        return Clock(floor_ms=floor_ms, offset_ms=offset_ms, trusted=True, recent=recent)

    def set_by_ntp(self, own_ms: int, utc_ms: int) -> "Clock":
        """Return the clock after a time server spoke: trusted, but never below what the hub has signed."""
        return replace(self, offset_ms=utc_ms - own_ms, trusted=True, recent=()).raised(own_ms, self.floor_ms)

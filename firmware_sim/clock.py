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
    floor_ms: int = 0  # the newest signed moment ever seen
    floor_own_ms: int = 0  # when it was seen in this power-up, or the power-up itself, on the own clock
    trusted: bool = False
    recent: tuple[int, ...] = ()  # offsets that the last live beacons gave

    def now_ms(self, own_ms: int) -> int:
        """Return the best guess of UTC."""
        return own_ms + self.offset_ms

    def certain_ms(self, own_ms: int) -> int:
        """Return a moment that has surely passed: now when trusted, else the floor and the time counted since."""
        if self.trusted:
            return own_ms + self.offset_ms
        return self.floor_ms + max(0, own_ms - self.floor_own_ms)

    def own_when_certain(self, at_ms: int) -> int:
        """Return when `at_ms` will surely have passed, on the own clock."""
        return at_ms - self.offset_ms if self.trusted else at_ms - self.floor_ms + self.floor_own_ms

    def raised(self, own_ms: int, signed_ms: int) -> "Clock":
        """Return the clock after a signed moment was seen; it then runs on from there, it does not stand still."""
        if signed_ms <= self.floor_ms <= own_ms + self.offset_ms:
            return self
        return self._at_least(own_ms, signed_ms, self.offset_ms, trusted=self.trusted, recent=self.recent)

    def set_by_beacon(self, own_ms: int, issued_at_ms: int) -> "Clock":
        """Return the clock after a live beacon: trusted, at the offset of the least delayed of the last beacons."""
        recent = (*self.recent, issued_at_ms - own_ms)[-BEACONS_KEPT:]
        best = max(recent)
        offset_ms = self.offset_ms if self.trusted and abs(best - self.offset_ms) <= DEAD_BAND_MS else best
        return self._at_least(own_ms, issued_at_ms, offset_ms, trusted=True, recent=recent)

    def _at_least(
        self, own_ms: int, signed_ms: int, offset_ms: int, *, trusted: bool, recent: tuple[int, ...]
    ) -> "Clock":
        """Return the clock with its floor at `signed_ms` or where it was, and never below it.

        Counted time is not added to the floor itself: an RTC that runs fast would push it ahead of the truth for good.
        """
        floor_ms, floor_own_ms = self.floor_ms, self.floor_own_ms
        if signed_ms > floor_ms:
            counted_ms = floor_ms + max(0, own_ms - floor_own_ms)
            floor_ms, floor_own_ms = signed_ms, own_ms - max(0, counted_ms - signed_ms)
        offset_ms = max(offset_ms, floor_ms - own_ms)
        return Clock(offset_ms=offset_ms, floor_ms=floor_ms, floor_own_ms=floor_own_ms, trusted=trusted, recent=recent)

    def set_by_ntp(self, own_ms: int, utc_ms: int) -> "Clock":
        """Return the clock after a time server spoke: trusted, but never below what the hub has signed."""
        return replace(self, offset_ms=utc_ms - own_ms, trusted=True, recent=()).raised(own_ms, self.floor_ms)

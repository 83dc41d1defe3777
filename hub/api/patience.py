"""PURE: how often an address may be wrong.  What is right is never counted: a van full of them may claim at once."""

from collections import OrderedDict

FREE = 10  # mistyped labels of one morning
REFILL_MS = 10_000  # then one wrong try every ten seconds: 74 bits of a claim code stay out of reach anyway
ADDRESSES_MAX = 4096  # the least recent are forgotten first; a flood of addresses costs no memory


class Patience:
    """A bucket of wrong tries for every address."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_ms(self, address: str, now_ms: int) -> int:
        """Return how long the address must wait; 0: not at all."""
        return max(0, round((self._left_over(address, now_ms) - FREE + 1) * REFILL_MS))

    def wrong(self, address: str, now_ms: int) -> None:
        """Note one wrong try."""
        self._spent[address] = (self._left_over(address, now_ms) + 1, now_ms)
        self._spent.move_to_end(address)
        while len(self._spent) > ADDRESSES_MAX:
            self._spent.popitem(last=False)

    def _left_over(self, address: str, now_ms: int) -> float:
        spent, at_ms = self._spent.get(address, (0.0, now_ms))
        return max(0.0, spent - max(0, now_ms - at_ms) / REFILL_MS)

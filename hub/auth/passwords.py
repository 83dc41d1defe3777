"""Passwords: rules, Argon2id, and first passwords that can be read out over the telephone.

The functions block for some tenths of a second and use 64 MiB; inside the hub use `Hashing`, which calls them in
threads, a few at a time.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import TypeVar

import argon2

from devices.areas import fold_name
from hub.auth.errors import HashingBusy, UnfitPassword

T = TypeVar("T")

# RFC 9106, section 4, the second recommended choice: what a small machine can spare and a graphics card still feels.
HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, hash_len=32, salt_len=16)

CHARS_MIN = 10  # with the delays of `lockout`, beyond guessing over the network
CHARS_MAX = 128  # more is no safer, and would let a stranger make us hash megabytes
DISTINCT_MIN = 5  # "1111122222" is no password

# What stands on every list of broken-in devices, and what people here choose first.
_COMMON = (
    "123456", "abc123", "admin", "anhyeuem", "iloveyou", "loatruyenthanh", "matkhau",
    "password", "qwerty", "truyenthanh", "vietnam",
)  # fmt: skip
_COMMON_SHARE = 0.5  # of the letters and digits; the rest may still be good


class Weakness(StrEnum):
    """Why a password is unfit."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_UNIFORM = "too_uniform"
    COMMON = "common"
    HOLDS_NAME = "holds_name"


WEAKNESS_WORDS: Mapping[Weakness, str] = {
    Weakness.TOO_SHORT: f"Mật khẩu cần ít nhất {CHARS_MIN} ký tự.",
    Weakness.TOO_LONG: f"Mật khẩu dài nhất {CHARS_MAX} ký tự.",
    Weakness.TOO_UNIFORM: f"Mật khẩu cần ít nhất {DISTINCT_MIN} ký tự khác nhau.",
    Weakness.COMMON: "Mật khẩu này quá phổ biến, dễ bị đoán.",
    Weakness.HOLDS_NAME: "Mật khẩu không được chứa tên đăng nhập.",
}


def weaknesses(password: str, *, login: str = "") -> tuple[Weakness, ...]:
    """Return what makes a password unfit; empty if it is fit.  Long is good; kinds of signs are not asked for."""
    plain = _one_form(password)
    letters = fold_name(plain).replace(" ", "")
    found = {
        Weakness.TOO_SHORT: len(plain) < CHARS_MIN,
        Weakness.TOO_LONG: len(plain) > CHARS_MAX,
        Weakness.TOO_UNIFORM: len(set(plain)) < DISTINCT_MIN,
        Weakness.COMMON: any(letters.count(c) * len(c) > len(letters) * _COMMON_SHARE for c in _COMMON),
        Weakness.HOLDS_NAME: len(login) > 2 and login.casefold() in plain.casefold(),
    }
    return tuple(weakness for weakness, holds in found.items() if holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the password is right, and whether it should be hashed anew because the parameters have grown."""

    right: bool
    needs_rehash: bool = False


def hash_password(password: str, *, login: str = "", hasher: argon2.PasswordHasher = HASHER) -> str:
    """Return the Argon2id hash of a password that a person chose, or raise UnfitPassword.  Blocks."""
    if reasons := weaknesses(password, login=login):
        raise UnfitPassword(reasons)
    return hasher.hash(_one_form(password))


def verify_password(stored: str | None, password: str, *, hasher: argon2.PasswordHasher = HASHER) -> Verdict:
    """Return whether `password` is the one hashed in `stored`.  Blocks.

    With None (no such account) it takes as long and says no, so that the time does not tell which accounts exist.
    """
    if len(password) > CHARS_MAX * 4:  # NFD text may be four times as long; beyond that nothing was ever stored
        return Verdict(right=False)
    nobodys = _nobodys_hash(hasher)  # made even when not needed, so that the first sign-in tells nothing either
    try:
        hasher.verify(nobodys if stored is None else stored, _one_form(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return Verdict(right=False)
    if stored is None:
        return Verdict(right=False)
    return Verdict(right=True, needs_rehash=hasher.check_needs_rehash(stored))


# Left out: c/k, l/n, s/x and d/gi/r, which one hears as the other, and everything that looks like a digit.
_CONSONANTS = "bghkmptv"
_VOWELS = "aeiou"


def first_password() -> str:
    """Return a random password to be read out and changed: "bami-toku-hepo-guva-4827"; about 56 bits."""
    syllables = ["".join(map(secrets.choice, (_CONSONANTS, _VOWELS))) for _ in range(8)]  # 8 × log2(40) = 42.6 bits
    pairs = ["".join(syllables[i : i + 2]) for i in range(0, 8, 2)]
    return "-".join((*pairs, f"{secrets.randbelow(10_000):04d}"))  # and 13.3 bits


class Hashing:
    """Hash and verify from async code: in threads, at most `at_once` together; sign-ins must not eat the memory."""

    def __init__(self, *, at_once: int = 2, timeout_s: float = 10.0, hasher: argon2.PasswordHasher = HASHER) -> None:
        self._places = asyncio.Semaphore(at_once)  # 2 × 64 MiB, and a core left for the broadcast
        self._timeout_s = timeout_s
        self._hasher = hasher

    async def hash(self, password: str, *, login: str = "") -> str:
        """Return `hash_password(password)`; raise UnfitPassword or HashingBusy."""
        return await self._in_thread(partial(hash_password, password, login=login, hasher=self._hasher))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Return `verify_password(stored, password)`; raise HashingBusy."""
        return await self._in_thread(partial(verify_password, stored, password, hasher=self._hasher))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._places.acquire()
                running = asyncio.get_running_loop().run_in_executor(None, work)
                running.add_done_callback(self._give_back)
                # Shielded: a caller who leaves cannot stop the thread, and its place is free only when it has ended.
                return await asyncio.shield(running)
        except TimeoutError as exc:
            raise HashingBusy(self._timeout_s) from exc

    def _give_back(self, done: "asyncio.Future[T]") -> None:
        self._places.release()
        if not done.cancelled():
            done.exception()  # looked at, so that a caller who left does not leave a warning behind


def _one_form(password: str) -> str:
    """Return the text in NFC: one keyboard types "ế" as one sign, another as three."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys_hash(hasher: argon2.PasswordHasher) -> str:
    return hasher.hash(secrets.token_urlsafe(16))

"""Passwords: fit, hashed well, and checked without telling who has an account."""

import asyncio
import re
import threading
import unicodedata

import argon2
import pytest

from hub.auth.errors import HashingBusy, UnfitPassword
from hub.auth.passwords import (
    CHARS_MAX,
    HASHER,
    WEAKNESS_WORDS,
    Hashing,
    Verdict,
    Weakness,
    first_password,
    hash_password,
    verify_password,
    weaknesses,
)

GOOD = "lúa chín vàng đồng"
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # for tests that hash often


@pytest.mark.parametrize(
    ("password", "found"),
    [
        (GOOD, ()),
        ("bami-toku-hepo-guva-4827", ()),
        ("88888888", (Weakness.TOO_SHORT, Weakness.TOO_UNIFORM)),
        ("12345678", (Weakness.TOO_SHORT, Weakness.COMMON)),
        ("1234567890", (Weakness.COMMON,)),
        ("Mậtkhẩu2026", (Weakness.COMMON,)),
        ("Truyenthanh@1", (Weakness.COMMON,)),
        ("admin-admin", (Weakness.COMMON,)),
        ("1111122222", (Weakness.TOO_UNIFORM,)),
        ("xin chào nguyenhoa nhé", (Weakness.HOLDS_NAME,)),
        ("vừa " * 40, (Weakness.TOO_LONG, Weakness.TOO_UNIFORM)),
        ("", (Weakness.TOO_SHORT, Weakness.TOO_UNIFORM)),
    ],
)
def test_unfit_passwords_are_told_apart(password: str, found: tuple[Weakness, ...]) -> None:
    assert weaknesses(password, login="nguyenhoa") == found


def test_every_weakness_has_words() -> None:
    assert set(WEAKNESS_WORDS) == set(Weakness)


def test_an_unfit_password_is_not_hashed() -> None:
    with pytest.raises(UnfitPassword) as caught:
        hash_password("12345678")
    assert Weakness.COMMON in caught.value.reasons
    assert "12345678" not in str(caught.value)


def test_a_password_is_hashed_with_argon2id_and_the_parameters_of_the_house() -> None:
    stored = hash_password(GOOD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify_password(stored, GOOD) == Verdict(right=True)
    assert verify_password(stored, f"{GOOD}!") == Verdict(right=False)


def test_the_same_password_is_stored_differently_each_time() -> None:
    assert hash_password(GOOD, hasher=QUICK) != hash_password(GOOD, hasher=QUICK)


def test_it_does_not_matter_how_the_keyboard_composes_marks() -> None:
    stored = hash_password(unicodedata.normalize("NFD", GOOD), hasher=QUICK)
    assert verify_password(stored, unicodedata.normalize("NFC", GOOD), hasher=QUICK).right


def test_a_hash_with_older_parameters_is_right_and_due_for_a_new_one() -> None:
    assert verify_password(hash_password(GOOD, hasher=QUICK), GOOD, hasher=HASHER) == Verdict(
        right=True, needs_rehash=True
    )


@pytest.mark.parametrize("stored", [None, "", "no hash at all", "$argon2id$v=19$m=64,t=1,p=1$broken"])
def test_without_a_good_hash_nobody_gets_in(stored: str | None) -> None:
    assert verify_password(stored, GOOD, hasher=QUICK) == Verdict(right=False)


class Counting(argon2.PasswordHasher):
    """A hasher that counts its verifications."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        self.verified += 1
        return super().verify(hash, password)


def test_a_name_without_an_account_costs_as_much_as_one_with_an_account() -> None:
    hasher = Counting()
    verify_password(None, GOOD, hasher=hasher)
    verify_password(hash_password(GOOD, hasher=hasher), GOOD, hasher=hasher)
    assert hasher.verified == 2


def test_a_megabyte_of_password_is_not_hashed() -> None:
    hasher = Counting()
    assert not verify_password(None, "a" * (CHARS_MAX * 4 + 1), hasher=hasher).right
    assert hasher.verified == 0


def test_first_passwords_can_be_read_out_and_are_fit() -> None:
    made = {first_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        assert re.fullmatch(r"([bghkmptv][aeiou][bghkmptv][aeiou]-){4}\d{4}", password), password
        assert weaknesses(password) == ()


async def test_async_code_hashes_and_verifies_in_threads() -> None:
    hashing = Hashing(hasher=QUICK)
    stored = await hashing.hash(GOOD)
    assert await hashing.verify(stored, GOOD) == Verdict(right=True)
    with pytest.raises(UnfitPassword):
        await hashing.hash("ngắn")


class Held(Counting):
    """A hasher that waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Semaphore(0)
        self.go = threading.Event()
        self.running = 0
        self.most = 0
        self.lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.started.release()
        self.go.wait(10)
        with self.lock:
            self.running -= 1
        return super().hash(password, salt=salt)

    async def starts(self, within_s: float = 10) -> bool:
        """Return whether one more hash has begun."""
        return await asyncio.to_thread(self.started.acquire, timeout=within_s)


async def test_no_more_than_two_hashes_run_at_once() -> None:
    hasher = Held()
    hashing = Hashing(at_once=2, hasher=hasher)
    async with asyncio.TaskGroup() as group:
        for n in range(6):
            group.create_task(hashing.hash(GOOD), name=f"hash-{n}")
        assert [await hasher.starts(), await hasher.starts()] == [True, True]
        assert not await hasher.starts(within_s=0.05)
        hasher.go.set()
    assert hasher.most == 2


async def test_who_finds_no_place_is_told_to_come_back() -> None:
    hasher = Held()
    hashing = Hashing(at_once=1, timeout_s=0.05, hasher=hasher)
    try:
        with pytest.raises(HashingBusy):
            await hashing.hash(GOOD)  # runs, but not to its end within the time
        with pytest.raises(HashingBusy):
            await hashing.hash(GOOD)  # the first still holds the only place
        assert hasher.most == 1
    finally:
        hasher.go.set()


async def test_a_caller_who_leaves_gives_the_place_back_when_the_thread_has_ended() -> None:
    hasher = Held()
    hashing = Hashing(at_once=1, timeout_s=10, hasher=hasher)
    leaver = asyncio.create_task(hashing.hash(GOOD), name="leaver")
    assert await hasher.starts()
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    hasher.go.set()
    assert (await hashing.hash(GOOD)).startswith("$argon2id$")
    assert hasher.most == 1

"""Accounts, roles, sessions and wrong passwords, and what the database itself does not take."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from devices.areas import AreaCode
from hub.auth import sessions
from hub.auth.lockout import NO_FAILURES, Counter, Failures
from hub.auth.model import Account, AccountId, Grant, Role
from hub.db.transaction import Store

NOW = datetime(2026, 8, 13, 1, 0, tzinfo=UTC)
HOA, LAN = (
    Account(
        id=AccountId(f"a-{login}"),
        login=login,
        name=name,
        password_hash="$argon2id$",
        must_change_password=login == "lan",
        created_at=NOW,
    )
    for login, name in (("hoa", "Nguyễn Thị Hòa"), ("lan", "Lan"))
)


@pytest.fixture
async def people(store: Store) -> Store:
    async with store.write() as tx:
        await tx.people.put_account(HOA)
        await tx.people.put_account(LAN)
    return store


async def test_accounts_are_found_by_id_and_by_name(people: Store) -> None:
    async with people.read() as tx:
        assert await tx.people.account("a-hoa") == HOA
        assert await tx.people.account_by_login("lan") == LAN
        assert await tx.people.account_by_login("nobody") is None
        assert await tx.people.accounts() == [LAN, HOA]


async def test_an_account_is_changed_in_place(people: Store) -> None:
    closed = replace(HOA, closed_at=NOW)
    async with people.write() as tx:
        await tx.people.put_account(closed)
        assert await tx.people.account("a-hoa") == closed


async def test_two_accounts_do_not_share_a_sign_in_name(people: Store) -> None:
    with pytest.raises(IntegrityError):
        async with people.write() as tx:
            await tx.people.put_account(replace(HOA, id=AccountId("a-x")))


async def test_roles_are_given_once_and_taken_back(people: Store) -> None:
    grant = Grant(account=HOA.id, role=Role.COMMUNE_OFFICER, unit=AreaCode("20669"), granted_by=LAN.id, granted_at=NOW)
    async with people.write() as tx:
        await tx.people.put_grant(grant)
        await tx.people.put_grant(grant)
        await tx.people.put_grant(replace(grant, role=Role.COMMUNE_LEADER, granted_by=None))
        assert len(await tx.people.grants_of(HOA.id)) == 2
        await tx.people.take_grant(HOA.id, Role.COMMUNE_LEADER, "20669")
        assert await tx.people.grants_of(HOA.id) == (grant,)
        assert await tx.people.grants() == (grant,)


async def test_the_database_takes_no_role_given_to_oneself_and_none_of_nobodys(people: Store) -> None:
    own = Grant(account=HOA.id, role=Role.ADMINISTRATOR, unit=AreaCode("48"), granted_by=HOA.id, granted_at=NOW)
    for grant in (own, replace(own, account=AccountId("a-none"))):
        with pytest.raises(IntegrityError):
            async with people.write() as tx:
                await tx.people.put_grant(grant)


async def test_sessions_are_kept_by_their_digest_and_ended_together(people: Store) -> None:
    begun = [sessions.begin(HOA.id, NOW, address="10.0.0.7")[0] for _ in range(2)]
    other, _ = sessions.begin(LAN.id, NOW, address="10.0.0.8")
    async with people.write() as tx:
        for session in (*begun, other):
            await tx.people.put_session(session)
        assert await tx.people.session(begun[0].digest) == begun[0]
        assert await tx.people.session("nothing") is None
        await tx.people.end_sessions_of(HOA.id, int(NOW.timestamp() * 1000))
        assert [(await tx.people.session(one.digest)).ended_at for one in (*begun, other)] == [NOW, NOW, None]


async def test_an_ended_session_is_not_touched(people: Store) -> None:
    session, _ = sessions.begin(HOA.id, NOW, address="")
    ended = sessions.ended(session, NOW)
    later = NOW + timedelta(minutes=5)
    async with people.write() as tx:
        await tx.people.put_session(session)
        await tx.people.touch_session(session.digest, later)
        assert await tx.people.session(session.digest) == replace(session, seen_at=later)
        await tx.people.put_session(ended)
        await tx.people.touch_session(session.digest, later)
        assert await tx.people.session(session.digest) == ended


async def test_wrong_passwords_are_counted_by_what_they_were_for(people: Store) -> None:
    found = Failures(count=3, last_at=NOW)
    async with people.write() as tx:
        await tx.people.put_failures(Counter.ACCOUNT, "hoa", found)
        assert await tx.people.failures(Counter.ACCOUNT, "hoa") == found
        assert await tx.people.failures(Counter.ADDRESS, "hoa") == NO_FAILURES
        await tx.people.put_failures(Counter.ACCOUNT, "hoa", NO_FAILURES)
        assert await tx.people.failures(Counter.ACCOUNT, "hoa") == NO_FAILURES


async def test_what_nobody_will_ask_for_again_is_removed(people: Store) -> None:
    old, _ = sessions.begin(HOA.id, NOW - timedelta(days=40), address="")
    new, _ = sessions.begin(HOA.id, NOW, address="")
    async with people.write() as tx:
        for session in (old, new):
            await tx.people.put_session(session)
        await tx.people.put_failures(Counter.ADDRESS, "10.0.0.7", Failures(count=1, last_at=NOW - timedelta(days=40)))
        await tx.people.forget(NOW - timedelta(days=30))
        assert await tx.people.session(old.digest) is None
        assert await tx.people.session(new.digest) == new
        assert await tx.people.failures(Counter.ADDRESS, "10.0.0.7") == NO_FAILURES

"""Signing in and out, waiting after wrong passwords, and who keeps whose account."""

import asyncio
from datetime import timedelta

import pytest

from devices.areas import AreaCode
from hub.auth import sessions
from hub.auth.model import Role
from hub.flows import people
from hub.flows.actor import Actor
from hub.flows.errors import Conflicted, FlowError, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from tests.fakes.hub import COMMUNE, OTHER, PROVINCE, Hub

PASSWORD = "ngủ ngon nhé 2026"
HERE = "10.0.0.7"


async def signed_in(hub: Hub, login: str = "hoa", password: str = PASSWORD, address: str = HERE) -> people.SignedIn:
    return await people.sign_in(hub.ctx, login=login, password=password, address=address)


@pytest.fixture
async def hoa(hub: Hub) -> Actor:
    return await hub.person("hoa", (Role.COMMUNE_OFFICER, COMMUNE))


@pytest.fixture
async def admin(hub: Hub) -> Actor:
    return await hub.person("admin", (Role.ADMINISTRATOR, PROVINCE))


async def test_a_session_begins_with_the_password_and_ends_with_signing_out(hub: Hub, hoa: Actor) -> None:
    begun = await signed_in(hub, "  HOA ")
    who = await people.who(hub.ctx, begun.token)
    assert who is not None
    assert (who.account.id, who.grants) == (hoa.account.id, hoa.grants)
    await people.sign_out(hub.ctx, who)
    assert await people.who(hub.ctx, begun.token) is None
    assert await hub.acts() == ["session.begin", "session.end"]


async def test_a_token_that_was_never_given_opens_nothing(hub: Hub, hoa: Actor) -> None:
    assert await people.who(hub.ctx, "x" * 43) is None
    assert await people.who(hub.ctx, "\ud800") is None


async def test_the_table_does_not_hold_the_token(hub: Hub, hoa: Actor) -> None:
    begun = await signed_in(hub)
    async with hub.store.db.read() as connection:
        (digest,) = (await connection.exec_driver_sql("SELECT digest FROM sessions")).scalars().all()
    assert digest == sessions.digest_of(begun.token)
    assert digest != begun.token


@pytest.mark.parametrize("idle", [timedelta(hours=1), timedelta(hours=13)])
async def test_a_session_ends_by_itself(hub: Hub, hoa: Actor, idle: timedelta) -> None:
    begun = await signed_in(hub)
    hub.later(seconds=idle.total_seconds())
    assert await people.who(hub.ctx, begun.token) is None


async def test_a_session_in_use_goes_on_until_its_age_ends_it(hub: Hub, hoa: Actor) -> None:
    begun = await signed_in(hub)
    for _ in range(23):
        hub.later(minutes=30)
        assert await people.who(hub.ctx, begun.token)
    hub.later(minutes=30)
    assert await people.who(hub.ctx, begun.token) is None


async def test_a_session_that_was_ended_while_it_was_looked_at_stays_ended(hub: Hub, hoa: Actor) -> None:
    begun = await signed_in(hub)
    hub.later(minutes=5)  # so that being seen is worth a write
    async with hub.store.write() as tx:  # who() has read, and waits for its turn to note that it was seen
        looking = asyncio.create_task(people.who(hub.ctx, begun.token), name="looking")
        while not hub.store.db._turns.waiting:  # noqa: ASYNC110 - nothing tells that it waits
            await asyncio.sleep(0)
        await tx.people.end_sessions_of(hoa.account.id, hub.at_ms)
    await looking
    assert await people.who(hub.ctx, begun.token) is None


async def test_wrong_passwords_make_the_account_wait_and_say_for_how_long(hub: Hub, hoa: Actor) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn, match="không đúng"):
            await signed_in(hub, password="sai rồi nhé 1")
    with pytest.raises(TooMany, match="thử lại sau 6 giây") as refused:
        await signed_in(hub)
    assert refused.value.wait_s == 5
    hub.later(seconds=5)
    await signed_in(hub)
    for _ in range(5):  # counted from the beginning again
        with pytest.raises(NotSignedIn):
            await signed_in(hub, password="sai rồi nhé 1")


async def test_who_guesses_many_at_once_gets_no_more_answers_than_who_guesses_in_turn(hub: Hub, hoa: Actor) -> None:
    tries = (signed_in(hub, password="sai rồi nhé 1", address=f"10.0.0.{n}") for n in range(40))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, NotSignedIn) for one in answers) == 5
    assert sum(isinstance(one, TooMany) for one in answers) == 35


async def test_an_address_waits_for_all_its_accounts(hub: Hub, hoa: Actor) -> None:
    for n in range(20):
        with pytest.raises(NotSignedIn):
            await signed_in(hub, login=f"nobody-{n}")
    with pytest.raises(TooMany):
        await signed_in(hub)
    await signed_in(hub, address="10.0.0.8")


async def test_an_unknown_name_is_answered_like_a_wrong_password(hub: Hub, hoa: Actor) -> None:
    said = []
    for login, password in (("nobody", PASSWORD), ("hoa", "sai rồi nhé 1"), ("Không Phải Tên!", PASSWORD), ("", "")):
        with pytest.raises(NotSignedIn) as refused:
            await signed_in(hub, login=login, password=password)
        said.append(refused.value.words)
    assert len(set(said)) == 1


async def test_whatever_stands_in_the_address_the_answer_is_the_same(hub: Hub, hoa: Actor) -> None:
    for address in ("\x00\n\ud800", "a" * 500, ""):
        with pytest.raises(NotSignedIn):
            await signed_in(hub, password="sai rồi nhé 1", address=address)
        await signed_in(hub, address=address)


async def test_a_closed_account_is_out_at_once(hub: Hub, hoa: Actor, admin: Actor) -> None:
    begun = await signed_in(hub)
    await people.close_account(hub.ctx, admin, account=hoa.account.id)
    assert await people.who(hub.ctx, begun.token) is None
    with pytest.raises(NotSignedIn):
        await signed_in(hub)


async def test_nobody_closes_the_own_account(hub: Hub, admin: Actor) -> None:
    with pytest.raises(Refused, match="tự đóng"):
        await people.close_account(hub.ctx, admin, account=admin.account.id)


async def test_a_new_password_ends_every_session_of_the_account(hub: Hub, hoa: Actor) -> None:
    old = await signed_in(hub)
    await people.change_password(hub.ctx, hoa, old=PASSWORD, new="mưa rơi trên mái 7")
    assert await people.who(hub.ctx, old.token) is None
    with pytest.raises(NotSignedIn):
        await signed_in(hub)
    await signed_in(hub, password="mưa rơi trên mái 7")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("sai rồi nhé 1", "mưa rơi trên mái 7", "old"), (PASSWORD, "ngắn", "new"), (PASSWORD, "hoa hoa hoa 123", "new")],
    ids=["wrong old one", "too short", "holds the name"],
)
async def test_a_password_is_not_changed_for_any_other(hub: Hub, hoa: Actor, old: str, new: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        await people.change_password(hub.ctx, hoa, old=old, new=new)
    assert refused.value.field == field
    await signed_in(hub)


async def test_an_account_closed_meanwhile_is_not_opened_by_a_new_password(hub: Hub, hoa: Actor, admin: Actor) -> None:
    await people.close_account(hub.ctx, admin, account=hoa.account.id)
    with pytest.raises(Conflicted):
        await people.change_password(hub.ctx, hoa, old=PASSWORD, new="mưa rơi trên mái 7")
    with pytest.raises(NotSignedIn):
        await signed_in(hub, password="mưa rơi trên mái 7")


async def test_an_administrator_makes_accounts_in_the_own_branch_only(hub: Hub) -> None:
    admin = await hub.person("xa", (Role.ADMINISTRATOR, COMMUNE))
    made, password = await people.create_account(
        hub.ctx, admin, login="lan", name=" Nguyễn  Thị Lan ", role=Role.COMMUNE_OFFICER, unit=COMMUNE
    )
    assert (made.login, made.name, made.must_change_password) == ("lan", "Nguyễn Thị Lan", True)
    begun = await signed_in(hub, login="lan", password=password)
    assert begun.account.must_change_password
    for role, unit in ((Role.COMMUNE_OFFICER, OTHER), (Role.OPERATOR, PROVINCE), (Role.PROVINCE_STAFF, COMMUNE)):
        with pytest.raises(NotAllowed):
            await people.create_account(hub.ctx, admin, login="mai", name="Mai", role=role, unit=AreaCode(unit))


async def test_a_name_is_given_once(hub: Hub, hoa: Actor, admin: Actor) -> None:
    with pytest.raises(Refused, match="đã có người dùng"):
        await people.create_account(
            hub.ctx, admin, login="hoa", name="Hòa khác", role=Role.COMMUNE_OFFICER, unit=COMMUNE
        )
    with pytest.raises(Conflicted):
        await people.first_account(hub.ctx, login="hoa", name="Hòa", role=Role.ADMINISTRATOR, unit=PROVINCE)


async def test_nobody_gives_a_role_to_themselves(hub: Hub, admin: Actor) -> None:
    for flow in (people.give_role, people.take_role):
        with pytest.raises(NotAllowed, match="Không ai tự giao"):
            await flow(hub.ctx, admin, account=admin.account.id, role=Role.PROVINCE_STAFF, unit=PROVINCE)


async def test_a_role_counts_from_the_next_click_and_so_does_its_loss(hub: Hub, hoa: Actor, admin: Actor) -> None:
    begun = await signed_in(hub)
    await people.give_role(hub.ctx, admin, account=hoa.account.id, role=Role.COMMUNE_LEADER, unit=COMMUNE)
    who = await people.who(hub.ctx, begun.token)
    assert who
    assert {grant.role for grant in who.grants} == {Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER}
    for role in (Role.COMMUNE_LEADER, Role.COMMUNE_OFFICER):
        await people.take_role(hub.ctx, admin, account=hoa.account.id, role=role, unit=COMMUNE)
    who = await people.who(hub.ctx, begun.token)
    assert who
    assert who.grants == ()


async def test_an_officer_keeps_no_accounts(hub: Hub, hoa: Actor) -> None:
    lan = await hub.person("lan", (Role.COMMUNE_OFFICER, COMMUNE))
    calls = (
        people.create_account(hub.ctx, hoa, login="mai", name="Mai", role=Role.COMMUNE_OFFICER, unit=COMMUNE),
        people.give_role(hub.ctx, hoa, account=lan.account.id, role=Role.COMMUNE_LEADER, unit=COMMUNE),
        people.take_role(hub.ctx, hoa, account=lan.account.id, role=Role.COMMUNE_OFFICER, unit=COMMUNE),
        people.close_account(hub.ctx, hoa, account=lan.account.id),
    )
    for call in calls:
        with pytest.raises(NotAllowed):
            await call
    assert await people.people_of(hub.ctx, hoa) == []
    assert await hub.acts() == []


async def test_an_account_that_is_not_there_is_not_found(hub: Hub, admin: Actor) -> None:
    with pytest.raises(NotFound):
        await people.close_account(hub.ctx, admin, account="a-none")
    with pytest.raises(FlowError):
        await people.give_role(hub.ctx, admin, account="a-none", role=Role.COMMUNE_LEADER, unit=COMMUNE)


async def test_an_administrator_sees_the_accounts_of_the_own_branch(hub: Hub, hoa: Actor) -> None:
    await hub.person("ngoai", (Role.COMMUNE_OFFICER, OTHER))
    admin = await hub.person("xa", (Role.ADMINISTRATOR, COMMUNE))
    assert {account.login for account, _ in await people.people_of(hub.ctx, admin)} == {"hoa", "xa"}

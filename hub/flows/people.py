"""Signing in and out, and the keeping of accounts."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from devices.areas import AreaCode
from hub.auth import lockout, passwords, sessions
from hub.auth.errors import UnfitPassword
from hub.auth.lockout import NO_FAILURES, RULES, Counter
from hub.auth.model import Account, AccountId, Grant, Role, parse_login
from hub.auth.roles import Denied, Permission, may_grant
from hub.auth.sessions import Session, SessionToken
from hub.db.transaction import Transaction
from hub.flows.actor import Actor
from hub.flows.context import Context
from hub.flows.errors import Conflicted, NotAllowed, NotFound, NotSignedIn, Refused, TooMany

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra lại, chú ý phím Caps Lock."
NAME_CHARS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that has just begun; `token` goes into the cookie and nowhere else."""

    account: Account
    session: Session
    token: SessionToken


async def sign_in(ctx: Context, *, login: str, password: str, address: str) -> SignedIn:
    """Begin a session.  Raises TooMany while the account or the address must wait, NotSignedIn when it is wrong."""
    name = parse_login(login) or ""
    address = "".join(sign for sign in address if sign.isprintable())[:64]
    counters = ((Counter.ACCOUNT, name[:80] or "?"), (Counter.ADDRESS, address))
    async with ctx.store.read() as tx:
        account = await tx.people.account_by_login(name) if name else None
        await _must_not_wait(ctx, tx, counters)
    stored = account.password_hash if account and account.closed_at is None else None
    verdict = await ctx.hashing.verify(stored, password)
    now = ctx.now()
    async with ctx.store.write() as tx:
        await _must_not_wait(ctx, tx, counters)  # of many tries made at once only the first are answered
        known = await _unchanged(tx, account)
        if known is None or not verdict.right:
            await _note_failure(tx, counters, now)
            await tx.audit.add(
                at=now, actor=known.id if known else "?", unit=ctx.unit, act="session.refused", subject=address
            )
        else:
            await tx.people.put_failures(*counters[0], NO_FAILURES)
            session, token = sessions.begin(known.id, now, address=address)
            await tx.people.put_session(session)
            await tx.audit.add(at=now, actor=known.id, unit=ctx.unit, act="session.begin", subject=session.digest[:16])
            return SignedIn(account=known, session=session, token=token)
    raise NotSignedIn(WRONG)


async def _unchanged(tx: Transaction, account: Account | None) -> Account | None:
    """Return an account that is open and still has the password that was looked at."""
    now = await tx.people.account(account.id) if account else None
    if now is None or account is None or now.closed_at is not None or now.password_hash != account.password_hash:
        return None
    return now


async def _must_not_wait(ctx: Context, tx: Transaction, counters: tuple[tuple[Counter, str], ...]) -> None:
    now = ctx.now()
    for counter, key in counters:
        until = lockout.locked_until(await tx.people.failures(counter, key), now, RULES[counter])
        if until is not None:
            wait_s = (until - now).total_seconds()
            raise TooMany(f"Đã nhập sai nhiều lần. Hãy thử lại sau {round(wait_s) + 1} giây.", wait_s=wait_s)


async def _note_failure(tx: Transaction, counters: tuple[tuple[Counter, str], ...], now: datetime) -> None:
    for counter, key in counters:
        found = lockout.after_failure(await tx.people.failures(counter, key), now, RULES[counter])
        await tx.people.put_failures(counter, key, found)


async def who(ctx: Context, token: str) -> Actor | None:
    """Return whose session `token` opens, or None.  Notes that it was seen, once a minute."""
    async with ctx.store.read() as tx:
        session = await tx.people.session(sessions.digest_of(token))
        if session is None or sessions.end_of(session, ctx.now()):
            return None
        account = await tx.people.account(session.account)
        grants = await tx.people.grants_of(session.account)
    if account is None or account.closed_at is not None:
        return None
    seen = sessions.touched(session, ctx.now())
    if seen is not session:
        async with ctx.store.write() as tx:
            await tx.people.touch_session(seen.digest, seen.seen_at)
    return Actor(account=account, grants=grants, session=seen)


async def sign_out(ctx: Context, actor: Actor) -> None:
    """End this session."""
    if actor.session is None:
        return
    now = ctx.now()
    async with ctx.store.write() as tx:
        await tx.people.put_session(sessions.ended(actor.session, now))
        await tx.audit.add(
            at=now, actor=actor.account.id, unit=ctx.unit, act="session.end", subject=actor.session.digest[:16]
        )


async def change_password(ctx: Context, actor: Actor, *, old: str, new: str) -> None:
    """Replace the own password; every session of this account ends.  Raises Refused."""
    verdict = await ctx.hashing.verify(actor.account.password_hash, old)
    if not verdict.right:
        raise Refused("Mật khẩu hiện tại không đúng.", field="old")
    try:
        hashed = await ctx.hashing.hash(new, login=actor.account.login)
    except UnfitPassword as exc:
        words = (passwords.WEAKNESS_WORDS[passwords.Weakness(reason)] for reason in exc.reasons)
        raise Refused(" ".join(words), field="new") from exc
    async with ctx.store.write() as tx:
        account = await _unchanged(tx, actor.account)
        if account is None:
            raise Conflicted("Tài khoản vừa được thay đổi ở nơi khác. Hãy đăng nhập lại.")
        await tx.people.put_account(replace(account, password_hash=hashed, must_change_password=False))
        await tx.people.end_sessions_of(actor.account.id, ctx.now_ms())
        await tx.audit.add(
            at=ctx.now(), actor=actor.account.id, unit=ctx.unit, act="password.change", subject=actor.account.id
        )


async def first_account(ctx: Context, *, login: str, name: str, role: Role, unit: AreaCode) -> tuple[Account, str]:
    """Make an account at installation, by the right of the machine's owner; return it and its first password."""
    account, password = await _new_account(ctx, login, name)
    async with ctx.store.write() as tx:
        if await tx.people.account_by_login(account.login):
            raise Conflicted(f"Tên đăng nhập “{account.login}” đã có người dùng.")
        await tx.people.put_account(account)
        await tx.people.put_grant(Grant(account=account.id, role=role, unit=unit, granted_at=ctx.now()))
        await tx.audit.add(
            at=ctx.now(),
            actor="hub.install",
            unit=unit,
            act="account.create",
            subject=account.id,
            detail={"role": str(role)},
        )
    return account, password


async def reset_password(ctx: Context, *, login: str) -> str:
    """Give somebody a new first password by the right of the machine's owner; every session of theirs ends."""
    password = passwords.first_password()
    hashed = await ctx.hashing.hash(password)
    async with ctx.store.write() as tx:
        account = await tx.people.account_by_login(parse_login(login) or "")
        if account is None or account.closed_at is not None:
            raise NotFound(f"Không có tài khoản nào đang mở với tên “{login[:40]}”.")
        await tx.people.put_account(replace(account, password_hash=hashed, must_change_password=True))
        await tx.people.end_sessions_of(account.id, ctx.now_ms())
        await tx.audit.add(at=ctx.now(), actor="hub.install", unit=ctx.unit, act="password.reset", subject=account.id)
    return password


async def create_account(
    ctx: Context, actor: Actor, *, login: str, name: str, role: Role, unit: AreaCode
) -> tuple[Account, str]:
    """Make an account with one role; return it and its first password, shown once.  Raises NotAllowed, Refused."""
    _must_grant(ctx, actor, role, unit, AccountId(""))  # before the hashing, which is dear
    account, password = await _new_account(ctx, login, name)
    async with ctx.store.write() as tx:
        if await tx.people.account_by_login(account.login):
            raise Refused(f"Tên đăng nhập “{account.login}” đã có người dùng.", field="login")
        await tx.people.put_account(account)
        await _give(tx, _granted(ctx, actor, account.id, role, unit))
        await tx.audit.add(at=ctx.now(), actor=actor.account.id, unit=unit, act="account.create", subject=account.id)
    return account, password


async def give_role(ctx: Context, actor: Actor, *, account: str, role: Role, unit: AreaCode) -> None:
    """Give somebody a role in a unit.  Raises NotAllowed, NotFound."""
    async with ctx.store.write() as tx:
        found = await tx.people.account(account)
        if found is None:
            raise NotFound("Không tìm thấy tài khoản.")
        _must_grant(ctx, actor, role, unit, found.id)
        await _give(tx, _granted(ctx, actor, found.id, role, unit))


async def take_role(ctx: Context, actor: Actor, *, account: str, role: Role, unit: AreaCode) -> None:
    """Take a role back; it counts from the next click on.  Raises NotAllowed."""
    _must_grant(ctx, actor, role, unit, AccountId(account))
    async with ctx.store.write() as tx:
        await tx.people.take_grant(account, role, unit)
        await tx.audit.add(
            at=ctx.now(),
            actor=actor.account.id,
            unit=unit,
            act="role.take",
            subject=account,
            detail={"role": str(role)},
        )


async def close_account(ctx: Context, actor: Actor, *, account: str) -> None:
    """Close an account and end its sessions at once.  Raises NotAllowed, NotFound."""
    if account == actor.account.id:
        raise Refused("Không ai tự đóng tài khoản của mình. Hãy nhờ một quản trị khác.", field="account")
    async with ctx.store.write() as tx:
        found = await tx.people.account(account)
        if found is None:
            raise NotFound("Không tìm thấy tài khoản.")
        units = {grant.unit for grant in await tx.people.grants_of(found.id)} or {ctx.unit}
        for unit in units:
            actor.must(Permission.MANAGE_PEOPLE, unit, ctx.tree)
        await tx.people.put_account(replace(found, closed_at=found.closed_at or ctx.now()))
        await tx.people.end_sessions_of(found.id, ctx.now_ms())
        await tx.audit.add(at=ctx.now(), actor=actor.account.id, unit=ctx.unit, act="account.close", subject=found.id)


async def people_of(ctx: Context, actor: Actor) -> list[tuple[Account, tuple[Grant, ...]]]:
    """Return the accounts that hold a role where this person keeps the accounts."""
    async with ctx.store.read() as tx:
        found = [(account, await tx.people.grants_of(account.id)) for account in await tx.people.accounts()]
    return [
        (account, grants)
        for account, grants in found
        if any(actor.may(Permission.MANAGE_PEOPLE, grant.unit, ctx.tree) for grant in grants)
    ]


async def _new_account(ctx: Context, login: str, name: str) -> tuple[Account, str]:
    parsed = parse_login(login)
    if parsed is None:
        raise Refused("Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, số, dấu chấm, gạch.", field="login")
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        raise Refused("Hãy ghi họ và tên.", field="name")
    password = passwords.first_password()
    account = Account(
        id=AccountId(f"a-{secrets.token_hex(8)}"),
        login=parsed,
        name=" ".join(name.split()),
        password_hash=await ctx.hashing.hash(password),
        must_change_password=True,
        created_at=ctx.now(),
    )
    return account, password


def _must_grant(ctx: Context, actor: Actor, role: Role, unit: str, to: AccountId) -> None:
    answer = may_grant(actor.grants, role, unit, to=to, tree=ctx.tree)
    if isinstance(answer, Denied):
        raise NotAllowed(answer.words(ctx.tree))


async def _give(tx: Transaction, grant: Grant) -> None:
    await tx.people.put_grant(grant)
    detail = {"role": str(grant.role)}
    by = grant.granted_by or "hub.install"
    await tx.audit.add(
        at=grant.granted_at, actor=by, unit=grant.unit, act="role.give", subject=grant.account, detail=detail
    )


def _granted(ctx: Context, actor: Actor, account: AccountId, role: Role, unit: AreaCode) -> Grant:
    return Grant(account=account, role=role, unit=unit, granted_by=actor.account.id, granted_at=ctx.now())

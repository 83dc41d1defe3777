"""What is said about a bulletin before it goes to the approver, and who is told."""

from dataclasses import replace
from datetime import datetime

from content.desk.checklists import listed
from content.desk.checks import Subjected, checked
from content.desk.findings import Finding, Gravity, at_least, in_order
from content.desk.ports import Notice
from content.desk.watchwords import Watch, WatchWord, seen_in, watched
from content.model import Bulletin
from content.text.spoken import SpokenText
from hub.db.transaction import Transaction
from hub.flows.context import Context
from hub.flows.errors import Conflicted, Refused
from hub.flows.reading import layers_of, reading_of
from scheduler.calendars import wall_of

SHOWN_MAX = 5  # sentences of a refusal; all of them stand beside the text


def findings_in(
    bulletin: Bulletin, spoken: SpokenText, words: tuple[WatchWord, ...], now: datetime, slot_s: float | None = None
) -> tuple[Finding, ...]:
    """Return everything that is said about a bulletin, the gravest first; now: UTC."""
    it = Subjected(
        title=bulletin.title,
        text=bulletin.text,
        spoken=spoken,
        now=wall_of(now),
        service_class=bulletin.service_class,
        subject=bulletin.subject,
        requester=bulletin.requester,
        document=bulletin.document,
        valid_until=wall_of(bulletin.valid_until) if bulletin.valid_until else None,
        rate_percent=bulletin.voice.rate_percent,
        slot_s=slot_s,
    )
    beside = (bulletin.title, *(one.text for one in bulletin.others))  # places in them are not places in the text
    elsewhere = (replace(one, start=0, end=0) for text in beside for one in watched(text, words))
    return in_order((*checked(it), *watched(bulletin.text, words), *elsewhere, *listed(bulletin)))


async def findings_of(
    ctx: Context, tx: Transaction, bulletin: Bulletin, slot_s: float | None = None
) -> tuple[Finding, ...]:
    """Return everything that is said about a bulletin by the tables of its unit."""
    words = await tx.watch_words.of(layers_of(ctx, bulletin.unit))
    return findings_in(bulletin, await reading_of(ctx, tx, bulletin), words, ctx.now(), slot_s)


def refuse(found: tuple[Finding, ...], *, seen: bool) -> None:
    """Raise Refused for what stops a submission, Conflicted for errors that nobody says to have `seen`."""
    if stops := at_least(Gravity.STOP, found):
        raise Refused(_sentences(stops), field="text")
    errors = at_least(Gravity.ERROR, found)
    if errors and not seen:
        raise Conflicted(_sentences(errors))


def _sentences(found: tuple[Finding, ...]) -> str:
    said = list(dict.fromkeys(f"{one.words} {one.remedy}" for one in found))
    more = [f"Còn {len(said) - SHOWN_MAX} lỗi khác."] if len(said) > SHOWN_MAX else []
    return " ".join([*said[:SHOWN_MAX], *more])


async def tell_watchers(ctx: Context, tx: Transaction, bulletin: Bulletin) -> tuple[str, ...]:
    """Tell those named in the tables of watched words, each once about one version; return who was told."""
    words = await tx.watch_words.of(layers_of(ctx, bulletin.unit))
    told: dict[str, list[str]] = {}
    everything = "\n".join((bulletin.title, bulletin.text, *(one.text for one in bulletin.others)))
    for seen in seen_in(everything, words):
        for account in seen.word.told if seen.word.level >= Watch.TELL else ():
            told.setdefault(account, []).append(f"“{seen.word.word}” (mức {int(seen.word.level)})")
    for account, found in list(told.items()):
        before = await tx.notices.of(account, unseen=False, limit=100)
        if any((one.bulletin, one.version) == (bulletin.id, bulletin.version) for one in before):
            del told[account]
            continue
        said = f"Bản tin “{bulletin.title}” có từ cần theo dõi: {', '.join(dict.fromkeys(found))}."
        await tx.notices.add(
            Notice(account=account, bulletin=bulletin.id, version=bulletin.version, words=said, at=ctx.now())
        )
    return tuple(told)

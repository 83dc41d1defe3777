"""A bulletin becomes aired when the first loudspeaker proves that it was heard to its end."""

from collections.abc import Iterable

from content import model
from content.errors import UnknownBulletin
from content.model import Stage
from devices.model import Device
from devices.protocol.ids import ContentId
from devices.protocol.messages import AsRun, Outcome, Source
from hub.db.transaction import Transaction
from hub.flows.context import Context
from scheduler.errors import UnknownProgramme
from scheduler.model import reaches


async def note_aired(ctx: Context, tx: Transaction, device: Device, records: Iterable[AsRun]) -> set[str]:
    """Move the bulletins of completed items to aired; return the names of what has changed."""
    heard = {one.id for one in records if one.source is Source.ITEM and one.outcome is Outcome.COMPLETED}
    names: set[str] = set()
    for item in sorted(heard):
        bulletin = await _bulletin_of(tx, device, item)
        if bulletin is not None and bulletin.stage is Stage.SCHEDULED:
            await tx.bulletins.save(model.aired(bulletin, now=ctx.now()))
            names |= {"bulletins", f"bulletin:{bulletin.id}"}
    return names


async def _bulletin_of(tx: Transaction, device: Device, item: str) -> model.Bulletin | None:
    """Return the bulletin behind an item's id: <programme>-<local start>-<number of the clip>."""
    programme_id, _, number = item.rpartition("-")
    programme_id = programme_id.rpartition("-")[0]
    if not programme_id or not (number.isascii() and number.isdigit()):
        return None
    try:
        programme = await tx.programmes.get(ContentId(programme_id))
        clip = programme.clips[int(number)]
        meant = bool(clip.bulletin) and reaches(programme, device.areas)  # nobody proves what was not for them
        return await tx.bulletins.get(ContentId(clip.bulletin)) if meant else None
    except (UnknownProgramme, UnknownBulletin, IndexError):
        return None

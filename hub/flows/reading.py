"""How a bulletin is read: by the lexicon of its unit, and by hand where somebody has said so.

A draft is read by the lexicon as it is; from the moment it is submitted, as it was then.  What somebody approves is
therefore what is heard, whatever is changed in the lexicon afterwards.
"""

from collections.abc import Sequence

from content.desk.lexicon import Change, lexicon_of
from content.model import Bulletin
from content.text.layers import Lexicon
from content.text.normalise import normalise
from content.text.spoken import ByHand, SpokenText
from devices.areas import AreaCode
from hub.db.transaction import Transaction
from hub.flows.context import Context


def layers_of(ctx: Context, unit: str) -> tuple[AreaCode, ...]:
    """Return the layers that a unit's texts are read by, the nearest first."""
    return (AreaCode(unit), *(above.code for above in ctx.tree.ancestors(unit)))


async def changes_for(ctx: Context, tx: Transaction, unit: str) -> tuple[Change, ...]:
    """Return every change of the layers of a unit."""
    return await tx.lexicon.of(layers_of(ctx, unit))


async def lexicon_in(ctx: Context, tx: Transaction, unit: str, *, until: int | None = None) -> Lexicon:
    """Return the lexicon of a unit, as it is or as it was at a change."""
    return lexicon_of(await changes_for(ctx, tx, unit), layers_of(ctx, unit), until=until)


async def lexicon_for(ctx: Context, tx: Transaction, bulletin: Bulletin) -> Lexicon:
    """Return the lexicon by which a bulletin is read."""
    return await lexicon_in(ctx, tx, bulletin.unit, until=bulletin.read_until)


def read(text: str, lexicon: Lexicon, by_hand: Sequence[ByHand] = ()) -> SpokenText:
    """Return how a text will be spoken."""
    return normalise(text, lexicon, by_hand)


async def reading_of(ctx: Context, tx: Transaction, bulletin: Bulletin) -> SpokenText:
    """Return how a bulletin will be spoken."""
    return read(bulletin.text, await lexicon_for(ctx, tx, bulletin), bulletin.by_hand)

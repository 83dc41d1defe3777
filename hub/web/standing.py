"""What stands on every page: the alerts that are on the air now."""

from dataclasses import dataclass

from emergency.hazards import hazard_of
from emergency.incident import Incident, Message
from hub.flows import alert
from hub.flows.context import Context
from hub.web.words import moment

GROUP = "nhóm địa bàn"  # what a group across units is called where its name is not at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One alert as the strip shows it."""

    id: str
    drill: bool
    headline: str


async def standing(ctx: Context) -> tuple[Standing, ...]:
    """Return the alerts that override programmes now, what is meant before drills."""
    on_air = sorted(await alert.active(ctx), key=lambda one: (one.is_drill, -one.level, one.created_at))
    return tuple(Standing(id=one.id, drill=one.is_drill, headline=_in_full(ctx, one)) for one in on_air)


def headline(incident: Incident, places: str) -> str:
    """Return an alert in one line: what, how bad, where."""
    hazard = hazard_of(incident.hazard)
    if incident.message is Message.ALL_CLEAR:
        return f"Báo yên {hazard.name} · {places}"
    return f"Cảnh báo {hazard.name}" + (f", cấp {incident.level}" if hazard.natural else "") + f" · {places}"


def places(ctx: Context, codes: tuple[str, ...]) -> str:
    """Return the names of units, at most three of them."""
    names = [unit.name if (unit := ctx.tree.find(code)) else GROUP for code in codes]
    return ", ".join(names[:3]) + (f" và {len(names) - 3} nơi khác" if len(names) > 3 else "")


def _in_full(ctx: Context, incident: Incident) -> str:
    return f"{headline(incident, places(ctx, incident.target.areas))} · đến {moment(incident.valid_until, ctx.now())}"

"""The reported state: what a device says of itself, and what of it is worth saying at once.  Pure."""

from devices.protocol.ids import DeviceId
from devices.protocol.messages import State, Status, Why
from firmware_sim.clock import Clock
from firmware_sim.desired import Desired
from firmware_sim.records import on_wire
from firmware_sim.stage import Stage
from firmware_sim.view import View


def face_of(clock: Clock, desired: Desired, stage: Stage, view: View) -> tuple[object, ...]:
    """Return what makes a new report worth saying before the next heartbeat, when it differs."""
    decision = stage.decision
    sound = decision.sound if decision else None
    what = (sound.source, sound.id, sound.digest, sound.step, sound.volume_percent) if sound else None
    why = decision.why if decision else None
    return (what, why, clock.trusted, desired.keys, view.manifest, view.documents, len(view.held))


def state_of(
    *,
    device: DeviceId,
    firmware: str,
    now_ms: int,
    clock: Clock,
    desired: Desired,
    stage: Stage,
    view: View,
    refused: int,
) -> State:
    """Return the reported state."""
    decision = stage.decision
    sound = decision.sound if decision else None
    idle_percent = view.manifest.volume_percent if view.manifest else 0
    return State(
        device=device,
        boot=stage.boot,
        at_ms=on_wire(now_ms),
        status=Status.ONLINE,
        why=decision.why if decision else Why.NOTHING_SCHEDULED,
        source=sound.source if sound else None,
        sounding=sound.id if sound else "",
        digest=sound.digest if sound else None,
        since_ms=on_wire(stage.since_ms),
        volume_percent=sound.volume_percent if sound else idle_percent,
        clock_trusted=clock.trusted,
        clock_offset_ms=clock.offset_ms,
        keys=desired.keys.sequence if desired.keys else 0,
        manifest=view.manifest.sequence if view.manifest else 0,
        overrides=view.documents,
        assets_held=view.wants - view.missing,
        assets_missing=view.missing,
        asrun_waiting=len(stage.ledger.waiting),
        refused=refused,
        firmware=firmware,
    )

"""What happens to a fleet in a run: scenarios/*.toml, read into a plan of faults.  Pure but for reading the file."""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_sim.errors import ScenarioInvalid
from firmware_sim.faults import Fault, Kind, Plan

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A run: how long, and what fails when."""

    name: str
    about: str
    duration_s: int
    plan: Plan


def names() -> tuple[str, ...]:
    """Return the scenarios there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str, *, devices: int, seed: int) -> Scenario:
    """Return a scenario for so many devices, the same for the same seed.  Raises ScenarioInvalid."""
    if name not in names():
        raise ScenarioInvalid(f"no scenario {name!r}; there are: {', '.join(names())}")
    return parse(name, (FOLDER / f"{name}.toml").read_text("utf-8"), devices=devices, seed=seed)


def parse(name: str, text: str, *, devices: int, seed: int) -> Scenario:
    """Return the scenario in `text`.  Raises ScenarioInvalid."""
    dice = random.Random(seed)  # noqa: S311 - a run must come again with its seed
    try:
        raw = tomllib.loads(text)
        faults = [fault for entry in raw.get("fault", ()) for fault in _faults(entry, devices, dice)]
        ordered = tuple(sorted(faults, key=lambda fault: (fault.at_ms, fault.device)))
        return Scenario(
            name=name,
            about=str(raw["about"]),
            duration_s=int(raw["duration_s"]),
            plan=Plan(seed=seed, faults=ordered),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise ScenarioInvalid(f"{name}: {exc}") from exc


def _faults(entry: Mapping[str, Any], devices: int, dice: random.Random) -> list[Fault]:
    """Return one fault for each device of the share, spread over time."""
    hit = dice.sample(range(devices), -(-devices * int(entry["share_percent"]) // 100))
    spread_ms = int(entry.get("spread_s", 0)) * 1000
    return [
        Fault(
            at_ms=int(entry["at_s"]) * 1000 + dice.randint(0, spread_ms),
            kind=Kind(entry["kind"]),
            device=device,
            for_ms=int(entry.get("for_s", 0)) * 1000,
            amount=int(entry.get("amount_s", 0)) * 1000,
        )
        for device in hit
    ]

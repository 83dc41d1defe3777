"""The house rules as tables: who may import whom, who may do I/O, what stays pure, what a file may not hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOMAINS = {"content", "scheduler", "emergency"}
OURS = DOMAINS | {"devices", "firmware_sim", "hub"}

# The longest matching prefix wins; a package may always import itself.
MAY_IMPORT: dict[str, set[str]] = {
    "devices.protocol": set(),
    "devices": {"devices"},
    "content": {"devices.protocol", "devices.areas"},
    "scheduler": {"devices.protocol", "devices.areas", "devices.model"},
    "emergency": {"devices.protocol", "devices.areas", "devices.model"},
    "firmware_sim": {"devices.protocol"},
    "hub.auth": {"devices.areas"},
    "hub.db": {*DOMAINS, "devices", "hub.auth"},
    "hub.flows": {*DOMAINS, "devices", "hub.auth", "hub.db"},
    "hub.api": {*DOMAINS, "devices", "hub.auth", "hub.flows"},
    "hub.web": {*DOMAINS, "devices", "hub.auth", "hub.flows"},
    "hub": {*DOMAINS, "devices", "hub"},
}

# A library that touches the world, and the only places that may name it.
EDGES = {
    "aiomqtt": {"devices.gateway", "firmware_sim.mqtt"},
    "iotcore": {"hub.broker"},
    "aiohttp": {"hub.app", "hub.api", "hub.web"},
    "jinja2": {"hub.web"},
    "argon2": {"hub.auth"},
    "sqlalchemy": {"hub.db"},
    "aiosqlite": {"hub.db"},
    "asyncpg": {"hub.db"},
    "alembic": {"hub.db"},
    "apscheduler": {"scheduler.jobs"},
    "pydantic": {"hub.api", "hub.config", "hub.db.documents"},
    "espeakng_loader": {"content.speech"},
    "gtts": {"content.speech"},
    "imageio_ffmpeg": {"content.audio.encode", "content.audio.probe", "firmware_sim.horn"},
    "numpy": {"content", "firmware_sim.horn"},
    "pydub": {"content.audio.segments"},
    "requests": {"content.speech.gtts_engine"},
}

PURE = {
    "devices.protocol",
    "devices.areas",
    "content.model",
    "content.approval",
    "content.text",
    "content.audio.chime",
    "content.audio.encoder",
    "content.audio.filters",
    "content.audio.pcm",
    "content.audio.recognise",
    "content.recipe",
    "content.audio.loudness",
    "content.audio.master",
    "scheduler.model",
    "scheduler.day",
    "emergency.incident",
    "emergency.targeting",
    "emergency.rollcall",
    "firmware_sim.core",
    "firmware_sim.cache",
}
IMPURE_NAMES = {"asyncio", "time", "random", "socket", "subprocess", "logging"}

TOP_LEVEL = (
    *("content", "devices", "emergency", "firmware_sim", "hub", "scheduler", "tests"),
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
    *("loa", "pyproject.toml", "requirements.lock", "requirements-test.lock", ".ci/run"),
    *(f"{package}/README.md" for package in ("content", "devices", "emergency", "firmware_sim", "hub", "scheduler")),
    *("devices/protocol/spec/protocol.md", "devices/protocol/spec/limits.json"),
)

# A word that fits every module says nothing about any.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "process_data"}

# Put together here, so that this file holds none of them.  Where packages come from is the machine's setting, and a
# path of one machine means nothing on another.
NOT_IN_ANY_FILE = (
    "pypi" + r"\.org",
    "pythonhosted" + r"\.org",
    "npmjs" + r"\.(?:org|com)",
    "deb" + r"\.debian\.org",
    r"(?<![\w.])/wo" + "rk/",
    r"(?<![\w.])/ro" + "ot/",
    r"(?<![\w.])/ho" + r"me/\w",
)


def within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for top in sorted(OURS)
        for path in (ROOT / top).rglob("*.py")
    }


def imports(path: Path) -> Iterator[str]:
    """Yield every dotted name `path` imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                assert node.level == 0, f"{path}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tracked_files() -> list[Path]:
    """Return every file of the repository, or every file beside it that would belong to it."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_follow_the_house_rules(module: str) -> None:
    home = max((prefix for prefix in MAY_IMPORT if within(module, prefix)), key=len)
    pure = any(within(module, prefix) for prefix in PURE)
    for name in imports(modules()[module]):
        top = name.partition(".")[0]
        if top in OURS:
            assert any(within(name, ok) for ok in MAY_IMPORT[home] | {home}), f"{module} imports {name}"
        if top in EDGES:
            assert any(within(module, ok) for ok in EDGES[top]), f"{module} names {top}"
        assert not (pure and top in IMPURE_NAMES), f"{module} is pure but imports {top}"


def test_no_rule_is_about_a_module_that_does_not_exist() -> None:
    there = set(modules())
    named = PURE | set(MAY_IMPORT) | {place for places in EDGES.values() for place in places}
    gone = sorted(prefix for prefix in named if not any(within(module, prefix) for module in there))
    assert not gone, f"mistyped, moved or not written: {gone}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_no_module_has_an_empty_name_or_one_of_the_standard_library(module: str) -> None:
    name = module.rpartition(".")[2]
    assert name not in EMPTY_NAMES
    assert name not in sys.stdlib_module_names or module in OURS, f"{module} hides the standard library's {name}"


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_what_others_rely_on_is_where_they_look_for_it(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", ["loa", ".ci/run", ".ci/lock"])
def test_what_is_called_by_name_can_be_executed(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 == 0o111


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    unwanted = re.compile("|".join(NOT_IN_ANY_FILE), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text("utf-8", "ignore").splitlines(), 1)
        if unwanted.search(line)
    ]
    assert not found, "\n".join(found)


def test_every_dependency_is_locked_with_its_hashes() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip())
        loose = [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
        assert not loose, f"{name}: {loose}"

"""`loa test`: install what the real tests need, then lint, type-check and test everything."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HELP = "cài những gì bài kiểm thử cần rồi chạy tất cả (install what the tests need and run them all)"

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianPackage:
    """A package, how to see that what we want of it is there, and whether the tests can do without."""

    name: str
    is_there: Callable[[], bool]
    optional: bool = False


def _command(*names: str) -> Callable[[], bool]:
    # /usr/sbin is not on everybody's PATH, and that is where Debian puts mosquitto.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return lambda: any(shutil.which(name, path=path) for name in names)


def _file(folder: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(folder).glob(pattern))


PACKAGES = (
    DebianPackage(name="mosquitto", is_there=_command("mosquitto")),
    DebianPackage(name="postgresql", is_there=_file("/usr/lib/postgresql", "*/bin/initdb")),
    DebianPackage(name="chromium", is_there=_command("chromium")),
    DebianPackage(name="fonts-dejavu-core", is_there=_file("/usr/share/fonts", "**/DejaVuSans.ttf"), optional=True),
    DebianPackage(name="gcc", is_there=_command("gcc", "cc"), optional=True),
    DebianPackage(name="libssl-dev", is_there=_file("/usr/include/openssl", "evp.h"), optional=True),
)

# Many acceptance tests wait for sound to be over, so three files at a time keep two cores busy.
ALL = ("-n", "3", "--dist", "loadfile", "--durations=10", "-m", "not alone")
ALONE = ("-m", "alone", "tests/acceptance")  # what many processes do in real time, with nothing beside it

CHECKS: Mapping[str, Sequence[str]] = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take everything as pytest's: `loa test tests/unit -k numerals` runs only those, and none of the other checks."""
    parser.add_argument("pytest_args", nargs=argparse.REMAINDER, metavar="…", help="đưa nguyên cho pytest")


def run(args: argparse.Namespace) -> int:
    """Return 0 when everything held."""
    pytest_args = [arg for arg in args.pytest_args if arg != "--"]
    if not install_missing(PACKAGES):
        return 1
    failed = [] if pytest_args else [name for name, command in CHECKS.items() if not _holds(name, command)]
    # Last, so that its closing line is the last thing to be read.
    tests_held = _holds("pytest", ("pytest", *(pytest_args or ALL)))
    if not pytest_args:
        # Once more when it failed: on a shared machine a second may be lost to others; a fault of ours fails twice.
        alone = ("pytest", *ALONE)
        tests_held = (_holds("pytest, alone", alone) or _holds("pytest, alone, again", alone)) and tests_held
    if failed:
        _say(f"không đạt trước đó (failed before): {', '.join(failed)}")
    return 0 if tests_held and not failed else 1


def install_missing(packages: Sequence[DebianPackage]) -> bool:
    """Return whether all that the tests cannot do without is there, after installing it where that is possible."""
    missing = [package for package in packages if not package.is_there()]
    if not missing:
        return True
    names = [package.name for package in missing]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _say(f"cài bằng apt-get (installing): {' '.join(names)} …")
        _apt_get(names)
    lacking = [package.name for package in missing if not package.optional and not package.is_there()]
    if lacking:
        _say(f"còn thiếu (missing): {', '.join(lacking)}. Chạy (run):")
        _say(f"  sudo apt-get update && sudo apt-get install -y {' '.join(names)}")
    return not lacking


def _apt_get(names: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", *names)):
        # What matters is whether the programs are there afterwards, and that is looked at then.
        subprocess.run(("apt-get", *command), env=environment, stdout=sys.stderr, check=False)  # noqa: S603, S607  fixed words


def _holds(name: str, command: Sequence[str]) -> bool:
    """Run one check, which prints its own result, and tell whether it held."""
    _say(f"── {name}")
    done = subprocess.run((sys.executable, "-m", *command), cwd=ROOT, check=False)  # noqa: S603  our own commands
    return done.returncode == 0


def _say(line: str) -> None:
    print(line, flush=True)

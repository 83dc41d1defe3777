"""`loa test` before it tests: what it installs, what it says where it cannot, what it hands on."""

import argparse
import os
from collections.abc import Sequence

import pytest

from hub.commands import test as command
from hub.commands.test import DebianPackage, install_missing


class Machine:
    """A pretend machine: which packages are there, and whether apt-get works."""

    def __init__(self, *present: str, apt_works: bool = True) -> None:
        self.present = set(present)
        self.apt_works = apt_works
        self.asked: list[str] = []

    def package(self, name: str, *, optional: bool = False) -> DebianPackage:
        return DebianPackage(name=name, is_there=lambda: name in self.present, optional=optional)

    def apt_get(self, names: Sequence[str]) -> None:
        self.asked += names
        if self.apt_works:
            self.present |= set(names)


def on(machine: Machine, monkeypatch: pytest.MonkeyPatch, *, root: bool) -> None:
    monkeypatch.setattr(command, "_apt_get", machine.apt_get)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}")


def test_nothing_is_installed_where_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("mosquitto")
    on(machine, monkeypatch, root=True)
    assert install_missing([machine.package("mosquitto")])
    assert machine.asked == []


def test_root_gets_only_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("mosquitto")
    on(machine, monkeypatch, root=True)
    assert install_missing([machine.package("mosquitto"), machine.package("chromium")])
    assert machine.asked == ["chromium"]


def test_others_are_told_the_exact_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine()
    on(machine, monkeypatch, root=False)
    assert not install_missing([machine.package("mosquitto"), machine.package("gcc", optional=True)])
    assert machine.asked == []
    assert "sudo apt-get update && sudo apt-get install -y mosquitto gcc" in capsys.readouterr().out


def test_what_is_optional_may_stay_away(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(apt_works=False)
    on(machine, monkeypatch, root=True)
    assert install_missing([machine.package("gcc", optional=True)])
    assert machine.asked == ["gcc"]


@pytest.mark.parametrize(
    ("pytest_args", "expected"),
    [
        (["--"], ["ruff check", "ruff format", "mypy", "pytest", "pytest, alone"]),
        ([], ["ruff check", "ruff format", "mypy", "pytest", "pytest, alone"]),
        (["--", "tests/unit", "-k", "numerals"], ["pytest tests/unit -k numerals"]),
    ],
)
def test_arguments_are_handed_to_pytest_which_then_runs_alone(
    pytest_args: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def holds(name: str, words: Sequence[str]) -> bool:
        ran.append(name if name != "pytest" or not pytest_args[1:] else " ".join(words))
        return True

    monkeypatch.setattr(command, "install_missing", lambda _: True)
    monkeypatch.setattr(command, "_holds", holds)
    assert command.run(argparse.Namespace(pytest_args=pytest_args)) == 0
    assert ran == expected


@pytest.mark.parametrize("broken", ["ruff check", "mypy", "pytest"])
def test_one_check_that_fails_fails_the_whole_and_stops_nothing(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(command, "install_missing", lambda _: True)
    monkeypatch.setattr(command, "_holds", lambda name, _: bool(ran.append(name)) or name != broken)
    assert command.run(argparse.Namespace(pytest_args=[])) == 1
    assert ran[-1] == "pytest, alone"


def test_what_runs_alone_may_fail_once_and_not_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "install_missing", lambda _: True)
    for fails, code in (({"pytest, alone"}, 0), ({"pytest, alone", "pytest, alone, again"}, 1)):
        monkeypatch.setattr(command, "_holds", lambda name, _, fails=fails: name not in fails)
        assert command.run(argparse.Namespace(pytest_args=[])) == code


def test_options_of_pytest_are_not_taken_for_ours() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert parser.parse_args(["--", "-k", "x"]).pytest_args[-2:] == ["-k", "x"]

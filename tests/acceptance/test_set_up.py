"""./loa where nothing is installed yet: a copy of it with one tiny package, and the real pip without a network."""

import base64
import hashlib
import os
import select
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

LOA = Path(__file__).parents[2] / "loa"
WAIT_S = 120.0

# What the copy runs in place of the hub: it says how it was called.
HUB = """
import os, sys, tiny
print(*sys.argv[1:], os.getcwd(), tiny.VERSION, sep="|")
"""


def make_wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel of one module and return its line for a lock file."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Copy:
    """A folder with the script, a stand-in for the hub, and an index of two tiny packages."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bản sao có dấu cách"
        (self.root / "hub").mkdir(parents=True)
        shutil.copy(LOA, self.root / "loa")
        (self.root / "hub" / "__main__.py").write_text(HUB, "utf-8")
        self.index = folder / "index"
        self.index.mkdir()
        self.lines = {version: make_wheel(self.index, "tiny", version) for version in ("1.0", "2.0")}
        self.lock("1.0")
        (self.root / "requirements-test.lock").write_text(make_wheel(self.index, "tinytest", "1.0"), "utf-8")

    def lock(self, version: str) -> None:
        (self.root / "requirements.lock").write_text(self.lines[version], "utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        mine = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "LOA_PYTHON": sys.executable, **more}
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "LOA_"))}
        return theirs | {"PIP_CONFIG_FILE": os.devnull} | mine

    def call(
        self, *args: str, cwd: Path | None = None, script: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script or self.root / "loa", *args],
            cwd=cwd or self.root,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("loa"))
    first = copy.call("demo", "--once")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"demo|--once|{copy.root}|1.0\n", "standard output belongs to the command"
    assert ".venv" in first.stderr
    return copy


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Copy]:
    yield Copy(tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_the_second_call_installs_nothing_and_says_nothing(installed: Copy) -> None:
    second = installed.call("serve", PIP_FIND_LINKS="/nowhere")
    assert (second.returncode, second.stderr) == (0, "")


def test_it_runs_from_another_folder_and_through_links_and_keeps_the_folder(installed: Copy, tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "__main__.py").write_text("print('the wrong hub')", "utf-8")
    (tmp_path / "absolute").symlink_to(installed.root / "loa")
    (tmp_path / "relative").symlink_to("absolute")
    for script in (installed.root / "loa", tmp_path / "absolute", tmp_path / "relative"):
        assert installed.call("normalise", "a b.txt", cwd=tmp_path, script=script).stdout == (
            f"normalise|a b.txt|{tmp_path}|1.0\n"
        )


def test_a_changed_lock_is_installed_once(installed: Copy) -> None:
    installed.lock("2.0")
    try:
        assert installed.call("x").stdout.endswith("|2.0\n")
        assert installed.call("x", PIP_FIND_LINKS="/nowhere").stderr == ""
    finally:
        installed.lock("1.0")
        assert installed.call("x").stdout.endswith("|1.0\n")


def test_the_test_group_is_installed_only_for_the_test_command(installed: Copy) -> None:
    def has_test_group() -> bool:
        return any((installed.root / ".venv").rglob("tinytest.py"))

    assert not has_test_group()
    assert installed.call("test", "-k", "x").stdout.startswith("test|--|-k|x|")
    assert has_test_group()


def test_a_package_that_is_not_the_locked_one_is_refused_and_tried_again_next_time(installed: Copy) -> None:
    (installed.root / "requirements.lock").write_text(f"tiny==2.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    try:
        for _ in range(2):
            refused = installed.call("x")
            assert refused.returncode == 1
            assert "DO NOT MATCH THE HASHES" in refused.stderr
            assert "install.log" in refused.stderr
            assert refused.stdout == ""
    finally:
        installed.lock("1.0")
        assert installed.call("x").returncode == 0


def test_the_commands_exit_code_is_the_scripts(installed: Copy) -> None:
    main = installed.root / "hub" / "__main__.py"
    main.write_text("raise SystemExit(7)", "utf-8")
    try:
        assert installed.call("x").returncode == 7
    finally:
        main.write_text(HUB, "utf-8")


def test_a_half_made_environment_is_made_anew(installed: Copy) -> None:
    python = installed.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert installed.call("x").stdout == f"x|{installed.root}|1.0\n"


def test_an_installation_that_was_killed_is_finished_by_the_next_call(fresh: Copy) -> None:
    with subprocess.Popen(
        [fresh.root / "loa", "x"],
        env=fresh.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as first:
        assert first.stderr is not None
        ready, _, _ = select.select([first.stderr], [], [], WAIT_S)
        assert ready, "it never said that it makes an environment"
        os.killpg(first.pid, 9)
    assert fresh.call("x").stdout == f"x|{fresh.root}|1.0\n"


def test_two_calls_at_once_both_run_and_one_of_them_installs(fresh: Copy) -> None:
    calls = [
        subprocess.Popen(
            [fresh.root / "loa", name],
            cwd=fresh.root,
            env=fresh.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    ended = [call.communicate(timeout=WAIT_S) for call in calls]
    assert [out for out, _ in ended] == [f"a|{fresh.root}|1.0\n", f"b|{fresh.root}|1.0\n"], ended
    assert sum("requirements.lock" in err for _, err in ended) == 1, ended


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with a shell's usual tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "cmp", "dirname", "readlink", "grep", "tee", "mv", "rm", "mkdir"):
        found = shutil.which(tool)
        assert found is not None, tool
        (folder / tool).symlink_to(found)
    return folder


def add_python(folder: Path, name: str, *, refuses: tuple[str, ...] = ()) -> None:
    """Put a Python under `name` that fails when its code holds one of the words in `refuses`."""
    cases = "".join(f'*"{words}"*) exit 1 ;; ' for words in refuses)
    (folder / name).write_text(f'#!/bin/sh\ncase "$*" in {cases} esac\nexec "{sys.executable}" "$@"\n', "utf-8")
    (folder / name).chmod(0o755)


def test_without_python_it_says_what_is_missing(fresh: Copy, bare_path: Path) -> None:
    refused = fresh.call("x", PATH=str(bare_path), LOA_PYTHON="")
    assert refused.returncode == 1
    assert "Python 3.11" in refused.stderr
    assert "apt-get install python3 python3-venv" in refused.stderr


def test_a_python_that_does_not_run_or_is_too_old_is_passed_over(fresh: Copy, bare_path: Path) -> None:
    add_python(bare_path, "python3.13", refuses=("version_info",))
    add_python(bare_path, "python3")
    assert fresh.call("x", PATH=str(bare_path), LOA_PYTHON="").stdout == f"x|{fresh.root}|1.0\n"


def test_without_the_venv_module_it_names_the_package(fresh: Copy, bare_path: Path) -> None:
    add_python(bare_path, "python3", refuses=("import ensurepip", "import pip"))
    refused = fresh.call("x", PATH=str(bare_path), LOA_PYTHON="")
    assert refused.returncode == 1
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in refused.stderr


def test_without_ensurepip_the_pip_of_the_machine_does(fresh: Copy, bare_path: Path) -> None:
    add_python(bare_path, "python3", refuses=("import ensurepip",))
    for command in ("demo", "test"):
        done = fresh.call(command, PATH=str(bare_path), LOA_PYTHON="")
        assert done.stdout.startswith(command), done.stderr
    assert not (fresh.root / ".venv" / "bin" / "pip").exists()

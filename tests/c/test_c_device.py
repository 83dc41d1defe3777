"""A device in C, against a stock crypto library, gives the verdicts of the vectors."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devices.protocol.spec.vectors import generate
from tests.conformance.asserting import asserts

HERE = Path(__file__).parent
FLAGS = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1")
PROBE = "#include <openssl/evp.h>\nint main(void) { return EVP_MD_CTX_new() == 0; }\n"


def compile_c(compiler: str, target: Path, *sources: Path) -> subprocess.CompletedProcess[str]:
    include = f"-I{generate.SPEC}"
    command = [compiler, *FLAGS, include, "-o", str(target), *map(str, sources), "-lcrypto"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None:
        pytest.skip("no C compiler: apt-get install gcc")
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(PROBE)
    if compile_c(found, folder / "probe", folder / "probe.c").returncode:
        pytest.skip("no OpenSSL headers: apt-get install libssl-dev")
    return found


@pytest.fixture(scope="module")
def program(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("c") / "run_vectors"
    built = compile_c(compiler, target, HERE / "envelope.c", HERE / "run_vectors.c")
    assert built.returncode == 0, built.stderr
    return target


def run(program: Path, vectors: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, vectors], capture_output=True, text=True, timeout=60, check=False)


@asserts(
    "EN-HEAD-01",
    "EN-SIZE-01",
    "EN-KEY-01",
    "EN-KEY-02",
    "EN-SIG-01",
    "EN-SIG-02",
    "SQ-LOW-01",
    "CK-EXP-01",
    "KY-SET-02",
)
def test_it_gives_every_verdict(program: Path) -> None:
    vectors = generate.HERE / "envelopes.tsv"
    expected = sum(not line.startswith("#") for line in vectors.read_text("utf-8").splitlines())
    ran = run(program, vectors)
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.startswith(f"{expected} cases, ")
    assert expected >= 60


def test_it_would_say_so_when_a_verdict_were_wrong(program: Path, tmp_path: Path) -> None:
    good = (generate.HERE / "envelopes.tsv").read_text("utf-8")
    bad = tmp_path / "bad.tsv"
    bad.write_text(
        good.replace("a bit of the body is flipped\tbad_signature", "a bit of the body is flipped\taccepted")
    )
    ran = run(program, bad)
    assert ran.returncode == 1
    assert "a bit of the body is flipped: must be accepted, is bad_signature" in ran.stdout


def test_limits_h_is_taken_from_the_specification(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "limits_only.c"
    source.write_text('#include "limits.h"\nint main(void) { return LOA_HEADER_BYTES == 114LL ? 0 : 1; }\n')
    assert compile_c(compiler, tmp_path / "limits_only", source).returncode == 0
    assert subprocess.run([tmp_path / "limits_only"], timeout=10, check=False).returncode == 0

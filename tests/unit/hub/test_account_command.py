"""`loa account`: the first people of a hub."""

import argparse
from pathlib import Path

import pytest

from hub.commands import account


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOA_UNIT", "48")


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    account.add_arguments(parser)
    return account.run(parser.parse_args(words))


def create(login: str = "quantri", role: str = "administrator", unit: str = "48") -> int:
    return run("create", login, "--name", "Lê Quang Thọ", "--role", role, "--unit", unit)


def test_the_first_account_gets_a_password_that_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert create() == 0
    first = capsys.readouterr().out
    assert "Tên đăng nhập: quantri" in first
    assert run("list") == 0
    listed = capsys.readouterr().out
    assert "Lê Quang Thọ" in listed
    password = first.split("Mật khẩu lần đầu: ")[1].split()[0]
    assert password not in listed


def test_a_lost_password_is_replaced_by_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert create() == 0
    before = capsys.readouterr().out.split("Mật khẩu lần đầu: ")[1].split()[0]
    assert run("password", "quantri") == 0
    assert capsys.readouterr().out.split("Mật khẩu lần đầu: ")[1].split()[0] != before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "hoa", "--name", "Hòa", "--role", "commune_officer", "--unit", "48"), "không phải là vai trò ở"),
        (("create", "hoa", "--name", "Hòa", "--role", "commune_officer", "--unit", "99999"), "Không có đơn vị nào"),
        (("create", "HÒA!", "--name", "Hòa", "--role", "administrator", "--unit", "48"), "Tên đăng nhập gồm"),
        (("create", "hoa", "--name", " ", "--role", "administrator", "--unit", "48"), "họ và tên"),
        (("password", "nobody"), "Không có tài khoản nào"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert said in capsys.readouterr().err


def test_a_sign_in_name_is_given_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert create() == 0
    assert create() == 2
    assert "đã có người dùng" in capsys.readouterr().err


def test_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LOA_HTTP_PORT", "many")
    assert run("list") == 2
    assert "LOA_HTTP_PORT" in capsys.readouterr().err

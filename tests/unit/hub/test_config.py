"""One frozen settings object: variables over a file over the defaults, and every problem in words at once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.commands.check import unit_problem
from hub.config import ConfigError, Settings


def test_without_anything_it_is_a_commune_on_one_machine() -> None:
    settings = Settings.load({})
    assert settings.database == "sqlite+aiosqlite:///var/loa/loa.db"
    assert settings.url == "http://127.0.0.1:8080"
    assert settings.broker_host == ""


def test_variables_go_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "loa.toml"
    file.write_text('http_port = 9000\nunit = "48"\n', "utf-8")
    settings = Settings.load({"LOA_CONFIG": str(file), "LOA_UNIT": "20669", "PATH": "/bin", "LOA_SEED": "1"})
    assert (settings.http_port, settings.unit, settings.broker_port) == (9000, "20669", 1883)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings.load({}).http_port = 1  # type: ignore[misc]


def test_secrets_are_not_printed() -> None:
    url = "postgresql+asyncpg://loa:mat-khau@db/loa"
    settings = Settings.load({"LOA_BROKER_PASSWORD": "mat-khau", "LOA_DATABASE_URL": url})
    assert (settings.broker_password, settings.database) == ("mat-khau", url)
    assert "mat-khau" not in repr(settings)
    assert "mat-khau" not in str(settings)


PROBLEMS = {
    "a port that is none": (
        {"LOA_HTTP_PORT": "99999"},
        "http_port (biến LOA_HTTP_PORT) không hợp lệ: phải từ 65535 trở xuống",
    ),
    "a port that is zero": ({"LOA_HTTP_PORT": "0"}, "phải từ 1 trở lên"),
    "a port in words": ({"LOA_BROKER_PORT": "một"}, "phải là số nguyên"),
    "a switch in words": ({"LOA_ONLINE_VOICE": "có"}, "phải là true hoặc false"),
    "seconds in words": ({"LOA_BEACON_S": "nhanh"}, "phải là số"),
    "no time at all": ({"LOA_BEACON_S": "0"}, "phải lớn hơn 0"),
    "a level that is none": ({"LOA_LOG_LEVEL": "LOUD"}, "phải là một trong: DEBUG, INFO, WARNING, ERROR"),
    "another database": (
        {"LOA_DATABASE_URL": "mysql://x"},
        "phải bắt đầu bằng sqlite+aiosqlite:/// hoặc postgresql+asyncpg://",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_is_wrong_is_said_in_words(case: str) -> None:
    environ, words = PROBLEMS[case]
    with pytest.raises(ConfigError) as wrong:
        Settings.load(environ)
    (problem,) = wrong.value.problems
    assert words in problem


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ConfigError) as wrong:
        Settings.load({"LOA_HTTP_PORT": "x", "LOA_PLAN_DAYS": "99"})
    assert len(wrong.value.problems) == 2


@pytest.mark.parametrize("content", ["http_prot = 1", "http_port = ", "\xff"], ids=["misspelt", "no TOML", "no UTF-8"])
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "loa.toml"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError):
        Settings.load({"LOA_CONFIG": str(file)})


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"/nowhere/loa\.toml"):
        Settings.load({"LOA_CONFIG": "/nowhere/loa.toml"})


@pytest.mark.parametrize(("code", "known"), [("48", True), ("20669", True), ("vn", True), ("zzz", False), ("", False)])
def test_a_hub_is_that_of_a_unit_of_today(code: str, known: bool) -> None:
    assert (unit_problem(code) == "") is known

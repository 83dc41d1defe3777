"""One frozen settings object, read once: `LOA_…` environment variables over a TOML file over the defaults."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

PREFIX = "LOA_"
FILE_VARIABLE = "LOA_CONFIG"  # where the TOML file is
Port = Annotated[int, Field(ge=1, le=65535)]


class ConfigError(Exception):
    """The settings are wrong; `problems` says which and how, in Vietnamese."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """Everything that an installation chooses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("var/loa")  # keys, database, audio
    database_url: Annotated[str, Field(repr=False)] = ""  # may hold a password; empty: SQLite in data_dir
    http_host: str = "127.0.0.1"
    http_port: Port = 8080
    public_url: str = ""  # how browsers reach us; https makes cookies secure
    broker_host: str = ""  # empty: an embedded broker
    broker_listen: str = "127.0.0.1"  # where the embedded broker listens
    broker_public_host: str = ""  # how loudspeakers reach the broker, where that differs
    broker_port: Port = 1883
    broker_username: str = ""
    broker_password: Annotated[str, Field(repr=False)] = ""
    unit: str = "vn"  # the unit whose hub this is: a province's or a commune's code
    quiet_preset: Annotated[str, Field(pattern="^(rural|urban|rural_midday|urban_midday|none)$")] = (
        "rural"  # at first start
    )
    plan_days: Annotated[int, Field(ge=1, le=13)] = 7  # days ahead that every loudspeaker holds
    settle_s: Annotated[float, Field(ge=0, le=60)] = 3.0  # people save several times in a row before plans are made
    beacon_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    online_voice: bool = False  # gTTS in front of the voice on premises
    speech_workers: Annotated[int, Field(ge=1, le=16)] = 1
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("phải bắt đầu bằng sqlite+aiosqlite:/// hoặc postgresql+asyncpg://")
        return url

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'loa.db'}"

    @property
    def url(self) -> str:
        """How a browser reaches the console."""
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return the settings.  Raises ConfigError with every problem at once."""
        values = _from_file(environ.get(FILE_VARIABLE, "")) | _from_environment(environ)
        try:
            return cls.model_validate(values)
        except ValidationError as exc:
            raise ConfigError(tuple(_sentence(error) for error in exc.errors())) from exc


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    own = {name: value for name, value in environ.items() if name.startswith(PREFIX) and name != FILE_VARIABLE}
    names = {name.removeprefix(PREFIX).lower(): value for name, value in own.items()}
    return {name: value for name, value in names.items() if name in Settings.model_fields}


def _from_file(path: str) -> dict[str, object]:
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError((f"Không đọc được tệp cấu hình {path}: {exc}",)) from exc


# What pydantic finds wrong, in our words; `ctx` of the error fills them.
_WORDS = {
    "extra_forbidden": "không có mục cấu hình này",
    "int_parsing": "phải là số nguyên",
    "int_type": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "float_parsing": "phải là số",
    "float_type": "phải là số",
    "bool_parsing": "phải là true hoặc false",
    "bool_type": "phải là true hoặc false",
    "string_type": "phải là chữ",
    "path_type": "phải là đường dẫn",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than_equal": "phải từ {le} trở xuống",
    "string_pattern_mismatch": "phải là một trong: {choices}",
    "value_error": "{error}",
}


def _sentence(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"]))
    facts = error.get("ctx", {})
    choices = str(facts.get("pattern", "")).strip("^()$").replace("|", ", ")
    words = _WORDS.get(error["type"], error["msg"]).format(choices=choices, **facts)
    return f"Cấu hình {name} (biến {PREFIX}{name.upper()}) không hợp lệ: {words}"

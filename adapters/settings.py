"""All settings of a process in one frozen object; each default stands here once, unknown names fail."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from trading.errors import Misconfigured

PREFIX = "TRADEWIND_"
#: Read by the tests and never by the product.
TEST_PREFIX = "TRADEWIND_TEST_"


class Settings(BaseSettings):
    """Where things are and who we are. Limits and strategy parameters are versioned rows, not settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Field(default=Path(".tradewind"), description="folder of all local state")
    mode: Literal["local", "paper", "live"] = Field(default="local", description="local = simulator")
    book: str = Field(
        default="local", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="account and books of this process"
    )
    exchange: str = Field(default="simulator", description="a ccxt exchange id, or simulator")

    database_url: SecretStr | None = Field(default=None, description="PostgreSQL server; none = the embedded one")
    analyst_url: SecretStr | None = Field(
        default=None, description="login of analysts for sql and export; none = made on the embedded server"
    )
    dagster_url: SecretStr | None = Field(default=None, description="database of Dagster's own storage, psycopg2 form")

    redis_url: SecretStr | None = Field(
        default=None, description="Redis that counts requests to venues; none = the database counts them"
    )

    kafka: str | None = Field(default=None, description="bootstrap servers; none = the in-process broker")
    kafka_api_version: str | None = Field(
        default=None, pattern=r"^\d+\.\d+$", description="for the in-process broker only"
    )
    signal_topic: str = Field(default="tradewind.signals", description="topic of the signals")
    market_topic: str = Field(default="tradewind.market", description="the market's topics begin with it")
    signal_partitions: int = Field(default=8, ge=1, le=256, description="partitions of the signal topic")
    signal_key: SecretStr | None = Field(default=None, description="HMAC key of the signals, 32+ characters")

    venue_url: str | None = Field(default=None, description="REST address of the simulator; none = the exchange's own")
    venue_load: float = Field(
        default=1.0, gt=0, description="how many times the requests the venue bears that ccxt says it does"
    )
    venue_api_key: SecretStr | None = Field(default=None, description="API key of the trading account")
    venue_api_secret: SecretStr | None = Field(default=None, description="API secret of the trading account")
    guard_api_key: SecretStr | None = Field(default=None, description="the guard's own API key; none = the account's")
    guard_api_secret: SecretStr | None = Field(default=None, description="the secret of the guard's own API key")
    stream_url: str | None = Field(default=None, description="WebSocket address of the simulator; none = the venue's")
    stale_seconds: float = Field(default=30.0, gt=0, description="a book that nothing is heard of for so long is stale")
    references: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="venues that must agree with ours, comma separated: ccxt ids, or name=URL for a simulator",
    )
    venue_tolerance: float = Field(default=0.02, gt=0, lt=1, description="how far prices of two venues may lie apart")
    spike_move: float = Field(default=0.05, gt=0, lt=1, description="a print so far from the ones before is no price")
    control_url: str | None = Field(default=None, description="control address of the simulator")
    control_token: SecretStr | None = Field(default=None, description="token of the simulator's control address")
    recv_window_ms: int = Field(default=3000, ge=100, le=5000, description="how long a signed order stays acceptable")
    absence_margin_ms: int = Field(default=15000, ge=0, le=120000, description="wait before absence is proof")

    market_time: Literal["asked", "running"] = Field(
        default="asked", description="asked: the venue's clock stands and jumps; running: it runs by itself"
    )
    lanes: int = Field(default=1, ge=1, le=32, description="symbols that execution works on side by side")
    lease_ms: int = Field(default=3000, ge=200, le=60000, description="a silent owner loses its book after so long")
    health_port: int | None = Field(
        default=None, ge=0, le=65535, description="/health and /metrics of execution on the loopback; 0 = any free port"
    )
    sources: Path | None = Field(
        default=None, description="file that declares news, posts, series, funding; none = sources.toml of the data dir"
    )
    screening_lists: Path | None = Field(
        default=None, description="folder of the lists that addresses and names are screened against; none = no lists"
    )
    screening_threshold: float = Field(
        default=85.0, gt=50, le=100, description="a name so much like a listed one is a hit, percent"
    )
    field_map: Path | None = Field(
        default=None, description="file that maps the fields of the regulatory report; none = the map that we ship"
    )
    tax_country: Literal["us", "uk", "es", "ie", "generic"] = Field(
        default="generic", description="by whose rules the daily tax report tells the year"
    )
    indicators: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="files of custom indicators (.py) and combinations (.toml), comma separated, beside those we ship",
    )
    review_seconds: float = Field(default=30.0, gt=0, description="between two comparisons with the venue")

    quotes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "GBP", "BTC", "ETH", "BNB"),
        description="quote currencies, comma separated, in the order in which symbols are split",
    )

    @field_validator("quotes", "references", mode="before")
    @classmethod
    def _parted(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("indicators", mode="before")
    @classmethod
    def _files(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(Path(str(part).strip()) for part in parts if str(part).strip())  # pyright: ignore[reportGeneralTypeIssues]

    @field_validator("quotes")
    @classmethod
    def _in_capitals(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.upper() for part in value)

    @field_validator("database_url", "analyst_url")
    @classmethod
    def _a_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must be of the form postgresql://user:password@host:port/database")
        return value

    @field_validator("signal_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have 32 characters or more")
        return value

    def required(self, name: str) -> str:
        """Return the text of setting `name`; Misconfigured names its variable when it is not set."""
        value = getattr(self, name)
        if value is None:
            raise Misconfigured(f"setting {PREFIX}{name.upper()} is not set")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def load(**overrides: object) -> Settings:
    """Return the settings from the environment, `overrides` first; Misconfigured names each wrong variable."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX) and name not in known
    )
    if unknown:
        raise Misconfigured(f"unknown setting {', '.join(unknown)}; `tradewind show-config` lists the known ones")
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        wrong = "; ".join(_complaint(str(e["loc"][0]), e["input"], e["msg"]) for e in error.errors())
        raise Misconfigured(f"wrong setting {wrong}") from None


def _complaint(name: str, value: object, message: str) -> str:
    secret = "SecretStr" in str(Settings.model_fields[name].annotation)
    shown = "" if secret or not isinstance(value, str | int | float) else f"={value}"
    return f"{PREFIX}{name.upper()}{shown}: {message}"


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child process exactly these settings."""
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
        elif isinstance(value, tuple):
            text = ",".join(map(str, value))
        else:
            text = str(value)
        values[PREFIX + name.upper()] = text
    return values

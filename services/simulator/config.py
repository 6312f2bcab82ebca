"""The simulator's configuration: one JSON file, read once."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from trading.errors import BadData, Misconfigured
from trading.instrument import Instrument
from trading.money import decimal
from trading.timeframe import Timeframe


def _text_decimal(value: object) -> Decimal:
    try:
        return decimal(value)
    except BadData as error:
        raise ValueError(str(error)) from None


Money = Annotated[Decimal, BeforeValidator(_text_decimal)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AccountConfig(_Frozen):
    """One account: its API key and secret, and what it begins with."""

    name: str
    api_key: str
    secret: str = Field(repr=False)
    balances: dict[str, Money]


class InstrumentConfig(_Frozen):
    """One spot market; decimals as text."""

    symbol: str
    base: str
    quote: str
    tick: Money
    lot: Money
    min_quantity: Money
    min_notional: Money
    maker_fee: Money
    taker_fee: Money


class FilesMarket(_Frozen):
    """History to replay: one parquet file per symbol, named like BTCUSDT.parquet, with the columns of a bar."""

    kind: Literal["files"]
    folder: Path


class RandomMarket(_Frozen):
    """A seeded random market from `start` on; without `end` it never ends."""

    kind: Literal["random"]
    seed: int
    start: AwareDatetime
    end: AwareDatetime | None = None


class SteppedClock(_Frozen):
    """Time stands until the control port advances it."""

    kind: Literal["stepped"]
    start: AwareDatetime


class WallClock(_Frozen):
    """Time is the machine's."""

    kind: Literal["wall"]


class SimulatorConfig(_Frozen):
    """All that the simulator needs; ports of 0 are chosen free, `half_spread_bps` is in 1/10,000 of the price.

    `weight_limit` is the request weight allowed per minute, `order_limit` the orders allowed per 10 seconds.
    """

    state_dir: Path
    ready_file: Path
    rest_port: int = 0
    control_port: int = 0
    control_token: str = Field(repr=False)
    accounts: list[AccountConfig]
    venue: str
    timeframe: str
    instruments: list[InstrumentConfig]
    market: FilesMarket | RandomMarket = Field(discriminator="kind")
    clock: SteppedClock | WallClock = Field(discriminator="kind")
    half_spread_bps: Money = Decimal(1)
    weight_limit: int = 120_000
    order_limit: int = 1_000

    @property
    def bar(self) -> Timeframe:
        """The timeframe of the market's own bars."""
        return Timeframe.parse(self.timeframe)

    @property
    def markets(self) -> list[Instrument]:
        """The instruments as the domain knows them."""
        return [Instrument(venue=self.venue, **dict(instrument)) for instrument in self.instruments]

    def start(self, now: datetime) -> datetime:
        """Return when the venue opens for the first time, `now` being the machine's time."""
        return self.clock.start if isinstance(self.clock, SteppedClock) else now


def load(path: Path) -> SimulatorConfig:
    """Return the configuration in the JSON file at `path`; Misconfigured names the field that is wrong."""
    try:
        return SimulatorConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Misconfigured(f"simulator configuration {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"simulator configuration {path}: {field}: {first['msg']}") from None

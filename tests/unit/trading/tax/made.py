"""Made tax events: short names for what the tests need often."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from trading.tax.events import Acquisition, AcquisitionKind, Disposal, DisposalKind, Split, Transfer, Wallet

KRAKEN, LEDGER, BINANCE = Wallet("Kraken"), Wallet("Ledger"), Wallet("Binance")
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
_numbers = count(1)

Number = str | int | Decimal


def at(day: int | datetime) -> datetime:
    """Return noon UTC, `day` days after 1 January 2024."""
    return day if isinstance(day, datetime) else START + timedelta(days=day)


def buy(
    day: int | datetime,
    quantity: Number,
    value: Number,
    fee: Number = 0,
    wallet: Wallet = KRAKEN,
    asset: str = "BTC",
    kind: AcquisitionKind = AcquisitionKind.BUY,
    name: str = "",
) -> Acquisition:
    name = name or f"buy-{next(_numbers)}"
    return Acquisition(name, at(day), wallet, asset, Decimal(quantity), Decimal(value), Decimal(fee), kind)


def sell(
    day: int | datetime,
    quantity: Number,
    value: Number,
    fee: Number = 0,
    wallet: Wallet = KRAKEN,
    asset: str = "BTC",
    kind: DisposalKind = DisposalKind.SELL,
    lots: tuple[str, ...] = (),
) -> Disposal:
    name = f"sell-{next(_numbers)}"
    units, worth, paid = map(Decimal, (quantity, value, fee))
    return Disposal(name, at(day), wallet, asset, units, worth, paid, kind=kind, lots=lots)


def move(
    day: int | datetime,
    sent: Number,
    received: Number,
    value: Number = 0,
    source: Wallet = KRAKEN,
    target: Wallet = LEDGER,
    asset: str = "BTC",
    lots: tuple[str, ...] = (),
) -> Transfer:
    name = f"move-{next(_numbers)}"
    return Transfer(name, at(day), source, target, asset, Decimal(sent), Decimal(received), Decimal(value), lots)


def split(day: int | datetime, old: Number, new: Number, asset: str = "BTC") -> Split:
    return Split(f"split-{next(_numbers)}", at(day), asset, Decimal(old), Decimal(new))

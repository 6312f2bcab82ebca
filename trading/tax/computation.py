"""What comes out: the gains, the income, and what is left, by lot and by wallet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from trading.tax.country import Country
from trading.tax.events import Wallet
from trading.tax.gain import Gain
from trading.tax.income import Income
from trading.tax.lot import Lot
from trading.tax.methods.method import Method


@dataclass(frozen=True)
class Remaining:
    """A lot that is still held, and where; `wallet` is None where all wallets share their lots."""

    wallet: Wallet | None
    lot: Lot


@dataclass(frozen=True)
class Computation:
    """Money in the country's currency, exact to a grain. `zone` is what made days of the instants."""

    country: Country
    method: Method
    zone: tzinfo
    gains: tuple[Gain, ...]
    income: tuple[Income, ...]
    remaining: tuple[Remaining, ...]
    balances: Mapping[tuple[Wallet, str], Decimal]

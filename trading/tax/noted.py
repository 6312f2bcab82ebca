"""What a taxpayer has noted of coins outside the books: transfers, funding, staking, gifts, splits; one row each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.errors import BadData, Misconfigured
from trading.moment import moment
from trading.money import CONTEXT, ZERO, decimal, multiply, round_to
from trading.tax.apportion import GRAIN
from trading.tax.events import (
    Acquisition,
    AcquisitionKind,
    Adjustment,
    Disposal,
    DisposalKind,
    Event,
    Split,
    Transfer,
    Wallet,
)
from trading.tax.rates import Rates

COLUMNS = (
    "id",
    "ts",
    "what",
    "asset",
    "quantity",
    "wallet",
    "to",
    "received",
    "value",
    "fee",
    "held_since",
    "explains",
)
_IN = {kind.value: kind for kind in AcquisitionKind}
_OUT = {kind.value: kind for kind in DisposalKind if kind is not DisposalKind.MOVE}
WHATS = tuple(sorted({*_IN, *_OUT, "transfer", "split", "adjustment"}))


@dataclass(frozen=True)
class Noted:
    """A row of the notes. `value` None is its worth on the market; `explains` names the assumed event it stands for.

    Of a transfer `quantity` is sent and `received` came; of a split `received` units stand for `quantity`. Below zero
    is out, for a word that means both. An adjustment has a value alone.
    """

    name: str
    ts: datetime
    what: str
    asset: str
    quantity: Decimal
    wallet: str
    to: str
    received: Decimal | None
    value: Decimal | None
    fee: Decimal
    held_since: datetime | None
    explains: str

    @property
    def lost(self) -> Decimal:
        """What of a transfer did not arrive."""
        return ZERO if self.received is None else CONTEXT.subtract(self.quantity, self.received)

    @property
    def priced_by_market(self) -> bool:
        """Whether its value must be looked up."""
        if self.what == "transfer":
            return self.value is None and self.lost > ZERO
        return self.value is None and self.what not in {"split", "adjustment"}


def noted(rows: Sequence[Mapping[str, str | None]]) -> list[Noted]:
    """Return the rows of a table whose columns are COLUMNS; those behind `quantity` may be empty.

    Raises:
        Misconfigured: a row says something that cannot be; the message names it.
    """
    found: list[Noted] = []
    for number, row in enumerate(rows, start=1):
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            found.append(_row(told, number))
        except (BadData, ValueError) as error:
            raise Misconfigured(f"--events row {number}: {error}") from None
    return found


def event_of(row: Noted, wallets: Mapping[str, Wallet], currency: str, rates: Rates) -> Event:
    """Return the event of a row; `wallets` are those of the books by name, any other name is a wallet of its own.

    Raises:
        Misconfigured: it cannot be such an event, or a rate is missing.
    """
    if row.asset == currency:
        raise Misconfigured(f"--events {row.name}: {currency} is the currency itself and has no lots")
    worth = _worth(row, rates)
    try:
        return _event(row, wallets, worth)
    except BadData as error:
        raise Misconfigured(f"--events {error}") from None


def _event(row: Noted, wallets: Mapping[str, Wallet], value: Decimal) -> Event:
    name, ts, asset, units = row.name, row.ts, row.asset, row.quantity
    wallet = wallets.get(row.wallet, Wallet(row.wallet))
    if row.what == "transfer":
        received = units if row.received is None else row.received
        return Transfer(name, ts, wallet, wallets.get(row.to, Wallet(row.to)), asset, units, received, value)
    if row.what == "split":
        return Split(name, ts, asset, units, row.received or ZERO)
    if row.what == "adjustment":
        return Adjustment(name, ts, asset, value)
    if row.what in _IN and (units > ZERO or row.what not in _OUT):
        return Acquisition(name, ts, wallet, asset, units, value, row.fee, _IN[row.what], row.held_since)
    gone = abs(units) if row.what in _IN else units
    return Disposal(name, ts, wallet, asset, gone, value, row.fee, kind=_OUT[row.what])


def _worth(row: Noted, rates: Rates) -> Decimal:
    if not row.priced_by_market:
        return row.value or ZERO
    units = row.lost if row.what == "transfer" else abs(row.quantity)
    return round_to(multiply(units, rates.of(row.asset, row.ts).value), GRAIN)


def _row(told: Mapping[str, str], number: int) -> Noted:
    if told["what"] not in WHATS:
        raise BadData(f"what {told['what']!r} is none of {', '.join(WHATS)}")
    return Noted(
        name=told["id"] or f"noted:{number}",
        ts=moment(told["ts"]),
        what=told["what"],
        asset=told["asset"].upper(),
        quantity=decimal(told["quantity"] or "0"),
        wallet=told["wallet"],
        to=told["to"],
        received=decimal(told["received"]) if told["received"] else None,
        value=decimal(told["value"]) if told["value"] else None,
        fee=decimal(told["fee"] or "0"),
        held_since=moment(told["held_since"]) if told["held_since"] else None,
        explains=told["explains"],
    )

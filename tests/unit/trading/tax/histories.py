"""Random histories for the property tests: coins come in, go out, move and split, never more than a wallet holds."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.unit.trading.tax.made import BINANCE, KRAKEN, LEDGER, START
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

WALLETS = (KRAKEN, LEDGER, BINANCE)
SATOSHI = Decimal("0.00000001")
CENT = Decimal("0.01")
#: Splits that come out even in decimals, so that a recount in fractions is exact.
EVEN = ((1, 2), (2, 1), (1, 10), (4, 5))


@dataclass
class Writer:
    """Writes a valid history: it knows what each wallet holds, in satoshis."""

    draw: Callable[[st.SearchStrategy[int]], int]
    adjustments: bool = True
    events: list[Event] = field(default_factory=list[Event])
    held: dict[tuple[str, Wallet], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    minutes: int = 0

    def number(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def money(self, most: int = 10**7) -> Decimal:
        return self.number(0, most) * CENT

    def step(self, splits: bool) -> None:
        # Often the same instant, sometimes weeks later: ties, days and the thirty days are all met.
        self.minutes += (0, 0, 7, 600, 1440, 13_000, 43_200, 400_000)[self.number(0, 7)]
        asset = ("BTC", "ETH")[self.number(0, 1)]
        wallet = WALLETS[self.number(0, 2)]
        held = int(self.held[asset, wallet] / SATOSHI)
        what = self.number(0, 9)
        if what >= 8 and splits and any(units for (coin, _), units in self.held.items() if coin == asset):
            self.change(asset, adjust=what == 9)
        elif what <= 3 or not held:
            self.acquire(asset, wallet)
        elif what <= 6:
            self.dispose(asset, wallet, held)
        else:
            self.transfer(asset, wallet, held)

    def acquire(self, asset: str, wallet: Wallet) -> None:
        units = self.number(1, 10**10) * SATOSHI
        kind = list(AcquisitionKind)[self.number(0, len(AcquisitionKind) - 1)]
        self.events.append(
            Acquisition(self.name(), self.now(), wallet, asset, units, self.money(), self.money(1000), kind)
        )
        self.held[asset, wallet] += units

    def dispose(self, asset: str, wallet: Wallet, held: int) -> None:
        gone = self.number(1, held)
        fee = self.number(0, gone // 10)
        kinds = [kind for kind in DisposalKind if kind is not DisposalKind.MOVE]
        kind = kinds[self.number(0, len(kinds) - 1)]
        value, paid = self.money(), self.money(1000)
        sold = (gone - fee) * SATOSHI
        self.events.append(Disposal(self.name(), self.now(), wallet, asset, sold, value, paid, fee * SATOSHI, kind))
        self.held[asset, wallet] -= gone * SATOSHI

    def transfer(self, asset: str, wallet: Wallet, held: int) -> None:
        sent = self.number(1, held)
        lost = self.number(0, sent)
        target = WALLETS[(WALLETS.index(wallet) + self.number(1, 2)) % 3]
        value = self.money(1000) if lost else Decimal(0)
        received = (sent - lost) * SATOSHI
        self.events.append(Transfer(self.name(), self.now(), wallet, target, asset, sent * SATOSHI, received, value))
        self.held[asset, wallet] -= sent * SATOSHI
        self.held[asset, target] += received

    def change(self, asset: str, adjust: bool) -> None:
        # A minute of its own: at one instant a split comes first, and would change what was counted before it.
        self.minutes += 1
        if adjust and self.adjustments:
            self.events.append(Adjustment(self.name(), self.now(), asset, self.money(1000)))
        else:
            old, new = EVEN[self.number(0, len(EVEN) - 1)]
            after = {key: units * new / old for key, units in self.held.items() if key[0] == asset}
            if all(units % SATOSHI == 0 for units in after.values()):
                self.events.append(Split(self.name(), self.now(), asset, Decimal(old), Decimal(new)))
                self.held.update(after)
        self.minutes += 1

    def name(self) -> str:
        return f"e{len(self.events)}"

    def now(self) -> datetime:
        return START + timedelta(minutes=self.minutes)


@st.composite
def histories(draw: Callable[..., int], splits: bool = True, adjustments: bool = True, most: int = 20) -> list[Event]:
    """Draw a history in the order of time."""
    writer = Writer(draw, adjustments)
    for _ in range(draw(st.integers(1, most))):
        writer.step(splits)
    return writer.events

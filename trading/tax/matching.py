"""Lots matched in time: each disposal takes the lots that its method says, from its wallet or from all.

Where a country changes from one to the other, the lots are given to the wallets on that day: the oldest first, to the
wallets in the order asked for, then by name, each as much as it holds (Revenue Procedure 2024-28, global allocation).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from trading.errors import BadData
from trading.money import ZERO
from trading.tax.apportion import apportion
from trading.tax.balances import Balances
from trading.tax.computation import Remaining
from trading.tax.country import Country
from trading.tax.events import (
    Acquisition,
    Adjustment,
    Disposal,
    Event,
    Split,
    Transfer,
    Wallet,
)
from trading.tax.gain import Gain, Outgoing, Piece, Rule, realised
from trading.tax.holding import Holding
from trading.tax.lot import Lot, opened
from trading.tax.methods.method import ORDERS, Method

#: An asset, and its wallet where each has lots of its own.
Scope = tuple[str, Wallet | None]


@dataclass
class Matching:
    """The state of one run through the events of all assets, in order."""

    country: Country
    method: Method
    zone: tzinfo
    first_wallets: Sequence[Wallet] = ()
    gains: list[Gain] = field(default_factory=list[Gain])
    balances: Balances = field(default_factory=Balances)
    _holdings: dict[Scope, Holding] = field(default_factory=dict[Scope, Holding])
    _per_wallet: bool = False
    _number: int = 0

    def apply(self, event: Event) -> None:
        """Take the next event.

        Raises:
            BadData: more goes out than is held, or an adjustment finds nothing to adjust.
        """
        day = event.ts.astimezone(self.zone).date()
        since = self.country.per_wallet_from
        if not self._per_wallet and since is not None and day >= since:
            self._allocate()
        self.balances.apply(event)
        try:
            self._match(event)
        except BadData as refused:
            raise BadData(f"{event.event_id}, {event.asset} at {event.ts}: {refused}") from None

    def remaining(self) -> list[Remaining]:
        """Return the lots that are still held, by asset, wallet and age."""
        ordered = sorted(self._holdings.items(), key=lambda item: (item[0][0], item[0][1] or Wallet("")))
        return [Remaining(wallet, lot) for (_, wallet), holding in ordered for lot in holding.lots()]

    def _match(self, event: Event) -> None:
        if isinstance(event, Acquisition):
            self._number += 1
            self._holding(event.asset, event.wallet).add(opened(event, self._number))
        elif isinstance(event, Disposal):
            self._dispose(event)
        elif isinstance(event, Transfer):
            self._transfer(event)
        elif isinstance(event, Split):
            self._split(event)
        else:
            self._adjust(event)

    def _dispose(self, event: Disposal) -> None:
        lots = self._holding(event.asset, event.wallet).take(event.gone, self._names(event.lots))
        self._realise(Outgoing.of(event), lots)

    def _transfer(self, event: Transfer) -> None:
        source, target = self._holding(event.asset, event.source), self._holding(event.asset, event.target)
        named = self._names(event.lots)
        if event.cost_in_kind:
            self._realise(Outgoing.of(event), source.take(event.cost_in_kind, named))
        if source is not target:
            for lot in source.take(event.received, named):
                target.add(lot)

    def _realise(self, gone: Outgoing, lots: list[Lot]) -> None:
        rule = Rule.POOL if self.method is Method.AVERAGE else Rule.LOT
        pieces = [Piece(rule, lot.quantity, lot.cost, lot.lot_id, lot.acquired) for lot in lots]
        self.gains += realised(gone, pieces, self.country, self.zone)

    def _split(self, event: Split) -> None:
        held = self.balances.of(event.asset)
        for (asset, wallet), holding in self._holdings.items():
            if asset == event.asset:
                holding.rescale(self.balances.total(asset) if wallet is None else held.get(wallet, ZERO))

    def _adjust(self, event: Adjustment) -> None:
        holdings = [holding for (asset, _), holding in self._holdings.items() if asset == event.asset]
        changes = apportion(event.value, [holding.quantity for holding in holdings])
        for holding, change in zip(holdings, changes, strict=True):
            if holding.quantity:
                holding.recost(change)

    def _allocate(self) -> None:
        self._per_wallet = True
        shared = self._holdings
        self._holdings = {}
        held = {asset: self.balances.of(asset) for asset, _ in shared}
        self.balances.settled()
        for (asset, _), holding in shared.items():
            order = dict.fromkeys((*self.first_wallets, *held[asset]))
            oldest_first = Holding(ORDERS[Method.FIFO], pooled=False)
            for lot in holding.lots():
                oldest_first.add(lot)
            for wallet in order:
                for lot in oldest_first.take(held[asset].get(wallet, ZERO)):
                    self._holding(asset, wallet).add(lot)

    def _names(self, lots: tuple[str, ...]) -> tuple[str, ...]:
        if lots and self.method is not Method.SPECIFIC:
            raise BadData(f"it names its lots, but the method is {self.method}")
        return lots

    def _holding(self, asset: str, wallet: Wallet) -> Holding:
        key = asset, wallet if self._per_wallet else None
        if key not in self._holdings:
            self._holdings[key] = Holding(ORDERS[self.method], pooled=self.method is Method.AVERAGE)
        return self._holdings[key]

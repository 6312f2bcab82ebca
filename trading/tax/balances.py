"""What each wallet holds, from the movements alone: it knows no lots and no method."""

from collections import defaultdict
from decimal import Decimal

from trading.errors import BadData
from trading.money import ZERO
from trading.tax.apportion import part
from trading.tax.events import Acquisition, Disposal, Event, Split, Transfer, Wallet


class Balances:
    """Units by asset and wallet. A wallet may fall below zero in between, where only days were noted."""

    def __init__(self) -> None:
        self._held: dict[str, dict[Wallet, Decimal]] = defaultdict(lambda: defaultdict(Decimal))

    def apply(self, event: Event) -> None:
        """Book one event; a split leaves each wallet a whole number of grains, rounded down."""
        if isinstance(event, Acquisition):
            self._held[event.asset][event.wallet] += event.quantity
        elif isinstance(event, Disposal):
            self._held[event.asset][event.wallet] -= event.gone
        elif isinstance(event, Transfer):
            self._held[event.asset][event.source] -= event.sent
            self._held[event.asset][event.target] += event.received
        elif isinstance(event, Split):
            self._split(event)

    def of(self, asset: str) -> dict[Wallet, Decimal]:
        """Return what each wallet holds of `asset`, by name of the wallet; empty wallets are left out."""
        return {wallet: held for wallet, held in sorted(self._held[asset].items()) if held != ZERO}

    def total(self, asset: str) -> Decimal:
        """Return what all wallets hold of `asset`."""
        return sum(self._held[asset].values(), ZERO)

    def assets(self) -> list[str]:
        """Return all assets that were ever held."""
        return sorted(self._held)

    def settled(self) -> dict[tuple[Wallet, str], Decimal]:
        """Return all that is held.

        Raises:
            BadData: a wallet gave more than it got.
        """
        for asset in self.assets():
            for wallet, held in self.of(asset).items():
                if held < ZERO:
                    raise BadData(f"{wallet.venue} {wallet.holder} gave {-held} {asset} more than it got")
        return {(wallet, asset): held for asset in self.assets() for wallet, held in self.of(asset).items()}

    def _split(self, event: Split) -> None:
        held = self._held[event.asset]
        held.update({wallet: part(units, event.new, event.old) for wallet, units in held.items()})

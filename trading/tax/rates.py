"""What a coin was worth in the taxpayer's currency: a market's close, two closes in a row, or a declared par."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.errors import Misconfigured
from trading.money import ONE, divide, multiply

#: A symbol and the instant at which its close is asked for.
Question = tuple[str, datetime]
#: Ways with a third close are looked for only where there is none with fewer; so many ways are tried at most.
_CLOSES, _MOST_WAYS = (2, 3), 6


@dataclass(frozen=True)
class Leg:
    """One step from a coin to another: over a symbol, against its direction, or by a declared par (no symbol)."""

    symbol: str | None
    inverse: bool = False
    par: str = ""

    def __str__(self) -> str:
        if self.symbol is None:
            return f"{self.par} declared equal"
        return f"1 / {self.symbol}" if self.inverse else self.symbol


Way = tuple[Leg, ...]


@dataclass(frozen=True)
class Quoted:
    """A close (quote per base) and where it is from, such as `kraken 1h`."""

    close: Decimal
    source: str


@dataclass(frozen=True)
class Markets:
    """The symbols (BASE/QUOTE) that have closes, and the `pars`: coins that were declared equal to another."""

    currency: str
    symbols: tuple[str, ...]
    pars: Mapping[str, str] = field(default_factory=dict[str, str])

    def ways(self, coin: str) -> list[Way]:
        """Return the ways from `coin` to the currency that are tried, in this order.

        What is declared comes first, then the shortest, those along the direction of the markets, and by name.
        """
        found: list[Way] = []
        for most in _CLOSES:
            if not found:
                self._walk(coin, (), (coin,), most, found)
        return sorted(found, key=_order)[:_MOST_WAYS]

    def _walk(self, coin: str, way: Way, seen: tuple[str, ...], most: int, found: list[Way]) -> None:
        if coin == self.currency:
            found.append(way)
            return
        for leg, other in self._steps(coin):
            if other not in seen and _closes((*way, leg)) <= most:
                self._walk(other, (*way, leg), (*seen, other), most, found)

    def _steps(self, coin: str) -> list[tuple[Leg, str]]:
        if coin in self.pars:  # who declares a par wants it in place of any market
            return [(Leg(None, par=f"{coin}={self.pars[coin]}"), self.pars[coin])]
        steps: list[tuple[Leg, str]] = []
        for symbol in self.symbols:
            base, _, quote = symbol.partition("/")
            if base == coin:
                steps.append((Leg(symbol), quote))
            elif quote == coin:
                steps.append((Leg(symbol, inverse=True), base))
        return steps


@dataclass(frozen=True)
class Rate:
    """What one unit was worth, and how that was found, in words."""

    value: Decimal
    words: str


@dataclass(frozen=True)
class Rates:
    """The rates of a period: `closes` answer the questions of `markets`, as they were known at the time."""

    markets: Markets
    closes: Mapping[Question, Quoted]

    def of(self, coin: str, ts: datetime) -> Rate:
        """Return what one unit of `coin` was worth at `ts`.

        Raises:
            Misconfigured: no way of known closes leads to the currency; the message names symbols and time.
        """
        ways = self.markets.ways(coin)
        for way in ways:
            if all(leg.symbol is None or (leg.symbol, ts) in self.closes for leg in way):
                return self._along(way, ts)
        raise Misconfigured(_missing(coin, self.markets.currency, ts, ways))

    def _along(self, way: Way, ts: datetime) -> Rate:
        value, words = ONE, list[str]()
        for leg in way:
            if leg.symbol is None:
                words.append(str(leg))
                continue
            quoted = self.closes[leg.symbol, ts]
            value = divide(value, quoted.close) if leg.inverse else multiply(value, quoted.close)
            words.append(f"{leg} at {quoted.source}")
        return Rate(value, ", ".join(words))


def questions(markets: Markets, wanted: Iterable[tuple[str, datetime]]) -> list[Question]:
    """Return the closes that the rates of `wanted` (coin, instant) may need, sorted, each once."""
    known = set(wanted)
    ways = {coin: markets.ways(coin) for coin, _ in known}
    return sorted({(leg.symbol, ts) for coin, ts in known for way in ways[coin] for leg in way if leg.symbol})


def _order(way: Way) -> tuple[int, int, int, list[str]]:
    return _closes(way), len(way), sum(leg.inverse for leg in way), [str(leg) for leg in way]


def _closes(way: Way) -> int:
    return sum(leg.symbol is not None for leg in way)


def _missing(coin: str, currency: str, ts: datetime, ways: list[Way]) -> str:
    tried = list(dict.fromkeys(leg.symbol for way in ways for leg in way if leg.symbol))
    named = " or ".join(tried[:_MOST_WAYS])
    why = f"no close of {named} was known then" if tried else "no stored market leads from one to the other"
    return (
        f"what a {coin} was worth in {currency} at {ts:%Y-%m-%d %H:%M:%S} UTC is not known: {why} (market.candles);"
        f" load candles of {coin}/{currency}, or declare --par {coin}={currency}"
    )

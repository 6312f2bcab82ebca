"""What is heard becomes rows: for Kafka, one topic per kind, and for the database; books as they stand each second."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from adapters.exchange.ccxt_stream import Heard, Trouble
from adapters.store.market_rows import BookEvent, book_row, candle_row, event_row, trade_row
from services.collector.outlet import Outlet
from services.collector.vigil import Vigil
from trading.candle import CandleUpdate
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookState, BookUpdate
from trading.timeframe import Timeframe
from trading.trade import Trade

LEVELS = 20
_LONG_RAW = 1_000


class Collector:
    """Takes in what a Stream tells and fills the outlets; `look` is called each second in the same thread."""

    def __init__(
        self,
        venue: str,
        symbols: Sequence[str],
        outlets: Sequence[Outlet],
        vigil: Vigil,
        now: datetime,
    ) -> None:
        self._venue, self._symbols = venue, symbols
        self._outlets, self._vigil, self._now = outlets, vigil, now
        self._bars: dict[tuple[str, str], CandleUpdate] = {}
        self._final: list[tuple[str, CandleUpdate]] = []
        self._shown: dict[str, tuple[BookState, int, int]] = {}

    def hear(self, told: Heard | Trouble) -> None:
        """Take in one event, or one trouble."""
        if isinstance(told, Trouble):
            self._trouble(told)
            return
        match told.event:
            case BookUpdate() as update:
                self._vigil.heard(told.symbol, monotonic(), update.ts)
            case Trade() as trade:
                self._vigil.printed(told.symbol, trade.price, monotonic())
                at = max(trade.ts, self._now)
                self._put("market.public_trades", trade_row(self._venue, told.symbol, trade, at))
            case CandleUpdate() as update:
                self._bar(told.symbol, update)
            case _:
                pass

    def look(self, now: datetime, keeper_of: Callable[[str], BookKeeper | None]) -> dict[str, dict[str, str]]:
        """Note how the books stand at `now` and return what is wrong with each symbol's streams, by check."""
        self._now, wrong = now, {}
        self._judge_bars()
        for symbol in self._symbols:
            keeper = keeper_of(symbol)
            wrong[symbol] = self._vigil.judge(symbol, keeper, monotonic(), now)
            if keeper is not None:
                self._show(symbol, keeper)
        return wrong

    def event(self, symbol: str, kind: str, detail: str, raw: str = "") -> None:
        """Log something that happened to the streams of `symbol`."""
        self._put("market.book_events", event_row(self._venue, BookEvent(symbol, self._now, kind, detail, raw)))

    def _trouble(self, trouble: Trouble) -> None:
        if trouble.kind == "unreadable":
            self._vigil.unreadable(trouble.symbol, trouble.why, monotonic())
            self.event(trouble.symbol, "QUARANTINED", trouble.why, trouble.raw)
        else:
            self.event(trouble.symbol, "RECONNECTED", f"{trouble.kind}: {trouble.why}")

    def _show(self, symbol: str, keeper: BookKeeper) -> None:
        """Write the book as it stands when something has changed, and how its state did."""
        now = keeper.state, keeper.tally.applied, keeper.tally.broken
        before = self._shown.get(symbol, (BookState.SYNCING, 0, 0))
        if before == now:
            return
        self._shown[symbol] = now
        self._put("market.order_books", book_row(self._venue, symbol, keeper.view(LEVELS), keeper.state, self._now))
        if keeper.tally.broken > before[2]:
            self.event(symbol, "BROKEN", keeper.fault)
        if keeper.state is BookState.LIVE and (before[0] is not BookState.LIVE or keeper.tally.broken > before[2]):
            self.event(symbol, "HEALED", "live")

    def _bar(self, symbol: str, update: CandleUpdate) -> None:
        """Note a bar once it is final: the venue says so, or, where it never does, a later bar has begun."""
        place = (symbol, update.timeframe)
        before = self._bars.get(place)
        self._bars[place] = update
        if update.closed:
            self._final.append((symbol, update))
        elif update.closed is None and before is not None and before.candle.ts < update.candle.ts:
            self._final.append((symbol, before))

    def _judge_bars(self) -> None:
        """Write the final bars that may be believed; they are judged by a time that was asked after they came."""
        told, self._final = self._final, []
        for symbol, update in told:
            bar = update.candle
            if reason := self._vigil.bars[symbol].take(bar, self._now):
                self.event(symbol, "QUARANTINED", reason, json.dumps(vars(bar), default=str))
                continue
            close: datetime = bar.ts + timedelta(seconds=Timeframe.parse(update.timeframe).seconds)
            self._put("market.live_candles", candle_row(self._venue, symbol, update, close))

    def _put(self, table: str, row: dict[str, Any]) -> None:
        for outlet in self._outlets:
            outlet.put(table, row)


def message(row: dict[str, Any]) -> tuple[str, bytes]:
    """Return key and value of the Kafka message of `row`: venue|symbol, and the row as JSON, raw messages cut short."""
    short = {name: value[:_LONG_RAW] if name == "raw" else value for name, value in row.items()}
    return f"{row['venue']}|{row['symbol']}", json.dumps(short, default=str).encode()

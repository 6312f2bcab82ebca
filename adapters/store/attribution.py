"""What made a book's profit, in SQL: journals as what they changed, signals as what they asked, fills as costs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store import portfolio
from adapters.store.database import Connection
from trading.errors import BadData
from trading.money import ZERO
from trading.performance.period import Period
from trading.performance.pnl_attribution import History
from trading.performance.signal_account import Execution, Posting, Wish

Rows = list[dict[str, Any]]


def costs(connection: Connection, book: str, until: datetime) -> Rows:
    """Return the rows of analytics.fill_costs of `book` up to and including `until`, oldest first.

    Raises:
        BadData: a fee was paid in a currency of which no close was known then.
    """
    rows = connection.execute(
        "select * from analytics.fill_costs where book = %s and ts <= %s"
        " order by ts, strategy, symbol, length(trade_id), trade_id",
        (book, until),
    ).fetchall()
    for row in rows:
        if row["fee_rate"] is None:
            coin, quote = row["fee_currency"], row["symbol"].split("/")[-1]
            raise BadData(
                f"fill {row['trade_id']} of {row['symbol']} paid its fee in {coin}, and no close of {coin}/{quote}"
                f" before {row['ts'].isoformat()} is stored: load its candles, `tradewind data backfill`"
            )
    return rows


def history(
    connection: Connection, book: str, venue: str, symbols: Sequence[str], period: Period, paid: Rows
) -> History:
    """Return all that happened in `book` up to the end of `period`; `paid` are the costs of its fills."""
    quote = portfolio.frame(connection, book).quote
    postings = _postings(connection, book, quote, period.closes)
    strangers = {f"{currency}/{quote}" for one in postings for currency in one.changes if currency != quote}
    valued = sorted({*symbols, *strangers})
    return History(
        quote,
        postings,
        _wishes(connection, book, period.closes),
        [_execution(row) for row in paid],
        portfolio.closes(connection, venue, valued, str(period.timeframe), period.opens, period.closes),
    )


def _postings(connection: Connection, book: str, quote: str, until: datetime) -> list[Posting]:
    found: dict[tuple[str, str, str], Rows] = defaultdict(list)
    for row in connection.execute(_POSTINGS, {"book": book, "until": until}):
        found[row["journal_id"], row["strategy"], row["symbol"]].append(row)
    return [
        Posting(
            lines[0]["at"],
            (strategy, symbol),
            lines[0]["kind"],
            {line["currency"]: line["owned"] for line in lines if line["owned"]},
            -sum((line["capital"] for line in lines if line["currency"] == quote), ZERO),
        )
        for (_, strategy, symbol), lines in found.items()
    ]


def _wishes(connection: Connection, book: str, until: datetime) -> list[Wish]:
    rows = connection.execute(_WISHES, (book, until))
    return [
        Wish(r["decided_at"], (r["strategy"], r["symbol"]), r["exposure"], r["reference_price"], r["regime"])
        for r in rows
    ]


def _execution(row: dict[str, Any]) -> Execution:
    price: Decimal = row["price"]
    return Execution(
        row["ts"],
        (row["strategy"], row["symbol"]),
        row["quantity"],
        price,
        row["signal_price"],
        row["arrival_price"],
        row["fee"],
        row["fee_currency"],
        row["fee_rate"],
        row["named"],
        row["regime"],
    )


#: Trade ids of a venue count up, so the shorter of two journal ids of one symbol is the older one.
_POSTINGS = (
    "select j.journal_id, j.at, j.kind, e.strategy, e.symbol, e.currency,"
    " coalesce(sum(e.amount) filter (where e.account in ('cash', 'reserved', 'position')), 0) as owned,"
    " coalesce(sum(e.amount) filter (where e.account = 'capital'), 0) as capital"
    " from trading.journals as j inner join trading.ledger_entries as e using (journal_id)"
    " where j.book = %(book)s and j.at <= %(until)s and j.kind not in ('RESERVE', 'RELEASE')"
    " group by j.journal_id, j.at, j.kind, e.strategy, e.symbol, e.currency"
    " order by j.at, length(j.journal_id), j.journal_id, e.strategy, e.symbol, e.currency"
)
#: A strategy that reads no regime has a bar with one all the same.
_WISHES = (
    "select s.strategy, s.symbol, s.decided_at, s.exposure, s.reference_price, coalesce(s.regime, r.regime) as regime"
    " from signals.strategy_signals as s left join lateral ("
    "  select t.regime from forecasts.market_regimes as t where t.book = s.book and t.venue = s.venue"
    "   and t.symbol = s.symbol and t.timeframe = s.timeframe and t.ts = s.ts and t.knowledge_ts <= s.decided_at"
    "   order by t.knowledge_ts desc limit 1) as r on true"
    " where s.book = %s and s.decided_at <= %s order by s.decided_at, s.strategy, s.symbol"
)

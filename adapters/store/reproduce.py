"""How anyone can ask the database for the numbers of a report: one statement for each of its tables, filled in."""

from collections.abc import Mapping

from adapters.store import reports
from adapters.store.reproduce_shares import SHARES
from adapters.store.reproduce_totals import CURVE, HEADLINE, RECORD
from adapters.store.spelled import Value, spelled
from trading.performance.period import Period
from trading.performance.sharpe import least_returns

_TABLES = {
    "headline": HEADLINE,
    "record": RECORD,
    "curve": CURVE,
    "prices": "select symbol, ts, max(price) as price from analytics.positions where book = %(book)s"
    " and ts >= %(opens)s and ts <= %(until)s and symbol <> '-' group by symbol, ts order by symbol, ts",
    "strategies": SHARES.format(name="case m.strategy when 'treasury' then 'not invested' else m.strategy end"),
    "by_symbol": SHARES.format(name="case m.symbol when '-' then 'not invested' else m.symbol end"),
    "total": SHARES.format(name="'the book'"),
    "positions": "select strategy, symbol, quantity, price, value, cost, cost / quantity as average_cost, unrealised,"
    " unrealised / nullif(cost, 0) as unrealised_pct, value / (select equity from analytics.equity_curve as e"
    "  where e.book = p.book and e.ts = p.ts) as share"
    " from analytics.positions as p where book = %(book)s and ts = %(until)s and quantity > 0 order by 1, 2",
    "round_trips": "select * from analytics.round_trips where book = %(book)s and closed > %(after)s"
    " and closed <= %(until)s order by closed, strategy, symbol",
    "ledger": "select count(distinct j.journal_id) as journals, count(*) as entries, max(abs(c.total)) as imbalance"
    " from trading.journals as j inner join trading.ledger_entries as e using (journal_id) inner join"
    "  (select o.currency, sum(o.amount) as total from trading.ledger_entries as o"
    "  inner join trading.journals as k using (journal_id)"
    "  where k.book = %(book)s and k.at <= %(until)s group by o.currency) as c on e.currency = c.currency"
    " where j.book = %(book)s and j.at <= %(until)s",
}
#: What no table of the report shows, and a reader may want to ask next.
_MORE = {
    "where each order comes from": "select * from analytics.order_passport where book = %(book)s order by order_ts",
    "every deposit and execution, as the ledger has them": "select at, strategy, symbol, kind, base_change,"
    " quote_change, fee_base, fee_quote from analytics.movements where book = %(book)s and at <= %(until)s order by at",
    "the closes that value it": "select symbol, ts, close, knowledge_ts from market.candles_current"
    " where venue = %(venue)s and symbol in (select jsonb_array_elements_text(configuration -> 'symbols')"
    "  from ops.books where book = %(book)s) and timeframe = %(timeframe)s"
    " and ts >= %(opens)s and ts < %(until)s order by symbol, ts",
}


def queries(book: str, venue: str, period: Period) -> dict[str, str]:
    """Return SQL by the table of the report that it gives, and then by what else it answers, for one book and period.

    Columns are named as in the document. Ratios are to be rounded as there; mean prices and shares of a cost have more
    digits in the database than in the report.
    """
    timeframe = period.timeframe
    values: dict[str, Value] = {
        "book": book,
        "venue": venue,
        "timeframe": str(timeframe),
        "start": period.start,
        "opens": period.opens,
        "until": period.closes,
        "after": period.after,
        "bars_per_year": timeframe.bars_per_year,
        "least_bars": least_returns(timeframe.bars_per_year),
    }
    statements: Mapping[str, str] = {**_TABLES, **reports.HAPPENINGS, **reports.QUALITY, **_MORE}
    return {name: spelled(" ".join(statement.split()), values) for name, statement in statements.items()}

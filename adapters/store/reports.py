"""What the report of a period tells besides money, in SQL, and where the finished report is kept."""

from datetime import date, datetime
from typing import Any, LiteralString

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from adapters.store.database import Connection

Rows = list[dict[str, Any]]


def happenings(connection: Connection, book: str, after: datetime, until: datetime) -> dict[str, Rows]:
    """Return orders, fills, refusals and signals of `book` in (after, until], and the models they rest on."""
    span = {"book": book, "after": after, "until": until}
    return {name: connection.execute(query, span).fetchall() for name, query in HAPPENINGS.items()}


def quality(
    connection: Connection, book: str, venue: str, timeframe: str, after: datetime, until: datetime
) -> dict[str, Rows]:
    """Return closed gates, findings in (after, until], and quarantined rows by symbol and reason."""
    span = {"book": book, "venue": venue, "timeframe": timeframe, "after": after, "until": until}
    return {name: connection.execute(query, span).fetchall() for name, query in QUALITY.items()}


def proof(connection: Connection, book: str, until: datetime) -> dict[str, Any]:
    """Return what proves the ledger: its size up to `until`, the sum per currency, accounts that differ from it."""
    counted = connection.execute(
        "select count(distinct j.journal_id) as journals, count(*) as entries"
        " from trading.journals as j inner join trading.ledger_entries as e using (journal_id)"
        " where j.book = %s and j.at <= %s",
        (book, until),
    ).fetchone()
    sums = connection.execute(
        "select e.currency, sum(e.amount) as total from trading.ledger_entries as e"
        " inner join trading.journals as j using (journal_id) where j.book = %s and j.at <= %s"
        " group by e.currency order by e.currency",
        (book, until),
    ).fetchall()
    differing = connection.execute(
        "select count(*) as n from trading.balances as b full join (select book, strategy, symbol, account, currency,"
        " sum(amount) as amount from trading.ledger_entries where book = %(book)s group by 1, 2, 3, 4, 5) as e"
        " using (book, strategy, symbol, account, currency)"
        " where book = %(book)s and b.amount is distinct from e.amount",
        {"book": book},
    ).fetchone()
    assert counted is not None  # noqa: S101
    assert differing is not None  # noqa: S101
    return {**counted, "sums": sums, "differing_balances": differing["n"]}


def add(
    connection: Connection,
    book: str,
    day: date,
    now: datetime,
    document: Any,
    hashed: str,
    path: str,
    marks: Any,
    kind: str = "daily_performance",
) -> bool:
    """Store a version of the report of `day` known at `now`; False when the newest one says the same already.

    `document` is plain JSON, `marks` are run_id and code_version, `kind` is the table of schema reports.
    """
    table = Identifier("reports", kind)
    newest = connection.execute(
        SQL("select document_hash from {} where book = %s and day = %s order by knowledge_ts desc limit 1").format(
            table
        ),
        (book, day),
    ).fetchone()
    if newest is not None and newest["document_hash"] == hashed:
        return False
    return bool(
        connection.execute(
            SQL(
                "insert into {} (book, day, knowledge_ts, document, document_hash, path, run_id, code_version)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (book, day, knowledge_ts) do nothing"
            ).format(table),
            (book, day, now, Jsonb(document), hashed, path, *marks),
        ).rowcount
    )


#: By the table of the report: its rows in (after, until].
HAPPENINGS: dict[str, LiteralString] = {
    "orders": "select * from analytics.order_story where book = %(book)s and created_at > %(after)s"
    " and created_at <= %(until)s order by created_at, strategy, symbol, decision_no, leg, client_id",
    "fills": "select f.ts, o.strategy, f.symbol, o.leg, f.side, f.quantity, f.price, f.price * f.quantity as value,"
    " f.fee, f.fee_currency, f.trade_id, f.venue_order_id, f.client_id"
    " from trading.fills as f inner join trading.orders as o using (client_id)"
    " where f.book = %(book)s and f.ts > %(after)s and f.ts <= %(until)s"
    " order by f.ts, f.symbol, length(f.trade_id), f.trade_id",
    "refusals": "select d.decided_at as at, d.strategy, d.symbol, 'risk' as by, d.reason, d.signal_id"
    " from trading.risk_decisions as d where d.book = %(book)s and d.verdict = 'DENIED'"
    " and d.decided_at > %(after)s and d.decided_at <= %(until)s"
    " union all select i.received_at, i.body ->> 'strategy', i.body ->> 'symbol', 'inbox',"
    " lower(i.status) || ' ' || i.reason, i.signal_id from trading.inbox as i where i.book = %(book)s"
    " and i.status <> 'ACCEPTED' and i.received_at > %(after)s and i.received_at <= %(until)s"
    " union all select o.updated_at, o.strategy, o.symbol, 'venue',"
    " concat_ws(' ', lower(o.state), o.outcome_code, o.outcome_detail), o.signal_id from trading.orders as o"
    " where o.book = %(book)s and o.state = 'REJECTED' and o.updated_at > %(after)s and o.updated_at <= %(until)s"
    " order by 1, 2, 3, 5",
    "signals": "select strategy, reason, count(*) as signals, count(distinct symbol) as symbols,"
    " round(avg(exposure), 4) as mean_exposure from signals.strategy_signals where book = %(book)s"
    " and decided_at > %(after)s and decided_at <= %(until)s group by strategy, reason order by 1, 3 desc, 2",
    "models": "select m.*, (select count(*) from signals.strategy_signals as s where s.book = m.book"
    "  and s.model_id = m.model_id and s.decided_at > %(after)s and s.decided_at <= %(until)s) as signals from ("
    "  select distinct on (kind) book, kind, model_id, trained_from, trained_to, data_hash, seed, scores,"
    "  cardinality(features) as features from (select * from training.price_models union all"
    "   select * from training.regime_models union all select * from training.rule_models) as t"
    "  where book = %(book)s and knowledge_ts <= %(until)s order by kind, knowledge_ts desc, model_id) as m"
    " order by kind",
    "versions": "select distinct s.code_version, d.limits_version, s.strategy, s.config_version as strategy_version"
    " from signals.strategy_signals as s left join trading.risk_decisions as d using (signal_id)"
    " where s.book = %(book)s and s.decided_at > %(after)s and s.decided_at <= %(until)s order by 3, 4, 2, 1",
}

#: By the table of the report: what is wrong with the data.
QUALITY: dict[str, LiteralString] = {
    "closed_gates": "select symbol, check_name, detail, at from ops.gates where book = %(book)s and venue = %(venue)s"
    " and closed order by symbol, check_name",
    "findings": "select symbol, check_name, bool_or(blocking) as blocking, count(*) as times,"
    " max(affected) as affected, min(first_ts) as first_ts, max(last_ts) as last_ts,"
    " (array_agg(detail order by at desc))[1] as detail from ops.quality_results where book = %(book)s and not passed"
    " and venue = %(venue)s and timeframe = %(timeframe)s and at > %(after)s and at <= %(until)s"
    " group by symbol, check_name order by symbol, check_name",
    "quarantined": "select symbol, reason, count(*) as rows from ops.quarantined_candles"
    " where venue = %(venue)s and timeframe = %(timeframe)s and symbol in (select jsonb_array_elements_text("
    "  configuration -> 'symbols') from ops.books where book = %(book)s)"
    " group by symbol, reason order by symbol, reason",
}

-- What analysts ask for most, as views: books, bars, signals, decisions, fills, and gates with their history.

-- ops.gates says how a gate stands; how long one was closed is in its changes.
create table ops.gate_changes (
    change_id bigint generated always as identity primary key,
    book text not null,
    venue text not null,
    symbol text not null,
    check_name text not null,
    closed boolean not null,
    detail text not null,
    at timestamptz not null,
    run_id text not null
);
create index gate_changes_of on ops.gate_changes (book, venue, symbol, check_name, change_id);

insert into ops.gate_changes (book, venue, symbol, check_name, closed, detail, at, run_id)
select
    book,
    venue,
    symbol,
    check_name,
    closed,
    detail,
    at,
    run_id
from ops.gates
where closed;

create function ops.note_gate_change() returns trigger language plpgsql as $$
begin
    insert into ops.gate_changes (book, venue, symbol, check_name, closed, detail, at, run_id)
    values (new.book, new.venue, new.symbol, new.check_name, new.closed, new.detail, new.at, new.run_id);
    return null;
end
$$;

create trigger note_first_closure after insert on ops.gates
for each row when (new.closed) execute function ops.note_gate_change();
create trigger note_change after update on ops.gates
for each row when (old.closed <> new.closed) execute function ops.note_gate_change();
create trigger append_only before update or delete or truncate on ops.gate_changes
for each statement execute function ops.refuse_change();

create view analytics.books as
select
    b.book,
    b.status,
    b.configuration ->> 'venue' as venue,
    b.configuration ->> 'timeframe' as timeframe,
    b.configuration ->> 'quote' as quote,
    array(select jsonb_array_elements_text(b.configuration -> 'symbols')) as symbols,
    array(select jsonb_array_elements_text(b.configuration -> 'strategies')) as strategies,
    (b.configuration ->> 'window_start')::timestamptz as window_start,
    b.next_step as steps_done,
    b.created_at
from ops.books as b;

create view analytics.candles as
select
    c.venue,
    c.symbol,
    c.timeframe,
    c.ts,
    c.open,
    c.high,
    c.low,
    c.close,
    c.volume,
    c.knowledge_ts,
    c.run_id,
    c.code_version
from market.candles_current as c;

create view analytics.signals as
select
    s.book,
    s.strategy,
    s.venue,
    s.symbol,
    s.timeframe,
    s.ts as bar_ts,
    s.decided_at,
    s.valid_until,
    s.exposure,
    jsonb_array_length(s.quotes) as quotes,
    s.stop,
    s.volatility,
    s.reference_price,
    s.reason,
    s.regime,
    s.model_id,
    i.status as intake_status,
    i.reason as intake_reason,
    (
        select count(*) from trading.risk_decisions as d
        where d.signal_id = s.signal_id
    ) as decisions,
    (
        select count(*) from trading.orders as o
        where o.signal_id = s.signal_id
    ) as orders,
    s.signal_id,
    s.run_id,
    s.code_version
from signals.strategy_signals as s
left join trading.inbox as i on s.signal_id = i.signal_id;

create view analytics.decisions as
select
    d.book,
    d.strategy,
    d.symbol,
    d.decided_at,
    d.trigger_ as decided_because,
    d.verdict,
    d.reason,
    d.current_quantity,
    d.target_quantity,
    (
        select count(*) from trading.orders as o
        where o.signal_id = d.signal_id and o.decision_no = d.decision_no
    ) as orders,
    d.limits_version,
    d.signal_id,
    d.decision_no
from trading.risk_decisions as d;

create view analytics.fills as
select
    f.book,
    o.strategy,
    f.venue,
    f.symbol,
    f.ts,
    o.leg,
    f.side,
    f.price,
    f.quantity,
    f.price * f.quantity as value,
    f.fee,
    f.fee_currency,
    case f.fee_currency
        when split_part(f.symbol, '/', 2) then f.fee
        when split_part(f.symbol, '/', 1) then f.fee * f.price
    end as fee_quote,
    s.reference_price as signal_price,
    (case f.side when 'BUY' then 1 else -1 end) * (f.price / s.reference_price - 1)::double precision * 10000
        as slippage_bps,
    f.trade_id,
    f.client_id,
    o.signal_id
from trading.fills as f
inner join trading.orders as o on f.client_id = o.client_id
left join signals.strategy_signals as s on o.signal_id = s.signal_id;

create view analytics.gate_closures as
select
    c.book,
    c.venue,
    c.symbol,
    c.check_name,
    c.at as closed_at,
    c.opened_at,
    c.opened_at - c.at as closed_for,
    c.detail,
    c.run_id
from (
    select
        g.*,
        lead(g.at) over (partition by g.book, g.venue, g.symbol, g.check_name order by g.change_id) as opened_at
    from ops.gate_changes as g
) as c
where c.closed;

comment on view analytics.books is 'One row per book: what it trades and how far it is. Source: ops.books.';
comment on column analytics.books.book is 'The book: a name, or the hash of a run.';
comment on column analytics.books.status is 'RUNNING, DONE or FAILED.';
comment on column analytics.books.venue is 'Venue whose market it trades.';
comment on column analytics.books.timeframe is 'Length of its bars, such as 1h.';
comment on column analytics.books.quote is 'Quote currency: the currency of its equity.';
comment on column analytics.books.symbols is 'Symbols that it trades, BASE/QUOTE.';
comment on column analytics.books.strategies is 'Strategies that trade in it.';
comment on column analytics.books.window_start is 'Open time of its first traded bar, market time, UTC.';
comment on column analytics.books.steps_done is 'How many bars it has traded, for a run; 0 for a book without an end.';
comment on column analytics.books.created_at is 'When it was opened, by the clock of the server, UTC.';

comment on view analytics.candles is
'Bars, newest versions, one row per venue, symbol, timeframe and open time. Source: market.candles.';
comment on column analytics.candles.venue is 'The venue.';
comment on column analytics.candles.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.candles.timeframe is 'Length of the bar, such as 1h.';
comment on column analytics.candles.ts is 'Open time of the bar, UTC.';
comment on column analytics.candles.open is 'First price, quote per base currency.';
comment on column analytics.candles.high is 'Highest price, quote per base currency.';
comment on column analytics.candles.low is 'Lowest price, quote per base currency.';
comment on column analytics.candles.close is 'Last price, quote per base currency.';
comment on column analytics.candles.volume is 'Traded volume, base currency.';
comment on column analytics.candles.knowledge_ts is 'Since when this version could be known, market time, UTC.';
comment on column analytics.candles.run_id is 'Dagster run that wrote it.';
comment on column analytics.candles.code_version is 'Version of the code that wrote it.';

comment on view analytics.signals is
'One row per signal: what a strategy wanted, and how many decisions and orders came of it.
Source: signals.strategy_signals, trading.inbox.';
comment on column analytics.signals.book is 'The book.';
comment on column analytics.signals.strategy is 'The strategy whose wish it is.';
comment on column analytics.signals.venue is 'Venue of the bar that it rests on.';
comment on column analytics.signals.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.signals.timeframe is 'Length of that bar, such as 1h.';
comment on column analytics.signals.bar_ts is 'Open time of that bar, UTC.';
comment on column analytics.signals.decided_at is 'When the strategy decided, market time, UTC.';
comment on column analytics.signals.valid_until is 'When it ends to be in force, market time, UTC.';
comment on column analytics.signals.exposure is
'Wanted share of the equity of the sub-account, 0 to 1; null where only quotes change the holding.';
comment on column analytics.signals.quotes is 'How many limit orders it wants to rest.';
comment on column analytics.signals.stop is 'Price of the protective stop, quote per base currency; null for none.';
comment on column analytics.signals.volatility is
'Standard deviation of 1-bar log returns that sizing reckons with, share of the price.';
comment on column analytics.signals.reference_price is 'Price at which it was decided, quote per base currency.';
comment on column analytics.signals.reason is 'Why the strategy wanted it.';
comment on column analytics.signals.regime is 'Market regime at its bar; null where the strategy reads none.';
comment on column analytics.signals.model_id is
'Model or rule that it rests on. Source: training.price_models, training.rule_models.';
comment on column analytics.signals.intake_status is
'What execution said when it came: ACCEPTED, EXPIRED or DENIED; null before it came.';
comment on column analytics.signals.intake_reason is 'Why execution said so. Source: trading.inbox.';
comment on column analytics.signals.decisions is
'How many decisions were taken about it. Source: trading.risk_decisions.';
comment on column analytics.signals.orders is
'How many orders came of it, each attempt counted. Source: trading.orders.';
comment on column analytics.signals.signal_id is 'The signal.';
comment on column analytics.signals.run_id is 'Dagster run that wrote it.';
comment on column analytics.signals.code_version is 'Version of the code that wrote it.';

comment on view analytics.decisions is
'One row per decision about a signal: its verdict and what shaped it. Source: trading.risk_decisions.';
comment on column analytics.decisions.book is 'The book.';
comment on column analytics.decisions.strategy is 'Strategy of the sub-account.';
comment on column analytics.decisions.symbol is 'Symbol of the sub-account, BASE/QUOTE.';
comment on column analytics.decisions.decided_at is 'When it was decided, market time, UTC.';
comment on column analytics.decisions.decided_because is 'What made us decide: a signal, a fill, a settled order.';
comment on column analytics.decisions.verdict is 'TRADE, HOLD or DENIED.';
comment on column analytics.decisions.reason is
'All that shaped the decision, comma separated; of a denied one the rule that refused.';
comment on column analytics.decisions.current_quantity is 'Held when it was decided, base currency.';
comment on column analytics.decisions.target_quantity is 'To be held after it, base currency.';
comment on column analytics.decisions.orders is
'How many orders came of it, each attempt counted. Source: trading.orders.';
comment on column analytics.decisions.limits_version is 'Version of the limits that held. Source: trading.limits.';
comment on column analytics.decisions.signal_id is 'The signal. Source: signals.strategy_signals.';
comment on column analytics.decisions.decision_no is 'Number of the decision about that signal, from 1.';

comment on view analytics.fills is
'One row per execution, with its fee and its slippage. Source: trading.fills, trading.orders,
signals.strategy_signals.';
comment on column analytics.fills.book is 'The book.';
comment on column analytics.fills.strategy is 'Strategy of the sub-account.';
comment on column analytics.fills.venue is 'Venue where it filled.';
comment on column analytics.fills.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.fills.ts is 'When it filled at the venue, UTC.';
comment on column analytics.fills.leg is
'What its order was for: entry, exit, protective stop, or the n-th bid or ask that rested as a quote.';
comment on column analytics.fills.side is 'BUY or SELL.';
comment on column analytics.fills.price is 'Price, quote per base currency.';
comment on column analytics.fills.quantity is 'Quantity, base currency.';
comment on column analytics.fills.value is 'price times quantity, quote currency.';
comment on column analytics.fills.fee is 'Fee paid, in the currency of fee_currency.';
comment on column analytics.fills.fee_currency is 'Currency of the fee.';
comment on column analytics.fills.fee_quote is
'The fee at the price of the fill, quote currency; null for a fee in a third currency.';
comment on column analytics.fills.signal_price is
'Reference price of the signal, quote per base currency; null where no signal is stored.';
comment on column analytics.fills.slippage_bps is
'How much worse than signal_price it was, basis points; below 0 it was better.';
comment on column analytics.fills.trade_id is 'Number of the trade at the venue.';
comment on column analytics.fills.client_id is 'Client id of the order.';
comment on column analytics.fills.signal_id is 'The signal. Source: signals.strategy_signals.';

comment on view analytics.gate_closures is
'One row per time that a check closed the gate of a symbol to new risk. Source: ops.gate_changes.';
comment on column analytics.gate_closures.book is 'The book.';
comment on column analytics.gate_closures.venue is 'Venue of the data.';
comment on column analytics.gate_closures.symbol is 'Symbol whose gate it is, BASE/QUOTE.';
comment on column analytics.gate_closures.check_name is 'The check that found something.';
comment on column analytics.gate_closures.closed_at is 'When it closed, market time, UTC.';
comment on column analytics.gate_closures.opened_at is
'When the check found nothing any more, market time, UTC; null while the gate is closed.';
comment on column analytics.gate_closures.closed_for is
'opened_at - closed_at, an interval; null while the gate is closed.';
comment on column analytics.gate_closures.detail is 'What the check said when it closed.';
comment on column analytics.gate_closures.run_id is 'The run that closed it; a Dagster run, or the name of a service.';

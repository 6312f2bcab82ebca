-- What streams say: books, public trades, funding, and what went wrong with them. Versions as in market.candles.
create table market.order_books (
    venue text not null,
    symbol text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    sequence bigint,
    state text not null check (state in ('SYNCING', 'LIVE', 'BROKEN')),
    -- Rows of price and quantity, best first: bids[1][1] is the best bid. A book that is not LIVE quotes nothing.
    bids numeric[] not null,
    asks numeric[] not null,
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, ts, knowledge_ts),
    check (knowledge_ts >= ts - interval '1 minute'),
    check (
        case
            when state = 'LIVE'
                then
                    array_ndims(bids) = 2 and array_ndims(asks) = 2 and array_length(bids, 2) = 2
                    and array_length(asks, 2) = 2 and bids[1][1] < asks[1][1] and bids[1][1] > 0
            else cardinality(bids) = 0 and cardinality(asks) = 0
        end
    )
);

create table market.public_trades (
    venue text not null,
    symbol text not null,
    ts timestamptz not null,
    trade_id text not null,
    knowledge_ts timestamptz not null,
    price numeric not null check (price > 0 and price < 'infinity'),
    quantity numeric not null check (quantity > 0 and quantity < 'infinity'),
    side text not null check (side in ('BUY', 'SELL', 'UNKNOWN')),
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, ts, trade_id, knowledge_ts)
);

create table market.funding_rates (
    venue text not null,
    symbol text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    rate numeric not null check (rate > -1 and rate < 1),
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, ts, knowledge_ts)
);

create table market.book_events (
    venue text not null,
    symbol text not null,
    ts timestamptz not null,
    event_id text not null,
    kind text not null check (kind in ('BROKEN', 'HEALED', 'RECONNECTED', 'QUARANTINED', 'DROPPED')),
    detail text not null,
    raw bytea not null,
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, ts, event_id)
);

create view market.order_books_current as
select distinct on (venue, symbol, ts)
    venue,
    symbol,
    ts,
    knowledge_ts,
    sequence,
    state,
    bids,
    asks,
    run_id,
    code_version
from market.order_books
order by venue asc, symbol asc, ts asc, knowledge_ts desc;

create view market.public_trades_current as
select distinct on (venue, symbol, ts, trade_id)
    venue,
    symbol,
    ts,
    trade_id,
    knowledge_ts,
    price,
    quantity,
    side,
    run_id,
    code_version
from market.public_trades
order by venue asc, symbol asc, ts asc, trade_id asc, knowledge_ts desc;

-- What the market said. A version is inserted only where content differs; nothing is overwritten.
create schema market;

create table market.instruments (
    venue text not null,
    symbol text not null,
    base text not null,
    quote text not null,
    tick numeric not null check (tick > 0),
    lot numeric not null check (lot > 0),
    min_quantity numeric not null,
    min_notional numeric not null,
    maker_fee numeric not null,
    taker_fee numeric not null,
    status text not null,
    knowledge_ts timestamptz not null,
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, knowledge_ts)
);

create table market.candles (
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    open double precision not null check (open > 0),
    high double precision not null,
    low double precision not null check (low > 0),
    close double precision not null,
    volume double precision not null check (volume >= 0),
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, timeframe, ts, knowledge_ts),
    check (high >= open and high >= close and low <= open and low <= close and high < 'infinity'),
    check (volume < 'infinity' and knowledge_ts > ts)
);

create view market.candles_current as
select distinct on (venue, symbol, timeframe, ts)
    venue,
    symbol,
    timeframe,
    ts,
    knowledge_ts,
    open,
    high,
    low,
    close,
    volume,
    run_id,
    code_version
from market.candles
order by venue asc, symbol asc, timeframe asc, ts asc, knowledge_ts desc;

-- What came of it: views of the ledger, written down per step, and the reports.
create schema portfolio;
create schema reports;

create table portfolio.positions (
    book text not null,
    strategy text not null,
    symbol text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    quantity numeric not null,
    price numeric not null,
    value numeric not null,
    cost numeric not null,
    run_id text not null,
    code_version text not null,
    primary key (book, strategy, symbol, ts, knowledge_ts)
);

create table portfolio.equity_curve (
    book text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    cash numeric not null,
    positions numeric not null,
    equity numeric not null,
    fees numeric not null,
    deposits numeric not null,
    run_id text not null,
    code_version text not null,
    primary key (book, ts, knowledge_ts)
);

create table reports.daily_performance (
    book text not null,
    day date not null,
    knowledge_ts timestamptz not null,
    document jsonb not null,
    document_hash text not null,
    path text not null,
    run_id text not null,
    code_version text not null,
    primary key (book, day, knowledge_ts)
);

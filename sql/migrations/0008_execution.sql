-- What reconciliation needs: strangers on the account, corrections, and a person's word that the venue is right.
create table trading.foreign_trades (
    book text not null,
    venue text not null,
    symbol text not null,
    trade_id text not null,
    venue_order_id text not null,
    side text not null,
    price numeric not null check (price > 0),
    quantity numeric not null check (quantity > 0),
    fee numeric not null,
    fee_currency text not null,
    ts timestamptz not null,
    recorded_at timestamptz not null,
    primary key (book, venue, symbol, trade_id)
);

create table trading.foreign_orders (
    book text not null,
    venue text not null,
    symbol text not null,
    venue_order_id text not null,
    client_id text not null,
    seen_at timestamptz not null,
    primary key (book, venue, symbol, venue_order_id)
);

create trigger append_only before update or delete or truncate on trading.foreign_trades
for each statement execute function ops.refuse_change();
create trigger append_only before update or delete or truncate on trading.foreign_orders
for each statement execute function ops.refuse_change();

alter table trading.journals drop constraint journals_kind_check;
alter table trading.journals add constraint journals_kind_check
check (kind in ('DEPOSIT', 'RESERVE', 'RELEASE', 'FILL', 'FOREIGN', 'ADJUSTMENT', 'REVERSAL'));
create index journals_of_ref on trading.journals (ref);

alter table trading.symbol_states add column accepts_venue boolean not null default false;

-- A decision reads the newest stop of its sub-account, whatever has become of it.
create index orders_stops on trading.orders (book, strategy, symbol, created_at) where leg = 'stop';
create index decisions_of_account on trading.risk_decisions (book, strategy, symbol, decided_at)
where target_quantity = 0;

-- Fails the transaction of an owner whose epoch is void; the shared lock keeps the next owner waiting until it ends.
create function trading.require_lease(wanted_book text, wanted_epoch bigint) returns void language plpgsql as $$
begin
    perform 1 from trading.leases where book = wanted_book and epoch = wanted_epoch for share;
    if not found then
        raise exception 'the lease of book % was taken over by another process', wanted_book
            using errcode = 'invalid_grantor';
    end if;
end
$$;

-- What strangers did and what a person has accepted changes what is owned as well.
create or replace view analytics.movements as
select
    e.book,
    j.at,
    e.strategy,
    e.symbol,
    j.kind,
    j.ref,
    j.journal_id,
    b.quote,
    sum(e.amount) filter (where a.owned and e.currency <> b.quote) as base_change,
    sum(e.amount) filter (where a.owned and e.currency = b.quote) as quote_change,
    sum(e.amount) filter (where e.account = 'fees' and e.currency <> b.quote) as fee_base,
    sum(e.amount) filter (where e.account = 'fees' and e.currency = b.quote) as fee_quote,
    sum(e.amount) filter (where e.account = 'market' and e.currency <> b.quote) as traded_base,
    sum(e.amount) filter (where e.account = 'market' and e.currency = b.quote) as traded_quote,
    -sum(e.amount) filter (where e.account = 'capital' and e.currency = b.quote) as capital,
    array_agg(distinct e.currency) filter (
        where e.currency <> b.quote and (j.kind = 'DEPOSIT' or e.currency <> split_part(e.symbol, '/', 1))
    ) as strangers
from trading.ledger_entries as e
inner join trading.journals as j on e.journal_id = j.journal_id
inner join lateral (
    select k.configuration ->> 'quote' as quote from ops.books as k
    where k.book = e.book
) as b on true
inner join lateral (select e.account in ('cash', 'reserved', 'position') as owned) as a on true
where j.kind in ('DEPOSIT', 'FILL', 'FOREIGN', 'ADJUSTMENT', 'REVERSAL')
group by e.book, j.at, e.strategy, e.symbol, j.kind, j.ref, j.journal_id, b.quote;

comment on column analytics.movements.kind is
'DEPOSIT, FILL, FOREIGN (a trade on the account that no order of ours explains), ADJUSTMENT (a difference to the venue
that a person has accepted) or REVERSAL.';
comment on column analytics.movements.strategy is
'Strategy of the sub-account; treasury for what is not invested, foreign for what strangers did.';

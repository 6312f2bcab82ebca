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

-- The lines of a journal come in one statement. So one sum per journal at the commit is enough, and a balance moves
-- once a statement, in one order for all: what a trade costs is paid while everybody else waits.
create function trading.take_lines() returns trigger language plpgsql as $$
declare
    torn text;
begin
    select journal_id into torn from added group by journal_id having min(line) <> 0 limit 1;
    if found then
        raise exception 'journal % gets lines without its first: a journal goes in whole', torn
            using errcode = 'check_violation';
    end if;
    insert into trading.balances as b (book, strategy, symbol, account, currency, amount)
    select book, strategy, symbol, account, currency, sum(amount) from added
    group by book, strategy, symbol, account, currency
    order by book, strategy, symbol, account, currency
    on conflict (book, strategy, symbol, account, currency) do update set amount = b.amount + excluded.amount;
    return null;
end
$$;

drop trigger add_to_balance on trading.ledger_entries;
drop function trading.add_to_balance();
create trigger take_lines after insert on trading.ledger_entries
referencing new table as added for each statement execute function trading.take_lines();

drop trigger zero_sum on trading.ledger_entries;
create constraint trigger zero_sum after insert on trading.ledger_entries
deferrable initially deferred for each row when (new.line = 0) execute function trading.require_zero_sum();

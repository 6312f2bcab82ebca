-- SQL for analysts: every column says what it is, and a role that can read these views and nothing else.
-- What was not said before about views that are there.
comment on view analytics.sources is
'Every source with its contract, and how it stood when it was last asked. Source: ops.sources.';
comment on view analytics.quote_fills is
'One row per execution of a quote: the inventory after it and where the price went. Source: trading.fills,
trading.ledger_entries, market.candles.';
comment on view analytics.gate_refusals is
'One row per decision that a closed gate kept from new risk, with the check that closed it.
Source: trading.risk_decisions, ops.quality_results.';
comment on view analytics.order_passport is
'One row per order attempt: why it exists, from the venue back to the candle. Source: trading.orders,
signals.strategy_signals, features, training, forecasts, market.candles.';
comment on view analytics.order_story is
'One row per order: what was wanted, why, and what came of it. Source: trading.orders, trading.fills,
signals.strategy_signals.';
comment on column analytics.order_passport.book is 'The book. Source: trading.orders.';
comment on column analytics.order_passport.client_id is 'Client id under which the venue knows the order.';
comment on column analytics.order_passport.symbol is 'Symbol, BASE/QUOTE.';
comment on column analytics.order_passport.strategy is 'Strategy whose sub-account trades.';
comment on column analytics.order_passport.leg is
'What it is for: entry, exit, protective stop, or the n-th bid or ask that rests as a quote.';
comment on column analytics.order_passport.side is 'BUY or SELL.';
comment on column analytics.order_passport.state is 'Where the order stands now.';
comment on column analytics.order_passport.venue_order_id is
'Number of the order at the venue; null before the venue has named it.';
comment on column analytics.order_passport.signal_id is 'The signal. Source: signals.strategy_signals.';
comment on column analytics.order_passport.signal_reason is 'Why the strategy wanted it.';
comment on column analytics.order_passport.exposure is
'Wanted share of the equity of the sub-account, 0 to 1; null where only quotes change the holding.';
comment on column analytics.order_passport.decision_no is
'Number of the decision about that signal, from 1. Source: trading.risk_decisions.';
comment on column analytics.order_passport.verdict is 'TRADE, HOLD or DENIED.';
comment on column analytics.order_passport.decision_reason is 'What sizing, risk and planning said.';
comment on column analytics.order_passport.inputs_hash is 'SHA-256 of all that the decision was made of.';
comment on column analytics.order_passport.limits_version is 'Version of the limits that held. Source: trading.limits.';
comment on column analytics.order_passport.strategy_version is
'Version of the parameters of the strategy. Source: trading.strategies.';
comment on column analytics.order_passport.model_id is
'Model or rule that the signal rests on. Source: training.price_models, training.rule_models.';
comment on column analytics.order_passport.model_kind is 'Kind of the model.';
comment on column analytics.order_passport.trained_from is 'First bar of its training, UTC.';
comment on column analytics.order_passport.trained_to is 'Last bar of its training, its open time, UTC.';
comment on column analytics.order_passport.model_data_hash is 'SHA-256 of the rows that it was trained on.';
comment on column analytics.order_passport.feature_hash is 'SHA-256 of the features that the signal read.';
comment on column analytics.order_passport.feature_knowledge_ts is
'Since when these features were known, market time, UTC. Source: features.technical_features.';
comment on column analytics.order_passport.rsi_14 is 'Relative strength index of 14 bars, 0 to 100.';
comment on column analytics.order_passport.forecast_hash is
'SHA-256 of the forecast that the signal read; null where the strategy reads none.';
comment on column analytics.order_passport.regime is
'Market regime that the signal read; null where the strategy reads none.';
comment on column analytics.order_passport.candle_hash is 'SHA-256 of the bar that the signal rests on.';
comment on column analytics.order_passport.candle_knowledge_ts is
'Since when this bar was known, market time, UTC. Source: market.candles.';
comment on column analytics.order_passport.signal_run_id is 'Dagster run that wrote the signal.';
comment on column analytics.order_passport.feature_run_id is 'Dagster run that wrote the features.';
comment on column analytics.order_passport.candle_run_id is 'Dagster run that wrote the bar.';
comment on column analytics.order_passport.model_run_id is 'Dagster run that trained the model.';
comment on column analytics.order_passport.kafka_cluster_id is
'Cluster of the message that brought the signal. Source: trading.inbox.';
comment on column analytics.order_passport.kafka_topic is 'Topic of that message.';
comment on column analytics.order_passport.kafka_partition is 'Partition of that message.';
comment on column analytics.order_passport.kafka_offset is 'Offset of that message.';
comment on column analytics.order_passport.code_version is 'Version of the code that wrote the signal.';
comment on column analytics.gate_refusals.symbol is 'Its symbol, BASE/QUOTE.';

-- What everybody may do in a new database and an analyst must not. Who runs our parts owns all this, or is a superuser.
revoke all on all routines in schema
analytics, features, forecasts, market, news, ops, portfolio, reports, signals, trading, training from public;

do $$
begin
    -- Up to PostgreSQL 14 everybody could create in public; temporary tables fill the disk as well as others.
    execute format('revoke temporary on database %I from public', current_database());
    revoke create on schema public from public;
exception
    when insufficient_privilege then
        raise notice 'only the owner of the database can take TEMPORARY and CREATE in public from everybody';
end
$$;

-- Lets the role `analyst` read schema analytics of this database, and makes that role where there is none. Roles belong
-- to the server: several databases share this one, and may be migrated at once. It cannot log in before somebody
-- gives it a password. Repeating it changes nothing.
create procedure ops.admit_analyst() language plpgsql as $$
declare
    setting text;
    callable text;
begin
    if not exists (select from pg_roles where rolname = 'analyst') then
        begin
            create role analyst nologin connection limit 20;
        exception
            when duplicate_object or unique_violation then
                null; -- another database of this server was quicker
            when insufficient_privilege then
                raise notice 'no role analyst: `create role analyst connection limit 20` and'
                    ' `call ops.admit_analyst()` need a user who may create roles';
                return;
        end;
    end if;
    grant usage on schema analytics to analyst;
    grant select on all tables in schema analytics to analyst;
    alter default privileges in schema analytics grant select on tables to analyst;
    begin
        foreach setting in array array[
            'search_path = analytics', 'default_transaction_read_only = on', 'statement_timeout = ''60s''',
            'idle_in_transaction_session_timeout = ''60s''', 'lock_timeout = ''5s''', 'timezone = ''UTC'''
        ] loop
            execute format('alter role analyst in database %I set %s', current_database(), setting);
        end loop;
    exception
        when insufficient_privilege then
            raise notice 'the role analyst keeps its own timeouts and search_path: only its administrator can set them';
    end;
    -- These are open to everybody and write, or stop those who trade: they take the same locks. A superuser's alone.
    if (select rolsuper from pg_roles where rolname = current_user) then
        for callable in
            select p.oid::regprocedure::text from pg_proc as p
            where
                p.pronamespace = 'pg_catalog'::regnamespace
                and (p.proname ~ '^pg_(try_)?advisory_' or p.proname ~ '^lo(_|write$)'
                    or p.proname = 'pg_logical_emit_message')
        loop
            execute format('revoke execute on function %s from public', callable);
        end loop;
    end if;
end
$$;
revoke all on procedure ops.admit_analyst() from public;

call ops.admit_analyst();

-- What a position may lose between the market and its stop is a limit like the others.
create or replace view analytics.limit_changes as
select
    c.change_id,
    c.version,
    c.base,
    c.owner,
    c.reason,
    c.looser,
    c.proposed_at,
    c.valid_until,
    a.actor as approved_by,
    a.at as approved_at,
    case
        when r.change_id is not null then 'rejected'
        when e.change_id is not null then 'ended'
        when c.valid_until <= clock_timestamp() then 'expired'
        when c.change_id = holding.change_id then 'in force'
        when c.looser = '{}' or a.change_id is not null then 'beneath'
        when c.base = holding.version then 'waiting'
        else 'void'
    end as state,
    (l.parameters ->> 'target_volatility')::numeric as target_volatility,
    (l.parameters ->> 'max_position')::numeric as max_position,
    (l.parameters ->> 'max_order_value')::numeric as max_order_value,
    (l.parameters ->> 'max_drawdown')::numeric as max_drawdown,
    (l.parameters ->> 'price_collar')::numeric as price_collar,
    (l.parameters ->> 'min_rebalance')::numeric as min_rebalance,
    (l.parameters ->> 'cash_buffer')::numeric as cash_buffer,
    (
        select string_agg(w.window_, '; ' order by w.place)
        from jsonb_array_elements_text(coalesce(l.parameters -> 'closed', '[]')) with ordinality as w (window_, place)
    ) as closed,
    coalesce((l.parameters ->> 'max_loss')::numeric, 1) as max_loss
from trading.limit_changes as c
inner join trading.limits as l on c.version = l.version
left join trading.limit_verdicts as a on c.change_id = a.change_id and a.verdict = 'APPROVED'
left join trading.limit_verdicts as r on c.change_id = r.change_id and r.verdict = 'REJECTED'
left join trading.limit_verdicts as e on c.change_id = e.change_id and e.verdict = 'ENDED'
left join trading.limits_in_force as holding on true;

comment on column analytics.limit_changes.max_loss is
'Largest loss of a position between the market and its stop, fraction of the equity of its sub-account.';

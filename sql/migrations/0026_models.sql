-- Which model is in force and why, what was tried on the way, and what its features looked like in training.
create table training.model_states (
    sequence bigint generated always as identity primary key,
    book text not null,
    model_id text not null,
    state text not null check (state in ('candidate', 'shadow', 'canary', 'champion', 'retired')),
    who text not null check (who <> ''),
    why text not null check (why <> ''),
    evidence jsonb not null default '{}',
    at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    foreign key (book, model_id) references training.price_models
);
create index model_states_of_book on training.model_states (book, model_id, sequence);
create trigger append_only before update or delete or truncate on training.model_states
for each statement execute function ops.refuse_change();

-- A book that trades already goes on with the model that it trades on.
insert into training.model_states (book, model_id, state, who, why, at)
select distinct on (m.book)
    m.book,
    m.model_id,
    'champion' as state,
    'tradewind' as who,
    'in force by default, not by evidence: it was the newest when states came in' as why,
    m.knowledge_ts as at
from training.price_models as m
order by m.book asc, m.knowledge_ts desc, m.model_id asc;

create table training.trials (
    study text not null,
    number integer not null,
    book text not null,
    kind text not null,
    parameters jsonb not null,
    scores jsonb,
    data_hash text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (study, number)
);
create index trials_of_book on training.trials (book, kind);
create trigger append_only before update or delete or truncate on training.trials
for each statement execute function ops.refuse_change();

create table training.feature_ranges (
    book text not null,
    model_id text not null,
    feature text not null,
    edges double precision[] not null,
    shares double precision[] not null,
    psi_limit double precision not null check (psi_limit >= 0),
    ks_limit double precision not null check (ks_limit >= 0),
    bars integer not null check (bars > 0),
    primary key (book, model_id, feature),
    foreign key (book, model_id) references training.price_models,
    check (cardinality(shares) = cardinality(edges) + 1)
);

-- What a model in shadow or canary told of each bar: scored like the champion, never traded where only this tells it.
create table forecasts.shadow_forecasts (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    model_id text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    expected_return double precision not null,
    sigma double precision not null,
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, model_id, ts, knowledge_ts)
);

create view analytics.models as
select
    m.book,
    m.model_id,
    m.kind,
    coalesce(s.state, 'candidate') as state,
    s.at as state_since,
    s.who as state_by,
    s.why as state_why,
    cardinality(m.features) as features,
    m.trained_from,
    m.trained_to,
    m.data_hash,
    (m.scores ->> 'information_coefficient')::double precision as information_coefficient,
    (m.scores ->> 'rmse_skill_vs_zero')::double precision as rmse_skill,
    (m.scores ->> 'coverage_80')::double precision as coverage_80,
    m.knowledge_ts
from training.price_models as m
left join lateral (
    select
        t.state,
        t.at,
        t.who,
        t.why
    from training.model_states as t
    where t.book = m.book and t.model_id = m.model_id
    order by t.sequence desc
    limit 1
) as s on true;

comment on view analytics.models is
'One row per price model with the state that it is in. Source: training.price_models, training.model_states.';
comment on column analytics.models.book is 'The book.';
comment on column analytics.models.model_id is 'SHA-256 of artefact, data, features, seed and parameters.';
comment on column analytics.models.kind is 'Kind of the model.';
comment on column analytics.models.state is
'candidate, shadow (told, not traded), canary (trades one symbol), champion (in force) or retired.';
comment on column analytics.models.state_since is 'Since when it is in this state, market time, UTC.';
comment on column analytics.models.state_by is 'Who put it there.';
comment on column analytics.models.state_why is 'Why.';
comment on column analytics.models.features is 'Number of its features.';
comment on column analytics.models.trained_from is 'First bar of its training, UTC.';
comment on column analytics.models.trained_to is 'Last bar of its training, its open time, UTC.';
comment on column analytics.models.data_hash is 'SHA-256 of the rows that it was trained on.';
comment on column analytics.models.information_coefficient is
'Rank correlation of forecast and outcome over all rows out of sample, -1 to 1.';
comment on column analytics.models.rmse_skill is
'1 - RMSE / RMSE of expecting nothing, out of sample: share of the error that it takes away.';
comment on column analytics.models.coverage_80 is
'Share of outcomes out of sample within its 80 % band; null where it was not measured.';
comment on column analytics.models.knowledge_ts is 'When it was trained, market time, UTC.';

create view analytics.model_states as
select
    s.sequence,
    s.book,
    s.model_id,
    s.state,
    s.who,
    s.why,
    s.evidence,
    s.at
from training.model_states as s;

comment on view analytics.model_states is
'Every change of the state of a model, never changed afterwards. Source: training.model_states.';
comment on column analytics.model_states.sequence is 'Order of the changes, growing.';
comment on column analytics.model_states.book is 'The book.';
comment on column analytics.model_states.model_id is 'The model. Source: training.price_models.';
comment on column analytics.model_states.state is 'candidate, shadow, canary, champion or retired.';
comment on column analytics.model_states.who is 'Who put it there; tradewind for what happened by itself.';
comment on column analytics.model_states.why is 'Why.';
comment on column analytics.model_states.evidence is
'What was weighed, as JSON: skill, growth after costs, deflated Sharpe ratio, calibration, controls, refusals.';
comment on column analytics.model_states.at is 'When, market time, UTC.';

create view analytics.trials as
select
    t.study,
    t.number,
    t.book,
    t.kind,
    t.parameters,
    t.scores,
    t.data_hash,
    t.at
from training.trials as t;

comment on view analytics.trials is
'Every set of parameters that was tried for a model: all count against the one chosen. Source: training.trials.';
comment on column analytics.trials.study is 'The search that it belongs to.';
comment on column analytics.trials.number is 'Number within the study, from 0.';
comment on column analytics.trials.book is 'The book on whose history it was tried.';
comment on column analytics.trials.kind is 'Kind of the model.';
comment on column analytics.trials.parameters is 'The parameters that were tried, as JSON.';
comment on column analytics.trials.scores is
'Scores out of sample, as JSON; null where the parameters cannot be so together.';
comment on column analytics.trials.data_hash is 'SHA-256 of the rows that it was tried on.';
comment on column analytics.trials.at is 'When it was tried, wall time, UTC.';

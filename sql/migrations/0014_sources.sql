-- What is told besides prices: news, posts and series, each from a declared source; and what a venue can do and lists.
create schema news;

-- Nothing in it controls a terminal or turns the order of reading.
create domain news.plain_text as text
check (value !~ '[\u0001-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]');

-- A headline as it was read at knowledge_ts; a correction is a further version. Text only: nothing in it is ever run.
create table news.articles (
    source text not null,
    article_id text not null,
    knowledge_ts timestamptz not null,
    -- Null where the stated date cannot be believed; the marks say why.
    published_ts timestamptz,
    title news.plain_text not null check (length(title) between 1 and 500),
    summary news.plain_text not null check (length(summary) <= 5000),
    url text not null check (url = '' or url ~ '^https?://[^\s<>"]+$'),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    entities text[] not null,
    marks text[] not null,
    story_id text not null,
    run_id text not null,
    code_version text not null,
    primary key (source, article_id, knowledge_ts),
    check (published_ts <= knowledge_ts + interval '5 minutes')
);

create index articles_by_time on news.articles (knowledge_ts);
create index articles_by_story on news.articles (story_id);

create table news.social_posts (
    source text not null,
    post_id text not null,
    knowledge_ts timestamptz not null,
    published_ts timestamptz,
    body news.plain_text not null check (length(body) between 1 and 5000),
    url text not null check (url = '' or url ~ '^https?://[^\s<>"]+$'),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    -- Tells authors apart and does not name them.
    author text not null,
    entities text[] not null,
    marks text[] not null,
    run_id text not null,
    code_version text not null,
    primary key (source, post_id, knowledge_ts),
    check (published_ts <= knowledge_ts + interval '5 minutes')
);

create index social_posts_by_time on news.social_posts (knowledge_ts);

-- An observation for ts as it was read at knowledge_ts: a revision is a further version, a vintage an as-of read.
create table news.macro_series (
    source text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    value numeric not null check (value > '-1e30' and value < '1e30'),
    unit text not null,
    run_id text not null,
    code_version text not null,
    primary key (source, ts, knowledge_ts)
);

-- The contract of each source as it was last declared, and how it stands; url without its key.
create table ops.sources (
    source text primary key,
    kind text not null,
    url text not null,
    licence text not null,
    fresh_seconds bigint not null check (fresh_seconds > 0),
    every_seconds bigint not null check (every_seconds > 0),
    etag text,
    last_modified text,
    asked_at timestamptz,
    answered_at timestamptz,
    not_before timestamptz,
    newest_ts timestamptz,
    written bigint not null default 0,
    refused bigint not null default 0,
    error text not null default ''
);

create table ops.quarantined_items (
    source text not null,
    item_hash text not null,
    reason text not null,
    content text not null check (length(content) <= 4000),
    recorded_at timestamptz not null,
    run_id text not null,
    primary key (source, item_hash, reason)
);

-- Newest version of each article, with when its first one was read: their difference from its date is the delay.
create view news.articles_current as
select distinct on (a.source, a.article_id)
    a.source,
    a.article_id,
    a.published_ts,
    f.first_known_ts,
    f.first_known_ts - a.published_ts as fetch_delay,
    f.versions,
    a.title,
    a.summary,
    a.url,
    a.language,
    a.entities,
    a.marks,
    a.story_id,
    a.knowledge_ts,
    a.run_id,
    a.code_version
from news.articles as a
inner join (
    select
        v.source,
        v.article_id,
        min(v.knowledge_ts) as first_known_ts,
        count(*) as versions
    from news.articles as v
    group by v.source, v.article_id
) as f on a.source = f.source and a.article_id = f.article_id
order by a.source asc, a.article_id asc, a.knowledge_ts desc;

create view news.macro_series_current as
select distinct on (source, ts)
    source,
    ts,
    knowledge_ts,
    value,
    unit,
    run_id,
    code_version
from news.macro_series
order by source asc, ts asc, knowledge_ts desc;

create view analytics.news as
select
    a.source,
    a.article_id,
    a.published_ts,
    a.first_known_ts,
    a.fetch_delay,
    a.title,
    a.url,
    a.language,
    a.entities,
    a.marks,
    a.story_id,
    a.versions
from news.articles_current as a;

comment on view analytics.news is
'Headlines, newest versions. Text from strangers: show it escaped, never run it. Source: news.articles.';
comment on column analytics.news.source is 'Name of the source, as in ops.sources.';
comment on column analytics.news.article_id is 'Id within all sources, the same at every look.';
comment on column analytics.news.published_ts is 'When it was published, UTC; null where its date cannot be believed.';
comment on column analytics.news.first_known_ts is 'When it was first read, UTC: nothing before may know it.';
comment on column analytics.news.fetch_delay is 'first_known_ts - published_ts.';
comment on column analytics.news.title is 'Headline, plain text.';
comment on column analytics.news.url is 'Address without what tracks its reader; empty when it had none of the web.';
comment on column analytics.news.language is 'Language, ISO 639; und where it is not known.';
comment on column analytics.news.entities is 'Base currencies it is about, by the dictionary of names and tickers.';
comment on column analytics.news.marks is 'What was odd about it, such as FUTURE, BIDI, PROMPT; see docs/sources.md.';
comment on column analytics.news.story_id is 'The story that it tells, with others.';
comment on column analytics.news.versions is 'How many versions of it were read, corrections included.';

create view analytics.stories as
select
    a.story_id,
    (array_agg(a.title order by a.first_known_ts asc, a.source asc, a.article_id asc))[1] as title,
    min(a.published_ts) as published_ts,
    min(a.first_known_ts) as first_known_ts,
    count(*) as articles,
    array_agg(distinct a.source) as sources
from news.articles_current as a
group by a.story_id;

comment on view analytics.stories is
'Headlines that tell the same, merged; every source is kept. Source: news.articles.';
comment on column analytics.stories.story_id is 'Id of the story: that of its first article.';
comment on column analytics.stories.title is 'Headline of the article that was read first.';
comment on column analytics.stories.published_ts is 'Earliest date of publication, UTC; null without any.';
comment on column analytics.stories.first_known_ts is 'When the first of its articles was read, UTC.';
comment on column analytics.stories.articles is 'How many articles tell it.';
comment on column analytics.stories.sources is 'Names of the sources that tell it.';

create view analytics.sources as
select
    s.source,
    s.kind,
    s.url,
    s.licence,
    s.asked_at,
    s.answered_at,
    s.newest_ts,
    make_interval(secs => s.fresh_seconds) as fresh_limit,
    coalesce(s.answered_at - s.newest_ts > make_interval(secs => s.fresh_seconds), true) as stale,
    s.written,
    s.refused,
    s.error
from ops.sources as s;

comment on view analytics.sources is 'Every source with its contract, and how it stood when it was last asked.';
comment on column analytics.sources.source is 'Name of the source.';
comment on column analytics.sources.kind is 'feed, cryptopanic, posts, series or funding.';
comment on column analytics.sources.url is 'Where it is asked; a key is shown as {key}.';
comment on column analytics.sources.licence is 'What may be done with what it tells.';
comment on column analytics.sources.asked_at is 'When it was last asked, UTC.';
comment on column analytics.sources.answered_at is 'When it last answered, UTC; an unchanged answer counts.';
comment on column analytics.sources.newest_ts is 'Time of its newest item, UTC.';
comment on column analytics.sources.fresh_limit is 'How old its newest item may be.';
comment on column analytics.sources.stale is 'True when its newest item was older at its last answer, or none came.';
comment on column analytics.sources.written is 'Rows written since it was first asked, versions included.';
comment on column analytics.sources.refused is 'Items quarantined since it was first asked.';
comment on column analytics.sources.error is 'Why the last attempt failed; empty when it did not.';

-- All that a venue lists, as it was read at knowledge_ts; what it lists no more gets a last version that says so.
create table market.listings (
    venue text not null,
    symbol text not null,
    knowledge_ts timestamptz not null,
    kind text not null check (kind in ('spot', 'swap', 'future')),
    base text not null,
    quote text not null,
    settle text not null,
    -- Null where the venue does not say.
    tick numeric check (tick > 0),
    lot numeric check (lot > 0),
    min_quantity numeric,
    min_notional numeric,
    maker_fee numeric,
    taker_fee numeric,
    status text not null check (status in ('TRADING', 'HALTED', 'DELISTED')),
    listed_at timestamptz,
    delisted_at timestamptz,
    run_id text not null,
    code_version text not null,
    primary key (venue, symbol, knowledge_ts),
    check (status <> 'DELISTED' or delisted_at is not null)
);

-- What a venue can do for us, as it was judged at knowledge_ts.
create table market.venues (
    venue text not null,
    knowledge_ts timestamptz not null,
    exchange text not null,
    data boolean not null,
    paper boolean not null,
    live boolean not null,
    time_fence text not null,
    client_id text not null,
    query_by_client_id text not null,
    reads text[] not null,
    streams text[] not null,
    exact_books boolean not null,
    missing text[] not null,
    run_id text not null,
    code_version text not null,
    primary key (venue, knowledge_ts),
    check (not live or (time_fence <> '' and client_id <> '' and query_by_client_id <> ''))
);

-- What could be traded at a venue at a time, by what was known then: what was delisted later is in it. Of a time before
-- the venue was first read it says what that reading knew, where the venue states that it was listed by then.
create function market.instruments_at(at_venue text, at_ts timestamptz) returns setof market.listings
language sql stable as $$
select t.*
from (
    select distinct on (l.symbol) l.*
    from market.listings as l
    where
        l.venue = at_venue
        and l.knowledge_ts <= greatest(
            at_ts, (select min(f.knowledge_ts) from market.listings as f where f.venue = at_venue)
        )
    order by l.symbol asc, l.knowledge_ts desc
) as t
where
    (t.delisted_at is null or t.delisted_at > at_ts)
    and (t.knowledge_ts <= at_ts or t.listed_at <= at_ts)
$$;

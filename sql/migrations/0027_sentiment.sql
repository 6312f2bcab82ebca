-- Sentiment of what is told besides prices, by version of each article and post, and the mood that comes of it per bar.
create table training.sentiment_models (like training.price_models including all);

-- What a model said of a text; fetched_ts is when that version of it was read. The text itself is in schema news.
create table forecasts.sentiment_scores (
    book text not null,
    kind text not null check (kind in ('article', 'post')),
    source text not null,
    item_id text not null,
    fetched_ts timestamptz not null,
    model_kind text not null,
    knowledge_ts timestamptz not null,
    model_id text not null,
    text_hash text not null,
    published_ts timestamptz,
    entities text[] not null,
    label text not null check (label in ('negative', 'neutral', 'positive')),
    score double precision not null check (score between -1 and 1),
    run_id text not null,
    code_version text not null,
    primary key (book, kind, source, item_id, fetched_ts, model_kind, knowledge_ts),
    check (knowledge_ts >= fetched_ts)
);

create index sentiment_scores_by_time on forecasts.sentiment_scores (book, model_kind, fetched_ts);

create table features.news_features (
    book text not null,
    venue text not null,
    symbol text not null,
    timeframe text not null,
    ts timestamptz not null,
    knowledge_ts timestamptz not null,
    model_id text not null,
    news_mood double precision not null check (news_mood between -1 and 1),
    news_weight double precision not null check (news_weight >= 0),
    news_articles bigint not null check (news_articles >= 0),
    social_mood double precision not null check (social_mood between -1 and 1),
    social_posts bigint not null check (social_posts >= 0),
    market_mood double precision not null check (market_mood between -1 and 1),
    run_id text not null,
    code_version text not null,
    primary key (book, venue, symbol, timeframe, ts, knowledge_ts)
);

create view analytics.news_mood as
select distinct on (f.book, f.venue, f.symbol, f.timeframe, f.ts)
    f.book,
    f.venue,
    f.symbol,
    f.timeframe,
    f.ts,
    f.knowledge_ts,
    f.news_mood,
    f.news_weight,
    f.news_articles,
    f.social_mood,
    f.social_posts,
    f.market_mood,
    f.model_id
from features.news_features as f
order by f.book asc, f.venue asc, f.symbol asc, f.timeframe asc, f.ts asc, f.knowledge_ts desc;

comment on view analytics.news_mood is
'Mood of the news per symbol and bar, as known at its close; newest versions. Source: features.news_features.';
comment on column analytics.news_mood.book is 'The book.';
comment on column analytics.news_mood.venue is 'The venue of the bars.';
comment on column analytics.news_mood.symbol is 'Symbol, BASE/QUOTE; the news are those about its base currency.';
comment on column analytics.news_mood.timeframe is 'Length of the bars.';
comment on column analytics.news_mood.ts is 'Open time of the bar, UTC.';
comment on column analytics.news_mood.knowledge_ts is 'When this version was known, UTC.';
comment on column analytics.news_mood.news_mood is
'Value from -1 (bad) to 1 (good) of the articles read by the close, halved in weight every 12 hours; 0 in silence.';
comment on column analytics.news_mood.news_weight is 'Sum of the weights of its articles: a new one is a share of 1.';
comment on column analytics.news_mood.news_articles is 'How many articles of the last four days it rests on.';
comment on column analytics.news_mood.social_mood is 'The same value of posts, from -1 (bad) to 1 (good).';
comment on column analytics.news_mood.social_posts is 'How many posts of the last four days it rests on.';
comment on column analytics.news_mood.market_mood is 'The same value of all articles, whatever they are about.';
comment on column analytics.news_mood.model_id is 'Model that judged the texts, in training.sentiment_models.';

create view analytics.sentiment_scores as
select distinct on (s.book, s.kind, s.source, s.item_id, s.fetched_ts, s.model_kind)
    s.book,
    s.kind,
    s.source,
    s.item_id,
    s.published_ts,
    s.fetched_ts,
    s.entities,
    s.model_kind,
    s.model_id,
    s.label,
    s.score,
    s.text_hash
from forecasts.sentiment_scores as s
order by
    s.book asc, s.kind asc, s.source asc, s.item_id asc, s.fetched_ts asc, s.model_kind asc, s.knowledge_ts desc;

comment on view analytics.sentiment_scores is
'What the models said of each version of an article or post. Source: forecasts.sentiment_scores.';
comment on column analytics.sentiment_scores.book is 'The book whose models were asked.';
comment on column analytics.sentiment_scores.kind is 'article or post.';
comment on column analytics.sentiment_scores.source is 'Name of the source, as in ops.sources.';
comment on column analytics.sentiment_scores.item_id is 'Id of the article or post within all sources.';
comment on column analytics.sentiment_scores.published_ts is 'When it was published, UTC; null if not believed.';
comment on column analytics.sentiment_scores.fetched_ts is 'When this version was read, UTC: nothing before knows it.';
comment on column analytics.sentiment_scores.entities is 'Base currencies it is about.';
comment on column analytics.sentiment_scores.model_kind is 'vader_sentiment (a rule) or tfidf_sentiment (learned).';
comment on column analytics.sentiment_scores.model_id is 'The model, in training.sentiment_models.';
comment on column analytics.sentiment_scores.label is 'negative, neutral or positive.';
comment on column analytics.sentiment_scores.score is 'Value from -1 (bad news) to 1 (good news).';
comment on column analytics.sentiment_scores.text_hash is 'SHA-256 of the text that was judged: headline and teaser.';

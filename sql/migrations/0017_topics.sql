-- Which topic it was that was read under its name: one that is made anew has another id, however full it is.
create table trading.read_topics (
    cluster_id text not null,
    topic text not null,
    topic_id text not null,
    first_read_at timestamptz not null default clock_timestamp(),
    primary key (cluster_id, topic)
);

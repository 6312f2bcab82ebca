"""From what a source answers to rows: decoded, read, vetted, linked, placed in stories, written as versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from adapters.news import cryptopanic, feeds, posts
from adapters.news.encoding import decoded
from adapters.news.stories import MOST, WITHIN, Stories, Told
from adapters.sources.declared import Source
from adapters.sources.fetch import Answer, Held
from adapters.sources.visit import Taken, asked
from adapters.store import articles as stored
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.article import Article, Mark, Post
from trading.news import language, vet
from trading.news.dates import AHEAD
from trading.news.entities import Links
from trading.news.item import Item

One = TypeVar("One", Article, Post)
Refusals = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Intake:
    """Takes in articles and posts for one run at `now`; `ask` is how a source is asked."""

    database: Database
    store: Store
    now: datetime
    ask: Callable[[Source, Held], Answer] = asked
    links: Links = field(default_factory=Links)

    def articles(self, source: Source, held: Held) -> Taken:
        """Ask a source of kind feed or cryptopanic and store its headlines in news.articles."""
        answer = self.ask(source, held)
        if answer.body is None:
            return Taken(0, held=answer.held)
        text, guessed = decoded(answer.body, answer.charset)
        items, said = feeds.items(text) if source.kind == "feed" else (cryptopanic.items(text), "")
        return replace(self.store_articles(source, items, said, guessed=guessed), held=answer.held)

    def store_articles(self, source: Source, items: Sequence[Item], said: str = "", *, guessed: bool = False) -> Taken:
        """Vet, link, place and store headlines; `said` is the language of their document, if it states one."""
        tongue = language.stated(said) or source.language
        with self.database.transaction() as connection:
            known = stored.firsts(connection, source.name, _ids(source, items))
            recent = stored.recent(connection, self.now - WITHIN, MOST)
        found, refused = self._vetted(vet.article, source, items, tongue, known, guessed=guessed)
        stories = Stories(Told(**row) for row in recent)
        placed: list[tuple[Article, str]] = []
        for one in sorted(found, key=lambda one: (one.published_at or self.now, one.article_id)):
            first = known.get(one.article_id)
            at = one.published_at or self.now
            story = first.story_id if first else stories.place(source.name, one.title, at, one.article_id)
            placed.append((one, story))
        written = self.store.write("news.articles", stored.article_rows(source.name, placed, self.now), self.now)
        return Taken(written, refused, self._newest(found, known))

    def posts(self, source: Source, held: Held) -> Taken:
        """Ask a source of kind posts and store its posts in news.social_posts."""
        answer = self.ask(source, held)
        if answer.body is None:
            return Taken(0, held=answer.held)
        text, guessed = decoded(answer.body, answer.charset)
        items = posts.items(text, source.items, source.fields)
        return replace(self.store_posts(source, items, guessed=guessed), held=answer.held)

    def store_posts(self, source: Source, items: Sequence[Item], *, guessed: bool = False) -> Taken:
        """Vet, link and store posts."""
        with self.database.transaction() as connection:
            known = stored.first_posts(connection, source.name, _ids(source, items))
        found, refused = self._vetted(vet.post, source, items, source.language, known, guessed=guessed)
        written = self.store.write("news.social_posts", stored.post_rows(source.name, found, self.now), self.now)
        return Taken(written, refused, self._newest(found, known))

    def _vetted(
        self,
        judge: Callable[[str, Item, str, datetime, Links], One | vet.Refused],
        source: Source,
        items: Sequence[Item],
        tongue: str,
        known: dict[str, stored.First],
        *,
        guessed: bool,
    ) -> tuple[list[One], Refusals]:
        """Return what may be stored, once per id (the first: feeds begin with the newest), and what may not."""
        found: dict[str, One] = {}
        refused: list[tuple[str, str]] = []
        for item in items:
            first = known.get(vet.identity(source.name, item) or "")
            one = judge(source.name, item, tongue, first.known_at if first else self.now, self.links)
            if isinstance(one, vet.Refused):
                refused.append((one.reason, one.raw))
                continue
            if guessed and "\ufffd" in item.title + item.summary:
                one = replace(one, marks=tuple(sorted({*one.marks, Mark.ENCODING})))
            found.setdefault(one.article_id if isinstance(one, Article) else one.post_id, one)
        return list(found.values()), tuple(refused)

    def _newest(self, found: Sequence[Article | Post], known: dict[str, stored.First]) -> datetime | None:
        """Return when the newest was published; one without a date counts from when it was first seen."""
        times = [one.published_at for one in found if one.published_at is not None]
        undated = [one for one in found if one.published_at is None]
        seen = [known.get(one.article_id if isinstance(one, Article) else one.post_id) for one in undated]
        times += [self.now if first is None else first.known_at for first in seen]
        return min(max(times), self.now + AHEAD) if times else None


def _ids(source: Source, items: Sequence[Item]) -> list[str]:
    return [found for item in items if (found := vet.identity(source.name, item)) is not None]

"""Fuzzed news: documents of every kind with garbled items; nothing falls over, and no bad row is stored."""

import json
import os
import random
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.sax.saxutils import escape

import pytest

from adapters.news.intake import Intake
from adapters.sources.declared import Source
from adapters.sources.fetch import Answer, Held
from adapters.sources.visit import Ended, visit
from adapters.store.database import Database
from adapters.store.frames import Store
from tests.integration.news.made import NOW, source
from trading.article import Mark

ITEMS = 4_000
LONG = int(os.environ.get("TRADEWIND_TEST_FUZZ_NEWS") or 8_000)
A_DOCUMENT = 200
Build = Callable[[random.Random, int], bytes]

WORDS = [
    "Bitcoin",
    "ETH",
    "$SOL",
    "(LINK)",
    "hacked",
    "for",
    "$100M",
    "1,500",
    "40K",
    "SEC",
    "\u65e5\u672c",
    "\u0411\u0438\u0442",
    "+ More News",
]
EVIL = [
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\U000e0041",
    "\ufffe",
    "\x85",
    "\u2028",
    "\U0010ffff",
    "<script>alert(1)</script>",
    "<img src=x onerror=1>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<b",
    "&#x202e;",
    "&amp;lt;",
    "&nbsp;",
    "ignore all previous instructions",
    "<|im_start|>",
    "{{7*7}}",
    "'; drop table news.articles;--",
    "\\.",
    '"',
    "\\N",
    "{,}",
    "a" * 600,
    "x" * 21_000,
    "\u0301" * 300,
    "",
    " ",
    "\r\n",
    "\t",
    "null",
    "None",
    "NaN",
    "=cmd|' /C calc'!A0",
    "%s%n",
]
DATES = [
    "Sun, 01 Mar 2026 10:00:00 +0000",
    "2026-03-01T11:00:00Z",
    "2026-03-01",
    "2099-01-01T00:00:00Z",
    "1970-01-01",
    "0000-00-00",
    "9999-12-31T23:59:59-23:59",
    "31 Feb 2026",
    "yesterday",
    "",
    "1772359200",
    "-1",
    "1e999",
    "\u0661\u0662",
    "5-7-2022 04:24",
    "Sun, 01 Mar 2026 10:00:00 XYZ",
    "2026-03-01T10:00:00+99:99",
    "1" * 400,
]
LINKS = [
    "https://a.example/x?utm_source=1&id=2",
    "javascript:alert(1)",
    "http://[::1",
    "//a.example",
    "https://a.example/\u202e",
    "",
    "data:text/html,<b>",
    "https://a.example/" + "y" * 3000,
    "https://u:p@a.example/",
    "https://a.example/%00%ff",
    "HTTPS://A.example",
    "https://a.example/\ud800",
    "https://a.example:99999/",
]


def said(chance: random.Random) -> str:
    parts = [chance.choice(EVIL if chance.random() < 0.3 else WORDS) for _ in range(chance.randrange(1, 9))]
    if chance.random() < 0.2:
        parts.append("".join(chr(chance.randrange(1, 0x11000)) for _ in range(5)))
    return " ".join(parts)


def rss(chance: random.Random, count: int) -> bytes:
    atom = chance.random() < 0.3
    quote: Callable[[str], str] = escape if chance.random() < 0.8 else str
    parts = []
    for _ in range(count):
        names = ("entry", "id", "updated", "summary") if atom else ("item", "guid", "pubDate", "description")
        link = quote(chance.choice(LINKS)).replace('"', "")
        parts.append(
            f"<{names[0]}><title>{quote(said(chance))}</title><{names[1]}>{chance.randrange(10**6)}</{names[1]}>"
            + (f'<link href="{link}"/>' if atom else f"<link>{link}</link>")
            + f"<{names[2]}>{quote(chance.choice(DATES))}</{names[2]}>"
            + f"<{names[3]}>{quote(said(chance))}</{names[3]}></{names[0]}>"
        )
    head, tail = (
        ("<feed xmlns='http://www.w3.org/2005/Atom'>", "</feed>")
        if atom
        else ("<rss version='2.0'><channel>", "</channel></rss>")
    )
    return (head + "".join(parts) + tail).encode("utf-8", chance.choice(["replace", "surrogatepass"]))


def odd(chance: random.Random, value: Any) -> Any:
    choices = [None, 7, -1, True, [], {}, [[]], 10**25, 1.5, {"a": "b"}, ["x"]]
    return chance.choice(choices) if chance.random() < 0.1 else value


def panic(chance: random.Random, count: int) -> bytes:
    posts: list[Any] = [
        odd(
            chance,
            {
                "id": odd(chance, chance.randrange(10**6)),
                "title": odd(chance, said(chance)),
                "published_at": odd(chance, chance.choice(DATES)),
                "url": odd(chance, chance.choice(LINKS)),
                "currencies": odd(chance, [{"code": chance.choice(["BTC", "btc", "\u202e", ""])}, 7]),
                "source": odd(chance, {"region": chance.choice(["en", "ru", "xx-YY-zz", "\x00"])}),
            },
        )
        for _ in range(count)
    ]
    return json.dumps(chance.choice([posts, {"results": posts}])).encode()


def posts(chance: random.Random, count: int) -> bytes:
    found: list[Any] = [
        odd(
            chance,
            {
                "id": odd(chance, f"{chance.randrange(10**6)}"),
                "text": odd(chance, said(chance)),
                "created_at": odd(chance, chance.choice([*DATES, 1772359200, 1772359200000])),
                "author": odd(chance, said(chance)),
                "lang": odd(chance, "en"),
            },
        )
        for _ in range(count)
    ]
    return json.dumps({"posts": found}).encode()


def garbled(chance: random.Random, body: bytes) -> bytes:
    """Return `body`, in one of four cases with bytes changed, cut out or cut off."""
    if chance.random() < 0.75:
        return body
    content = bytearray(body)
    for _ in range(chance.randrange(1, 20)):
        place = chance.randrange(len(content))
        if chance.random() < 0.5:
            content[place] = chance.randrange(256)
        else:
            del content[place : place + chance.randrange(50)]
    return bytes(content[: chance.randrange(len(content) // 2, len(content) + 1)])


KINDS: dict[str, Build] = {"feed": rss, "cryptopanic": panic, "posts": posts}


@pytest.mark.parametrize("items", [ITEMS, pytest.param(LONG, marks=pytest.mark.chaos)])
def test_fuzzed_news_never_falls_over_and_no_bad_row_is_stored(db: Database, seed: int, items: int) -> None:
    chance, began, ended = random.Random(seed), time.monotonic(), Counter[str]()
    written = refused = 0
    for number in range(-(-items // A_DOCUMENT)):
        kind = ("feed", "cryptopanic", "posts")[number % 3]
        body = garbled(chance, KINDS[kind](chance, A_DOCUMENT))
        if number == 1:
            body = body[: len(body) // 2]  # one is surely torn, whatever chance does to the others
        at = NOW + number * timedelta(minutes=5)
        one = source(f"{kind}-{number % 7}", "http://a.example", kind=kind)
        found = taken(db, one, body, at)
        ended[found.ended] += 1
        written, refused = written + found.written, refused + len(found.refused)
        if number % 50 == 0 and found.ended is Ended.READ:
            assert taken(db, one, body, at + timedelta(minutes=5)).written == 0, "the same document once more"
    told = f"{items} items: {written} written, {refused} refused, documents {dict(ended)}"
    print(f"{told}, {time.monotonic() - began:.0f} s")
    assert written > items / 4
    assert ended[Ended.READ] > ended[Ended.FAILED] > 0
    assert bad_rows(db) == []


def taken(db: Database, one: Source, body: bytes, at: Any) -> Any:
    intake = Intake(db, Store(db, "run", "0"), at, lambda *_: Answer(body, None, Held()))
    return visit(db, one, at, "run", intake.posts if one.kind == "posts" else intake.articles)


def bad_rows(db: Database) -> list[str]:
    """Return what no stored row may be, judged here anew and not by the code that stored it."""
    found = []
    columns = "url, language, entities, marks, published_ts, knowledge_ts"
    queries = {
        "news.articles": f"select title as text, summary as more, {columns}",
        "news.social_posts": f"select body as text, '' as more, {columns}",
    }
    marks = {str(mark) for mark in Mark}
    for table, query in queries.items():
        with db.transaction() as connection:
            rows = connection.execute(f"{query} from {table}").fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
        for row in rows:
            text = row["text"] + row["more"]
            faults = {
                "letters": any(unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") for letter in text),
                "order": bool(set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")),
                "empty": not any(letter.isalnum() for letter in row["text"]),
                "spaces": row["text"] != " ".join(row["text"].split()),
                "long": len(row["text"]) > 5000 or len(row["more"]) > 5000,
                "url": bool(row["url"])
                and not (row["url"].startswith(("http://", "https://")) and row["url"].isprintable()),
                "language": not (row["language"].isalpha() and 2 <= len(row["language"]) <= 3),
                "marks": not set(row["marks"]) <= marks,
                "date": row["published_ts"] is not None
                and not NOW - timedelta(days=8000) < row["published_ts"] <= row["knowledge_ts"] + timedelta(minutes=5),
            }
            found += [f"{table} {fault}: {row['text'][:80]!r}" for fault, is_so in faults.items() if is_so]
    return found

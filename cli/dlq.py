"""`tradewind dlq`: the messages that execution could not use: list them, look into one, send them again."""

import base64
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.exchange.clock import WallClock
from adapters.settings import Settings, load
from adapters.store import audit, dead_letters, vigilance
from adapters.store.database import Database
from adapters.store.dead_letters import Content, Letter
from cli.operation import Book, By, person, store
from cli.output import as_json, out
from cli.verb import DataDir, Json, app, verb_of
from trading.errors import Misconfigured, Unavailable

group = typer.Typer(help="Dead letters: messages that execution could not use.", no_args_is_help=True)
app.add_typer(group, name="dlq")

#: As much of a body as is shown, letters.
_SHOWN = 4_000
#: A publisher that is silent for so long has no broker any more.
_SILENT_SECONDS = 30.0

Letters = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Letters to send again.", min=1)]


@verb_of(group)
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that were replayed.")] = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """List the dead letters that nobody has replayed yet, oldest first."""
    with store(load(data_dir=data_dir)) as database, database.transaction() as connection:
        letters = dead_letters.find(connection, all_=all_)
    if json_:
        as_json({"letters": [asdict(letter) for letter in letters]})
    else:
        _show_list(letters, all_=all_)
    return 0


@verb_of(group)
def show(
    letter: Annotated[int, typer.Argument(metavar="ID", help="The letter.", min=1)],
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Show one dead letter: why it died, where it lay, and what it says; bytes that cannot be shown are escaped."""
    with store(load(data_dir=data_dir)) as database:
        found, content = _letter(database, letter)
    if json_:
        body = {"body": printable(content.body), "body_base64": base64.b64encode(content.body).decode()}
        as_json({**asdict(found), "key": None if content.key is None else printable(content.key), **body})
    else:
        _show_letter(found, content)
    return 0


@verb_of(group)
def replay(
    letters: Letters = None,
    all_: Annotated[bool, typer.Option("--all", help="All that nobody has replayed yet.")] = False,
    book: Book = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Send dead letters to their topic again, byte for byte, once their cause is gone.

    Execution drops what it knows, so replaying twice is harmless. What is
    still unsound dies again as a letter of its own, which says whose replay
    it is.
    """
    settings, actor = load(data_dir=data_dir, book=book), person(by)
    if bool(letters) == all_:
        raise Misconfigured("name the letters to replay by their ids, or give --all")
    with store(settings) as database:
        replayed = _replay(settings, database, letters or [], actor)
    if json_:
        as_json({"replayed": replayed, "by": actor})
        return 0
    for one in replayed:
        out.print(f"letter {one['letter_id']} lies at {one['topic']}:{one['partition']} offset {one['offset']}")
    out.print("what is still unsound dies again: `tradewind dlq list`" if replayed else "no letter waits for a replay")
    return 0


def _replay(settings: Settings, database: Database, letter_ids: list[int], actor: str) -> list[dict[str, Any]]:
    """Send the letters, or all that were never replayed; each is noted as soon as the broker has it."""
    from adapters.bus.signal_topic import SignalProducer, cluster_id

    if not letter_ids:
        with database.transaction() as connection:
            letter_ids = [letter.letter_id for letter in dead_letters.find(connection)]
        if not letter_ids:
            return []
    chosen = [_letter(database, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    bootstrap, version = _broker(settings, database)
    cluster, producer, done = cluster_id(bootstrap, version), SignalProducer(bootstrap, version), []
    try:
        for letter, content in chosen:
            (place,) = producer.send(letter.topic, [(_key(content), content.body)])
            about = {"topic": letter.topic, "partition": place[0], "offset": place[1]}
            with database.transaction() as connection:
                dead_letters.add_replay(connection, letter, actor, cluster, place)
                ref = str(letter.letter_id)
                audit.record(connection, WallClock().now(), actor, "dead_letter_replayed", ref, about)
            done.append({"letter_id": letter.letter_id, **about})
    except Unavailable as error:
        raise Unavailable(f"{len(done)} of {len(chosen)} letters were replayed: {error}") from error
    finally:
        producer.close()
    return done


def _letter(database: Database, letter_id: int) -> tuple[Letter, Content]:
    with database.transaction() as connection:
        found = dead_letters.get(connection, letter_id)
        if found is None:
            raise Misconfigured(f"there is no dead letter {letter_id}; `tradewind dlq list --all` lists them")
        return found, dead_letters.content(connection, letter_id)


def _broker(settings: Settings, database: Database) -> tuple[str, str | None]:
    """Return address and version of the broker of the settings, or of the one that the publisher talks to now."""
    if settings.kafka is not None:
        return settings.kafka, settings.kafka_api_version
    with database.transaction() as connection:
        said = vigilance.last_words(connection, settings.book, "publisher", _SILENT_SECONDS)
    if not said or not said.get("kafka"):
        raise Unavailable(f"no publisher of book {settings.book} runs: `tradewind up`, or set TRADEWIND_KAFKA")
    return said["kafka"], said["kafka_api_version"]


def _key(content: Content) -> str:
    """Return the key that keeps a message in the order of its symbol."""
    if content.key is not None:
        return content.key.decode(errors="replace")
    try:
        body = json.loads(json.loads(content.body)["body"])
        return f"{body['book']}|{body['symbol']}".encode(errors="replace").decode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def printable(body: bytes) -> str:
    """Return bytes as text that no terminal obeys: what is not UTF-8 or not printable is escaped."""
    text = body.decode(errors="backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _show_list(letters: list[Letter], *, all_: bool) -> None:
    if not letters:
        out.print("no dead letters" if all_ else "no dead letter waits for a replay (`--all` shows the others)")
        return
    grid = Table(box=None, pad_edge=False)
    for name in ("id", "recorded", "where", "bytes", "replays", "why"):
        grid.add_column(name, overflow="fold", justify="right" if name in ("id", "bytes", "replays") else "left")
    for letter in letters:
        why = letter.reason if letter.replay_of is None else f"{letter.reason} (replay of {letter.replay_of})"
        where, at = f"{letter.topic}:{letter.partition} @{letter.offset}", f"{letter.recorded_at:%Y-%m-%d %H:%M:%S}"
        row = (str(letter.letter_id), at, where, f"{letter.size:,}", str(letter.replays), why)
        grid.add_row(*(escape(cell) for cell in row))
    out.print(grid)


def _show_letter(letter: Letter, content: Content) -> None:
    replays = str(letter.replays)
    if letter.replayed_at is not None:
        replays += f", the last by {letter.replayed_by} at {letter.replayed_at:%Y-%m-%d %H:%M:%S}"
    rows = [
        ("why", letter.reason),
        ("where", f"{letter.topic} partition {letter.partition} offset {letter.offset}"),
        ("cluster", letter.cluster_id),
        ("recorded", f"{letter.recorded_at:%Y-%m-%d %H:%M:%S.%f}"),
        ("relayed", "not yet" if letter.published_at is None else f"{letter.published_at:%Y-%m-%d %H:%M:%S}"),
        ("replays", replays),
        ("key", "unknown" if content.key is None else printable(content.key)),
        ("bytes", f"{letter.size:,}"),
    ]
    if letter.replay_of is not None:
        rows.append(("replay of", f"letter {letter.replay_of}"))
    out.print(f"[bold]dead letter {letter.letter_id}[/bold]")
    grid = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2))
    for name, value in rows:
        grid.add_row(f"  [dim]{name}[/dim]", escape(value))
    out.print(grid)
    out.print()
    text = _unfolded(content.body)
    out.print(text[:_SHOWN], markup=False, soft_wrap=True)
    if len(text) > _SHOWN:
        out.print(f"... {len(text) - _SHOWN:,} letters more; --json has them all", style="dim")


def _unfolded(body: bytes) -> str:
    """Return a signed envelope with its signal laid out in lines, anything else as it is; the rest is escaped."""
    try:
        envelope = json.loads(body)
        envelope["body"] = json.loads(envelope["body"])
        laid_out = json.dumps(envelope, indent=2, ensure_ascii=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return printable(body) or "(no body)"
    return "\n".join(printable(line.encode()) for line in laid_out.split("\n"))

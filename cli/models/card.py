"""`tradewind models card` and `show`: what a model is, where it comes from, what it is worth, and how it came there."""

from adapters.settings import load
from cli.models.book import ModelId, named, opened
from cli.models.group import group
from cli.operation import Book
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb_of


@verb_of(group)
def card(model: ModelId, book: Book = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Print the card of a model as Markdown."""
    from adapters.store import model_states
    from models.card import markdown

    with opened(load(data_dir=data_dir), book) as (database, name), database.transaction() as connection:
        found = named(connection, name, model)
        text = markdown(found, model_states.history(connection, name, found.model_id))
    if json_:
        as_json({"book": name, "model_id": found.model_id, "markdown": text})
    else:
        out.print(text, markup=False, soft_wrap=True)
    return 0


@verb_of(group)
def show(model: ModelId, book: Book = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Show each state that a model was in, who put it there and why, and what was weighed."""
    from adapters.store import model_states

    with opened(load(data_dir=data_dir), book) as (database, name), database.transaction() as connection:
        found = named(connection, name, model)
        states = model_states.history(connection, name, found.model_id)
    if json_:
        as_json({"book": name, "model_id": found.model_id, "kind": found.kind, "states": states})
        return 0
    out.print(f"{found.model_id}  {found.kind}", markup=False, soft_wrap=True)
    for row in states:
        said = f"  {row['at']:%Y-%m-%d %H:%M} {row['state']} by {row['who']}: {row['why']}"
        out.print(said, markup=False, soft_wrap=True)
        for reason in row["evidence"].get("refused", ()):
            out.print(f"    {reason}", markup=False, soft_wrap=True)
    return 0

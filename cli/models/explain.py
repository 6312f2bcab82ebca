"""`tradewind models explain`: which features made a forecast what it is."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.settings import load
from adapters.store import models
from cli.models.book import PRICES, opened
from cli.models.group import group
from cli.operation import Book
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb_of
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    from adapters.store.database import Connection, Database

Order = Annotated[
    str | None, typer.Argument(metavar="[ORDER]", help="A client id, or its beginning: the forecast it rests on.")
]
Symbol = Annotated[str | None, typer.Option(help="A symbol such as BTC/USDT, instead of an order.")]
Ts = Annotated[str | None, typer.Option(help="Open time of its bar, UTC, such as 2026-01-01T10:00 (the newest).")]
Top = Annotated[int, typer.Option(help="How many features are told.", min=1, max=1000)]


@verb_of(group)
def explain(
    order: Order = None,
    symbol: Symbol = None,
    ts: Ts = None,
    top: Top = 5,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Tell what each feature added to a forecast, in basis points of the expected return; the parts sum to it."""
    if (order is None) == (symbol is None):
        raise Misconfigured("say which forecast: an ORDER, or --symbol with --ts")
    with opened(load(data_dir=data_dir), book) as (database, name):
        with database.transaction() as connection:
            forecast = _of_order(connection, order) if order else _of_bar(connection, name, symbol, ts)
        told = _explained(database, forecast, top)
    if json_:
        as_json(told)
        return 0
    out.print(f"[bold]{told['symbol']}[/bold], bar that opened at {told['ts']:%Y-%m-%d %H:%M}, {told['model_id'][:12]}")
    for part in told["features"]:
        value = f"{part['value']:.6g}" if part["value"] is not None else ""
        out.print(f"  {part['feature']:<28} {value:>14} {part['added'] * 1e4:+9.3f} bp", markup=False)
    out.print(f"  {'all others':<28} {'':>14} {told['others'] * 1e4:+9.3f} bp", markup=False)
    out.print(f"  {'expected of nothing':<28} {'':>14} {told['bias'] * 1e4:+9.3f} bp", markup=False)
    out.print(f"  {'expected return':<28} {'':>14} {told['expected_return'] * 1e4:+9.3f} bp", markup=False)
    return 0


def _of_order(connection: "Connection", beginning: str | None) -> dict[str, Any]:
    """Return the forecast that was visible when the signal of an order was decided."""
    from adapters.evidence.origin import visible
    from adapters.evidence.passports import named

    client_id = named(connection, None, beginning or "")
    row = connection.execute("select signal_id from trading.orders where client_id = %s", (client_id,)).fetchone()
    signal = "" if row is None else row["signal_id"]
    found = visible(connection, [signal]).get(signal, {}).get("forecast")
    if not found:
        raise Misconfigured(f"ORDER {client_id}: its signal rests on no forecast of a model")
    return dict(found)


def _of_bar(connection: "Connection", book: str, symbol: str | None, ts: str | None) -> dict[str, Any]:
    try:
        at = None if ts is None else datetime.fromisoformat(ts)
    except ValueError:
        raise Misconfigured(f"--ts {ts} is no time such as 2026-01-01T10:00") from None
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    row = connection.execute(
        "select * from forecasts.price_forecasts where book = %s and symbol = %s"
        " and (%s::timestamptz is null or ts = %s) order by ts desc, knowledge_ts desc limit 1",
        (book, symbol, at, at),
    ).fetchone()
    if row is None:
        raise Misconfigured(f"--symbol {symbol}: book {book} has no forecast of it{f' at {ts}' if ts else ''}")
    return row


def _explained(database: "Database", forecast: dict[str, Any], top: int) -> dict[str, Any]:
    from adapters.store.frames import Store
    from assets.model_registry import model as of_row
    from models.forecast import lightgbm_return
    from models.forecast.scaled_return import SCALE
    from trading.timeframe import Timeframe

    with database.transaction() as connection:
        found = of_row(models.named(connection, PRICES, forecast["book"], forecast["model_id"]))
    if found.kind != lightgbm_return.KIND:
        raise Misconfigured(f"model {found.model_id[:12]} is a {found.kind}; trees alone are explained")
    where = {name: forecast[name] for name in ("book", "venue", "symbol", "timeframe")}
    columns = list(dict.fromkeys(["symbol", "ts", SCALE, *found.features]))
    end = forecast["ts"] + Timeframe.parse(forecast["timeframe"]).delta
    store = Store(database, "models", "0")
    span = (forecast["ts"], end)
    rows = store.read("features.technical_features", where, *span, as_of=forecast["knowledge_ts"], columns=columns)
    try:
        (parts,) = lightgbm_return.explain(found, rows).to_dicts()
    except (BadData, ValueError) as error:
        raise Misconfigured(f"the features of this forecast are not stored any more: {error}") from None
    (values,) = rows.to_dicts()
    added = {name: parts[name] for name in found.features}
    first = sorted(added, key=lambda name: -abs(added[name]))[:top]
    return {
        "book": forecast["book"],
        "symbol": forecast["symbol"],
        "ts": forecast["ts"],
        "model_id": found.model_id,
        "expected_return": sum(added.values()) + parts["bias"],
        "stored_return": forecast["expected_return"],
        "bias": parts["bias"],
        "others": sum(value for name, value in added.items() if name not in first),
        "features": [{"feature": name, "value": values[name], "added": added[name]} for name in first],
    }

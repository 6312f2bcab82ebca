"""`tradewind halt`: no new risk from now on, and what works at the exchange is cancelled, whatever else is down."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from adapters.exchange.clock import WallClock
from adapters.settings import Settings, load
from adapters.store.database import Database
from cli.operation import Book, By, Reason, Symbol, at_exchange, person, stated, store, symbols_of
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import TradewindError, Unavailable
from trading.ports import Unreachable

#: A guard that is silent for so long is not waited for.
_ALIVE_SECONDS = 3.0
#: How long the guard has for its cancels.
_PATIENCE_SECONDS = 5.0


@dataclass
class Outcome:
    """What was done, and in `undone` what was not; `cancelled` counts orders by symbol, None when nobody could."""

    book: str
    symbol: str | None
    reason: str
    by: str
    halt_id: int | None = None
    standing: bool = False
    file: str | None = None
    cancelled: dict[str, int] | None = None
    cancelled_by: str | None = None
    undone: list[str] = field(default_factory=list)


@verb
def halt(
    reason: Reason,
    book: Book = None,
    symbol: Symbol = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Stop trading a book or a symbol and cancel its orders; only `tradewind resume` lifts it.

    Works without broker, Dagster, execution and guard. Without the database
    it cancels at the exchange and leaves a file, of which the guard makes the
    halt. Exit code 1 when something could not be done.
    """
    settings = load(data_dir=data_dir, book=book)
    outcome = Outcome(settings.book, symbol, stated(reason), person(by))
    stop_trading(settings, outcome)
    if json_:
        as_json(asdict(outcome))
    else:
        out.print(told(outcome), markup=False, soft_wrap=True, style="yellow" if outcome.undone else None)
    return 1 if outcome.undone else 0


def stop_trading(settings: Settings, outcome: Outcome) -> None:
    """Write the halt and see to it that the orders are cancelled; all that happens is told in `outcome`."""
    symbols = [] if outcome.symbol is None else [outcome.symbol]
    try:
        with store(settings, statement_timeout="5s") as database:
            symbols, seq = _write(database, outcome)
            if _await_guard(database, outcome, seq):
                return
            _cancel(settings, symbols, outcome)
            _record(database, "halt_enforced", str(outcome.halt_id), outcome, {"cancelled": outcome.cancelled})
    except Unavailable as error:
        if outcome.halt_id is None:
            _drop(settings, outcome, error)
        else:
            outcome.undone.append(f"the database went away: {error}")
        if outcome.cancelled is None:
            _cancel(settings, symbols, outcome)


def _write(database: Database, outcome: Outcome) -> tuple[list[str], int]:
    """Write the row, and its audit event apart: whoever holds the chain cannot hold up the halt.

    Return the symbols to cancel in, and the last row of the chain before it.
    """
    from adapters.store import audit_chain, halts

    with database.transaction() as connection:
        symbols = symbols_of(connection, outcome.book, outcome.symbol)
        head = audit_chain.newest(connection)
        halt_id = halts.add(connection, outcome.book, outcome.symbol, outcome.reason, outcome.by)
        if halt_id is None:
            outcome.standing = True
            halt_id = next(
                one.halt_id
                for one in halts.in_force(connection, outcome.book)
                if (one.symbol, one.actor) == (outcome.symbol, outcome.by)
            )
            halts.enforce_again(connection, halt_id)
    outcome.halt_id = halt_id
    if not outcome.standing:
        about = {"symbol": outcome.symbol, "reason": outcome.reason}
        _record(database, "halted", outcome.symbol or outcome.book, outcome, about)
    return symbols, head[0] if head else 0


def _record(database: Database, kind: str, ref: str, outcome: Outcome, about: dict[str, Any]) -> None:
    from adapters.store import audit

    try:
        with database.transaction() as connection:
            audit.record(connection, WallClock().now(), outcome.by, kind, ref, {"book": outcome.book, **about})
    except Unavailable as error:
        outcome.undone.append(f"no audit event {kind}: {error}")


def _await_guard(database: Database, outcome: Outcome, seq: int) -> bool:
    """Return whether a living guard has cancelled the orders in the time it has for it, and said so behind `seq`."""
    from adapters.store import audit, halts, vigilance

    assert outcome.halt_id is not None  # noqa: S101
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with database.transaction() as connection:
            alive = vigilance.last_words(connection, outcome.book, "guard", _ALIVE_SECONDS) is not None
            done = halts.enforced(connection, outcome.halt_id)
            event = audit.since(connection, seq, "halt_enforced", str(outcome.halt_id)) if done else None
        if event is not None:
            outcome.cancelled, outcome.cancelled_by = event["cancelled"], "guard"
            return True
        if not alive:
            return False
        time.sleep(0.05)
    return False


def _drop(settings: Settings, outcome: Outcome, error: Unavailable) -> None:
    from adapters.store import halt_files

    at = WallClock().now().isoformat()
    data_dir = settings.data_dir.resolve()
    try:
        path = halt_files.drop(data_dir, outcome.book, outcome.symbol, outcome.reason, outcome.by, at)
    except OSError as failure:
        outcome.undone.append(f"not kept at all: {error}; {failure.filename}: {failure.strerror}")
        return
    outcome.file = str(path)
    outcome.undone.append(f"not in the database yet: {error}")


def _cancel(settings: Settings, symbols: list[str], outcome: Outcome) -> None:
    """Cancel at the exchange from here: of the halted symbol, or in all in which anything is open or could be."""
    from adapters.compose import mass_cancel

    try:
        canceller = mass_cancel(at_exchange(settings))
    except TradewindError as error:
        outcome.undone.append(f"NOT CANCELLED: {error}")
        return
    chosen = list(symbols)
    if outcome.symbol is None:
        seen = canceller.open_orders()
        if isinstance(seen, Unreachable):
            outcome.undone.append(f"NOT CANCELLED where the database does not name the symbol: {seen.why}")
        else:
            chosen = sorted({order.symbol for order in seen.value})
    outcome.cancelled, outcome.cancelled_by = {}, "halt"
    for symbol in chosen:
        answer = canceller.cancel_all(symbol)
        if isinstance(answer, Unreachable):
            outcome.undone.append(f"NOT CANCELLED {symbol}: {answer.why}")
        else:
            outcome.cancelled[symbol] = answer.value
    canceller.close()


def told(outcome: Outcome) -> str:
    """Return in one line what was done and what was not."""
    whom = f"book {outcome.book}" if outcome.symbol is None else f"{outcome.symbol} of book {outcome.book}"
    if outcome.halt_id is not None:
        parts = [f"{whom} {'was halted already' if outcome.standing else 'is halted'} (halt {outcome.halt_id})"]
    else:
        parts = [f"{whom}: the guard will halt it by {outcome.file}" if outcome.file else f"{whom} is NOT HALTED"]
    if outcome.cancelled is not None:
        number = sum(outcome.cancelled.values())
        who = "by the guard" if outcome.cancelled_by == "guard" else "from here"
        parts.append(f"{number} working order{'' if number == 1 else 's'} cancelled {who}")
    return "; ".join([*parts, *outcome.undone])

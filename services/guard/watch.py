"""What the guard looks for: orders that signals do not explain, positions without a stop, parts that fell silent."""

from dataclasses import dataclass

from adapters.store import vigilance
from adapters.store.database import Connection

#: A signal trades with an entry or exit and a stop; it is decided about anew at fills and cancels. Beyond these, it
#: runs wild.
MOST_ORDERS_PER_SIGNAL = 24
MOST_ORDERS_PER_SIGNAL_AND_MINUTE = 8
#: Orders of a book within a minute, per sub-account that trades.
MOST_ORDERS_PER_ACCOUNT_AND_MINUTE = 6
#: A quote that fills in parts has its counterpart topped up each time.
MOST_ORDERS_PER_QUOTE = 8
MOST_ORDERS_PER_QUOTE_AND_MINUTE = 4
_WINDOW_SECONDS = 120
_SILENT_SECONDS = 30.0
_STUCK_SECONDS = 20.0


@dataclass(frozen=True)
class Violation:
    """Orders that nothing explains: trading of `symbol` (None: of the whole book) must end."""

    symbol: str | None
    reason: str


@dataclass(frozen=True)
class Doubt:
    """Something that is wrong when it lasts; `name` is the same while it does."""

    name: str
    detail: str


def violations(connection: Connection, book: str) -> list[Violation]:
    """Return what must stop trading now: the counts of orders against those of signals and decisions."""
    counts = vigilance.order_counts(connection, book, _WINDOW_SECONDS)
    found = []
    for count in counts:
        if count.unfounded:
            reason = f"{count.unfounded} orders of signal {count.signal_id} rest on no accepted signal and decision"
            found.append(Violation(count.symbol, reason))
        most = MOST_ORDERS_PER_SIGNAL + MOST_ORDERS_PER_QUOTE * count.quotes
        in_a_minute = MOST_ORDERS_PER_SIGNAL_AND_MINUTE + MOST_ORDERS_PER_QUOTE_AND_MINUTE * count.quotes
        if count.orders > most or count.last_minute > in_a_minute:
            reason = f"signal {count.signal_id} made {count.orders} orders, {count.last_minute} within a minute"
            found.append(Violation(count.symbol, reason))
    total = sum(count.last_minute for count in counts)
    accounts = vigilance.sub_accounts(connection, book)
    quoted = MOST_ORDERS_PER_QUOTE_AND_MINUTE * sum(count.quotes for count in counts)
    if total > MOST_ORDERS_PER_ACCOUNT_AND_MINUTE * max(accounts, 1) + quoted:
        found.append(Violation(None, f"{total} orders within a minute from {accounts} sub-accounts"))
    return found


def doubts(connection: Connection, book: str) -> list[Doubt]:
    """Return what is wrong at this moment, and alarming when it stays so."""
    found = [
        Doubt(f"no stop {strategy} {symbol}", f"the position of {strategy} in {symbol} has no protective stop")
        for strategy, symbol in vigilance.unprotected(connection, book)
    ]
    if vigilance.silent(connection, book, "execution", _SILENT_SECONDS):
        found.append(Doubt("execution silent", f"no heartbeat of execution for {_SILENT_SECONDS:.0f} s"))
    if stuck := vigilance.stuck_signals(connection, book, _STUCK_SECONDS):
        found.append(Doubt("signals stuck", f"{stuck} valid signals have not reached execution"))
    letters, newest = vigilance.unanswered_letters(connection)
    if letters:
        # Another letter is another doubt; what comes in one burst raises one alarm.
        detail = f"{letters} messages could not be used: tradewind dlq list"
        found.append(Doubt(f"dead letter {newest}", detail))
    return found

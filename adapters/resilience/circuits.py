"""One circuit per venue endpoint, and the venue's pauses: in the database, for all processes, over restarts.

Written here and not taken from a library: those that exist keep their state in memory or Redis, count time by each
process's own clock, and let everybody through at once when a circuit is half open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.store.database import Connection, Database

#: So many failures in a row open a circuit.
THRESHOLD = 5
#: For so many seconds at first, twice as long after each failed trial, and never longer than that.
FIRST_SECONDS, MOST_SECONDS = 5.0, 120.0
#: Who tries a broken endpoint and says nothing for so long is lost.
_PROBE_SECONDS = 20.0
_LONGEST_DETAIL = 200


@dataclass(frozen=True)
class Answer:
    """Whether an endpoint may be asked: `seconds` to wait (0: now), why, and its failures in a row so far."""

    seconds: float
    why: str
    failures: int


@dataclass(frozen=True)
class Circuit:
    """One endpoint as it stands: CLOSED, OPEN or HALF_OPEN."""

    endpoint: str
    state: str
    failures: int


class Circuits:
    """The circuits of all venues. All methods raise Unavailable when the database does not answer."""

    def __init__(
        self,
        database: Database,
        *,
        threshold: int = THRESHOLD,
        first_seconds: float = FIRST_SECONDS,
        most_seconds: float = MOST_SECONDS,
        probe_seconds: float = _PROBE_SECONDS,
    ) -> None:
        self._database = database
        self._numbers = (threshold, first_seconds, most_seconds)
        self._probe_seconds = probe_seconds

    def enter(self, venue: str, endpoint: str) -> Answer:
        """Ask whether `endpoint` may be asked now; of several that may try a broken one, one is let through."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "select seconds, why, failures from ops.enter_endpoint(%s, %s, %s)",
                (venue, endpoint, self._probe_seconds),
            ).fetchone()
        assert row is not None  # noqa: S101
        return Answer(**row)

    def leave(self, venue: str, endpoint: str, *, worked: bool, detail: str = "") -> None:
        """Tell what came of a request that was let in."""
        with self._database.transaction() as connection:
            connection.execute(
                "select ops.leave_endpoint(%s, %s, %s, %s, %s, %s, %s)",
                (venue, endpoint, worked, detail[:_LONGEST_DETAIL], *self._numbers),
            )

    def pause(self, venue: str, status: int, seconds: float) -> None:
        """Tell all processes to leave `venue` alone for `seconds` from now."""
        with self._database.transaction() as connection:
            say_pause(connection, venue, status, seconds)

    def pause_left(self, venue: str) -> float:
        """Return for how many seconds `venue` still wants to be left alone."""
        with self._database.transaction() as connection:
            return pause_left(connection, venue)


def say_pause(connection: Connection, venue: str, status: int, seconds: float) -> None:
    """Store that `venue` wants to be left alone for `seconds` from now; a longer pause stays."""
    connection.execute("select ops.pause_venue(%s, %s, %s)", (venue, status, seconds))


def pause_left(connection: Connection, venue: str) -> float:
    """Return for how many seconds `venue` still wants to be left alone."""
    row = connection.execute(
        "select extract(epoch from until - clock_timestamp())::double precision as left from ops.venue_pauses"
        " where venue = %s and until > clock_timestamp()",
        (venue,),
    ).fetchone()
    return 0.0 if row is None else row["left"]


def circuits_of(connection: Connection, venue: str) -> Sequence[Circuit]:
    """Return the circuits of `venue` that have ever failed, by endpoint."""
    rows = connection.execute(
        "select endpoint, state, failures from ops.circuit_breakers where venue = %s order by endpoint", (venue,)
    )
    return [Circuit(**row) for row in rows.fetchall()]

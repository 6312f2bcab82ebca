"""A clock that goes in steps and stops at each fill: what fills within one millisecond still happens one by one."""

from datetime import datetime, timedelta

from trading.timeframe import moment_of


class Steps:
    """The time: `now` in ms, and how many `stops` there were within that millisecond."""

    def __init__(self, start: int) -> None:
        """Begin at `start` ms."""
        self.now = start
        self.stops = 0

    @property
    def moment(self) -> datetime:
        """The present moment; stops within one millisecond are told apart by microseconds."""
        return moment_of(self.now) + timedelta(microseconds=self.stops)

    def reach(self, at: int) -> None:
        """Go on to `at` ms, unless it is there or past it."""
        if at > self.now:
            self.now, self.stops = at, 0

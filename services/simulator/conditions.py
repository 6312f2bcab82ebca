"""What lasts at the venue until it is changed: revoked keys, a wrong clock, maintenance."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from trading.timeframe import EPOCH


class Conditions(BaseModel):
    """All is well by default.

    The keys of the accounts in `revoked` are refused; the venue shows and checks a time `clock_offset_ms` ahead of its
    own; until `maintenance_until` (venue time) only public data are served, until `down_until` nobody is answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    revoked: list[str] = []
    clock_offset_ms: int = 0
    maintenance_until: AwareDatetime | None = None
    down_until: AwareDatetime | None = None

    def in_maintenance(self, now: int) -> bool:
        """Whether private requests are turned away at `now` ms."""
        return _before(now, self.maintenance_until)

    def down(self, now: int) -> bool:
        """Whether nobody is answered at `now` ms."""
        return _before(now, self.down_until)


def _before(now: int, until: AwareDatetime | None) -> bool:
    return until is not None and now < (until - EPOCH).total_seconds() * 1000

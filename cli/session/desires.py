"""What strategies desired, desired again: each signal from what its strategy was shown when it decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.evidence.marks import content_hash
from adapters.evidence.origin import visible
from adapters.store.database import Connection
from trading.errors import BadData
from trading.signal import Signal
from trading.strategies.knowledge import Knowledge
from trading.strategies.registry import parameters, strategy
from trading.strategies.strategy import Desire, Parameters
from trading.timeframe import Timeframe

_FIRST = (
    "select signal_id, inputs -> 'account' as account from trading.risk_decisions"
    " where signal_id = any(%s) and decision_no = 1"
)


class Desires:
    """What the strategies of some signals were shown: stored rows of their bars, and what they held."""

    def __init__(self, connection: Connection, ids: Sequence[str]) -> None:
        """Read what there is about the signals `ids`."""
        self.seen = visible(connection, ids)
        self._held = {row["signal_id"]: row["account"] for row in connection.execute(_FIRST, (list(ids),))}
        rows = connection.execute("select version, parameters from trading.strategies").fetchall()
        self._parameters = {row["version"]: row["parameters"] for row in rows}

    def values(self, signal: Signal) -> Parameters:
        """Return the parameters of its strategy; BadData when their version is not stored."""
        version = signal.lineage.config_version
        if version not in self._parameters:
            raise BadData(f"trading.strategies has no version {version}, which its signal rests on")
        return parameters(signal.strategy, self._parameters[version])

    def known(self, signal: Signal) -> Knowledge:
        """Return what was known of its bar; BadData when the rows are not those that its hashes are of."""
        shown = self.seen.get(signal.signal_id, {})
        for name, stored in (("candle", signal.lineage.candle_hash), ("features", signal.lineage.feature_hash)):
            if name not in shown or content_hash(shown[name], stored) != stored:
                raise BadData(f"the {name} that its signal rests on are not stored any more")
        return Knowledge(**{name: shown.get(name, {}) for name in ("candle", "features", "forecast", "regime")})

    def again(self, signal: Signal, forecast: Mapping[str, Any] | None = None) -> Signal:
        """Return `signal` as its strategy desires it when it is shown the same again, or another forecast.

        Raises:
            BadData: what it was shown, or what it held, is not stored.
        """
        known = self.known(signal)
        desire = self._desire(signal, known if forecast is None else replace(known, forecast=forecast))
        quotes = tuple(desire.quotes)
        return replace(signal, exposure=desire.exposure, stop=desire.stop, reason=desire.reason, quotes=quotes)

    def _desire(self, signal: Signal, known: Knowledge) -> Desire:
        account = self._held.get(signal.signal_id)
        if account is None:
            raise BadData("the first decision about its signal is not stored, which tells what was held")
        base = float(account["position"]) + float(account["reserved_position"])
        quote = float(account["cash"]) + float(account["reserved_cash"])
        row = known.row((base, quote), signal.ts, Timeframe.parse(signal.timeframe))
        return strategy(signal.strategy)(row, self.values(signal))

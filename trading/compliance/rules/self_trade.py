"""Self-trade: an own buy and an own sell of one symbol meet at one price; at least one of them must have rested."""

from datetime import timedelta

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, Executed, grouped
from trading.compliance.rules.parameters import Parameters

RULE = "self_trade"


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each buy that a sell of another order meets, the nearest in time.

    Two market orders never meet each other, so of two such fills nothing is said.
    """
    within = timedelta(seconds=parameters.self_trade_seconds)
    found: list[Finding] = []
    for fills in grouped(activity.fills, lambda fill: (fill.venue, fill.symbol, fill.price)).values():
        sells = [fill for fill in fills if fill.side == "SELL"]
        for buy in (fill for fill in fills if fill.side == "BUY"):
            met = [sell for sell in sells if _could_meet(buy, sell) and abs(sell.at - buy.at) <= within]
            if met:
                found.append(_finding(buy, min(met, key=lambda sell: (abs(sell.at - buy.at), sell.trade_id))))
    return found


def _could_meet(buy: Executed, sell: Executed) -> bool:
    return buy.client_id != sell.client_id and (buy.resting or sell.resting)


def _finding(buy: Executed, sell: Executed) -> Finding:
    who = " and ".join(sorted({buy.strategy, sell.strategy}))
    return Finding(
        RULE,
        buy.symbol,
        f"{buy.trade_id}|{sell.trade_id}",
        f"bought and sold {buy.symbol} at {buy.price:f} within {abs(sell.at - buy.at).total_seconds():g} s ({who})",
        (buy.client_id, sell.client_id, f"trade:{buy.trade_id}", f"trade:{sell.trade_id}"),
        min(buy.at, sell.at),
        max(buy.at, sell.at),
    )

"""The names under which columns go in files and answers, and what kind of data columns of such names are."""

import re
from collections.abc import Mapping

from adapters.history.series import Kind
from trading.market.findings.quotes import SIDES
from trading.market.findings.row_rules import PRICES

#: Names of columns, in lower case without spaces, dots, dashes and underscores; the first that is there is believed.
TIMES = (
    *("fundingtime", "fundingratetimestamp", "calctime", "ts", "opentime", "timeopen", "starttime", "start"),
    *(
        "intervalbegin",
        "windowstart",
        "timeperiodstart",
        "unix",
        "unixtimestamp",
        "timestamp",
        "timestampms",
        "epoch",
        "t",
    ),
    *("datetime", "dateutc", "timeutc", "date", "time", "gmttime", "localtime", "indexlevel0"),
)
NAMES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "o", "openprice", "priceopen"),
    "high": ("high", "h", "highprice", "pricehigh"),
    "low": ("low", "l", "lowprice", "pricelow"),
    "close": ("close", "c", "closeprice", "priceclose", "closelast", "last", "price"),
    "volume": ("volume", "vol", "v", "basevolume", "volumebase", "volumefrom", "basevol", "volumetraded"),
    "quote_volume": (
        "quotevolume",
        "quoteassetvolume",
        "volumequote",
        "volumeto",
        "turnover",
        "quotevol",
        "volumecurrency",
    ),
    "trades": ("trades", "numberoftrades", "numtrades", "ntrades", "tradecount", "tradescount", "count"),
    "taker_buy_base": ("takerbuybase", "takerbuybasevolume", "takerbuybaseassetvolume", "takerbuyvolume"),
    "taker_buy_quote": ("takerbuyquote", "takerbuyquotevolume", "takerbuyquoteassetvolume"),
    "buy_volume": ("buyvolume",),
    "sell_volume": ("sellvolume",),
    "vwap": ("vwap", "weightedprice", "weightedaverage"),
    "price": ("price", "px"),
    "amount": ("amount", "qty", "quantity", "size", "sz", "volume", "vol"),
    "cost": ("cost", "quoteqty"),
    "id": ("id", "tradeid", "execid", "aggtradeid", "uid", "tid"),
    "side": ("side", "takerside", "direction"),
    "maker": ("isbuyermaker", "buyermaker", "wasthebuyerthemaker"),
    "type": ("type", "ordtype", "ordertype"),
    "rate": ("fundingrate", "rate", "lastfundingrate", "realizedrate"),
    "confirmed": ("confirm", "confirmed", "closed", "isclosed"),
}
EXTRAS = ("quote_volume", "trades", "taker_buy_base", "taker_buy_quote", "buy_volume", "sell_volume", "vwap")
QUOTE_COLUMNS = tuple(f"{side}_{name}" for side in SIDES for name in (*PRICES, "size"))
SYMBOLS = ("symbol", "pair", "market", "instid", "instrument", "productid", "product", "ticker")
VENUES = ("exchange", "exchangename", "venue")
LENGTHS = ("timeframe", "interval", "resolution")
#: Columns of one's own orders, and of order books: no trades, whatever prices they have.
NOT_TRADES = {"orderid", "clientorderid", "ordid", "clordid", "commission", "fee", "execfee", "ordertxid"}
NOT_TRADES |= {
    "orderlinkid",
    "firstupdateid",
    "lastupdateid",
    "updatetype",
    "issnapshot",
    "bidprice",
    "pricechangepercent",
}


def kind_of(names: list[str]) -> Kind | None:
    """Return what a table with columns of these names holds, None when it is no market data."""
    found = {plain(name) for name in names}

    def has(role: str) -> bool:
        # A single letter means something only where all of them are there.
        return any(name in found for name in NAMES[role] if len(name) > 1)

    if not any(name in found for name in TIMES) or found & NOT_TRADES:
        return None
    if (has("open") and has("high") and has("low")) or {"o", "h", "l", "c"} <= set(names):
        return None if {"bid", "ask"} <= found else "candles"
    if {"bidopen", "bidclose", "askopen", "askclose"} <= found:
        return "quotes"
    if any(name in found for name in ("fundingrate", "lastfundingrate")):
        return "funding"
    if has("price") and has("amount"):
        return "trades"
    return "funding" if {"rate"} <= found and len(found) <= 4 else None


def plain(name: str) -> str:
    """Return the name of a column in lower case, without spaces, dots, dashes, brackets and underscores."""
    return re.sub(r"[\s._\-()\"'#]+", "", name).lower()

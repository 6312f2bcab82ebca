"""One sound message of each shape that each venue sends, with what must be read in it: (venue, text, where, events)."""

from datetime import UTC, datetime
from decimal import Decimal

from adapters.exchange.streams.message import Control, Event, Subscription, Where
from trading.candle import Candle, CandleUpdate
from trading.order import Side
from trading.order_book import BookUpdate, Checksum, ChecksumKind, Numbering
from trading.ticker import Ticker
from trading.trade import Trade

TS = datetime(2024, 1, 1, tzinfo=UTC)
MS = "1704067200000"
ISO = "2024-01-01T00:00:00.000000Z"
D = Decimal
BIDS, ASKS = [["99.5", "1"]], [["100.50", "0.00000000"]]
PAIRS = {"bids": [("99.5", "1")], "asks": [("100.50", "0")]}
NOWHERE, ASKED = Where(), Where("BTCUSDT", "1m")
BAR = Candle(TS, 1.0, 3.0, 0.5, 2.0, 7.0)


def trade(market: str, trade_id: str, side: Side) -> Trade:
    return Trade(market, trade_id, TS, D("99.5"), D("0.1"), side)


SAMPLES: list[tuple[str, str, Where, list[Event]]] = [
    ("binance", f'{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":{MS},"s":"BTCUSDT","U":5,"u":7,'
     '"b":[["99.5","1"]],"a":[["100.50","0.00000000"]]}}', NOWHERE,
     [BookUpdate("BTCUSDT", BIDS, ASKS, numbering=Numbering.RANGE, first=5, last=7, ts=TS)]),
    ("binanceusdm", f'{{"e":"depthUpdate","E":{MS},"T":{MS},"s":"BTCUSDT","U":5,"u":7,"pu":3,"b":[["99.5","1"]],'
     '"a":[["100.50","0.00000000"]]}', NOWHERE,
     [BookUpdate("BTCUSDT", BIDS, ASKS, numbering=Numbering.CHAIN, first=5, last=7, previous=3, ts=TS)]),
    ("binance", '{"lastUpdateId":9,"bids":[["99.5","1"]],"asks":[["100.50","0.00000000"]]}', ASKED,
     [BookUpdate("BTCUSDT", BIDS, ASKS, snapshot=True, asked=True, last=9)]),
    ("binance", f'{{"e":"trade","E":{MS},"s":"BTCUSDT","t":42,"p":"99.5","q":"0.1","T":{MS},"m":true,"M":true}}',
     NOWHERE, [trade("BTCUSDT", "42", Side.SELL)]),
    ("binanceus", f'{{"e":"aggTrade","E":{MS},"s":"BTCUSDT","a":43,"p":"99.5","q":"0.1","T":{MS},"m":false}}',
     NOWHERE, [trade("BTCUSDT", "43", Side.BUY)]),
    ("binance", f'{{"e":"kline","E":{MS},"s":"BTCUSDT","k":{{"t":{MS},"i":"1m","o":"1","h":"3","l":"0.5","c":"2",'
     '"v":"7","x":true}}', NOWHERE, [CandleUpdate("BTCUSDT", "1m", BAR, closed=True)]),
    ("binance", f'[[{MS},"1","3","0.5","2","7",1704067259999,"0",1,"0","0","0"]]', ASKED,
     [CandleUpdate("BTCUSDT", "1m", BAR, closed=None)]),
    ("binance", f'[{{"id":42,"price":"99.5","qty":"0.1","time":{MS},"isBuyerMaker":true}}]', ASKED,
     [trade("BTCUSDT", "42", Side.SELL)]),
    ("binance", '{"u":7,"s":"BTCUSDT","b":"99","B":"1","a":"100","A":"1"}', NOWHERE,
     [Ticker("BTCUSDT", None, D(99), D(100), None, 7)]),
    ("binance", '{"result":null,"id":1}', NOWHERE, [Control("answer")]),
    ("bybit", f'{{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":{MS},"data":{{"s":"BTCUSDT","b":[["99.5","1"]],'
     '"a":[["100.50","0.00000000"]],"u":7,"seq":70}}', NOWHERE,
     [BookUpdate("BTCUSDT", BIDS, ASKS, numbering=Numbering.RANGE, first=7, last=7, ts=TS)]),
    ("bybit", f'{{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":{MS},"data":{{"s":"BTCUSDT","b":[["99.5","1"]],'
     '"a":[["100.50","0.00000000"]],"u":1,"seq":70}}', NOWHERE,
     [BookUpdate("BTCUSDT", BIDS, ASKS, snapshot=True, numbering=Numbering.RANGE, first=1, last=1, ts=TS)]),
    ("bybit", '{"topic":"orderBookL2_25.BTCUSDT","type":"delta","data":{"delete":[{"price":"100.50","symbol":"BTCUSDT",'
     '"id":"1","side":"Sell"}],"update":[{"price":"99.5","symbol":"BTCUSDT","id":"2","side":"Buy","size":1}],'
     '"insert":[]},"cross_seq":"70","timestamp_e6":"1704067200000123"}', NOWHERE,
     [BookUpdate("BTCUSDT", **PAIRS, numbering=Numbering.RISE, last=70, ts=TS)]),
    ("bybit", f'{{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":{MS},"data":[{{"T":{MS},"s":"BTCUSDT","S":"Buy",'
     '"v":"0.1","p":"99.5","i":"x-1","BT":false}]}', NOWHERE, [trade("BTCUSDT", "x-1", Side.BUY)]),
    ("bybit", '{"topic":"trade.BTCUSDT","data":[{"symbol":"BTCUSDT","price":"99.5","size":0.1,"side":"Sell",'
     f'"trade_time_ms":"{MS}","trade_id":"x-2"}}]}}', NOWHERE, [trade("BTCUSDT", "x-2", Side.SELL)]),
    ("bybit", f'{{"topic":"kline.5.BTCUSDT","data":[{{"start":{MS},"interval":"5","open":"1","close":"2","high":"3",'
     '"low":"0.5","volume":"7","confirm":false}],"type":"snapshot"}', NOWHERE,
     [CandleUpdate("BTCUSDT", "5m", BAR, closed=False)]),
    ("bybit", '{"retCode":0,"result":{"symbol":"BTCUSDT","list":[["' + MS + '","1","3","0.5","2","7","0"]]}}', ASKED,
     [CandleUpdate("BTCUSDT", "1m", BAR, closed=None)]),
    ("bybit", f'{{"topic":"tickers.BTCUSDT","type":"snapshot","ts":{MS},"data":{{"symbol":"BTCUSDT","lastPrice":"99.7",'
     '"bid1Price":"99","ask1Price":"100"}}', NOWHERE, [Ticker("BTCUSDT", TS, D(99), D(100), D("99.7"))]),
    ("coinbaseexchange", f'{{"type":"l2update","product_id":"BTC-USD","changes":[["buy","99.5","1"],'
     f'["sell","100.50","0"]],"time":"{ISO}"}}', NOWHERE, [BookUpdate("BTC-USD", **PAIRS, ts=TS)]),
    ("coinbaseexchange", '{"type":"snapshot","product_id":"BTC-USD","bids":[["99.5","1"]],'
     '"asks":[["100.50","0.00000000"]]}', NOWHERE, [BookUpdate("BTC-USD", BIDS, ASKS, snapshot=True)]),
    ("coinbaseexchange", f'{{"type":"match","trade_id":42,"side":"sell","size":"0.1","price":"99.5",'
     f'"product_id":"BTC-USD","time":"{ISO}"}}', NOWHERE, [trade("BTC-USD", "42", Side.BUY)]),
    ("coinbase", f'{{"channel":"l2_data","timestamp":"{ISO}","sequence_num":4,"events":[{{"type":"update",'
     '"product_id":"BTC-USD","updates":[{"side":"bid","price_level":"99.5","new_quantity":"1"},{"side":"offer",'
     '"price_level":"100.50","new_quantity":"0"}]}]}', NOWHERE, [BookUpdate("BTC-USD", **PAIRS, ts=TS)]),
    ("coinbase", f'{{"channel":"market_trades","timestamp":"{ISO}","sequence_num":5,"events":[{{"type":"update",'
     f'"trades":[{{"trade_id":"42","product_id":"BTC-USD","price":"99.5","size":"0.1","side":"BUY","time":"{ISO}"}}]}}]}}',
     NOWHERE, [trade("BTC-USD", "42", Side.BUY)]),
    ("coinbase", f'{{"channel":"candles","timestamp":"{ISO}","sequence_num":3,"events":[{{"type":"update","candles":['
     '{"start":"1704067200","high":"3","low":"0.5","open":"1","close":"2","volume":"7","product_id":"BTC-USD"}]}]}',
     NOWHERE, [CandleUpdate("BTC-USD", "5m", BAR, closed=None)]),
    ("kraken", '[99,{"b":[["99.5","1","1704067200.1"]],"a":[["100.50","0.00000000","1704067200.1"]],"c":"974942666"},'
     '"book-10","XBT/USD"]', NOWHERE,
     [BookUpdate("XBT/USD", [["99.5", "1", "1704067200.1"]], [["100.50", "0.00000000", "1704067200.1"]],
                 checksum=Checksum(ChecksumKind.KRAKEN, 974942666), depth=10)]),
    ("kraken", '[99,[["99.5","0.1","1704067200.000000","b","l",""]],"trade","XBT/USD"]', NOWHERE,
     [trade("XBT/USD", "1704067200.000000-99.5-0.1", Side.BUY)]),
    ("kraken", '[99,["1704067230.5","1704067260.0","1","3","0.5","2","1.5","7",3],"ohlc-1","XBT/USD"]', NOWHERE,
     [CandleUpdate("XBT/USD", "1m", BAR, closed=None)]),
    ("kraken", '[99,{"a":["100",1,"1"],"b":["99",1,"1"],"c":["99.7","1"]},"ticker","XBT/USD"]', NOWHERE,
     [Ticker("XBT/USD", None, D(99), D(100), D("99.7"))]),
    ("kraken", '{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":99.5,"qty":1}],'
     f'"asks":[{{"price":100.50,"qty":0}}],"checksum":974942666,"timestamp":"{ISO}"}}]}}', NOWHERE,
     [BookUpdate("BTC/USD", **PAIRS, checksum=Checksum(ChecksumKind.KRAKEN, 974942666), ts=TS)]),
    ("kraken", '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":99.5,"qty":0.1,'
     f'"trade_id":42,"timestamp":"{ISO}"}}]}}', NOWHERE, [trade("BTC/USD", "42", Side.BUY)]),
    ("kraken", '{"error":[],"result":{"XBTUSDT":[[1704067200,"1","3","0.5","2","1.5","7",3]],"last":5}}', ASKED,
     [CandleUpdate("XBTUSDT", "1m", BAR, closed=None)]),
    ("kraken", '{"error":[],"result":{"XBTUSDT":[["99.5","0.1",1704067200.0,"s","l","",42]],"last":"5"}}', ASKED,
     [trade("XBTUSDT", "42", Side.SELL)]),
    ("kraken", '{"method":"subscribe","result":{"channel":"book","depth":25,"symbol":"BTC/USD"},"success":true}',
     NOWHERE, [Subscription("BTC/USD", 25)]),
    ("krakenfutures", f'{{"feed":"book","product_id":"PI_XBTUSD","side":"sell","seq":7,"price":100.50,"qty":0,'
     f'"timestamp":{MS}}}', NOWHERE,
     [BookUpdate("PI_XBTUSD", (), [("100.50", "0")], numbering=Numbering.RANGE, first=7, last=7, ts=TS)]),
    ("krakenfutures", f'{{"feed":"trade","product_id":"PI_XBTUSD","uid":"u","side":"sell","type":"fill","seq":6,'
     f'"time":{MS},"qty":0.1,"price":99.5}}', NOWHERE, [trade("PI_XBTUSD", "u", Side.SELL)]),
    ("okx", '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"bids":[["99.5","1","0","1"]],'
     f'"asks":[["100.50","0.00000000","0","0"]],"ts":"{MS}","checksum":0,"seqId":7,"prevSeqId":5}}]}}', NOWHERE,
     [BookUpdate("BTC-USDT", [["99.5", "1", "0", "1"]], [["100.50", "0.00000000", "0", "0"]],
                 numbering=Numbering.CHAIN, last=7, previous=5, ts=TS)]),
    ("okx", '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"bids":[["99.5","1","0","1"]],'
     f'"asks":[],"ts":"{MS}","checksum":-855196043}}]}}', NOWHERE,
     [BookUpdate("BTC-USDT", [["99.5", "1", "0", "1"]], [], checksum=Checksum(ChecksumKind.OKX, -855196043), ts=TS)]),
    ("okx", '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"42","px":"99.5",'
     f'"sz":"0.1","side":"buy","ts":"{MS}"}}]}}', NOWHERE, [trade("BTC-USDT", "42", Side.BUY)]),
    ("okx", f'{{"arg":{{"channel":"candle1H","instId":"BTC-USDT"}},"data":[["{MS}","1","3","0.5","2","7","0","1"]]}}',
     NOWHERE, [CandleUpdate("BTC-USDT", "1h", BAR, closed=True)]),
    ("okx", f'{{"arg":{{"channel":"tickers","instId":"BTC-USDT"}},"data":[{{"instId":"BTC-USDT","last":"99.7",'
     f'"askPx":"100","bidPx":"99","ts":"{MS}"}}]}}', NOWHERE, [Ticker("BTC-USDT", TS, D(99), D(100), D("99.7"))]),
    ("okx", '{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"}}', NOWHERE, [Control("subscribe")]),
]  # fmt: skip

"""A small sound history, made by the domain's own rules: every check finds cases in it, and none is wrong."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.bus.envelope import seal
from adapters.evidence import court, load, money, topic
from adapters.evidence.history import History, Row
from trading.accounting import journal
from trading.accounting.journal import Journal
from trading.audit import canonical, digest, plain
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import text
from trading.order import Leg, OrderKey, OrderRequest, OrderType, Side

BOOK, STRATEGY, TOPIC, CLUSTER, KEY = "book", "strategy", "signals", "cluster", "k" * 32
BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
END = START + timedelta(minutes=30)
WINDOW_MS, MARGIN = 3000, timedelta(seconds=15)
BUFFER = Decimal("0.02")
STEPS = {"lot": "0.0001", "min_quantity": "0.0001", "min_notional": "5"}


def at(seconds: float) -> datetime:
    """Return the moment that many seconds after the start."""
    return START + timedelta(seconds=seconds)


def ms(moment: datetime) -> int:
    """Return ms since the epoch."""
    return round(moment.timestamp() * 1000)


def instrument(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    steps = [Decimal(step) for step in ("0.01", "0.0001", "0.0001", "5", "0.001", "0.001")]
    return Instrument("simulator", symbol, base, quote, *steps)


def signal(signal_id: str, symbol: str, decided: float, **changes: Any) -> dict[str, Any]:
    """Return the body of a signal of STRATEGY."""
    times = {"ts": at(decided - 60), "decided_at": at(decided), "valid_until": at(decided + 600)}
    body = {"signal_id": signal_id, "book": BOOK, "strategy": STRATEGY, "symbol": symbol, "stop": "0.05"}
    return body | {name: moment.isoformat() for name, moment in times.items()} | {"reference_price": "100"} | changes


class World:
    """What happened, written down row by row as the services would; `history` closes it."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in load._ROWS}
        self.events: list[dict[str, Any]] = [
            {
                "event": "open",
                "start": ms(START),
                "instruments": [{"symbol": symbol} | STEPS for symbol in (BTC, ETH, SOL)],
            },
            {"event": "account", "account": "main", "balances": {"USDT": "10000"}},
        ]
        self.messages: list[topic.Message] = []
        self.xid = 100
        self.posts = 0
        self.placed: dict[str, int] = {}

    def transaction(self) -> int:
        self.xid += 1
        return self.xid

    def audit(self, moment: datetime, kind: str, ref: str, payload: dict[str, Any], actor: str = "execution") -> None:
        row = {"seq": len(self.rows["audit"]) + 1, "at": moment, "actor": actor, "kind": kind, "ref": ref}
        self.rows["audit"].append(row | {"payload": payload, "xid": self.xid})

    def publish(self, value: bytes, cluster: str = CLUSTER) -> int:
        offset = len(self.messages)
        self.messages.append(topic.message(0, offset, value))
        self.rows["offsets"] = [{"cluster_id": cluster, "topic": TOPIC, "partition": 0, "next_offset": offset + 1}]
        return offset

    def take(self, body: dict[str, Any], status: str = "ACCEPTED", received: float | None = None) -> None:
        """Publish a signal and take it in."""
        payload, decided = canonical(body), datetime.fromisoformat(body["decided_at"])
        offset = self.publish(seal(payload, KEY))
        place = {"signal_id": body["signal_id"], "book": BOOK, "cluster_id": CLUSTER, "partition": 0, "offset_": offset}
        times = {"created_at": decided, "published_at": decided}
        self.rows["outbox"].append(place | times | {"key": f"{BOOK}|{body['symbol']}", "payload": payload})
        moment = decided + timedelta(seconds=1) if received is None else at(received)
        taken = {"body": body, "body_hash": hashlib.sha256(payload.encode()).hexdigest(), "status": status}
        self.transaction()
        self.rows["inbox"].append(place | taken | {"topic": TOPIC, "received_at": moment, "xid": self.xid})
        self.audit(moment, "signal", body["signal_id"], {"status": status})

    def decide(
        self, signal_id: str, number: int, moment: datetime, *requests: OrderRequest, gate_open: bool = True
    ) -> None:
        """Write a decision with its intents and reservations, in the transaction that is open."""
        account = {"entry_gate_open": gate_open, "gate_reason": "" if gate_open else "halt"}
        inputs = plain({"account": account, "requests": requests, "limits_version": 1})
        verdict = "TRADE" if requests else "HOLD"
        key = {"signal_id": signal_id, "decision_no": number, "trigger_": "signal", "reason": "test"}
        row = {"verdict": verdict, "inputs": inputs, "inputs_hash": digest(inputs), "limits_version": 1}
        self.rows["decisions"].append(key | row | {"decided_at": moment, "xid": self.xid})
        for request in requests:
            self.intend(request, 1, moment)
        self.audit(moment, "decision", f"{signal_id}:{number}", {"inputs_hash": digest(inputs)})

    def intend(self, request: OrderRequest, attempt: int, moment: datetime) -> str:
        """Write an order as INTENT with its reservation, in the transaction that is open; return its client id."""
        client_id = request.key.client_id(BOOK, attempt)
        row = {name: getattr(request, name) for name in ("book", "strategy", "venue", "symbol", "reduce_only")}
        row |= {"side": str(request.side), "type": str(request.type), "quantity": request.quantity}
        row |= {"reference_price": request.reference_price, "limit_price": request.limit, "stop_price": request.stop}
        key = {"signal_id": request.key.signal_id, "decision_no": request.key.decision_no, "leg": str(request.key.leg)}
        state = {"state": "INTENT", "attempt": attempt, "epoch": 1, "sent_at": None, "recv_window_ms": None}
        rest = {"venue_order_id": None, "filled": Decimal(0), "outcome_code": None, "outcome_detail": None}
        times = {"created_at": moment, "updated_at": moment}
        self.rows["orders"].append({"client_id": client_id} | key | row | state | rest | times)
        self._event(client_id, None, "INTENT", moment, {"attempt": attempt})
        self.post(journal.reserve(request, client_id, instrument(request.symbol), BUFFER), request.symbol, moment)
        return client_id

    def move(self, client_id: str, after: str, seconds: float, **changes: Any) -> None:
        """Move an order in a transaction of its own; what it still holds is released when it is final."""
        row, moment = self.order(client_id), at(seconds)
        self.transaction()
        if after == "SENDING":
            changes |= {"sent_at": moment, "recv_window_ms": WINDOW_MS}
        self._event(client_id, row["state"], after, moment, {"epoch": 1} if after == "SENDING" else {})
        row.update(state=after, updated_at=moment, **changes)
        if after in ("FILLED", "CANCELED", "EXPIRED", "REJECTED", "ABSENT"):
            ids = {one["journal_id"] for one in self.rows["journals"] if one["ref"] == client_id}
            lines = [one for one in self.rows["entries"] if one["journal_id"] in ids and one["account"] == "reserved"]
            left = sum((line["amount"] for line in lines), Decimal(0))
            if left:
                made = journal.release(Side(row["side"]), client_id, len(ids), instrument(row["symbol"]), left)
                self.post(made, row["symbol"], moment)

    def order(self, client_id: str) -> Row:
        return next(row for row in self.rows["orders"] if row["client_id"] == client_id)

    def post(self, made: Journal, symbol: str, moment: datetime, strategy: str = STRATEGY) -> None:
        """Write a journal of (strategy, symbol) in the transaction that is open."""
        row = {"journal_id": made.journal_id, "book": BOOK, "kind": made.kind, "ref": made.ref, "at": moment}
        self.rows["journals"].append(row | {"xid": self.xid})
        for line in made.lines:
            self.rows["entries"].append(
                {"journal_id": made.journal_id, "strategy": strategy, "symbol": symbol} | vars(line)
            )

    def wire(
        self, client_id: str, seconds: float, status: int = 200, code: int = 0, stop: Decimal | None = None
    ) -> None:
        """Let the order request of a stored order reach the venue, which accepts it with status 200."""
        row = self.order(client_id)
        params = {"symbol": row["symbol"].replace("/", ""), "side": row["side"], "type": row["type"]}
        params |= {"quantity": text(row["quantity"]), "newClientOrderId": client_id}
        params |= {"timestamp": str(ms(row["sent_at"])), "recvWindow": str(row["recv_window_ms"])}
        if stop is not None:
            params["stopPrice"] = text(stop)
        self.request(params, row["symbol"], seconds, status, code)
        if status == 200:
            row["venue_order_id"] = str(self.placed[client_id])

    def request(self, params: dict[str, str], symbol: str, seconds: float, status: int = 200, code: int = 0) -> None:
        """Write a request to place an order, what follows from it, and its answer."""
        self.posts += 1
        of, moment = {"of": self.posts}, {"at": ms(at(seconds))}
        wire = {"account": "main", "method": "POST", "path": "/api/v3/order", "params": params}
        self.events.append({"event": "request"} | of | wire | moment)
        if status == 200:
            client_id = params["newClientOrderId"]
            named = {"account": "main", "symbol": symbol, "client_id": client_id}
            shape = {"type": params["type"], "quantity": params["quantity"], "immediate": False}
            number = self.placed[client_id] = len(self.placed) + 1
            self.events.append({"event": "place"} | of | named | shape | moment)
            self.events.append({"event": "accepted", "order_id": number} | of | named | moment)
        self.events.append({"event": "answer", "status": status, "code": code} | of)

    def fill(self, client_id: str, trade_id: str, price: str, quantity: str, fee: str, seconds: float) -> None:
        """Let the venue execute an order, and book it in a transaction of its own."""
        row, moment = self.order(client_id), at(seconds)
        base, quote = row["symbol"].split("/")
        currency = base if row["side"] == "BUY" else quote
        numbers = {"price": Decimal(price), "quantity": Decimal(quantity), "fee": Decimal(fee)}
        names = {"client_id": client_id, "symbol": row["symbol"], "side": row["side"], "fee_currency": currency}
        ids = {"trade_id": int(trade_id), "order_id": self.placed[client_id]}
        said = {"event": "fill", "account": "main", "maker": False, "at": ms(moment)}
        self.events.append(said | names | ids | {name: text(value) for name, value in numbers.items()})
        self.transaction()
        booked = Fill(
            "simulator",
            row["symbol"],
            trade_id,
            str(self.placed[client_id]),
            client_id,
            Side(row["side"]),
            numbers["price"],
            numbers["quantity"],
            numbers["fee"],
            currency,
            moment,
        )
        self.rows["fills"].append(vars(booked) | {"book": BOOK, "recorded_at": moment, "side": row["side"]})
        self.post(journal.fill(BOOK, booked, instrument(row["symbol"])), row["symbol"], moment)
        row["filled"] += numbers["quantity"]
        self.audit(moment, "fill", client_id, {"trades": [trade_id]})

    def _event(self, client_id: str, before: str | None, after: str, moment: datetime, detail: Row) -> None:
        row = {"client_id": client_id, "from_state": before, "to_state": after, "at": moment, "detail": detail}
        self.rows["events"].append(row | {"xid": self.xid})

    def history(self) -> History:
        """Return the history, its chain linked and its balances added up."""
        chain(self.rows["audit"])
        return History(
            BOOK,
            court.of([*self.events, {"event": "advance", "to": ms(END)}], "main"),
            **self.rows | {"balances": balances(self.rows["entries"])},
            columns=[(table, name, "numeric") for table, names in money._MONEY.items() for name in names]
            + [("trading.orders", "created_at", "timestamp with time zone")],
            guards=list(money._NEEDED),
            settled_at=END,
            log=topic.Log(CLUSTER, tuple(self.messages), {0: (0, len(self.messages))}),
            absence_margin=MARGIN,
            secrets={"signal_key": KEY},
            texts={"logs/execution.log": "all is well"},
        )


def chain(audit: list[Row]) -> None:
    """Link audit rows as the database does."""
    before = "0" * 64
    for row in audit:
        row |= {name: row["payload"].get(name) for name in ("inputs_hash", "trades", "lifted")}
    for row in audit:
        row |= {
            "epoch": f"{row['at'].timestamp():.6f}",
            "payload_text": json.dumps(row["payload"]),
            "previous_hash": before,
        }
        parts = (str(row["seq"]), before, row["epoch"], row["actor"], row["kind"], row["ref"], row["payload_text"])
        before = row["hash"] = hashlib.sha256("|".join(parts).encode()).hexdigest()


def balances(entries: list[Row]) -> list[Row]:
    """Add up ledger entries as the database does."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for entry in entries:
        place = tuple(entry[name] for name in ("strategy", "symbol", "account", "currency"))
        sums[place] = sums.get(place, Decimal(0)) + entry["amount"]
    names = ("strategy", "symbol", "account", "currency")
    return [dict(zip(names, place, strict=True)) | {"amount": amount} for place, amount in sums.items()]


def request(signal_id: str, number: int, leg: Leg, symbol: str, side: Side, quantity: str, **more: Any) -> OrderRequest:
    made = OrderRequest(
        OrderKey(signal_id, number, leg),
        BOOK,
        STRATEGY,
        "simulator",
        symbol,
        side,
        OrderType.MARKET,
        Decimal(quantity),
        Decimal(100),
    )
    return replace(made, **more)


#: The orders of the sound history.
ENTRY = OrderKey("s1", 1, Leg.ENTRY).client_id(BOOK, 1)
STOP = OrderKey("s1", 2, Leg.STOP).client_id(BOOK, 1)
LOST = OrderKey("s2", 1, Leg.ENTRY).client_id(BOOK, 1)
REFUSED = OrderKey("s2", 1, Leg.ENTRY).client_id(BOOK, 2)


def world() -> World:
    """A filled entry with its stop, one lost and then refused, a closed gate, a halt, a stranger, a dead letter."""
    made = World()
    made.rows["limits"] = [{"version": 1, "parameters": {"cash_buffer": "0.02", "max_order_value": "50000"}}]
    made.post(journal.deposit(BOOK, STRATEGY, BTC, "USDT", Decimal(6000)), BTC, START)
    made.post(journal.deposit(BOOK, STRATEGY, ETH, "USDT", Decimal(4000)), ETH, START)
    for symbol in (BTC, ETH):
        made.transaction()
        made.audit(START, "reconciled", symbol, {"state": "OPEN"})
    entry_and_stop(made)
    lost_and_refused(made)
    made.take(signal("s3", ETH, 200, valid_until=at(201).isoformat()), "EXPIRED", 205)
    made.take(signal("s4", ETH, 300))
    made.decide("s4", 1, at(301), gate_open=False)
    buried(made)
    made.publish(seal(made.rows["outbox"][0]["payload"], KEY))
    by_a_stranger(made)
    made.rows["halts"] = [
        {"halt_id": 1, "symbol": None, "reason": "test", "at": at(500), "lifted_at": None, "xid": made.transaction()}
    ]
    return made


def entry_and_stop(made: World) -> None:
    made.take(signal("s1", BTC, 10))
    made.decide("s1", 1, at(11), request("s1", 1, Leg.ENTRY, BTC, Side.BUY, "1"))
    made.move(ENTRY, "SENDING", 12)
    made.wire(ENTRY, 12.1)
    made.fill(ENTRY, "1", "100.5", "1", "0.001", 12.1)
    made.move(ENTRY, "FILLED", 12.2)
    made.transaction()
    stop = {"type": OrderType.STOP_LOSS, "stop": Decimal("95.5"), "reduce_only": True}
    made.decide("s1", 2, at(13), request("s1", 2, Leg.STOP, BTC, Side.SELL, "0.999", **stop))
    made.move(STOP, "SENDING", 13)
    made.wire(STOP, 13.1, stop=Decimal("95.5"))
    made.move(STOP, "ACKED", 13.2)


def lost_and_refused(made: World) -> None:
    made.take(signal("s2", ETH, 100))
    wanted = request("s2", 1, Leg.ENTRY, ETH, Side.BUY, "2")
    made.decide("s2", 1, at(101), wanted)
    made.move(LOST, "SENDING", 101)
    made.move(LOST, "UNKNOWN", 102)
    made.move(LOST, "ABSENT", 120)
    made.intend(wanted, 2, at(120))
    made.move(REFUSED, "SENDING", 121)
    made.wire(REFUSED, 121.1, 400, -2010)
    made.move(REFUSED, "REJECTED", 121.2, outcome_code="-2010", outcome_detail="balance")


def by_a_stranger(made: World) -> None:
    made.request({"type": "LIMIT", "quantity": "2", "newClientOrderId": "by-hand"}, SOL, 400)
    number = str(made.placed["by-hand"])
    numbers = {"price": Decimal(20), "quantity": Decimal(1), "fee": Decimal("0.001")}
    names = {"symbol": SOL, "side": "BUY", "fee_currency": "SOL"}
    said = {"event": "fill", "account": "main", "client_id": "by-hand", "order_id": int(number), "trade_id": 7}
    texts = {name: text(value) for name, value in numbers.items()}
    made.events.append(said | names | texts | {"maker": True, "at": ms(at(401))})
    made.transaction()
    key = {"book": BOOK, "venue": "simulator", "venue_order_id": number}
    trade = Fill(
        "simulator",
        SOL,
        "7",
        number,
        "",
        Side.BUY,
        numbers["price"],
        numbers["quantity"],
        numbers["fee"],
        "SOL",
        at(401),
    )
    made.rows["foreign_orders"] = [key | {"symbol": SOL, "client_id": "by-hand", "seen_at": at(405)}]
    made.rows["foreign_trades"] = [key | names | numbers | {"trade_id": "7", "ts": at(401), "recorded_at": at(405)}]
    made.post(journal.foreign(BOOK, trade, instrument(SOL)), SOL, at(401), "foreign")


def buried(made: World) -> None:
    offset = made.publish(b"garbage")
    letter = {"cluster_id": CLUSTER, "topic": TOPIC, "partition": 0, "offset_": offset, "reason": "not an envelope"}
    made.rows["dead_letters"] = [letter | {"body": b"garbage"}]
    made.transaction()
    made.audit(at(350), "dead_letter", f"{TOPIC}:0:{offset}", {"why": "not an envelope"})

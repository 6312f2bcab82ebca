"""The input that rp2 reads: for each asset a sheet of IN, OUT and INTRA tables, and the columns by number.

Rows of text here; writing them as an ODS spreadsheet is for an adapter. Source: rp2 1.7.2, document on input files.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, tzinfo
from decimal import Decimal, localcontext

from trading.errors import Denied
from trading.money import CONTEXT, ZERO, divide, text
from trading.tax.country import Country
from trading.tax.events import Acquisition, AcquisitionKind, Disposal, DisposalKind, Event, Transfer, Wallet, in_order

Row = list[str]
IN = (
    *("timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price", "crypto_in", "fiat_fee"),
    *("fiat_in_no_fee", "fiat_in_with_fee", "unique_id", "notes"),
)
OUT = (
    *("timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price", "crypto_out_no_fee", "crypto_fee"),
    *("crypto_out_with_fee", "fiat_out_no_fee", "fiat_fee", "unique_id", "notes"),
)
INTRA = (
    *("timestamp", "asset", "from_exchange", "from_holder", "to_exchange", "to_holder", "spot_price", "crypto_sent"),
    *("crypto_received", "unique_id", "notes"),
)
#: To be written as numbers; rp2 reads 11 decimals of them.
NUMBERS = frozenset(
    {
        *("spot_price", "crypto_in", "fiat_fee", "fiat_in_no_fee", "fiat_in_with_fee", "crypto_out_no_fee"),
        *("crypto_fee", "crypto_out_with_fee", "fiat_out_no_fee", "crypto_sent", "crypto_received"),
    }
)
# What rp2 has no word for goes under the word that it taxes the same.
_IN_TYPES = {
    AcquisitionKind.FUNDING: "INCOME",
    AcquisitionKind.HARD_FORK: "HARDFORK",
    AcquisitionKind.SPOUSE: "GIFT",
}
_OUT_TYPES = {DisposalKind.FUNDING: "FEE", DisposalKind.SPOUSE: "GIFT"}
# An account without a name is the taxpayer's.
_HOLDER = "taxpayer"
#: rp2 knows no lots of a wallet's own, so it must not be used where the law asks for them.
_REFUSED = "rp2"


def sheets(events: Iterable[Event], country: Country, zone: tzinfo = UTC) -> dict[str, list[Row]]:
    """Return for each asset the rows of its sheet: per table its name, its columns, its rows and `TABLE END`.

    A fee on a disposal is taken off its value, for rp2 has no such column. What rp2 does otherwise: it counts a fee on
    income as income, calls the anniversary itself long, ranks lots by price without fees, takes no lots by name, and
    after income its highest-in order may pass over the dearest lot (seen with 1.7.2).

    Raises:
        Denied: rp2 cannot say it: a split, an adjustment, a value of zero, a day on which each of several
            wallets has its own lots.
    """
    with localcontext(CONTEXT):
        tables: dict[str, tuple[list[Row], list[Row], list[Row]]] = {}
        known = in_order(events)
        # One wallet's own lots are all lots.
        alone = len({wallet for event in known for wallet in _wallets(event)}) < 2
        for event in known:
            _speakable(event, country, event.ts.astimezone(zone).date(), alone)
            came, went, moved = tables.setdefault(event.asset, ([], [], []))
            if isinstance(event, Acquisition):
                came.append(_came(event))
            elif isinstance(event, Disposal):
                went.append(_went(event))
            elif isinstance(event, Transfer):
                moved.append(_moved(event))
        return {
            asset: [*_table("IN", IN, came), *_table("OUT", OUT, went), *_table("INTRA", INTRA, moved)]
            for asset, (came, went, moved) in sorted(tables.items())
        }


def configuration(events: Iterable[Event]) -> dict[str, dict[str, str]]:
    """Return the sections of rp2's configuration file for the sheets of `events`: names, and columns by number."""
    known = list(events)
    wallets = {wallet for event in known for wallet in _wallets(event)}
    return {
        "general": {
            "assets": ", ".join(sorted({event.asset for event in known})),
            "exchanges": ", ".join(sorted({wallet.venue for wallet in wallets})),
            "holders": ", ".join(sorted({wallet.holder or _HOLDER for wallet in wallets})),
        },
        "in_header": _columns(IN),
        "out_header": _columns(OUT),
        "intra_header": _columns(INTRA),
    }


def _speakable(event: Event, country: Country, day: date, alone: bool) -> None:
    since = country.per_wallet_from
    if since is not None and day >= since and not alone:
        raise Denied(_REFUSED, f"{event.event_id}: {country.code} wants lots per wallet from {since} on, rp2 has none")
    if not isinstance(event, Acquisition | Disposal | Transfer):
        raise Denied(_REFUSED, f"{event.event_id}: it knows no {type(event).__name__.lower()}")
    if not isinstance(event, Transfer) and event.value <= (event.fee if isinstance(event, Disposal) else ZERO):
        raise Denied(_REFUSED, f"{event.event_id}: it takes no value of zero or less")


def _came(event: Acquisition) -> Row:
    kind = _IN_TYPES.get(event.kind, event.kind.name)
    cost = [text(amount) for amount in (event.fee, event.value, event.cost)]
    return [*_head(event, event.wallet, kind), _price(event.value, event.quantity), text(event.quantity), *cost,
            event.event_id, ""]  # fmt: skip


def _went(event: Disposal) -> Row:
    kind = _OUT_TYPES.get(event.kind, event.kind.name)
    brought = event.value - event.fee
    if kind == "FEE":  # to rp2 nothing but a fee goes out with a fee
        amounts = [_price(brought, event.gone), "0", text(event.gone), text(event.gone), "", text(brought)]
    else:
        price = divide(event.value, event.quantity)
        sold, fee, gone = text(event.quantity), text(event.fee_quantity), text(event.gone)
        lost = text(CONTEXT.multiply(price, event.fee_quantity))
        amounts = [text(price), sold, fee, gone, text(brought), lost]
    return [*_head(event, event.wallet, kind), *amounts, event.event_id, ""]


def _moved(event: Transfer) -> Row:
    lost = event.cost_in_kind
    amounts = [_price(event.value, lost) if lost else "", text(event.sent), text(event.received)]
    target = [event.target.venue, event.target.holder or _HOLDER]
    return [*_head(event, event.source), *target, *amounts, event.event_id, ""]


def _head(event: Acquisition | Disposal | Transfer, wallet: Wallet, *kind: str) -> Row:
    return [event.ts.isoformat(), event.asset, wallet.venue, wallet.holder or _HOLDER, *kind]


def _price(value: Decimal, quantity: Decimal) -> str:
    return text(divide(value, quantity))


def _wallets(event: Event) -> tuple[Wallet, ...]:
    if isinstance(event, Transfer):
        return event.source, event.target
    return (event.wallet,) if isinstance(event, Acquisition | Disposal) else ()


def _table(name: str, columns: Sequence[str], rows: list[Row]) -> list[Row]:
    return [[name], list(columns), *rows, ["TABLE END"]] if rows else []


def _columns(columns: Sequence[str]) -> dict[str, str]:
    return {column: str(number) for number, column in enumerate(columns)}

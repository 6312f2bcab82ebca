"""Transactions as a regulator's form asks for them: which fact fills which field, and totals that tie to the fills."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trading.errors import BadData, Misconfigured
from trading.money import CONTEXT, ZERO, multiply, text


@dataclass(frozen=True)
class Transaction:
    """One execution on the account: ours, or a stranger's, of which no order of ours is known.

    Quantity in `base`, price in `quote` per base, fee in its own currency, `ts` the venue's time.
    """

    origin: Literal["OURS", "FOREIGN"]
    trade_id: str
    ts: datetime
    venue: str
    book: str
    symbol: str
    base: str
    quote: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    venue_order_id: str
    client_id: str | None = None
    order_type: str | None = None
    leg: str | None = None
    strategy: str | None = None
    strategy_version: int | None = None
    limits_version: int | None = None
    signal_id: str | None = None
    decided_at: datetime | None = None

    @property
    def value(self) -> Decimal:
        """Quantity times price, in quote."""
        return multiply(self.quantity, self.price)

    @property
    def reference(self) -> str:
        """A name of this execution that no other one has."""
        return f"{self.venue}:{self.book}:{self.symbol}:{self.trade_id}"


FACTS = (*Transaction.__dataclass_fields__, "value", "reference")


class FieldRule(BaseModel):
    """One field of the form: filled with the fact of a transaction, or with a constant.

    `name` is its element in the XML and its column in the CSV. A fact that is not known leaves an optional field out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")
    fact: str | None = None
    constant: str | None = None
    required: bool = True
    longest: int = Field(default=140, ge=1, le=1000)
    words: dict[str, str] = Field(default_factory=dict[str, str])

    @model_validator(mode="after")
    def _filled(self) -> "FieldRule":
        if (self.fact is None) == (self.constant is None):
            raise ValueError("give either fact or constant")
        if self.fact is not None and self.fact not in FACTS:
            raise ValueError(f"fact {self.fact} is none of {', '.join(FACTS)}")
        return self


class FieldMap(BaseModel):
    """A form: the names of its elements, and its fields in the order of its schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=140)
    reporter: str = Field(min_length=1, max_length=140)
    schema_file: str | None = None
    field: tuple[FieldRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> "FieldMap":
        names = [one.name for one in self.field]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"field {', '.join(twice)} is there twice")
        return self


def field_map(content: Mapping[str, Any], source: str) -> FieldMap:
    """Return the map that `content` says; Misconfigured names `source` and the field that is wrong."""
    try:
        return FieldMap.model_validate(content)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = " ".join(str(part + 1 if isinstance(part, int) else part) for part in wrong["loc"])
        raise Misconfigured(f"{source}: {place or 'the map'}: {wrong['msg']}") from None


def rows(transactions: Sequence[Transaction], form: FieldMap) -> list[dict[str, str]]:
    """Return the fields of each transaction as text, in the order of the form; times UTC with a Z, amounts exact.

    Raises:
        BadData: a required field has no fact, or one is too long or cannot be printed; row and field are named.
    """
    found: list[dict[str, str]] = []
    for number, one in enumerate(transactions, start=1):
        row: dict[str, str] = {}
        for rule in form.field:
            value = rule.constant if rule.fact is None else _worded(getattr(one, rule.fact), rule)
            where = f"row {number} ({one.reference}), field {rule.name}"
            if value is None or not value:
                if rule.required:
                    raise BadData(f"{where}: {rule.fact or 'its constant'} is not known, and the field is required")
                continue
            if len(value) > rule.longest:
                raise BadData(f"{where}: {value[:40]!r} has {len(value)} letters, {rule.longest} are allowed")
            if re.search(r"[\x00-\x1f\x7f]", value):
                raise BadData(f"{where}: {value[:40]!r} cannot be printed")
            row[rule.name] = value
        found.append(row)
    return found


def _worded(value: Any, rule: FieldRule) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        plain = text(value)
    elif isinstance(value, datetime):
        plain = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    else:
        plain = str(value)
    return rule.words.get(plain, plain)


@dataclass(frozen=True)
class Total:
    """What was traded of a symbol on one side: quantity in base, value in quote, and how often."""

    symbol: str
    side: str
    transactions: int
    quantity: Decimal
    value: Decimal


def totals(transactions: Sequence[Transaction]) -> list[Total]:
    """Return the sums by symbol and side, exact."""
    groups: dict[tuple[str, str], list[Transaction]] = {}
    for one in transactions:
        groups.setdefault((one.symbol, one.side), []).append(one)
    with localcontext(CONTEXT):
        return [
            Total(
                symbol,
                side,
                len(found),
                sum((one.quantity for one in found), ZERO),
                sum((one.value for one in found), ZERO),
            )
            for (symbol, side), found in sorted(groups.items())
        ]


def tie(reported: Sequence[Total], booked: Sequence[Total]) -> None:
    """Return when the report holds exactly what is booked; BadData names the first symbol that differs."""
    if list(reported) == list(booked):
        return
    known = {(one.symbol, one.side): one for one in booked}
    told = {(one.symbol, one.side): one for one in reported}
    for key in sorted({*known, *told}):
        if known.get(key) != told.get(key):
            raise BadData(
                f"{key[1]} of {key[0]}: the report says {_said(told.get(key))}, the books {_said(known.get(key))}"
            )


def _said(total: Total | None) -> str:
    if total is None:
        return "nothing"
    return f"{total.transactions} x, quantity {text(total.quantity)}, value {text(total.value)}"

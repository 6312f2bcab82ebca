"""What one row of bars must fulfil by itself: numbers that are there, finite, positive, plausible and in order."""

import polars as pl

from trading.market.finding import Finding, found

PRICES = ("open", "high", "low", "close")
VALUES = (*PRICES, "volume")

#: Larger (or, for prices, smaller than the inverse) numbers are no market: the dearest quotes (in IDR) stay below 1e11.
ABSURD_PRICE = 1e12
ABSURD_VOLUME = 1e18

_NO_NUMBER = "not a number"


def rules() -> list[tuple[str, pl.Expr]]:
    """Return each rule's name and the expression that is true where a row of numbers breaks it, the gravest first."""
    values = [pl.col(name) for name in VALUES]
    prices = [pl.col(name) for name in PRICES]
    return [
        ("null", pl.any_horizontal(pl.col("ts").is_null(), *(value.is_null() for value in values))),
        ("not finite", pl.any_horizontal(~value.is_finite() for value in values)),
        ("price not positive", pl.min_horizontal(prices) <= 0),
        ("volume negative", pl.col("volume") < 0),
        (
            "absurd value",
            (pl.max_horizontal(prices) > ABSURD_PRICE)
            | pl.min_horizontal(prices).is_between(0, 1 / ABSURD_PRICE, closed="none")
            | (pl.col("volume") > ABSURD_VOLUME),
        ),
        ("high below low", pl.col("high") < pl.col("low")),
        (
            "open or close outside range",
            (pl.max_horizontal("open", "close") > pl.col("high"))
            | (pl.min_horizontal("open", "close") < pl.col("low")),
        ),
    ]


def numbers(raw: pl.DataFrame) -> pl.DataFrame:
    """Return bars with their values as Float64, null where a text is no number."""
    return raw.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in VALUES)


def broken(raw: pl.DataFrame, more: tuple[tuple[str, pl.Expr], ...] = ()) -> pl.Series:
    """Return per row of raw bars (numbers or text) the name of the first rule it breaks, `more` last; null if sound."""
    chain = pl.coalesce(pl.when(failed).then(pl.lit(name)) for name, failed in [*rules(), *more])
    first = pl.when(_no_number(raw)).then(pl.lit(_NO_NUMBER)).otherwise(chain)
    return numbers(raw).select(first.cast(pl.String).alias("reason")).to_series()


def find(raw: pl.DataFrame) -> list[Finding]:
    """Return a blocking finding for each rule with all rows that break it, whatever else they break."""
    rows, unread = numbers(raw), _no_number(raw)
    # What is no number is null afterwards: it is told once.
    checks = [(name, (failed & ~pl.lit(unread)) if name == "null" else failed) for name, failed in rules()]
    return [
        finding
        for name, failed in [(_NO_NUMBER, pl.lit(unread)), *checks]
        for finding in _of_rule(name, rows.filter(failed.fill_null(value=False)))
    ]


def _of_rule(name: str, rows: pl.DataFrame) -> list[Finding]:
    if rows.is_empty():
        return []
    first = rows.select(pl.struct("ts", *VALUES).cast(pl.Struct(dict.fromkeys(("ts", *VALUES), pl.String)))).row(0)[0]
    detail = "first: " + ", ".join(f"{key} {value}" for key, value in first.items())
    return found(name, rows, detail, blocking=True)


def _no_number(raw: pl.DataFrame) -> pl.Series:
    """Return where a value is written that is no number."""
    bad = pl.repeat(value=False, n=raw.height, eager=True)
    for name in VALUES:
        if raw.schema[name] == pl.String:
            bad |= raw[name].is_not_null() & raw[name].cast(pl.Float64, strict=False).is_null()
    return bad

"""Trades one by one: prices and amounts, ids that repeat or are missing, stamps that several share, sides unknown."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.row_rules import ABSURD_PRICE, ABSURD_VOLUME
from trading.market.findings.sample import Sample


def rules() -> list[tuple[str, pl.Expr]]:
    """Return each rule's name and the expression that is true where a trade breaks it."""
    both = (pl.col("price"), pl.col("amount"))
    return [
        ("null", pl.any_horizontal(pl.col("ts").is_null(), *(value.is_null() for value in both))),
        ("not finite", pl.any_horizontal(~value.is_finite() for value in both)),
        ("price not positive", pl.col("price") <= 0),
        ("amount not positive", pl.col("amount") <= 0),
        (
            "absurd value",
            ~pl.col("price").is_between(1 / ABSURD_PRICE, ABSURD_PRICE) | (pl.col("amount") > ABSURD_VOLUME),
        ),
    ]


def broken(sample: Sample) -> list[Finding]:
    """Return a blocking finding for each rule that trades break."""
    return [
        finding
        for name, failed in rules()
        for finding in found(name, sample.rows.filter(failed.fill_null(value=False)), "trades", blocking=True)
    ]


def repeated_ids(sample: Sample) -> list[Finding]:
    """Return trades told again under the same id, equal or with another content."""
    if "id" not in sample.rows.columns:
        return []
    rows = sample.rows.select("ts", "id", "price", "amount").filter(pl.col("id").is_not_null())
    content = pl.struct("ts", "id", "price", "amount")
    again = rows.filter(~content.is_first_distinct())
    different = rows.filter(content.is_first_distinct()).filter(pl.col("id").is_duplicated()).unique("id")
    return [
        *found("duplicate", again, "equal trades, kept once"),
        *found("conflicting duplicate", different, "different trades under the same id", blocking=True),
    ]


def missing_ids(sample: Sample) -> list[Finding]:
    """Return the ids left out of a run of numbers that is otherwise dense: trades that the file does not have."""
    if "id" not in sample.rows.columns:
        return []
    rows = sample.rows.select("ts", id=pl.col("id").cast(pl.Int64, strict=False)).drop_nulls().unique("id").sort("id")
    step = rows["id"].diff().fill_null(1)
    if rows.height < 2 or (step == 1).mean() < 0.9:  # pyright: ignore[reportOptionalOperand,reportOperatorIssue]
        return []
    after = rows.filter(step > 1)
    return found("missing trades", after, "ids left out before these", int((step - 1).sum()))


def shared_stamps(sample: Sample) -> list[Finding]:
    """Return how many trades share the stamp of another: their order is that of the file."""
    rows = sample.rows.filter(~pl.col("ts").is_first_distinct())
    return found(
        "shared stamps", rows, f"{sample.rows['ts'].n_unique()} distinct stamps in {sample.rows.height} trades"
    )


def whole_seconds(sample: Sample) -> list[Finding]:
    """Return all trades when none has a fraction of a second."""
    times = sample.rows["ts"].drop_nulls()
    if len(times) < 20 or bool((times.dt.truncate("1s") != times).any()):
        return []
    return found("whole seconds", sample.rows, "no stamp is finer than a second")


def no_side(sample: Sample) -> list[Finding]:
    """Return the trades that do not say who was the taker."""
    if "side" not in sample.rows.columns:
        return found("no side", sample.rows, "the file does not say who was the taker")
    return found("no side", sample.rows.filter(pl.col("side").is_null()), "not said who was the taker")

"""The canonical hash of a frame: equal for equal content, whatever the order of its rows and columns."""

import hashlib
import io

import polars as pl
import polars.selectors as cs

#: Rows whose text is held at a time.
_AT_ONCE = 5_000


def data_hash(frame: pl.DataFrame) -> str:
    """Return the hex SHA-256 of the canonical text of `frame`.

    Columns in order of name, rows in order of symbol, ts and then all columns, floats as their shortest exact text,
    times as ISO text in UTC, nulls and NaN told apart.
    """
    columns = sorted(frame.columns)
    first = [name for name in ("symbol", "ts") if name in columns]
    # Where these tell all rows apart, no other column decides their order.
    alone = bool(first) and not frame.select(first).is_duplicated().any()
    order = first if alone else first + [name for name in columns if name not in first]
    # Minus zero equals zero, so it must not hash differently.
    unsigned = pl.when(cs.float() == 0).then(0.0).otherwise(cs.float()).name.keep()
    canonical = frame.select(columns).with_columns(unsigned).sort(order, nulls_last=True)
    digest = hashlib.sha256()
    digest.update(",".join(f"{name}:{kind}" for name, kind in canonical.schema.items()).encode())
    for chunk in canonical.iter_slices(_AT_ONCE):
        text = io.BytesIO()
        chunk.write_csv(
            text,
            include_header=False,
            null_value="null",
            datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ",
            # One batch is one thread: who hashes beside other work takes no more than that.
            batch_size=_AT_ONCE,
        )
        digest.update(text.getbuffer())
    return digest.hexdigest()

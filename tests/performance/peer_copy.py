"""The peer of ingest: a bare binary COPY of the same candles, encoded by numpy; prints its seconds."""

import struct
import sys
import time

import numpy as np
import psycopg

from tests.performance.ingest import candles

#: PostgreSQL counts microseconds from 2000-01-01.
EPOCH = 946_684_800_000_000
TIMES, NUMBERS = ("ts", "knowledge_ts"), ("open", "high", "low", "close", "volume")
COLUMNS = ("venue", "symbol", "timeframe", *TIMES, *NUMBERS, "run_id", "code_version")


def encoded() -> list[bytes]:
    """Return the tuples of each symbol in COPY's binary form."""
    parts = []
    for _, frame in candles().group_by("symbol", maintain_order=True):
        texts = {
            "venue": "bench",
            "symbol": frame.item(0, "symbol"),
            "timeframe": "1m",
            "run_id": "bench",
            "code_version": "0",
        }
        fields: list[tuple[str, str]] = [("count", ">i2")]
        for name in COLUMNS:
            size = len(texts[name]) if name in texts else 8
            kind = f"S{size}" if name in texts else (">i8" if name in TIMES else ">f8")
            fields += [(f"{name}_size", ">i4"), (name, kind)]
        rows = np.zeros(frame.height, dtype=fields)
        rows["count"] = len(COLUMNS)
        for name in COLUMNS:
            rows[f"{name}_size"] = rows.dtype[name].itemsize
            if name in texts:
                rows[name] = texts[name].encode()
            elif name in TIMES:
                rows[name] = frame[name].to_physical().to_numpy() - EPOCH
            else:
                rows[name] = frame[name].to_numpy()
        parts.append(rows.tobytes())
    return parts


def main() -> None:
    """Copy into market.bare, timed from the first byte to the commit."""
    parts = encoded()
    with psycopg.connect(sys.argv[1]) as connection:
        began = time.perf_counter()
        with (
            connection.cursor() as cursor,
            cursor.copy(f"copy market.bare ({', '.join(COLUMNS)}) from stdin (format binary)") as copy,
        ):
            copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0))
            for part in parts:
                for start in range(0, len(part), 1 << 20):
                    copy.write(part[start : start + (1 << 20)])
            copy.write(struct.pack(">h", -1))
        connection.commit()
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main()

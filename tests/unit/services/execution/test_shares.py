import itertools

from hypothesis import given
from hypothesis import strategies as st

from adapters.bus.signal_topic import partition_of
from services.execution.loop import shares

SYMBOLS = st.lists(st.text("ABCDEFGH", min_size=3, max_size=5), unique=True, max_size=40)


@given(SYMBOLS, st.integers(1, 32), st.integers(1, 8))
def test_every_symbol_belongs_to_the_lane_of_its_partition_and_to_no_other(
    symbols: list[str], partitions: int, lanes: int
):
    share, names = shares("book", symbols, partitions, lanes)
    assert sorted(itertools.chain.from_iterable(names)) == sorted(symbols)
    for lane, own in enumerate(names):
        assert {share[partition_of("book", symbol, partitions)] for symbol in own} <= {lane}


@given(SYMBOLS, st.integers(1, 32), st.integers(1, 8))
def test_no_lane_has_more_than_another_by_more_than_one_partition(symbols: list[str], partitions: int, lanes: int):
    _, names = shares("book", symbols, partitions, lanes)
    through = [partition_of("book", symbol, partitions) for symbol in symbols]
    widest = max((through.count(partition) for partition in through), default=0)
    assert max(map(len, names)) - min(map(len, names)) <= widest

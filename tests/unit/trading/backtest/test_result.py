"""What is made when it is first asked for: once, and the same as if it had been there all along."""

import pytest

from trading.backtest.result import Later


def test_it_is_made_once_and_not_before_it_is_asked_for():
    times: list[int] = []
    later = Later(lambda: times.append(1) or [3, 1, 2])
    assert times == []
    assert (later[0], later[-1], list(later[1:]), len(later), [*later], 2 in later) == (
        3,
        2,
        [1, 2],
        3,
        [3, 1, 2],
        True,
    )
    assert times == [1]


def test_it_equals_what_holds_the_same():
    assert Later(lambda: [1, 2]) == Later(lambda: (1, 2))
    assert Later(lambda: [1, 2]) == [1, 2]
    assert Later(lambda: [1, 2]) != Later(lambda: [1, 3])
    assert Later(lambda: [1]) != [1, 2]
    assert Later(lambda: [1]) != 1
    with pytest.raises(TypeError):
        hash(Later(lambda: [1]))

"""Steps of a waterfall begin where the ones before them end, and the sum at the foot begins at zero."""

from itertools import pairwise

from adapters.waterfall import waterfall


def test_steps_join_and_the_sum_ends_where_they_do() -> None:
    drawn = waterfall([("signal", "100"), ("fee", "-150"), ("funding", "0")], "-50", width=388)
    signal, fee, funding, total = drawn.steps
    # 388 less the room of names and amounts is 200 px for 150 in quote.
    assert (drawn.zero, signal.x, signal.width, signal.until) == (158.7, 158.7, 133.3, 292.0)
    assert (fee.x, fee.width, fee.until, fee.tone) == (92.0, 200.0, 92.0, "down")
    assert (funding.tone, funding.width, funding.until) == ("flat", 1.5, 92.0)
    assert (total.name, total.x, total.until, total.tone) == ("profit", 92.0, 92.0, "down")
    assert [after.y - before.y for before, after in pairwise(drawn.steps)] == [drawn.row] * 3


def test_nothing_happened() -> None:
    drawn = waterfall([("signal", "0")], "0")
    assert {step.tone for step in drawn.steps} == {"flat"}
    assert drawn.zero == 92.0

import pytest

from trading.errors import BadData
from trading.execution.lifecycle import NEXT, check
from trading.order import OrderState

S = OrderState
DRAWN = {
    S.INTENT: "SENDING CANCELED",
    S.SENDING: "ACKED PARTIAL FILLED CANCELED EXPIRED REJECTED UNKNOWN ABSENT",
    S.UNKNOWN: "ACKED PARTIAL FILLED CANCELED EXPIRED REJECTED ABSENT",
    S.ACKED: "PARTIAL FILLED CANCELED EXPIRED PENDING_CANCEL",
    S.PARTIAL: "PARTIAL FILLED CANCELED EXPIRED PENDING_CANCEL",
    S.PENDING_CANCEL: "FILLED CANCELED EXPIRED",
}


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("after", S)
def test_every_pair_of_states(before: OrderState, after: OrderState):
    if after in DRAWN.get(before, "").split():
        check(before, after)
    else:
        with pytest.raises(BadData, match=f"{before} cannot become {after}"):
            check(before, after)


def test_terminal_states_are_never_left_and_every_other_can_end():
    assert {state for state, following in NEXT.items() if not following} == {state for state in S if state.terminal}
    for state in S:
        reached, before = {state}, set[OrderState]()
        while reached != before:
            before, reached = reached, reached.union(*(NEXT[one] for one in reached))
        assert any(one.terminal for one in reached)

from adapters.evidence.invariants import CHECKS, verify
from tests.unit.adapters.evidence import made


def test_a_sound_history_meets_every_invariant_and_no_check_is_idle():
    verdicts = verify(made.world().history())
    assert {verdict.invariant: verdict.violations for verdict in verdicts if not verdict.holds} == {}
    assert [verdict.invariant for verdict in verdicts if verdict.cases == 0] == []
    assert len({check.invariant for check in CHECKS}) == len(CHECKS)

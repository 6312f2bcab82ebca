"""What a person supposes: fees, a model and limits, each refused by its name where it cannot be."""

from decimal import Decimal

import pytest

from cli.supposed import Supposed, supposed
from trading.errors import Misconfigured
from trading.simulation.fee_change import Rates

D = Decimal


def test_each_kind_is_told_from_the_others():
    found = supposed(["fee=0.002", "limit.max_position=0.5", "model=ab12"], "--change ")
    given = {"max_position": "0.5", "fee": "0.002", "model": "ab12"}
    assert found == Supposed(given, {"max_position": "0.5"}, Rates(D("0.002"), D("0.002")), "ab12")
    assert supposed([], "--change ") == Supposed()


@pytest.mark.parametrize(
    ("given", "rates"),
    [
        (["maker=0"], Rates(maker=D(0))),
        (["taker=0.1"], Rates(taker=D("0.1"))),
        (["taker=0.001", "maker=0.0005"], Rates(D("0.0005"), D("0.001"))),
    ],
)
def test_the_two_fees_may_differ(given: list[str], rates: Rates):
    assert supposed(given, "--change ").rates == rates


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["fee=0.11"], "--change fee: 0.11 is not within 0 to 0.1"),
        (["fee=-0.001"], "--change fee: -0.001 is not within"),
        (["maker=nan"], "--change maker: nan is not within"),
        (["taker=Infinity"], "--change taker: Infinity is not within"),
        (["taker=free"], "--change taker: 'free' is no number"),
        (["fee="], "--change fee: '' is no number"),
        (["fee"], "--change fee: '' is no number"),
        (["fee=0.1", "fee=0.1"], "--change fee is given twice"),
        (["fee=0.1", "maker=0.1"], "--change maker: fee stands for maker and taker, so maker is given twice"),
        (["fees=0.1"], "--change fees: there is no such limit; there are .*, closed; .* fee, maker, taker, model"),
        (["model=XYZ"], "--change model: 'XYZ' is no id"),
        (["model="], "--change model: '' is no id"),
        (["max_position"], "is not NAME=VALUE"),
        (["max_position=2"], "--change max_position: Input should be less"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: list[str], said: str):
    with pytest.raises(Misconfigured, match=said):
        supposed(given, "--change ")

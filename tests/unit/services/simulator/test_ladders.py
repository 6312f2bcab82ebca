"""A listener that took a snapshot and every change after it holds the present ladder, whenever it joined."""

import random
from typing import Any

from services.simulator.ladders import Ladders


def ladder(chance: random.Random, number: int) -> dict[str, Any]:
    def side() -> list[list[str]]:
        return [[str(price), str(chance.randrange(1, 5))] for price in sorted(chance.sample(range(30), 5))]

    return {"lastUpdateId": number, "bids": side(), "asks": side()}


def test_changes_lead_from_any_snapshot_to_the_present(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        ladders, now = Ladders(), ladder(chance, 100)
        ladders.begin("x", now)
        listeners: list[tuple[dict[str, dict[str, str]], int]] = []
        last = 100
        for number in range(101, 160):
            if chance.random() < 0.2:
                listeners.append(({"b": dict(now["bids"]), "a": dict(now["asks"])}, now["lastUpdateId"]))
            now = ladder(chance, number + chance.randrange(-1, 1)) if chance.random() < 0.7 else {**now}
            change = ladders.change("x", now)
            if change is None:
                continue
            assert (change["U"], change["u"] >= change["U"]) == (last + 1, True)
            last = change["u"]
            for held in (held for held, since in listeners if change["u"] > since):
                for side in "ba":
                    held[side].update(change[side])
        for held, _ in listeners:
            for side, name in (("b", "bids"), ("a", "asks")):
                assert {p: q for p, q in held[side].items() if float(q)} == dict(now[name])


def test_nothing_new_is_not_told() -> None:
    ladders, same = Ladders(), {"lastUpdateId": 1, "bids": [["1", "1"]], "asks": []}
    ladders.begin("x", same)
    assert ladders.change("x", {**same, "lastUpdateId": 9}) is None
    ladders.forget()
    assert ladders.change("x", {**same, "lastUpdateId": 9}) == {"U": 9, "u": 9, "b": [["1", "1"]], "a": []}

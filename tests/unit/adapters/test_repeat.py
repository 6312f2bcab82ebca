from threading import Event, active_count

from adapters.repeat import repeated


def test_it_looks_at_once_and_again_until_the_end():
    seen: list[int] = []
    thrice = Event()

    def look() -> None:
        seen.append(1)
        if len(seen) == 3:
            thrice.set()

    threads = active_count()
    with repeated(look, 0.001, "looking"):
        assert thrice.wait(5)
    done = len(seen)
    assert active_count() == threads
    assert len(seen) == done


def test_the_end_does_not_wait_for_the_next_time():
    looked = Event()
    with repeated(looked.set, 3600, "looking"):
        assert looked.wait(5)

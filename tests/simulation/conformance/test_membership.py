"""How a group shares partitions, and how members leave it, return to it and die in it."""

from collections.abc import Sequence

import pytest

from tests.simulation.conformance.rig.site import Listener, Site
from tests.simulation.conformance.rig.steps import ALL, joined


def test_a_second_member_gets_its_share_after_the_first_has_let_it_go(site: Site) -> None:
    site.write(0, b"key")
    first, firsts = joined(site)
    second, seconds = site.log(1), Listener()
    second.subscribe(seconds)
    site.settle([first, second], lambda: len(seconds.owned) == 1)
    assert firsts.owned | seconds.owned == ALL
    assert firsts.owned & seconds.owned == set()
    revoked = ("revoked", tuple(seconds.owned))
    assert revoked in firsts.events
    # What was not taken away is read on.
    (mine,) = firsts.owned
    site.write(mine, b"more")
    site.settle([first, second], lambda: first.caught_up(mine))


def test_a_poll_gives_nothing_of_a_partition_that_is_taken_away_in_the_midst_of_it(site: Site) -> None:
    first, firsts = joined(site)
    second, seconds = site.log(1), Listener()
    site.settle([first], lambda: first.caught_up(0) and first.caught_up(1))
    for partition in ALL:
        site.write(partition, b"key %d" % partition)
    records = site.poll_while(
        first, lambda: second.subscribe(seconds), lambda: "revoked" in dict(firsts.events)
    )
    (mine,) = firsts.owned
    assert {record.partition for record in records} <= {mine}
    records += site.settle(
        [first, second],
        lambda: all(log.caught_up(each) for log, each in ((first, mine), (second, 1 - mine))),
    )
    # Nor is anything lost by it.
    assert sorted(record.partition for record in records) == [0, 1]


def test_a_member_that_is_dropped_loses_its_partitions_and_comes_back(site: Site) -> None:
    log, listener = joined(site)
    site.expel(log)
    site.settle([log], lambda: len(listener.events) == 3)
    assert [event for event, _ in listener.events] == ["assigned", "lost", "assigned"]
    assert listener.owned == ALL


def test_a_member_that_returns_in_time_has_its_partitions_back_and_disturbs_nobody(site: Site) -> None:
    first, firsts = joined(site)
    second, seconds = site.log(1), Listener()
    second.subscribe(seconds)
    site.settle([first, second], lambda: len(seconds.owned) == 1)
    before, owned = list(seconds.events), set(firsts.owned)
    first.close()
    assert firsts.owned == set()
    returned, again = site.log(), Listener()
    returned.subscribe(again)
    site.settle([returned, second], lambda: again.owned == owned)
    assert seconds.events == before


class Dies(BaseException):
    """The process ends here."""


def test_a_death_in_the_midst_of_giving_back_leaves_the_partition_to_nobody_until_it_is_seen_to(
    site: Site,
) -> None:
    first, firsts = joined(site)
    second, seconds = site.log(1), Listener()
    second.subscribe(seconds)
    returned, again = site.log(), Listener()

    def die(partitions: Sequence[int]) -> None:
        firsts.revoked = firsts.lost  # type: ignore[method-assign]
        # The static member returns before the broker knows that the partition was given back.
        returned.subscribe(again)
        site.settle([returned, second], lambda: len(again.owned) == 1)
        raise Dies

    firsts.revoked = die  # type: ignore[method-assign]
    with pytest.raises(Dies):
        site.settle([first, second], lambda: False)
    site.died(first)
    site.rest([returned, second])
    assert (len(again.owned), len(seconds.owned)) == (1, 0)
    site.settle([returned, second], lambda: again.owned | seconds.owned == ALL)

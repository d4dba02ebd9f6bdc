"""A consumer group of the model: members that come, go and fall silent, and who owns what meanwhile."""

from dataclasses import dataclass, field

from services.runtime.log import Fenced, TransactionFailed

SESSION_TIMEOUT_MS = 6_000
UNOWNED_MS = 9_000
"""How long partitions of a group at rest may be without an owner before a member sees to it."""


@dataclass(eq=False)
class Member:
    """One process in the group. A static member that returns takes the place of the one before it."""

    instance_id: str
    heard_of_ms: int
    owned: set[int] = field(default_factory=set)
    fenced: bool = False
    silent: bool = False
    """True while the process is stopped or dead: no heartbeat leaves it."""


class Group:
    """Classic, cooperative, sticky: a partition gets its new owner in the rebalance after it was let go."""

    def __init__(self, partitions: int) -> None:
        self.generation = 0
        self.assignments = 0
        """Counts up whenever some member is to have other partitions."""
        self.offsets: dict[int, int] = {}
        self._partitions = partitions
        self._members: dict[str, Member] = {}
        self._target: dict[int, Member] = {}
        self._rebalance_wanted = False
        self._unowned_since_ms: int | None = None

    def join(self, instance_id: str, now_ms: int) -> Member:
        """Enter the group. In the place of an earlier process of the same name that is no rebalance."""
        old = self._members.get(instance_id)
        member = self._members[instance_id] = Member(instance_id, now_ms)
        if old is None:
            self._rebalance_wanted = True
        else:
            old.fenced = True
            self.assignments += 1
            self._target = {
                partition: member if owner is old else owner for partition, owner in self._target.items()
            }
        return member

    def rejoin(self, member: Member, now_ms: int) -> None:
        """A member that was expelled comes back. Raises Fenced when its place is taken."""
        if self._members.get(member.instance_id, member) is not member:
            member.fenced = True
        if member.fenced:
            raise Fenced(f"{member.instance_id} is another process now")
        member.heard_of_ms = now_ms
        self._members[member.instance_id] = member
        self._rebalance_wanted = True

    def leave(self, member: Member) -> None:
        """End a membership for good."""
        if self._members.get(member.instance_id) is member:
            del self._members[member.instance_id]
            self._rebalance_wanted = True

    def is_member(self, member: Member) -> bool:
        """Whether the group still counts the member in."""
        return self._members.get(member.instance_id) is member

    def heartbeat(self, now_ms: int) -> None:
        """Hear of every member that can speak, expel who was silent for too long, rebalance if wanted.

        A rebalance waits for all members: a silent one holds it up until its session is over.
        """
        for member in list(self._members.values()):
            if not member.silent:
                member.heard_of_ms = now_ms
            elif now_ms - member.heard_of_ms >= SESSION_TIMEOUT_MS:
                self.leave(member)
        if self._rebalance_wanted and not any(member.silent for member in self._members.values()):
            self._rebalance()
        if self._rebalance_wanted or not self.unowned:
            self._unowned_since_ms = None
        elif self._unowned_since_ms is None:
            self._unowned_since_ms = now_ms

    def to_revoke(self, member: Member) -> set[int]:
        """Partitions that the member has and should let go."""
        return {partition for partition in member.owned if self._target.get(partition) is not member}

    def to_assign(self, member: Member) -> set[int]:
        """Partitions that the member should have, had none of, and nobody else has any more."""
        return {partition for partition, owner in self._target.items() if owner is member} - member.owned

    def let_go(self, member: Member, partitions: set[int]) -> None:
        """The member has closed these; who gets them is told in the next rebalance."""
        member.owned -= partitions
        self._rebalance_wanted = self._rebalance_wanted or self.is_member(member)

    @property
    def unowned(self) -> set[int]:
        """Partitions that nobody has or is about to get.

        A member that dies while it gives a partition back, and returns in time as the same static member,
        leaves it to nobody: the second step of that rebalance never comes.
        """
        return set(range(self._partitions)) - set(self._target)

    def wants_rejoin(self, member: Member, now_ms: int) -> bool:
        """Whether this member is to join anew, so that what has no owner gets one: it has least to lose."""
        since_ms = self._unowned_since_ms
        if since_ms is None or now_ms - since_ms < UNOWNED_MS:
            return False
        return member is min(self._members.values(), key=lambda each: (len(each.owned), each.instance_id))

    def check(self, member: Member, generation: int) -> None:
        """Offsets may come from this member as of then. Else raises Fenced or TransactionFailed."""
        if member.fenced:
            raise Fenced(f"{member.instance_id} is another process now")
        if not self.is_member(member):
            raise TransactionFailed("unknown member: it has lost its place in the group")
        if generation != self.generation:
            raise TransactionFailed(f"illegal generation: {generation}, the group is at {self.generation}")

    def _rebalance(self) -> None:
        """Everybody keeps what it has, up to its share; what is free or above it goes to who has least.

        What its owner still has to let go is given to nobody yet.
        """
        self._rebalance_wanted = False
        self.generation += 1
        self.assignments += 1
        members = [self._members[name] for name in sorted(self._members)]
        if not members:
            self._target = {}
            return
        members.sort(key=lambda member: -len(member.owned))
        least, extra = divmod(self._partitions, len(members))
        shares = {
            member: sorted(member.owned)[: least + (rank < extra)] for rank, member in enumerate(members)
        }
        owners = {partition: member for member in members for partition in member.owned}
        kept = {partition for share in shares.values() for partition in share}
        for partition in range(self._partitions):
            if partition not in kept:
                poorest = min(members, key=lambda member: len(shares[member]))
                shares[poorest].append(partition)
        self._target = {
            partition: member
            for member, share in shares.items()
            for partition in share
            if owners.get(partition, member) is member
        }

"""Everything that the folds have gathered so far."""

from services.verifier.conversation import Conversation
from services.verifier.findings import Findings
from services.verifier.life import MessageLife
from services.verifier.progress import Progress
from services.verifier.records import Cut, Span, TopicPartition
from services.verifier.rules.chain import Head
from services.verifier.rules.plans import SettingsTrack


class Known:
    """Messages, conversations, ledgers and settings, by key."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.cut_number = 0
        self.lives: dict[str, MessageLife] = {}
        self.conversations: dict[bytes, Conversation] = {}
        self.heads: dict[str, Head] = {}
        self.settings: dict[int, SettingsTrack] = {}
        """By partition of usage."""
        self.stage_time_ms: dict[TopicPartition, int] = {}
        """Highest record time seen in each partition."""
        self._customer_messages: set[str] = set()
        self.progress = Progress()
        self._spans: dict[TopicPartition, Span] = {}
        self._first_ms: dict[TopicPartition, int] = {}
        """Record time of the oldest record where retention has deleted what was before."""

    def head(self, business_id: str) -> Head:
        """The newest entry of a business's ledger."""
        return self.heads.setdefault(business_id, Head())

    def settings_of(self, partition: int) -> SettingsTrack:
        """What rate-and-bill has seen in a partition of usage."""
        return self.settings.setdefault(partition, SettingsTrack())

    def seen_before(self, message_id: str) -> bool:
        """Whether a customer's message was seen already; remembers it."""
        if message_id in self._customer_messages:
            return True
        self._customer_messages.add(message_id)
        return False

    def begin_cut(self, cut: Cut) -> None:
        """A new cut is about to be folded."""
        self.cut_number += 1
        self._spans = dict(cut)

    def note_time(self, topic: str, partition: int, timestamp_ms: int) -> None:
        """A record of that time is about to be folded."""
        place = (topic, partition)
        if timestamp_ms > self.stage_time_ms.get(place, -1):
            self.stage_time_ms[place] = timestamp_ms
        if place not in self._first_ms:
            self._first_ms[place] = timestamp_ms if self._spans[place].start else 0

    def kept(self, topic: str, at_ms: int) -> bool:
        """Whether records of that time can still be in ``topic``, wherever their key puts them."""
        return all(first_ms < at_ms for (name, _), first_ms in self._first_ms.items() if name == topic)

    def life(self, message_id: str) -> MessageLife:
        """What is known of a message; marks it as touched by this cut."""
        life = self.lives.get(message_id)
        if life is None:
            life = self.lives[message_id] = MessageLife(message_id)
        life.touched = self.cut_number
        return life

    def conversation(self, key: bytes) -> Conversation:
        """What is known of a conversation."""
        conversation = self.conversations.get(key)
        if conversation is None:
            conversation = self.conversations[key] = Conversation()
        return conversation

"""Everything that the folds have gathered so far."""

from collections import Counter
from typing import Any

from services.contracts.catalogue import topic
from services.contracts.placement import partition_of
from services.verifier.awaited import Awaited
from services.verifier.conversation import Conversation
from services.verifier.customer_message import CustomerMessage
from services.verifier.findings import Findings
from services.verifier.life import MessageLife
from services.verifier.progress import Progress
from services.verifier.records import Place, TopicPartition
from services.verifier.retention import InView
from services.verifier.rules.chain import Head
from services.verifier.rules.plans import SettingsTrack
from services.verifier.setting_copies import SettingCopies
from services.verifier.table import Table

_INTAKE, _USAGE = topic("intake"), topic("usage")


class Known:
    """Messages, conversations, ledgers and settings, by key. All of it can be stored."""

    def __init__(self, db: Any, *, drained: bool = False) -> None:
        self.lives = Table(db, b"m", MessageLife, lambda key: MessageLife(message_id=key))
        self.customer_messages = Table(db, b"c", CustomerMessage, lambda key: CustomerMessage(message_id=key))
        self.conversations = Table(db, b"v", Conversation, lambda key: Conversation(conversation=key))
        self.tables = (self.lives, self.customer_messages, self.conversations)
        self.findings = Findings()
        self.in_view = InView()
        self.progress = Progress(drained=drained)
        self.cut_number = 0
        self.positions: dict[TopicPartition, int] = {}
        """Offset of the next record to fold, by partition."""
        self.stage_time_ms: dict[TopicPartition, int] = {}
        """Highest record time seen, by partition."""
        self.heads: dict[str, Head] = {}
        self.settings: dict[int, SettingsTrack] = {}
        """By partition of usage, in its order."""
        self.published = SettingsTrack()
        """By the topic settings, for what usage has no longer."""
        self.incomplete: set[str] = set()
        """Conversations out of use whose changes of consent are not in every topic yet."""
        self.unreadable: list[Place] = []
        """Records that are not what their topic carries."""
        self.set_aside: set[str] = set()
        """Records that dead letters account for, by place."""
        self.letters: Counter[str] = Counter()
        """Dead letters that fail a message, by its id."""
        self.awaited = Awaited()
        """Records of settled messages whose cause is not there yet."""
        self.copies = SettingCopies()
        """Versions of settings, wherever they lie."""

    def life(self, message_id: str) -> MessageLife:
        """What is known of a business's message; this cut has news of it."""
        life = self.lives.get(message_id)
        life.touched = self.cut_number
        return life

    def customer_message(self, message_id: str) -> CustomerMessage:
        """What is known of a customer's message; this cut has news of it."""
        message = self.customer_messages.get(message_id)
        message.touched = self.cut_number
        return message

    def conversation(self, key: bytes) -> Conversation:
        """What is known of a conversation; this cut has news of it."""
        conversation = self.conversations.get(key.decode(errors="replace"))
        conversation.touched = self.cut_number
        return conversation

    def head(self, business_id: str) -> Head:
        """The newest entry of a business's ledger."""
        return self.heads.setdefault(business_id, Head())

    def settings_of(self, partition: int) -> SettingsTrack:
        """What rate-and-bill has seen in a partition of usage."""
        return self.settings.setdefault(partition, SettingsTrack())

    def conversation_partition(self, conversation: str) -> int:
        """The partition of a conversation, which is the same in every topic that has this key."""
        return partition_of(_INTAKE, conversation.encode())

    def kept(self, name: str, life: MessageLife) -> bool:
        """Whether what ``topic`` had to say of a message when it was accepted would have been seen."""
        if self.in_view.all_kept():
            return True
        if name == "dead-letters":
            return self.in_view.kept(name, 0, life.accepted_at_ms)
        if not life.conversation:
            return self._kept_everywhere(name, life.accepted_at_ms)
        if name == "usage":
            partition = partition_of(_USAGE, life.conversation.partition(":")[0].encode())
        else:
            partition = self.conversation_partition(life.conversation)
        return self.in_view.kept(name, partition, life.accepted_at_ms)

    def expiry_reached(self, life: MessageLife) -> bool:
        """Whether dispatch has come to the end of the message's time to live, as far as that can be known."""
        if not self.kept("dispatch", life) or not life.conversation:
            return True
        partition = self.conversation_partition(life.conversation)
        return self.stage_time_ms.get(("dispatch", partition), 0) >= life.expires_at_ms

    def _kept_everywhere(self, name: str, at_ms: int) -> bool:
        partitions = range(topic(name).partitions)
        return all(self.in_view.kept(name, partition, at_ms) for partition in partitions)

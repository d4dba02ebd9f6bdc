"""Judges what has been gathered: the settled as soon as they are out of use, the rest after each cut."""

from rocksdict import WriteBatch

from services.verifier.ageing import Ageing
from services.verifier.conversation import Conversation
from services.verifier.customer_message import CustomerMessage
from services.verifier.findings import Judgement
from services.verifier.invariants import consent_changes, customer_messages
from services.verifier.known import Known
from services.verifier.life import UNKNOWN, MessageLife
from services.verifier.settling import judged, note_progress, settled

SETTLED = b'{"settled":true'
"""How the row of something settled begins."""


class Judging:
    """Moves messages from gathered to settled. Every method adds what is to be stored to ``batch``."""

    def __init__(self, known: Known, ageing: Ageing) -> None:
        self._known = known
        self._ageing = ageing

    def settle_unused(self, batch: WriteBatch) -> None:
        """Judge the complete among those that the round did not use."""
        known = self._known
        for _, life in known.lives.unused():
            if not life.settled and settled(life, known):
                note_progress(life, known.progress)
                self._settle_life(life, judged(life, known), batch)
        for _, message in known.customer_messages.unused():
            if not message.settled and customer_messages.settled(message, known):
                self._settle_message(message, customer_messages.judged(message, known), batch)
        for key, conversation in known.conversations.unused():
            if not consent_changes.complete(conversation):
                known.incomplete.add(key)
            elif conversation.due:
                self._judge_changes(conversation)

    def judge_all(self, batch: WriteBatch) -> None:
        """Judge what is complete, and all that this cut has brought no news of; the rest is under way."""
        known = self._known
        known.findings.open = known.findings.under_way = 0
        for key, life in known.lives.all(without=SETTLED):
            if life.settled:
                continue
            note_progress(life, known.progress)
            complete = settled(life, known)
            if complete or life.touched < known.cut_number:
                judgement = judged(life, known)
                if complete or judgement.wrong:
                    self._settle_life(life, judgement, batch)
                    known.lives.keep(key, life, batch)
                    continue
            self._count_unsettled(life)
        for key, message in known.customer_messages.all(without=SETTLED):
            complete = not message.settled and customer_messages.settled(message, known)
            if complete or (not message.settled and message.touched < known.cut_number):
                judgement = customer_messages.judged(message, known)
                if complete or judgement.wrong:
                    self._settle_message(message, judgement, batch)
                    known.customer_messages.keep(key, message, batch)
        in_use = [key for key, each in known.conversations.in_memory() if each.due or each.told or each.sent]
        for key in {*known.incomplete, *in_use}:
            conversation = known.conversations.get(key)
            if conversation.touched < known.cut_number or consent_changes.complete(conversation):
                self._judge_changes(conversation)

    def drop_old(self, batch: WriteBatch) -> None:
        """Forget what was settled long ago."""
        known = self._known
        for row_key in self._ageing.drop(batch):
            table = known.lives if row_key[:1] == known.lives.prefix else known.customer_messages
            table.forget(row_key[1:].decode(), batch)

    def _count_unsettled(self, life: MessageLife) -> None:
        if life.ending is None:
            self._known.findings.open += 1
        else:
            self._known.findings.under_way += 1

    def _settle_life(self, life: MessageLife, judgement: Judgement, batch: WriteBatch) -> None:
        self._known.findings.take(life.message_id, judgement)
        if life.authorized is None and not self._known.kept("dispatch", life):
            life.permitted = UNKNOWN
        life.settled = True
        self._ageing.note(self._known.lives.prefix + life.message_id.encode(), batch)

    def _settle_message(self, message: CustomerMessage, judgement: Judgement, batch: WriteBatch) -> None:
        known = self._known
        if message.received and message.screened:
            known.progress.note(message.received)
        known.findings.take(message.message_id, judgement)
        message.settled = True
        self._ageing.note(known.customer_messages.prefix + message.message_id.encode(), batch)

    def _judge_changes(self, conversation: Conversation) -> None:
        known, key = self._known, conversation.conversation
        known.findings.take(key, consent_changes.judged(conversation, known))
        if conversation.due:
            known.incomplete.add(key)
        else:
            known.incomplete.discard(key)

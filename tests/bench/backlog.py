"""Realistic input for every stage: conversations as they go, judged by the stages themselves.

Of a hundred conversations about sixty are answered in the open window and cost nothing; thirty get late
replies or templates, which are authorized and captured; the rest ends otherwise (see :data:`STORIES`). A
business asks for two messages each time, and phones confirm and read what they get. So consent and
session-window see one customer's message for two requests, rate-and-bill two records a request and delivery
four.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from parley.delivery.v1 import dispatch_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.runtime.record import Record
from tests.line.stages import Line

PLAN = "launch-2018"
BUSINESSES = 40
ANSWERS = 2
SECOND_MS, HOUR_MS = 1_000, 3_600_000
LASTS_MS = 900 * SECOND_MS
"""From the first record of a backlog to its last."""
TTL_MS, SHORT_TTL_MS = 720 * HOUR_MS, 600 * SECOND_MS
EXPIRY_STEPS, EXPIRY_STEP_MS = 6, 10 * SECOND_MS
"""Messages expire in steps, since a line fires a thousand timers of a partition at once and no more."""
CONTENT = b'{"type":"text","text":{"body":"Your order 860198 has left our warehouse and arrives tomorrow."}}'
PREFIXES = ("1", "55", "49", "91", "44", "52")
INTAKE, DISPATCH = topic("intake"), topic("dispatch")
TOGETHER = 20_000


class Story(Enum):
    """How a conversation goes."""

    ANSWERED = auto()
    """The customer wrote a second ago; both answers are free."""
    LATE = auto()
    """The customer wrote 30 hours ago; both replies are charged."""
    TEMPLATES = auto()
    """The customer opted in and never wrote; both templates are charged."""
    UNANSWERED = auto()
    """Two templates for a phone that stays away for longer than they live: authorized, expired, voided."""
    AWAY = auto()
    """The phone is away and comes back: the second attempt of each answer arrives."""
    BLOCKED = auto()
    """Late replies wait for a phone that is away; the customer blocks the business: failed and voided."""
    STOPPED = auto()
    """STOP between the two requests, so that the second is refused; then START."""
    STRANGER = auto()
    """Nobody wrote and nobody opted in: refused."""
    OPEN = auto()
    """The phone stays away, and the answers wait on."""


STORIES: Sequence[Story] = tuple(
    story
    for story, share in {
        Story.ANSWERED: 57,
        Story.LATE: 18,
        Story.TEMPLATES: 12,
        Story.UNANSWERED: 3,
        Story.AWAY: 3,
        Story.BLOCKED: 2,
        Story.STOPPED: 3,
        Story.STRANGER: 1,
        Story.OPEN: 1,
    }.items()
    for _ in range(share)
)
"""By the number of a conversation, modulo a hundred."""
OPTED_IN = (Story.TEMPLATES, Story.UNANSWERED)
OLD = (Story.LATE, Story.BLOCKED)
BACK = (Story.AWAY, Story.BLOCKED)
OFFLINE = (Story.UNANSWERED, Story.AWAY, Story.BLOCKED, Story.OPEN)


class Conversation(NamedTuple):
    """One customer and one business."""

    number: int
    business_id: str

    @property
    def story(self) -> Story:
        """How it goes."""
        return STORIES[self.number % len(STORIES)]

    @property
    def user_ref(self) -> str:
        """The customer."""
        return f"u1_{self.number:022d}"

    @property
    def key(self) -> bytes:
        """The key of its records."""
        return conversation_key(self.business_id, self.user_ref)


def backlog(conversations: int, now_ms: int, *, chunk: int = 0, after: Line | None = None) -> Line:
    """A line on which so many conversations have taken place in the quarter of an hour before ``now_ms``.

    Each ``chunk`` has businesses, customers and messages of its own, so that many of them, each written
    behind the one before (``after``), are one long run of which only a piece is in memory at a time.
    """
    line = Line(TOGETHER, after)
    begin_ms = now_ms - LASTS_MS
    _set(line, chunk, begin_ms)
    all_of = [
        Conversation(number, _business(chunk * BUSINESSES + number % BUSINESSES))
        for number in range(chunk * conversations, (chunk + 1) * conversations)
    ]
    for conversation in all_of:
        _begin(line, conversation, begin_ms)
    _receive(line, all_of, begin_ms + SECOND_MS, OFFLINE)
    for conversation in all_of:
        _go_on(line, conversation, begin_ms + 2 * SECOND_MS)
    line.run()
    for conversation in all_of:
        _come_back(line, conversation, begin_ms + 2 * SECOND_MS)
    _receive(line, all_of, begin_ms + 3 * SECOND_MS, ())
    for step in range(1, EXPIRY_STEPS + 1):
        line.tick(begin_ms + SHORT_TTL_MS + step * EXPIRY_STEP_MS)
        line.run()
    return line


def _set(line: Line, chunk: int, at_ms: int) -> None:
    plan = read_plan(shipped_plans()[PLAN])
    line.set(settings_pb2.SettingChanged(key=f"price-plan/{PLAN}", price_plan=plan), at_ms - 48 * HOUR_MS)
    for number in range(BUSINESSES):
        business = settings_pb2.Business(
            business_id=_business(chunk * BUSINESSES + number), currency="USD", time_zone="UTC", plan=PLAN
        )
        setting = settings_pb2.SettingChanged(key=f"business/{business.business_id}", business=business)
        line.set(setting, at_ms - 48 * HOUR_MS)


def _begin(line: Line, conversation: Conversation, at_ms: int) -> None:
    """The customer writes or opts in, and the business asks for its messages."""
    story = conversation.story
    if story in OPTED_IN:
        opt_in = intake_pb2.OptInRecorded(
            recorded_at_ms=at_ms, method="web form", evidence="/consents/860198"
        )
        _intake(line, conversation, "opt_in_recorded", opt_in, at_ms)
    elif story is not Story.STRANGER:
        wrote_at_ms = at_ms - 30 * HOUR_MS if story in OLD else at_ms - SECOND_MS
        _wrote(line, conversation, _wamid("in", conversation.number), wrote_at_ms, at_ms)
    _ask(line, conversation, 0, at_ms)
    if story is not Story.STOPPED:
        _ask(line, conversation, 1, at_ms)


def _go_on(line: Line, conversation: Conversation, at_ms: int) -> None:
    """What comes after the first answers."""
    story = conversation.story
    if story is Story.STOPPED:
        _wrote(line, conversation, _wamid("stop", conversation.number), at_ms, at_ms, intake_pb2.KEYWORD_STOP)
        _ask(line, conversation, 1, at_ms)
        _wrote(
            line, conversation, _wamid("star", conversation.number), at_ms, at_ms, intake_pb2.KEYWORD_START
        )
    elif story is Story.BLOCKED:
        blocked = intake_pb2.CustomerBlocked(blocked_at_ms=at_ms)
        _intake(line, conversation, "customer_blocked", blocked, at_ms)


def _come_back(line: Line, conversation: Conversation, at_ms: int) -> None:
    """A phone that was away is there again."""
    if conversation.story in BACK:
        connected = dispatch_pb2.CustomerConnected(connected_at_ms=at_ms)
        event = dispatch_pb2.DispatchEvent(customer_connected=connected)
        line.write(DISPATCH, conversation.key, event, "customer_connected", at_ms)


def _receive(line: Line, all_of: Sequence[Conversation], at_ms: int, offline: Sequence[Story]) -> None:
    """Let the stages judge, and every phone that is online confirm and read what it got."""
    for number, name in list(_attempts(line.run())):
        conversation = all_of[number - all_of[0].number]
        if conversation.story in offline:
            continue
        kinds = (dispatch_pb2.RECEIPT_DELIVERED, dispatch_pb2.RECEIPT_READ)
        for receipt in kinds if name.startswith("wamid.") else kinds[:1]:
            received = dispatch_pb2.ReceiptReceived(message_id=name, receipt=receipt, received_at_ms=at_ms)
            event = dispatch_pb2.DispatchEvent(receipt_received=received)
            line.write(DISPATCH, conversation.key, event, "receipt_received", at_ms)
    line.run()


def _attempts(made: list[Record]) -> Iterator[tuple[int, str]]:
    """Number of the conversation and id of the message or notice, of each attempt."""
    for record in made:
        if record.topic == "outbox" and record.value is not None:
            user_ref, _, name = record.key.decode().partition("/")
            yield int(user_ref.removeprefix("u1_")), name


def _wrote(
    line: Line,
    conversation: Conversation,
    message_id: str,
    sent_at_ms: int,
    at_ms: int,
    keyword: intake_pb2.Keyword = intake_pb2.KEYWORD_UNSPECIFIED,
) -> None:
    wrote = intake_pb2.CustomerMessageReceived(
        message_id=message_id,
        business_id=conversation.business_id,
        account_id="102290129340398",
        phone_number_id="106540352242922",
        user_ref=conversation.user_ref,
        envelope=_envelope(conversation),
        sent_at_ms=sent_at_ms,
        content=CONTENT,
        keyword=keyword,
        keyword_language="en" if keyword else "",
    )
    _intake(line, conversation, "customer_message_received", wrote, at_ms)


def _ask(line: Line, conversation: Conversation, answer: int, at_ms: int) -> None:
    story = conversation.story
    template = story in OPTED_IN
    facts = facts_pb2.SendFacts(
        message_id=_wamid("out", conversation.number * ANSWERS + answer),
        business_id=conversation.business_id,
        account_id="102290129340398",
        phone_number_id="106540352242922",
        user_ref=conversation.user_ref,
        destination_prefix=PREFIXES[conversation.number % len(PREFIXES)],
        category=facts_pb2.CATEGORY_UTILITY if template else facts_pb2.CATEGORY_SERVICE,
        form=facts_pb2.FORM_TEMPLATE if template else facts_pb2.FORM_FREE_FORM,
        accepted_at_ms=at_ms,
        expires_at_ms=at_ms + (_short_ttl_ms(conversation.number) if story is Story.UNANSWERED else TTL_MS),
    )
    asked = intake_pb2.SendRequested(facts=facts, envelope=_envelope(conversation), content=CONTENT)
    _intake(line, conversation, "send_requested", asked, at_ms)


def _short_ttl_ms(number: int) -> int:
    return SHORT_TTL_MS + number // len(STORIES) % EXPIRY_STEPS * EXPIRY_STEP_MS


def _intake(line: Line, conversation: Conversation, kind: str, event: object, at_ms: int) -> None:
    value = intake_pb2.IntakeEvent(**{kind: event})  # type: ignore[arg-type]
    line.write(INTAKE, conversation.key, value, kind, at_ms)


def _business(number: int) -> str:
    return f"{506_914_307_000_000 + number}"


def _envelope(conversation: Conversation) -> facts_pb2.Envelope:
    prefix, number = PREFIXES[conversation.number % len(PREFIXES)], conversation.number % 10_000
    return facts_pb2.Envelope(
        customer_number=f"{prefix}{6_505_550_000 + number}", display_phone_number="15550783881"
    )


def _wamid(way: str, number: int) -> str:
    """As long as a real one."""
    return f"wamid.{way:_<4}{number:083d}"

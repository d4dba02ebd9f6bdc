"""A request that nobody could read, set aside and failed, is a request with an end."""

from parley.delivery.v1 import dispatch_pb2, statuses_pb2
from parley.message.v1 import facts_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import headers_for
from services.contracts.keys import conversation_key
from services.contracts.placement import partition_of
from services.runtime.record import Record
from services.verifier.records import ORDER
from services.verifier.verification import verify
from tests.line.memory_source import MemorySource

KEY = conversation_key("506914307656634", "u1_a")
PLACE = partition_of(topic("intake"), KEY)
MESSAGE = "wamid.unreadable"
AT_MS = 1_760_000_000_000


def record(name: str, partition: int, value: bytes, kind: str) -> Record:
    headers = headers_for(topic(name).message(), kind, message_id=MESSAGE)
    return Record(name, partition, 0, KEY, value, AT_MS, headers)


def test_it_is_no_end_from_nowhere() -> None:
    refusal = facts_pb2.Refusal(code=131000, details="send it again")
    letter = runtime_pb2.DeadLettered(
        stage="consent",
        topic="parley.intake",
        partition=PLACE,
        offset=0,
        key=KEY,
        kind="send_requested",
        message_id=MESSAGE,
        reason="undecodable",
        recorded_at_ms=AT_MS,
    )
    failed = dispatch_pb2.SendFailed(message_id=MESSAGE, refusal=refusal, failed_at_ms=AT_MS)
    status = statuses_pb2.StatusEvent(
        message_id=MESSAGE,
        business_id="506914307656634",
        user_ref="u1_a",
        occurred_at_ms=AT_MS,
        failed=statuses_pb2.MessageFailed(refusal=refusal),
    )
    values = {
        "intake": (b"\xff rubbish", "send_requested"),
        "dead-letters": (letter.SerializeToString(), "send_requested"),
        "dispatch": (dispatch_pb2.DispatchEvent(send_failed=failed).SerializeToString(), "send_failed"),
        "statuses": (status.SerializeToString(), "failed"),
    }
    topics: dict[tuple[str, int], list[Record]] = {
        (name, partition): [] for name in ORDER for partition in range(topic(name).partitions)
    }
    for name, (value, kind) in values.items():
        partition = 0 if name == "dead-letters" else PLACE
        topics[name, partition].append(record(name, partition, value, kind))
    findings = verify(MemorySource(topics), drained=True)
    assert findings.violations == []
    assert findings.messages == 1
    del topics["dead-letters", 0][:]
    assert verify(MemorySource(topics), drained=True).violations

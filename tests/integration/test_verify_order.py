"""A cluster is read in about the order of record time, however unevenly its partitions answer."""

from itertools import chain

import pytest

from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from services.verifier.sources.cluster import BATCH, ClusterSource
from tests.integration.verify_topics import write_topics

pytestmark = pytest.mark.integration

RECORDS = 6_000
BEGIN_MS = 1_700_000_000_000
STEP_MS = 10
SIZES = {("intake", 0): 10, ("intake", 1): 2_000, ("statuses", 0): 400, ("statuses", 1): 40}
"""Bytes a record: of the large ones a fetch brings few, of the small ones all."""


@pytest.mark.parametrize("ahead_max", [BATCH, 50_000])
def test_no_partition_comes_before_what_is_older_elsewhere(kafka: KafkaConnection, ahead_max: int) -> None:
    written = {
        (topic, partition): [
            Record(topic, partition, offset, b"key", bytes(size), BEGIN_MS + offset * STEP_MS, [])
            for offset in range(RECORDS)
        ]
        for (topic, partition), size in SIZES.items()
    }
    topics = ("statuses", "intake")
    source = ClusterSource(kafka, write_topics(kafka, topics, written), topics=topics, ahead_max=ahead_max)
    batches = list(source.read(source.cut(), {}))
    assert len([*chain.from_iterable(batches)]) == RECORDS * len(SIZES)
    given = dict.fromkeys(SIZES, BEGIN_MS - STEP_MS)
    for batch in batches:
        ((topic, partition),) = {(record.topic, record.partition) for record in batch}
        behind = {place for place, at_ms in given.items() if at_ms + STEP_MS < batch[0].timestamp_ms}
        assert behind <= {(topic, partition)}
        given[topic, partition] = batch[-1].timestamp_ms

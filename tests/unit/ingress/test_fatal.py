"""What ends ingress is one line, whichever client library it comes from."""

import pytest
from aiokafka import errors as kafka_errors

from services.delivery.handset.__main__ import FATAL as FATAL_FOR_HANDSET
from services.ingress.__main__ import FATAL


@pytest.mark.parametrize(
    "error",
    [
        kafka_errors.TopicAuthorizationFailedError(),
        kafka_errors.KafkaConnectionError(),
        OSError("port taken"),
    ],
)
def test_what_no_restart_hides_is_caught(error: Exception) -> None:
    assert isinstance(error, FATAL)
    assert isinstance(error, FATAL_FOR_HANDSET)

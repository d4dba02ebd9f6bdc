"""Leave Kafka in an orderly way, also while no broker answers."""

import asyncio

from aiokafka import AIOKafkaConsumer


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer of aiokafka. Safe to call twice.

    aiokafka 0.14 cancels a fetch that waits to try again and lets that cancellation out of its own ``stop``,
    with the connections still open.
    """
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        await consumer._client.close()

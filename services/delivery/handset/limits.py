"""Every bound of the handset channel, in one place. What happens at each is in the README of this folder."""

from dataclasses import dataclass

FRAME_BYTES_MAX = 64 * 1024
"""A longer frame closes the connection with 1009."""
RATE_ECHO_BYTES_MAX = 1024
"""A longer frame that is dropped for the rate is not even read, so its answer names no id."""
CLIENT_ID_CHARACTERS_MAX = 255
TEXT_CHARACTERS_MAX = 4096
"""Of ``text.body`` (Cloud API)."""
PROFILE_NAME_CHARACTERS_MAX = 512
TIMESTAMP_SECONDS_MAX = 253_402_300_799
"""The end of the year 9999."""
TIMESTAMP_DIGITS_READ = 16
"""More digits than any time has."""


@dataclass(frozen=True, slots=True)
class HandsetLimits:
    """Bounds of the worker; a test may narrow them."""

    connections_max: int = 10_000
    """Connections at once, those that are being closed included; the next is answered 503."""
    handshakes_max: int = 1_000
    """Sockets that have not finished a handshake; the next is answered 503 and closed."""
    handshake_seconds_max: float = 10.0
    """A socket that has sent no whole request for so long is closed."""
    frames_per_second: float = 50.0
    frames_burst: int = 100
    unsent_frames_max: int = 4_096
    """Frames that wait for a slow reader. At half the limit messages wait in Kafka; at the limit a device
    that goes on asking is closed."""
    unsent_bytes_max: int = 4 * 1024 * 1024
    heartbeat_seconds: float = 30.0
    """A device that answers no ping within half of it is gone."""
    close_seconds_max: float = 2.0
    """After so long a device that does not close in turn is cut off."""
    reconnect_pace_seconds: float = 0.25
    """Least time between two reports that a customer is back, for one conversation."""
    reattempts_burst: int = 2_000
    """Attempts that a customer may have emitted again and neither acknowledged nor waited for."""
    reattempts_per_second: float = 50.0
    """Above that: so many a second, as many as frames that a device may send."""
    lane_records_max: int = 1_024
    """Records for one partition of ``dispatch`` that wait; at the limit nothing more is read from devices."""
    batch_records_max: int = 256
    """Records of one partition of ``dispatch`` that are written together."""
    retry_seconds: float = 0.2
    """Pause before a record that Kafka did not take is tried again."""
    drain_seconds_max: float = 8.0
    """How long a stop waits for what is still to be written."""

"""settings: the newest version of each setting, for what usage has no longer."""

from parley.settings.v1 import settings_pb2
from services.verifier.folds.reading import message_of
from services.verifier.known import Known
from services.verifier.records import LogRecord

_parse = settings_pb2.SettingChanged.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    if record.value is not None:
        setting = message_of(_parse, record)
        known.published.add(setting)
        known.copies.add(setting, record, known.cut_number)

"""What a writer can tell of a record that it could not write: whether it lies on Kafka or not."""


class NotWritten(Exception):
    """The record is not on Kafka and will not be: writing it again cannot make a second one."""


class Overloaded(NotWritten):
    """As many records as the writer may hold wait for the broker already; try again in a moment."""


class RecordTooLarge(NotWritten):
    """The record is larger than a broker takes; trying again does not help."""


class WriteUnknown(Exception):
    """The broker was given the record and did not confirm it: it may lie on Kafka, or still come to."""

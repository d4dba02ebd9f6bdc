"""One readable line an event, to stderr: time, level, service, what happened, and what it was about."""

import logging
import sys

import structlog

_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING)


def configure_logs(service: str, level: str = "INFO") -> None:
    """Set up structlog for this process. Calling it again replaces what was set.

    Use ``structlog.get_logger()``; bind ``message_id`` where there is one. ``level`` is a name such as INFO.
    What libraries warn of by the standard ``logging`` comes in the same form.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            lambda _, __, event: {"service": service, **event},  # in every thread, unlike a context variable
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("what"),
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "service", "what"], drop_missing=True, bool_as_flag=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Libraries)] + [_Libraries()]


class _Libraries(logging.Handler):
    """Gives what libraries log by the standard module the form of all other lines."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit; a log line is no reason to fail
            message = str(record.msg)
        level = next(level for level in _LEVELS if record.levelno >= level)
        structlog.get_logger().log(level, message, logger=record.name, exc_info=record.exc_info)

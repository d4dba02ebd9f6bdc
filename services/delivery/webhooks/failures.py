"""Why an endpoint did not take a webhook, or was not asked to. Each is tried again later."""

from typing import ClassVar


class EndpointFailed(Exception):
    """The endpoint did not take the update; the text says why in one sentence."""

    label: ClassVar[str] = "failed"
    """One word for metrics."""


class Unusable(EndpointFailed):
    """The account's settings name no endpoint that could be used."""

    label = "settings"


class AddressRefused(EndpointFailed):
    """The name leads to an address that webhooks may not go to."""

    label = "address"


class Unresolvable(EndpointFailed):
    """The name has no address."""

    label = "name"


class Unconnectable(EndpointFailed):
    """No connection, or no TLS."""

    label = "connect"


class ConnectionBroke(EndpointFailed):
    """The connection ended before the answer did."""

    label = "connection"


class BadAnswer(EndpointFailed):
    """What came back is not HTTP, or its head does not end."""

    label = "answer"


class TimedOut(EndpointFailed):
    """No answer in time."""

    label = "timeout"


class Redirected(EndpointFailed):
    """The endpoint points elsewhere, and redirects are not followed."""

    label = "redirect"


class StatusRefused(EndpointFailed):
    """The endpoint answered, and not with 2xx."""

    label = "status"


class NotTried(Exception):
    """This process lacks the means to try just now, which is no fault of the endpoint's."""

    label: ClassVar[str]
    """One word for metrics: what is lacking."""


class NoSocketLeft(NotTried):
    """As many connections are open as there may be, or the endpoint has its share of them."""

    label = "sockets"


class NoLookupLeft(NotTried):
    """As many names are being looked up as may be."""

    label = "lookups"

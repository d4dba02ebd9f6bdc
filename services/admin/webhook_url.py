"""The proof that a webhook URL belongs to the account, asked before the URL is written."""

import asyncio

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.instance import Instance
from services.contracts.setting_routes import SETTING_PURPOSE
from services.delivery.webhooks.challenge import NotVerified, verify_endpoint
from services.delivery.webhooks.endpoint_rules import BadEndpointRules, EndpointRules, read_endpoint_rules


def endpoint_rules(instance: Instance) -> EndpointRules:
    """The rules by which the instance sends webhooks. Raises :class:`Refused` when they cannot be used."""
    try:
        rules = read_endpoint_rules(instance.environment)
        rules.tls()
    except BadEndpointRules as error:
        raise Refused(f"{error}.") from None
    return rules


def prove(instance: Instance, account: settings_pb2.Account, url: str) -> None:
    """Send the endpoint the challenge, under the rules by which webhooks are sent.

    Blocks ten seconds at most. Raises :class:`Refused` when the challenge does not come back.
    """
    verify_token = instance.platform_key.open(SETTING_PURPOSE, account.verify_token_sealed).decode()
    rules = endpoint_rules(instance)
    ca_file = str(rules.ca_file) if rules.ca_file else None
    try:
        asyncio.run(verify_endpoint(url, verify_token, rules.allow_private, ca_file=ca_file))
    except NotVerified as reason:
        raise Refused(str(reason)) from None

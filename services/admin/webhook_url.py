"""The proof that a webhook URL belongs to the account, asked before the URL is written."""

import asyncio

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.instance import Instance
from services.contracts.setting_routes import SETTING_PURPOSE
from services.delivery.webhooks.challenge import NotVerified, verify_endpoint

ALLOW_PRIVATE = "PARLEY_WEBHOOK_ALLOW_PRIVATE"
CA_FILE = "PARLEY_WEBHOOK_CA_FILE"
YES = frozenset({"1", "true", "yes", "on"})


def prove(instance: Instance, account: settings_pb2.Account, url: str) -> None:
    """Send the endpoint the challenge, under the rules by which webhooks are sent.

    Blocks ten seconds at most. Raises :class:`Refused` when the challenge does not come back.
    """
    verify_token = instance.platform_key.open(SETTING_PURPOSE, account.verify_token_sealed).decode()
    allow_private = instance.environment.get(ALLOW_PRIVATE, "").lower() in YES
    try:
        asyncio.run(
            verify_endpoint(url, verify_token, allow_private, ca_file=instance.environment.get(CA_FILE))
        )
    except NotVerified as reason:
        raise Refused(str(reason)) from None

"""Where an account's webhooks go, and with which secrets."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.admin.settings_snapshot import read_settings
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.platform_key import PlatformKey
from tests.integration.commands.rig import KEY, KEY_TEXT, Operator

pytestmark = pytest.mark.integration


class Endpoint(BaseHTTPRequestHandler):
    """A webhook endpoint that answers the challenge at /right and echoes nonsense elsewhere."""

    seen: list[dict[str, list[str]]] = []  # noqa: RUF012 - what all requests brought

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.seen.append(query)
        body = query["hub.challenge"][0] if parts.path == "/right" else "nonsense"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_webhook_url_is_taken_once_it_has_answered(
    operator: Operator, account: dict[str, Any], endpoint: str
) -> None:
    words = ("account", "webhook", account["account_id"])
    assert operator.parley(*words, f"{endpoint}/right").object["webhook_url"] == f"{endpoint}/right"
    assert Endpoint.seen[-1]["hub.verify_token"] == [account["verify_token"]]
    assert Endpoint.seen[-1]["hub.mode"] == ["subscribe"]

    refused = operator.parley(*words, f"{endpoint}/wrong")
    assert (refused.status, refused.out) == (1, "")
    assert "hub.challenge" in refused.sentence
    shown = operator.parley("account", "show", account["account_id"]).object
    assert shown["webhook_url"] == f"{endpoint}/right", "the old one stays"


def test_a_private_webhook_url_is_refused_where_that_is_not_allowed(
    operator: Operator, account: dict[str, Any], endpoint: str
) -> None:
    operator.environment["PARLEY_WEBHOOK_ALLOW_PRIVATE"] = "false"
    refused = operator.parley("account", "webhook", account["account_id"], f"{endpoint}/right")
    operator.environment["PARLEY_WEBHOOK_ALLOW_PRIVATE"] = "true"
    assert refused.status == 1


def test_a_bad_file_of_authorities_is_a_sentence(operator: Operator, account: dict[str, Any]) -> None:
    operator.environment["PARLEY_WEBHOOK_CA_FILE"] = "nowhere.pem"
    answers = [
        operator.parley("account", "webhook", account["account_id"], "https://shop.example/webhook"),
        operator.parley("webhook", "replay", account["account_id"], "--since", "1h"),
    ]
    del operator.environment["PARLEY_WEBHOOK_CA_FILE"]
    for answer in answers:
        assert (answer.status, answer.out) == (1, "")
        assert answer.sentence.startswith("PARLEY_WEBHOOK_CA_FILE names no file of certificates: nowhere.pem")


def test_the_wrong_platform_key_is_told_from_the_right_one(
    operator: Operator, account: dict[str, Any]
) -> None:
    operator.environment["PARLEY_PLATFORM_KEY"] = PlatformKey.generate()
    refused = operator.parley("account", "webhook", account["account_id"], "https://shop.example/webhook")
    operator.environment["PARLEY_PLATFORM_KEY"] = KEY_TEXT
    assert refused.status == 1
    assert "not the key that the settings were sealed with" in refused.sentence
    sealed = read_settings(operator.kafka, operator.prefix).get(f"account/{account['account_id']}")
    assert sealed is not None
    assert KEY.open(SETTING_PURPOSE, sealed.account.app_secret_sealed).decode() == account["app_secret"]

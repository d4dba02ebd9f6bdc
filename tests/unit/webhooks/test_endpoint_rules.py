"""The rules by which endpoints are reached are the same for the worker and for the command."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.delivery.webhooks.endpoint_rules import BadEndpointRules, read_endpoint_rules
from tests.integration.webhook_rig import settings_of


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("true", True),
        ("t", True),
        ("Y", True),
        ("1", True),
        ("on", True),
        ("no", False),
        ("f", False),
        ("0", False),
    ],
)
def test_yes_and_no_are_read_alike(text: str, allowed: bool) -> None:
    assert read_endpoint_rules({"PARLEY_WEBHOOK_ALLOW_PRIVATE": text}).allow_private is allowed
    assert settings_of("t.", webhook_allow_private=text).endpoint_rules().allow_private is allowed


@pytest.mark.parametrize("stated", [{}, {"PARLEY_WEBHOOK_ALLOW_PRIVATE": "", "PARLEY_WEBHOOK_CA_FILE": ""}])
def test_nothing_stated_allows_nothing(stated: dict[str, str]) -> None:
    rules = read_endpoint_rules(stated)
    assert (rules.allow_private, rules.ca_file) == (False, None)


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(BadEndpointRules, match=r"PARLEY_WEBHOOK_ALLOW_PRIVATE: .* not 'maybe'"):
        read_endpoint_rules({"PARLEY_WEBHOOK_ALLOW_PRIVATE": "maybe"})
    with pytest.raises(ValidationError):
        settings_of("t.", webhook_allow_private="maybe")


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("none")
    with pytest.raises(
        BadEndpointRules, match=r"PARLEY_WEBHOOK_CA_FILE names no file of certificates: .*ca\.pem"
    ):
        read_endpoint_rules({"PARLEY_WEBHOOK_CA_FILE": str(file)}).tls()
    with pytest.raises(ValidationError, match="names no file of certificates"):
        settings_of("t.", webhook_ca_file=file)

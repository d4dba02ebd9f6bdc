"""`parley consent`: who may write to whom, and what an operator records of it."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from parley.consent.v1 import consent_row_pb2
from parley.message.v1 import facts_pb2
from services.admin.arguments import AccountId, Number
from services.admin.instance import open_instance
from services.admin.intake_writing import write_intake_record
from services.admin.lookups import account_of
from services.admin.output import AsJson, print_object
from services.admin.settings_snapshot import read_settings
from services.admin.stage_state import state_of
from services.contracts.instants import rfc3339
from services.contracts.keys import conversation_key
from services.identity.references import user_ref
from services.ingress.intake import IntakeRecord, build_opt_in, build_opt_out
from services.runtime.clock import wall_clock_ms

WORDS = {
    facts_pb2.CONSENT_UNSPECIFIED: "never",
    facts_pb2.CONSENT_GRANTED: "granted",
    facts_pb2.CONSENT_STOPPED: "stopped",
    facts_pb2.CONSENT_BLOCKED: "blocked",
}
TEXT_MAX = 500

app = typer.Typer(help="Who may write to whom, and why.", no_args_is_help=True)


def _short(text: str) -> str:
    if not 0 < len(text) <= TEXT_MAX:
        raise typer.BadParameter(f"1 to {TEXT_MAX} characters")
    return text


Method = Annotated[str, typer.Option(callback=_short, help="How the customer said so, such as 'web form'.")]
Evidence = Annotated[str, typer.Option(callback=_short, help="Where the proof lies, such as 'ticket 4711'.")]
METHOD, EVIDENCE = "operator", "recorded with the parley command"


@app.command()
def show(account: AccountId, number: Number, as_json: AsJson = False) -> None:
    """Show whether the account's business may write to a customer, and since when and why."""
    instance = open_instance()
    known = account_of(read_settings(instance.connection, instance.topic_prefix), account)
    customer = user_ref(instance.platform_key, number)
    key = conversation_key(known.business_id, customer)
    row = state_of(instance.metrics_urls, "consent", key, consent_row_pb2.ConsentRow)
    conversation = row.conversation if row else consent_row_pb2.Conversation()
    consent = WORDS.get(conversation.consent, "unknown")
    answer: dict[str, Any] = {
        "account_id": account,
        "business_id": known.business_id,
        "number": number,
        "user_ref": customer,
        "consent": "blocked" if conversation.blocked else consent,
        "permits": conversation.consent == facts_pb2.CONSENT_GRANTED and not conversation.blocked,
        "blocked": conversation.blocked,
        "consent_id": conversation.consent_id or None,
        "method": conversation.method or None,
        "evidence": conversation.evidence or None,
        "changed_at": rfc3339(conversation.changed_at_ms) if conversation.changed_at_ms else None,
    }
    print_object(answer, as_json)


@app.command("opt-in")
def opt_in(
    account: AccountId,
    number: Number,
    method: Method = METHOD,
    evidence: Evidence = EVIDENCE,
    as_json: AsJson = False,
) -> None:
    """Record that a customer agreed to be written to by the account's business."""
    _record(build_opt_in, account, number, method, evidence, as_json)


@app.command("opt-out")
def opt_out(
    account: AccountId,
    number: Number,
    method: Method = METHOD,
    evidence: Evidence = EVIDENCE,
    as_json: AsJson = False,
) -> None:
    """Record that a customer no longer agrees; the business is refused as after a STOP."""
    _record(build_opt_out, account, number, method, evidence, as_json)


def _record(
    build: Callable[..., IntakeRecord],
    account: str,
    number: str,
    method: str,
    evidence: str,
    as_json: bool,
) -> None:
    instance = open_instance()
    known = account_of(read_settings(instance.connection, instance.topic_prefix), account)
    now_ms = wall_clock_ms()
    record = build(
        instance.platform_key,
        known.business_id,
        account,
        number,
        now_ms,
        method=method,
        evidence=evidence,
    )
    write_intake_record(instance.connection, instance.topic_prefix, record, now_ms)
    answer = {
        "account_id": account,
        "business_id": known.business_id,
        "number": number,
        "recorded": "opt-in" if build is build_opt_in else "opt-out",
        "method": method,
        "evidence": evidence,
        "recorded_at": rfc3339(now_ms),
    }
    print_object(answer, as_json)

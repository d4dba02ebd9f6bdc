"""What a business asks to send, checked and tidied."""

from dataclasses import dataclass

from parley.message.v1.facts_pb2 import (
    CATEGORY_SERVICE,
    FORM_FREE_FORM,
    FORM_TEMPLATE,
    Category,
    Form,
)
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.identity.message_id import UnknownMessageId, open_message_id
from services.identity.numbers import BadNumber, canonical_number
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref
from services.ingress.errors import ApiError, invalid_parameter, missing_parameter, value_not_valid
from services.ingress.fields import Members, flag, mapping, string
from services.ingress.limits import CALLBACK_DATA_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from services.ingress.template_message import read_template
from services.ingress.templates import TemplateIndex


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that may be written to ``intake``."""

    recipient: str
    """The recipient as the client wrote it."""
    number: str
    """Its canonical number."""
    user_ref: str
    content: Members
    """The message as the Cloud API writes it."""
    category: Category
    form: Form
    ttl_seconds: int
    """Of the template; 0 where it states none."""
    callback_data: str


def read_send(request: Members, sender: PhoneNumber, templates: TemplateIndex, key: PlatformKey) -> Outgoing:
    """Check a request to send. Raises ``ApiError`` for the first thing that is wrong."""
    require_whatsapp(request)
    recipient, number = _recipient(request, sender)
    customer = user_ref(key, number)
    kind = string(request, "type", "type") or "text"
    ttl_seconds = 0
    if kind == "text":
        content, category, form = _read_text(request), CATEGORY_SERVICE, FORM_FREE_FORM
    elif kind == "template":
        content, template = read_template(request, sender.account_id, templates)
        category, form, ttl_seconds = template.category, FORM_TEMPLATE, template.ttl_seconds
    else:
        raise ApiError(400, 131051, f"type {kind[:40]!a} is not offered: send text or template.")
    if quoted := _quoted(request, sender, customer, key):
        content["context"] = {"message_id": quoted}
    callback_data = _callback_data(request)
    return Outgoing(recipient, number, customer, content, category, form, ttl_seconds, callback_data)


def require_whatsapp(request: Members) -> None:
    """Every request names the product. Raises ``ApiError``."""
    product = string(request, "messaging_product", "messaging_product")
    if not product:
        raise invalid_parameter('messaging_product is missing: it must be "whatsapp".')
    if product.lower() != "whatsapp":
        raise value_not_valid('messaging_product must be "whatsapp".')


def _recipient(request: Members, sender: PhoneNumber) -> tuple[str, str]:
    kind = string(request, "recipient_type", "recipient_type")
    if kind and kind.lower() != "individual":
        raise value_not_valid('recipient_type must be "individual": groups are not offered.')
    text = string(request, "to", "to")
    if not text:
        if string(request, "recipient", "recipient"):
            raise ApiError(400, 131062, "recipient is not supported yet: give the phone number in to.")
        raise invalid_parameter("to is missing: give the customer's phone number with country code.")
    try:
        number = canonical_number(text)
    except BadNumber as bad:
        raise value_not_valid(f"to: {bad}.") from None
    if number == sender.display_phone_number:
        raise ApiError(400, 131021, "to is the sending number itself: give a customer's number.")
    return text, number


def _read_text(request: Members) -> Members:
    text = mapping(request, "text", "text")
    if text is None:
        raise missing_parameter("text is missing: a message of type text needs text.body.")
    body = string(text, "body", "text.body")
    if body is None:
        raise missing_parameter("text.body is missing.")
    if not 1 <= len(body) <= TEXT_CHARACTERS_MAX:
        raise value_not_valid(
            f"text.body has {len(body)} characters: it must have 1 to {TEXT_CHARACTERS_MAX}."
        )
    content: Members = {"body": body}
    preview = flag(text, "preview_url", "text.preview_url")
    if preview is not None:
        content["preview_url"] = preview
    return {"type": "text", "text": content}


def _quoted(request: Members, sender: PhoneNumber, customer: str, key: PlatformKey) -> str:
    """Id of the message that is answered; empty, so that none is quoted, where it is not theirs."""
    context = mapping(request, "context", "context")
    if context is None:
        return ""
    message_id = string(context, "message_id", "context.message_id")
    if message_id is None:
        raise missing_parameter("context.message_id is missing.")
    try:
        message = open_message_id(key, message_id)
    except UnknownMessageId:
        return ""
    of_this_conversation = (message.phone_number_id, message.user_ref) == (sender.phone_number_id, customer)
    return message_id if of_this_conversation else ""


def _callback_data(request: Members) -> str:
    text = string(request, "biz_opaque_callback_data", "biz_opaque_callback_data") or ""
    if len(text) > CALLBACK_DATA_CHARACTERS_MAX:
        raise value_not_valid(
            f"biz_opaque_callback_data has more than {CALLBACK_DATA_CHARACTERS_MAX} characters."
        )
    return text

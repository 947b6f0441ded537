"""The entries of the routes about webhooks, tokens, labels and visitors, read by the document and its tests.

Owns those entries, as operations.py does for the rest.
"""

from __future__ import annotations

from inbox import errors
from inbox.api import program_answers as answers
from inbox.api import program_bodies as bodies
from inbox.api.answers import Conversation, Listed
from inbox.api.operation import CHANGED, DELETED, DESCENDING, Operation, Parameter, Schema
from inbox.api.schemas import NothingBody
from inbox.deliveries import STATES

WEBHOOK_EXAMPLE = {
    "url": "https://example.com/hooks/tandem",
    "description": "Our order system",
    "events": ["message.created", "turn.updated"],
}
TOKEN_EXAMPLE = {"name": "Our order system", "scope": "answer", "expires_at": "2100-01-25T10:00:00Z"}
SAVED_VIEW_EXAMPLE = {"name": "VIP orders", "view": "unassigned", "search": "label:vip order", "shared": True}
DAY: Schema = {"type": "string", "format": "date"}
PERIOD = (
    Parameter("since", DAY, "The first day; 30 days before the last where it is not given.", "2026-01-01"),
    Parameter("until", DAY, "The last day; today where it is not given.", "2026-01-25"),
    Parameter("zone", {"type": "string"}, "The time zone of the days; else yours, else UTC.", "Asia/Ho_Chi_Minh"),
)
STATE = Parameter("state", {"type": "string", "enum": list(STATES)}, "Only those that are so.")
VISITOR_FILTERS = (
    Parameter("q", {"type": "string"}, "Words in the name or the e-mail address."),
    Parameter("email", {"type": "string"}, "The whole e-mail address, in any case."),
    Parameter("external_id", {"type": "string"}, "The id that your own system has for them."),
)

PROGRAM_OPERATIONS: dict[str, Operation] = {
    "webhooks.list_webhooks": Operation(Listed[answers.Webhook], query=DESCENDING),
    "webhooks.create": Operation(
        answers.WebhookWithSecret, 201, bodies.WebhookBody, WEBHOOK_EXAMPLE, once=True, managers=True
    ),
    "webhooks.show": Operation(answers.Webhook, etag=True),
    "webhooks.edit": Operation(answers.Webhook, body=bodies.WebhookChangesBody, example={"enabled": True}, **CHANGED),
    "webhooks.delete": DELETED,
    "webhooks.rotate": Operation(answers.WebhookWithSecret, 201, NothingBody, {}, once=True, managers=True),
    "webhooks.send_test": Operation(answers.Delivery, 201, NothingBody, {}, once=True, managers=True),
    "webhooks.list_deliveries": Operation(Listed[answers.Delivery], query=(STATE, *DESCENDING)),
    "webhooks.show_delivery": Operation(answers.Delivery),
    "webhooks.replay": Operation(answers.Delivery, body=NothingBody, example={}, managers=True),
    "webhooks.replay_failed": Operation(answers.Replayed, body=NothingBody, example={}, managers=True),
    "visitors.list_visitors": Operation(Listed[answers.VisitorAlone], query=(*VISITOR_FILTERS, *DESCENDING)),
    "visitors.show": Operation(answers.VisitorAlone, etag=True),
    "visitors.edit": Operation(
        answers.VisitorAlone,
        body=bodies.VisitorChangesBody,
        example={"name": "Leila", "custom_attributes": {"plan": "pro"}},
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
    ),
    "visitors.erase": Operation(None, 204, managers=True),
    "visitors.copy": Operation(body=NothingBody, example={}, media="application/zip", managers=True),
    "visitors.list_conversations": Operation(Listed[Conversation], query=DESCENDING),
    "labels.list_labels": Operation(Listed[answers.LabelUsed], query=DESCENDING),
    "labels.rename": Operation(
        answers.Relabelled, body=bodies.RenameBody, example={"name": "order", "new_name": "orders"}, managers=True
    ),
    "labels.paint": Operation(
        answers.LabelColoured, body=bodies.ColourBody, example={"name": "order", "colour": "green"}, managers=True
    ),
    "labels.remove": Operation(answers.Relabelled, body=bodies.LabelBody, example={"name": "old"}, managers=True),
    "saved_views.list_views": Operation(Listed[answers.SavedView], query=DESCENDING),
    "saved_views.create": Operation(answers.SavedView, 201, bodies.SavedViewBody, SAVED_VIEW_EXAMPLE, once=True),
    "saved_views.show": Operation(answers.SavedView),
    "saved_views.edit": Operation(
        answers.SavedView,
        body=bodies.SavedViewChangesBody,
        example={"name": "VIP, unassigned"},
        failures=(errors.Forbidden,),
    ),
    "saved_views.delete": Operation(None, 204, failures=(errors.Forbidden,)),
    "saved_views.list_conversations": Operation(Listed[Conversation], query=DESCENDING),
    "reports_api.show": Operation(answers.Report, query=PERIOD),
    "reports_api.show_breakdown": Operation(answers.ReportBreakdown, query=PERIOD),
    "tokens.list_tokens": Operation(Listed[answers.Token], query=DESCENDING),
    "tokens.create": Operation(answers.TokenMade, 201, bodies.TokenBody, TOKEN_EXAMPLE, once=True),
    "tokens.revoke": Operation(None, 204),
}
PROGRAM_EXTRAS: Schema = {
    "webhook": {"$ref": "#/components/schemas/Webhook"},
    "visitor": {"$ref": "#/components/schemas/VisitorAlone"},
}

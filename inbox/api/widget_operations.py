"""The entries of the routes that a visitor's chat uses, of files, ratings and event streams, read by the document.

Owns those entries, as operations.py does for the rest.
"""

from __future__ import annotations

from inbox import errors
from inbox.api import answers, schemas, widget_answers
from inbox.api.operation import ASCENDING, DESCENDING, Operation, Parameter

STREAM_QUERY = (Parameter("token", {"type": "string"}, "A short-lived token, where no header can be sent."),)
FILE_NAME = Parameter("name", {"type": "string"}, "The file's name, as its readers see it.", "receipt.png")
STREAM_WITH = Parameter(
    "with",
    {"type": "string", "enum": ["conversation"]},
    "Also conversation.updated {status, responder_state}, and live.agent_typing, without an id, while a person writes.",
)
PROJECT_KEY = Parameter("project_key", {"type": "string"}, "The key in the widget's script tag.", "KEY")

WIDGET_OPERATIONS: dict[str, Operation] = {
    "widget.look": Operation(widget_answers.WidgetLook, query=(PROJECT_KEY,), failures=(errors.NotFound,)),
    "widget.conversation": Operation(widget_answers.WidgetConversation),
    "widget.change_visitor": Operation(
        widget_answers.WidgetConversation, body=schemas.VisitorChangesBody, example={"email": "leila@example.com"}
    ),
    "attachments.take_from_visitor": Operation(
        answers.Attachment, 201, query=(FILE_NAME,), failures=(errors.TooLarge,), once=True, upload=True
    ),
    "attachments.show_to_visitor": Operation(media="application/octet-stream"),
    "attachments.take_from_agent": Operation(
        answers.Attachment, 201, query=(FILE_NAME,), failures=(errors.TooLarge,), once=True, upload=True
    ),
    "attachments.show_to_agent": Operation(media="application/octet-stream"),
    "widget.rate": Operation(
        widget_answers.Rating, 201, schemas.RatingBody, {"score": 5, "comment": "Quick and kind."}, once=True
    ),
    "ratings.list_ratings": Operation(answers.Listed[widget_answers.Rating], query=DESCENDING),
    "ratings.list_of_conversation": Operation(answers.Listed[widget_answers.Rating], query=DESCENDING),
    "widget.start_session": Operation(
        widget_answers.Session,
        201,
        schemas.SessionBody,
        {"project_key": "KEY", "visitor": {"name": "Leila"}},
        once=True,
    ),
    "widget.send_message": Operation(
        answers.VisitorMessage, 201, schemas.VisitorMessageBody, {"content": "Where is my order?"}, once=True
    ),
    "widget.ask_person": Operation(
        widget_answers.WidgetConversation, body=schemas.NothingBody, example={}, failures=(errors.Forbidden,)
    ),
    "widget.typing": Operation(None, 204, schemas.NothingBody, {}),
    "widget.seen": Operation(None, 204, schemas.SeenBody, {"message_id": 1}),
    "widget.list_messages": Operation(answers.Listed[answers.VisitorMessage], query=ASCENDING),
    "streams.visitor_events": Operation(
        query=(*STREAM_QUERY, STREAM_WITH),
        failures=(errors.BadEventId, errors.RateLimited),
        tokens=("visitorToken", "streamToken"),
        media="text/event-stream",
    ),
    "streams.visitor_token": Operation(widget_answers.StreamToken, 201, schemas.NothingBody, {}),
    "streams.agent_events": Operation(
        query=STREAM_QUERY,
        failures=(errors.BadEventId,),
        tokens=("agentToken", "streamToken"),
        media="text/event-stream",
    ),
    "streams.agent_token": Operation(widget_answers.StreamToken, 201, schemas.NothingBody, {}),
}

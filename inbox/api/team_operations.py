"""The entries of the routes about running a team, read by the document and its tests.

Owns those entries, as operations.py does for the rest.
"""

from __future__ import annotations

from inbox import errors
from inbox.api import answers, team_answers, team_schemas
from inbox.api.operation import ASCENDING, CHANGED, DESCENDING, Operation, Parameter, Schema
from inbox.conversation import LARGEST_ID

MOMENT: Schema = {"type": "string", "format": "date-time"}
AUDIT_FILTERS = (
    Parameter("kind", {"type": "string"}, "Only this kind, such as `role_changed`."),
    Parameter("actor_id", {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, "Only what this agent did."),
    Parameter("since", MOMENT, "Only from this time on."),
    Parameter("until", MOMENT, "Only before this time."),
)

TEAM_OPERATIONS: dict[str, Operation] = {
    "hours.show": Operation(team_answers.WorkingHours, etag=True),
    "hours.change": Operation(
        team_answers.WorkingHours,
        body=team_schemas.HoursBody,
        example={"time_zone": "Asia/Ho_Chi_Minh", "week": {"monday": ["09:00-12:00", "13:00-17:30"]}},
        **CHANGED,
    ),
    "hours.availability": Operation(team_answers.Availability),
    "members.list_members": Operation(answers.Listed[team_answers.Member], query=ASCENDING),
    "members.show_member": Operation(team_answers.Member),
    "members.set_role": Operation(
        team_answers.Member,
        body=team_schemas.MemberBody,
        example={"role": "manager"},
        failures=(errors.LastManager,),
        managers=True,
    ),
    "members.remove": Operation(None, 204, failures=(errors.LastManager,), managers=True),
    "members.list_invitations": Operation(answers.Listed[team_answers.Invitation], query=DESCENDING, managers=True),
    "members.invite": Operation(
        team_answers.InvitationMade,
        201,
        team_schemas.InvitationBody,
        {"email": "lan@northfold.example", "role": "agent"},
        once=True,
        managers=True,
    ),
    "audit.list_entries": Operation(
        answers.Listed[team_answers.AuditEntry], query=(*AUDIT_FILTERS, *DESCENDING), managers=True
    ),
    "members.revoke": Operation(None, 204, managers=True),
}

"""The entries of the routes about running a team, read by the document and its tests.

Owns those entries, as operations.py does for the rest.
"""

from __future__ import annotations

from inbox import errors
from inbox.api import answers, team_schemas
from inbox.api.operation import ASCENDING, DESCENDING, Operation

TEAM_OPERATIONS: dict[str, Operation] = {
    "members.list_members": Operation(answers.Listed[answers.Member], query=ASCENDING),
    "members.show_member": Operation(answers.Member),
    "members.set_role": Operation(
        answers.Member,
        body=team_schemas.MemberBody,
        example={"role": "manager"},
        failures=(errors.LastManager,),
        managers=True,
    ),
    "members.remove": Operation(None, 204, failures=(errors.LastManager,), managers=True),
    "members.list_invitations": Operation(answers.Listed[answers.Invitation], query=DESCENDING, managers=True),
    "members.invite": Operation(
        answers.InvitationMade,
        201,
        team_schemas.InvitationBody,
        {"email": "lan@northfold.example", "role": "agent"},
        once=True,
        managers=True,
    ),
    "members.revoke": Operation(None, 204, managers=True),
}

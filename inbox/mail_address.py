"""What is taken for an e-mail address: by its form alone, for no server is asked whether it exists.

Owns that form. Must not send anything.
"""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from inbox.errors import Invalid


def mail_address(typed: str) -> str:
    """The address as it is kept. Raises Invalid. Names under `.test` count: they are nobody's, and good for trying."""
    try:
        return validate_email(typed, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise Invalid("This is no e-mail address.", fields={"email": str(error)}) from error

"""Those who call the API in tests: an agent, a visitor, or a stranger, each with their token.

Owns the writing of requests. Must not assert anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from commands import projects
from inbox.services import Services


@dataclass
class Caller:
    """Somebody with a token (or none). Addresses are relative to /api/v1."""

    app: Flask
    token: str | None = None
    id: int = 0
    conversation_id: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Any request; `headers` are added to the caller's own."""
        headers = self.headers | more.pop("headers", {})
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.app.test_client().open("/api/v1" + path, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        """POST with a JSON body, or none."""
        return self.call("POST", path, **({"json": json} if json is not None else {}), **more)

    def patch(self, path: str, json: Any, **more: Any) -> TestResponse:
        """PATCH with a JSON body."""
        return self.call("PATCH", path, json=json, **more)


@dataclass(frozen=True)
class House:
    """A project with a manager (`ada`) and an agent (`ben`), and who comes to visit."""

    app: Flask
    project_id: int
    key: str
    ada: Caller
    ben: Caller

    @classmethod
    def build(cls, app: Flask, services: Services, name: str = "House") -> House:
        """A new project and its people."""
        with services.database.begin() as connection:
            project = projects.create_project(connection, name)
            made = [
                projects.create_agent(connection, _address(who, project.id), project_id=project.id, role=role, name=who)
                for who, role in (("Ada", "manager"), ("Ben", "agent"))
            ]
        ada, ben = (Caller(app, agent.token, agent.id) for agent in made)
        return cls(app, project.id, project.key, ada, ben)

    def visit(self, *contents: str, **visitor: str) -> Caller:
        """A visitor with a new conversation, who has written these messages."""
        response = Caller(self.app).post("/widget/sessions", {"project_key": self.key, "visitor": visitor})
        assert response.status_code == 201, response.text
        made = response.get_json()
        visitor_caller = Caller(self.app, made["token"], conversation_id=made["conversation_id"])
        for content in contents:
            assert visitor_caller.post("/widget/messages", {"content": content}).status_code == 201
        return visitor_caller


def _address(who: str, project_id: int) -> str:
    return f"{who}.{project_id}@example.com"


def error(response: TestResponse) -> tuple[int, str]:
    """Status and code of an error."""
    return response.status_code, response.get_json()["error"]["code"]


def known(house: House, **query: str) -> list[dict[str, Any]]:
    """The visitors that a list of them holds."""
    answer = house.ben.get("/visitors", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])

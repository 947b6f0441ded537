"""What holds of a conversation whatever met in it: one chain of versions, and messages in commit order."""

from __future__ import annotations

from tests.people import People


def chain(people: People) -> None:
    """Every version is one step of the timeline, and messages stand in commit order."""
    found, entries = people.conversation(), people.timeline()
    versions = sorted({entry["version"] for entry in entries})
    assert versions == list(range(1, found["version"] + 1))
    assert len({e["version"] for e in entries if e["actor_type"] == "agent"}) == found["epoch"]
    told = [entry["data"]["message_id"] for entry in entries if entry["kind"] in {"message", "note"}]
    assert told == sorted(told) == [message["id"] for message in people.messages()]
    public = [message for message in people.messages() if not message["private"]]
    times = [message["created_at"] for message in public]
    assert times == sorted(times)
    if public:
        assert found["last_message_id"] == public[-1]["id"]
        assert found["last_message_timestamp"] == times[-1]

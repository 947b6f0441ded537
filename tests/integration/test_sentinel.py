"""Redis behind Sentinel: the primary is asked for, and asked for again after a failover."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from commands.embedded import _valkey_binary
from inbox.redis import redis_client
from inbox.settings import Settings
from jobs.queue import RqTurnQueue
from tests.product import free_port, wait_for

SERVICE = "tandem"


def started(folder: Path, port: int, *options: str, sentinel: bool = False) -> subprocess.Popen[bytes]:
    file = folder / f"{port}.conf"
    file.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {folder}", 'save ""', *options]) + "\n")
    command = [str(_valkey_binary()), str(file), *(["--sentinel"] if sentinel else [])]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, int]]:
    """A primary, its replica and a sentinel that watches them."""
    at = {name: free_port() for name in ("primary", "replica", "sentinel")}
    watch = [
        f"sentinel monitor {SERVICE} 127.0.0.1 {at['primary']} 1",
        f"sentinel down-after-milliseconds {SERVICE} 1000",
        f"sentinel failover-timeout {SERVICE} 3000",
    ]
    running = [started(tmp_path, at["primary"])]
    running.append(started(tmp_path, at["replica"], f"replicaof 127.0.0.1 {at['primary']}"))
    running.append(started(tmp_path, at["sentinel"], *watch, sentinel=True))
    yield at
    for process in running:
        process.kill()
        process.wait()


def test_the_queue_outlives_a_failover(ports: dict[str, int]) -> None:
    url = f"redis+sentinel://127.0.0.1:{ports['sentinel']}/{SERVICE}/0"
    assert Settings.from_environment({"REDIS_URL": url}).redis_url == url
    sentinel: Any = Redis(port=ports["sentinel"])
    wait_for("the replica to be known", lambda: knows_a_replica(sentinel))
    redis = redis_client(url)
    RqTurnQueue(redis).enqueue(1, project_id=1)
    sentinel.execute_command("SENTINEL", "FAILOVER", SERVICE)
    wait_for("the replica to be primary", lambda: role(ports["replica"]) == "master")
    wait_for("the new primary to get a turn", lambda: reaches(ports["replica"], redis))


def reaches(port: int, redis: Redis) -> bool:
    """Whether a turn enqueued by the client is on the server at this port; the old primary may still take one."""
    RqTurnQueue(redis).enqueue(2, project_id=1)
    return not RqTurnQueue(Redis(port=port)).without_job([(2, 0)])


def knows_a_replica(sentinel: Any) -> bool:
    try:
        found = sentinel.execute_command("SENTINEL", "REPLICAS", SERVICE)
    except RedisError:
        return False
    return bool(found) and b"disconnected" not in b"".join(map(bytes, found[0]))


def role(port: int) -> str:
    replica: Any = Redis(port=port)
    return str(replica.info("replication")["role"])

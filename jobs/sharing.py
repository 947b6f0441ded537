"""A queue that projects share: each has a few jobs in the line, and what it has beyond them waits in a lane of its own.

Owns who is next. The line is an ordinary RQ queue, so a stock worker on it is as fair as ours; the lanes are RQ queues
as well (`turns-7` is project 7's), so `rq info` counts them. A job that starts calls `level`, which moves up the next
of each lane; the sweeper calls it too, for a worker may die between taking a job and starting it.

A flood of one project is then a lane, and another project's message stands behind SHARE jobs of it, not behind all:
tests/integration/test_sharing.py. Whose a job is its id says (`mark`): nothing is counted that could be counted wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, cast

from redis.client import Pipeline
from rq import Queue
from rq.job import Job
from rq.utils import as_text

from inbox.redis import Call

SHARE = 4  # jobs of one project in the line: enough that workers who take at once find the next, few to wait for

COUNT = """
local function of(id) return string.match(id, '%-p%d+$') end
local function counted(line)
    local count = {}
    for _, id in ipairs(redis.call('LRANGE', line, 0, -1)) do
        local mark = of(id)
        if mark then count[mark] = (count[mark] or 0) + 1 end
    end
    return count
end
"""
# KEYS: the line, the project's lane, the set of lanes, RQ's set of queues. A job that is nobody's has no lane.
PUSH = (
    COUNT
    + """
local function push(id, share)
    local mark = of(id)
    local crowded = mark and redis.call('LLEN', KEYS[2]) > 0
    if mark and not crowded and redis.call('LLEN', KEYS[1]) >= share then
        crowded = (counted(KEYS[1])[mark] or 0) >= share
    end
    if not crowded then return redis.call('RPUSH', KEYS[1], id) end
    redis.call('SADD', KEYS[3], KEYS[2])
    redis.call('SADD', KEYS[4], KEYS[2])
    return redis.call('RPUSH', KEYS[2], id)
end
"""
)
# ARGV: job id, share.
PUSH_ID = PUSH + "return push(ARGV[1], tonumber(ARGV[2]))"
# All of RQ's enqueueing in one call. KEYS: as before, and the job's. ARGV: job id, share, channel, the job's hash.
ADD = (
    PUSH
    + """
redis.call('HSET', KEYS[5], unpack(ARGV, 4))
redis.call('SADD', KEYS[4], KEYS[1])
push(ARGV[1], tonumber(ARGV[2]))
return redis.call('PUBLISH', ARGV[3], '')
"""
)
# KEYS: the line, the set of lanes, RQ's set of queues. ARGV: share, perhaps a channel to publish to. The lanes
# themselves are keys that it finds.
LEVEL = (
    COUNT
    + """
if ARGV[2] then redis.call('PUBLISH', ARGV[2], '') end
local lanes = redis.call('SMEMBERS', KEYS[2])
if #lanes == 0 then return 0 end
local count, moved = counted(KEYS[1]), 0
for _, lane in ipairs(lanes) do
    local mark = '-p' .. string.match(lane, '%d+$')
    for _ = (count[mark] or 0) + 1, tonumber(ARGV[1]) do
        local id = redis.call('LPOP', lane)
        if not id then break end
        redis.call('RPUSH', KEYS[1], id)
        moved = moved + 1
    end
    if redis.call('LLEN', lane) == 0 then
        redis.call('SREM', KEYS[2], lane)
        redis.call('SREM', KEYS[3], lane)
    end
end
return moved
"""
)


def mark(project_id: int | None) -> str:
    """The end of a job's id that says whose it is. None: nobody's, it goes straight into the line."""
    return "" if project_id is None else f"-p{project_id}"


def project_of(job_id: str) -> int | None:
    """Whose job it is, by the end of its id."""
    _, found, number = job_id.rpartition("-p")
    return int(number) if found and number.isdecimal() else None


class SharedQueue(Queue):
    """An RQ queue whose jobs line up fairly by the project in their ids."""

    def push_job_id(self, job_id: str, pipeline: Pipeline | None = None, at_front: bool = False) -> None:
        """Into the line, or into the project's lane once it has its share of the line."""
        project_id = project_of(job_id)
        if project_id is None or at_front:
            super().push_job_id(job_id, pipeline, at_front)
            return
        keys = self._keys(project_id)
        (self.connection if pipeline is None else pipeline).eval(PUSH_ID, len(keys), *keys, job_id, str(SHARE))

    def add(self, job_id: str, job: Mapping[str, Any], channel: str) -> None:
        """What RQ's enqueue_job does with a job (what it keeps of it) that depends on none, and a message without words
        to the channel.

        In one call, where RQ's own way takes two with seven commands. Raises RedisError.
        """
        self._add(*self._added(job_id, job, channel))

    def adding(self, job_id: str, job: Mapping[str, Any], channel: str) -> list[Any]:
        """The same as a command, for whoever does not wait for it."""
        keys, arguments = self._added(job_id, job, channel)
        return ["EVAL", ADD, len(keys), *keys, *arguments]

    @cached_property
    def _add(self) -> Call:
        return Call(self.connection, ADD)

    def _added(self, job_id: str, job: Mapping[str, Any], channel: str) -> tuple[list[str], list[Any]]:
        keys = [*self._keys(project_of(job_id)), Job.key_for(job_id)]
        return keys, [job_id, SHARE, channel, *chain.from_iterable(job.items())]

    def _keys(self, project_id: int | None) -> list[str]:
        lane = f"{self.key}-{project_id}" if project_id is not None else self.key
        return [self.key, lane, self._lanes, self.redis_queues_keys]

    def level(self, channel: str | None = None) -> int:
        """Move up what the lanes have for the line, with a message without words to the channel; returns how many jobs.

        Raises RedisError.
        """
        keys = [self.key, self._lanes, self.redis_queues_keys]
        return int(self._level(keys, [SHARE] if channel is None else [SHARE, channel]))

    @cached_property
    def _level(self) -> Call:
        return Call(self.connection, LEVEL)

    def waiting(self) -> set[str]:
        """The ids of all jobs in the line and in the lanes. Raises RedisError."""
        lanes = cast(Iterable[Any], self.connection.smembers(self._lanes))
        with self.connection.pipeline() as together:
            for key in [self.key, *lanes]:
                together.lrange(key, 0, -1)
            return {as_text(job_id) for listed in together.execute() for job_id in listed}

    @property
    def _lanes(self) -> str:
        return f"tandem:lanes:{self.name}"

"""The worker process, as the launcher starts it.

Owns what of other people's packages it does without. jobs/worker.py does the work.
"""

from __future__ import annotations

import os
import sys

from commands.later import later

# What openai's SDK may say and hear beside chats, and Redis for coroutines: both import it as they begin, and a worker
# uses none of it. 10 MiB, an eighth of what it holds with 500 turns that wait.
UNUSED = ("openai.types", "openai.types.responses", "redis.asyncio")

with later(*UNUSED):
    from inbox.settings import Settings, SettingsError, found_servers
    from jobs.worker import main

if __name__ == "__main__":
    try:
        main(found_servers(Settings.from_environment(os.environ)))
    except SettingsError as error:
        sys.exit(str(error))

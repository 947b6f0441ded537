"""The worker process, as the launcher starts it.

Owns nothing: jobs/worker.py does the work.
"""

from __future__ import annotations

import os
import sys

from inbox.settings import Settings, SettingsError, found_servers
from jobs.worker import main

if __name__ == "__main__":
    try:
        main(found_servers(Settings.from_environment(os.environ)))
    except SettingsError as error:
        sys.exit(str(error))

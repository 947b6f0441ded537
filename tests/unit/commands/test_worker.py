"""What a worker loads when it starts."""

from __future__ import annotations

import subprocess
import sys

from tests.product import ROOT

# The web, password hashes, what looks into files, schemas of tools, what opens a sealed secret: 17 MiB in all.
SPARED = {"flask", "werkzeug", "jinja2", "babel", "flask_babel", "argon2", "puremagic", "jsonschema"}
SPARED_PARTS = {"cryptography.fernet", "inbox.language", "inbox.bucket"}


def test_a_worker_is_spared_what_it_does_not_need() -> None:
    command = [sys.executable, "-c", "import sys, commands.worker; print(*sys.modules)"]
    loaded = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert "jobs.worker" in loaded
    assert not loaded & (SPARED | SPARED_PARTS)

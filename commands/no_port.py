"""Why a port cannot be listened on.

Owns that sentence, for `make run`, which looks before it starts anything, and for the web process alone.
"""

from __future__ import annotations

import errno


def no_port(port: int, error: OSError) -> str:
    """What the system said of it, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Stop what uses it, or set TANDEM_PORT to another."
    return f"Port {port} cannot be listened on ({error.strerror}). Set TANDEM_PORT to another."

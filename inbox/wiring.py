"""What app.py hands to the routes: everything with a life longer than a request.

Owns the list of it. Must not make any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from inbox.company import Company
from inbox.counting import Counter
from inbox.hub import Hub
from inbox.placed import Places
from inbox.presence import Presence
from inbox.pulse import Pulse
from inbox.race_lab import RaceLab
from inbox.reception import Reception
from inbox.sealing import Sealer
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import Storage
from inbox.workshop import Workshop


@dataclass(frozen=True)
class Wiring:
    """One for each application; inbox/api/asking.py finds it."""

    settings: Settings
    services: Services
    hub: Hub
    presence: Presence
    race_lab: RaceLab
    workshop: Workshop
    storage: Storage
    sealer: Sealer
    company: Company
    pulse: Pulse
    places: Places
    counter: Counter
    reception: Reception

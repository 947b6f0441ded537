"""The product with the named points put into its processes, and the projects that a round is played in.

Owns how it is started. What it prints is in the data folder's launch.log.
"""

from __future__ import annotations

import subprocess
import sys
import time

from commands.projects import create_agent, create_project
from inbox.database import connect
from tests.chaos.history import House
from tests.people import WORKFLOW
from tests.product import ROOT, Product

ENVIRONMENT = {
    "TANDEM_RATE_LIMITS": "off",
    "TANDEM_WORKERS": "2",
    "TANDEM_LEASE_SECONDS": "3",
    "TANDEM_SWEEP_SECONDS": "1",
    "TANDEM_MAX_ATTEMPTS": "4",
    "TANDEM_MODEL_FIRST_TOKEN_SECONDS": "10",
    "OPENAI_API_KEY": "test",
}
TOOLS = ["set_status", "set_priority", "add_label", "add_note", "hand_off"]


class ArmedProduct(Product):
    """The product with the named points put into its processes."""

    def launch(self) -> subprocess.Popen[str]:
        """Start it without waiting."""
        self.launched_at = time.time()
        with (self.data / "launch.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.launch"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        return self.process

    def _is_up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"it ended at its start: {(self.data / 'launch.log').read_text()}")
        return super()._is_up()


def house(product: Product, name: str, mode: str, people: int) -> House:
    """A new project with so many agents; in orchestrator mode with a decision, three speakers and tools."""
    tools = [{"name": tool, "enabled": True, "instruction": ""} for tool in TOOLS]
    workflow = {**WORKFLOW, "globalTools": tools} if mode == "orchestrator" else None
    engine = connect(str(product.run["database_url"]), pool_size=1)
    with engine.begin() as connection:
        project = create_project(connection, name, mode=mode, workflow=workflow)
        agents = [
            create_agent(connection, f"agent{n}@chaos{project.id}.example", project_id=project.id)
            for n in range(people)
        ]
    engine.dispose()
    return House(project.id, project.key, tuple((agent.id, agent.token) for agent in agents))

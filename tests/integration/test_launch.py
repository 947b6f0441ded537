"""`make run` as its users meet it: starting, being killed, starting again, and saying why not."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from commands.embedded import start_postgres
from commands.run import Launcher
from inbox.settings import Settings
from tests.product import Product, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes through /proc")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    # Short leases: what a killed worker held is taken up again within seconds. People call their folders such names.
    product = Product(tmp_path / "Bảo's data, 50%", {"TANDEM_LEASE_SECONDS": "2", "TANDEM_SWEEP_SECONDS": "1"})
    yield product
    if product.process is not None and product.process.poll() is None:
        product.process.kill()
        product.process.wait()
    wait_for("the end of every process", lambda: not product.living())


def write(product: Product, content: str) -> dict[str, str]:
    api = product.run["url"] + "/api/v1/widget"
    session = httpx2.post(f"{api}/sessions", json={"project_key": product.run["project_key"]}).json()
    headers = {"Authorization": f"Bearer {session['token']}"}
    assert httpx2.post(f"{api}/messages", json={"content": content}, headers=headers).status_code == 201
    return headers


def messages(product: Product, headers: dict[str, str]) -> list[str]:
    try:
        answer = httpx2.get(product.run["url"] + "/api/v1/widget/messages", headers=headers)
    except httpx2.HTTPError:
        return [""]
    return [message["content"] for message in answer.json()["items"]] if answer.status_code == 200 else [""]


def test_start_answer_and_stop(product: Product) -> None:
    product.start()
    run = product.run
    assert stat.S_IMODE((product.data / "run.json").stat().st_mode) == 0o600
    headers = write(product, "How long does a refund take?")
    wait_for("the reply", lambda: len(messages(product, headers)) == 2)
    worker = Path(f"/proc/{run['pids']['worker'][0]}/cmdline").read_bytes()
    assert b"worker" in worker
    for pid in (*run["pids"]["web"], *run["pids"]["worker"], run["pids"]["postgres"], run["pids"]["redis"]):
        assert f"TANDEM_DATA={product.data}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    output = product.stop(signal.SIGINT)
    assert product.process is not None
    assert product.process.returncode == 0
    lines = output.splitlines()
    assert f"Tandem: {run['url']}" in lines
    assert f"Visitor page: {run['visitor_url']}" in lines
    assert f"Sign in: {run['email']} {run['password']}" in lines
    assert product.living() == []
    assert not (product.data / "run.json").exists()


def test_postgres_does_not_run_as_root(product: Product) -> None:
    product.start()
    status = Path(f"/proc/{product.run['pids']['postgres']}/status").read_text()
    uid = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1]
    assert uid != "0"


def test_killed_outright_leaves_nothing_and_loses_nothing(product: Product) -> None:
    """Also in the middle of the first start, while the database's files are made."""
    product.launch()
    wait_for("the first of the database's files", lambda: any(product.data.glob("*/PG_VERSION")))
    product.stop(signal.SIGKILL)
    wait_for("the end of every process", lambda: not product.living())
    product.start()
    headers = write(product, "Remember this.")
    product.stop(signal.SIGKILL)
    wait_for("the end of every process", lambda: not product.living())
    product.start()
    wait_for("the message and its reply", lambda: len(messages(product, headers)) == 2)
    assert messages(product, headers)[0] == "Remember this."


@pytest.mark.parametrize("kind", ["web", "worker", "redis", "postgres"])
def test_a_killed_part_is_started_again(product: Product, kind: str) -> None:
    product.start()
    headers = write(product, "Before.")
    pid = product.run["pids"][kind]
    os.kill(pid[0] if isinstance(pid, list) else pid, signal.SIGKILL)
    wait_for("a new process", lambda: product.run["pids"][kind] != pid)

    def answers() -> bool:
        try:
            after = httpx2.post(
                product.run["url"] + "/api/v1/widget/messages", json={"content": "After."}, headers=headers
            )
            return after.status_code == 201
        except httpx2.HTTPError:
            return False

    wait_for("an accepted message", answers)
    wait_for("a reply to it", lambda: messages(product, headers)[-1] not in {"Before.", "After."})
    assert "Before." in messages(product, headers)


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    """The socket goes elsewhere, and stays there when a server is started again."""
    product = Product(tmp_path / ("long" * 30), {"TANDEM_LEASE_SECONDS": "2", "TANDEM_SWEEP_SECONDS": "1"}).start()
    try:
        headers = write(product, "Before.")
        pid = product.run["pids"]["redis"]
        os.kill(pid, signal.SIGKILL)
        wait_for("a new process", lambda: product.run["pids"]["redis"] != pid)
        wait_for("a reply", lambda: len(messages(product, headers)) == 2)
    finally:
        product.stop()


def test_a_taken_port(product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.port))
        taken.listen()
        refused(product, f"Port {product.port} is taken")


def test_a_data_folder_in_use(product: Product) -> None:
    product.start()
    second = Product(product.data)
    output, _ = second.launch().communicate(timeout=60)
    assert second.process is not None
    assert second.process.returncode == 1
    assert "Another Tandem uses" in output
    assert product.run["url"], "the first goes on"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "DATABASE_URL does not answer"),
        ("REDIS_URL", "redis://127.0.0.1:1", "REDIS_URL does not answer"),
        ("TANDEM_PROT", "8000", "TANDEM_PROT is not a setting"),
        ("TANDEM_PORT", "http", "TANDEM_PORT must be a whole number"),
        ("TANDEM_DATA", "/dev/null/data", "cannot be used"),
    ],
)
def test_what_cannot_run_says_why(product: Product, name: str, value: str, sentence: str) -> None:
    product.environment[name] = value
    refused(product, sentence)


def refused(product: Product, sentence: str) -> None:
    product.data.mkdir(exist_ok=True)
    process = product.launch()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert sentence in output
    assert "Traceback" not in output


def test_commands_without_servers_say_so(product: Product) -> None:
    product.data.mkdir()
    done = product.command("project", "create", "Nowhere")
    assert done.returncode == 1
    assert "No running servers were found" in done.stderr
    assert done.stdout == ""


def test_a_postgres_that_somebody_asked_to_stop_does_not_wait_for_its_clients(tmp_path: Path) -> None:
    """They stay for as long as they can, and nobody else would come in meanwhile: `make run` ends it, and starts it."""
    server = start_postgres(tmp_path, durable=False)
    launcher = Launcher(Settings(data=tmp_path), {}, servers={"postgres": server})
    client = psycopg.connect(server.url, autocommit=True)
    launcher.watch()
    client.execute("SELECT 1")
    os.kill(server.pid, signal.SIGTERM)
    wait_for("its hearing that", server.leaving)
    launcher.watch()
    wait_for("its end", lambda: server.process.poll() is not None)
    client.close()
    launcher.watch()
    assert launcher.servers["postgres"].pid != server.pid
    launcher.servers["postgres"].stop()


def test_a_killed_postgres_that_nobody_has_collected_is_no_hindrance(tmp_path: Path) -> None:
    first = start_postgres(tmp_path, durable=False)
    os.kill(first.pid, signal.SIGKILL)
    status = Path(f"/proc/{first.pid}/status")
    wait_for("its end", lambda: "State:\tZ" in status.read_text())
    start_postgres(tmp_path, durable=False).stop()
    first.process.wait()

"""What a worker loads when it starts, and what it is told of its memory."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from commands.lean import LINES_ONLY, SETTING, lean, quick
from tests.product import ROOT

# The web, password hashes, what looks into files, schemas of tools, what opens a sealed secret: 17 MiB in all.
SPARED = {"flask", "werkzeug", "jinja2", "babel", "flask_babel", "argon2", "puremagic", "jsonschema"}
SPARED_PARTS = {"cryptography.fernet", "inbox.language", "inbox.bucket", "inbox.acts"}
LARGE_PAGES_OF_KERNEL = Path("/sys/kernel/mm/transparent_hugepage/enabled")
KERNEL = LARGE_PAGES_OF_KERNEL.read_text() if LARGE_PAGES_OF_KERNEL.exists() else ""


# Of packages whose own code does not run: 10 MiB, even after an answer that the SDK wrote for and read.
UNREAD = {"openai.types.responses.response", "openai.types.batch", "redis.asyncio.client"}
ANSWERED = """
import sys, commands.worker
from inbox.settings import Settings
from responder.model import Model
Model.from_settings(Settings(think_seconds=(0, 0))).ask([{"role": "user", "content": "Where is my order?"}])
print(*sys.modules)
"""


def test_a_worker_is_spared_what_it_does_not_need() -> None:
    done = subprocess.run([sys.executable, "-c", ANSWERED], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"jobs.worker", "openai.types.chat.chat_completion_chunk"} <= loaded
    assert not loaded & (SPARED | SPARED_PARTS | UNREAD)


def test_what_is_set_for_the_allocator_stands() -> None:
    assert lean({"A": "1"}) == {**LINES_ONLY, "A": "1", SETTING: "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"}
    mine = "glibc.malloc.tcache_count=7:glibc.malloc.arena_max=2"
    assert lean({SETTING: mine})[SETTING].endswith(f":{mine}"), "the last one counts"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another library's allocator")
def test_the_web_process_asks_for_large_pages() -> None:
    assert quick({"A": "1"}) == {"A": "1", "PYTHONMALLOC": "malloc", SETTING: "glibc.malloc.hugetlb=1"}
    mine = {"PYTHONMALLOC": "pymalloc", SETTING: "glibc.malloc.hugetlb=0"}
    assert quick(mine) == {"PYTHONMALLOC": "pymalloc", SETTING: "glibc.malloc.hugetlb=1:glibc.malloc.hugetlb=0"}


@pytest.mark.skipif("[madvise]" not in KERNEL, reason="this kernel gives large pages to everybody, or to nobody")
def test_the_kernel_hears_that_large_pages_are_wanted() -> None:
    told = [sys.executable, "-c", "held = [bytes(500) for _ in range(20_000)]; print(open('/proc/self/smaps').read())"]
    done = subprocess.run(told, env=quick(os.environ), capture_output=True, text=True, check=True)
    flags = done.stdout.partition("[heap]")[2].partition("VmFlags:")[2].splitlines()[0]
    assert "hg" in flags.split()

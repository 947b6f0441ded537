"""Starting a child process that cannot outlive its parent, as another user where needed.

Owns the system calls for that. Must be called from the main thread: on Linux a child's death signal is bound to the
thread that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServerFailed(Exception):
    """A server could not be started. Its message is one sentence for people."""


def become(user: pwd.struct_passwd | None, *, keep_walking: bool = False) -> Callable[[], None]:
    """What a child does about its identity before it executes its program: nothing, or drop root for good.

    With `keep_walking` (Linux) the child may still pass through folders that the user could not open.
    """

    def change() -> None:
        if user is None:
            return
        if keep_walking and _libc is not None:
            _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        if keep_walking and _libc is not None:
            _keep(CAP_DAC_READ_SEARCH) or _keep(CAP_DAC_OVERRIDE)

    return change


def _keep(capability: int) -> bool:
    """Reduce the child to this capability and make it survive exec; False if it cannot be had."""
    assert _libc is not None
    bits = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two sets of (effective, permitted, inheritable); the second holds capabilities from 32 on.
    data = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
    if _libc.capset(header, data) != 0:
        return False
    return bool(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


def start(
    command: list[str],
    *,
    log: Path | None,
    identity: Callable[[], None],
    dies_with: signal.Signals,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the command. When this process dies, however it dies, the child is sent `dies_with` (Linux).

    The child has a process group of its own, so that Ctrl-C reaches the parent alone, which stops it in order. Its log
    is read by our own user only, for an error may quote what somebody wrote.
    """
    parent = os.getpid()

    def prepare() -> None:
        os.setpgid(0, 0)
        identity()
        _die_with(parent, dies_with)  # after the change of user, which clears it

    with contextlib.nullcontext() if log is None else open(log, "ab", opener=_private) as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            preexec_fn=prepare,
            env=environment,
        )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _die_with(parent: int, number: signal.Signals) -> None:
    """Be sent the signal once the parent is gone (Linux); end at once where that is so already."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def die_with_make() -> None:
    """End at once, and every child with us, when the `make` that started us is killed (Linux)."""
    parent = os.getppid()
    try:
        started_by = Path(f"/proc/{parent}/comm").read_text().strip()
    except OSError:
        return
    if _libc is not None and started_by in {"make", "gmake"}:
        signal.signal(signal.SIGUSR2, lambda *_: os._exit(1))
        _die_with(parent, signal.SIGUSR2)


def can_walk(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether the user may pass through every folder above `path`."""
    return all(_may_enter(user, folder) for folder in path.resolve().parents)


def _may_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    found = folder.stat()
    if found.st_uid == user.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)

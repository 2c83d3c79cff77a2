"""One writer at a time: ``python -m tierwise.lock COMMAND ...`` runs a command alone.

The lock is a file beside the database (the one that ``tierwise.summary`` reads). It holds as long
as the command or what it started lives: the system gives it back even after SIGKILL, so there is
nothing to clean up.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tierwise.summary import database_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BUSY = 75  # EX_TEMPFAIL of sysexits.h: try again later.
KILLED = 128 + signal.SIGKILL  # As a shell says it.
OUT_OF_MEMORY = (
    "The build was killed (SIGKILL). Linux does that to whoever takes the last of the memory: let "
    "the build take less (make build MEMORY_LIMIT=8GB, or TIERWISE_MEMORY_LIMIT in the "
    "environment; what does not fit waits in SPILL_FOLDER, without it beside the database), or "
    "build one model at a time (THREADS=1). The published tables are as they were."
)


class BusyError(Exception):
    """There is no writing now; the message says why and what to do."""


@contextmanager
def only_writer(database: Path) -> Iterator[int]:
    """Hold the lock of a database; gives its file descriptor, for children to inherit.

    Raises
    ------
    BusyError : another process holds it, or its file cannot be written.
    """
    path = database.with_name(database.name + ".lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BusyError(
            f"{path.absolute()} cannot be written ({error.strerror}): see that the folder is there "
            "and may be written to."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 64, 0).decode("ascii", "replace").strip() or "unknown"
            raise BusyError(
                f"Another build or publication is writing to {database.absolute()} (process "
                f"{holder}): wait until it is done, or build into another file with "
                "DATABASE=other.duckdb."
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode("ascii"), 0)
        yield handle
    finally:
        os.close(handle)


def main(arguments: Sequence[str]) -> int:
    """Run a command under the lock; its exit code, 75 if another is writing, 137 if killed."""
    try:
        with only_writer(database_path(os.environ)) as handle:
            finished = subprocess.run(arguments, check=False, pass_fds=[handle])  # noqa: S603 - that is its task
            # A shell in between says it in its own words.
            if finished.returncode not in (-signal.SIGKILL, KILLED):
                return finished.returncode
            print(OUT_OF_MEMORY, file=sys.stderr)
            return KILLED
    except BusyError as error:
        print(error, file=sys.stderr)
        return BUSY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

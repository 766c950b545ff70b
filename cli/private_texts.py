"""Files of the command line that hold secrets, or will: for their owner's eyes only."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whoever could read it before.

    Raises:
        OSError: it cannot be written, is no file but a link, or belongs to someone else.
    """
    # Never through a link, which may stand in a folder of others and lead to any file of ours.
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OSError(error.errno, "it is a link", str(path)) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        # Before the first byte.
        os.fchmod(descriptor, 0o600)
        file.truncate()
        file.write(text)


def make_private(path: Path) -> None:
    """Let only its owner read a file that is there; what belongs to someone else stays as it is."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)

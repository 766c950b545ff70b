"""Files and folders that only their owner may read: made, put in another's place, and locked."""

import fcntl
import os
import tempfile
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there; only its owner may look into it.

    Raises:
        OSError: it cannot be made, or somebody else has it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a directory of this process's user")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def create(file: Path) -> int:
    """Make a new file and return a descriptor to write it with.

    Raises:
        OSError: it cannot be made, or is there already.
    """
    return os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)


def write(file: Path, content: bytes) -> None:
    """Make a new file with this content; errors as for `create`."""
    with os.fdopen(create(file), "wb") as target:
        target.write(content)


def replace(file: Path, content: bytes) -> None:
    """Put a new file in the place of an old one, if there is one, so that no reader sees half.

    Raises:
        OSError: the folder cannot be written to, or is full; the old file stays.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(file)
    finally:
        # Only there when it did not get to its place.
        Path(name).unlink(missing_ok=True)


def open_lock(file: Path) -> int:
    """Open a file that is there to be locked, made where it is absent; returns its descriptor."""
    return os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> bool:
    """Lock a file unless another process has it; the kernel frees it when this process dies.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

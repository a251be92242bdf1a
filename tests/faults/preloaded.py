"""libfaults.so in front of nablad's libc, and the page by which a test tells it what shall fail (faults.h)."""
import mmap
import struct

import daemon

LIBRARY = daemon.BUILD / "tests" / "faults" / "libfaults.so"
KINDS = ("malloc", "read", "write", "accept", "sync", "open", "disk")
KIND = struct.Struct("=IIQQ")  # every, seed, calls, failed
STEP = struct.Struct("=q")


class Faults:
    """faults.env is for nablad's environment. Nothing fails until set() says so."""

    def __init__(self, path):
        size = KIND.size * len(KINDS) + 2 * STEP.size
        path.write_bytes(bytes(size))
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), size)
        self.env = {"LD_PRELOAD": str(LIBRARY), "NABLA_FAULTS": str(path)}

    def set(self, seed=0, **every):
        """One call of so many fails, by kind; the others do not."""
        for n, kind in enumerate(KINDS):
            struct.pack_into("=II", self.page, n * KIND.size, every.get(kind, 0), seed)

    def failed(self):
        """{kind: how many calls have failed}."""
        return {kind: KIND.unpack_from(self.page, n * KIND.size)[3] for n, kind in enumerate(KINDS)}

    def step_clock(self, seconds):
        """The wall clock is so much ahead from now on."""
        STEP.pack_into(self.page, KIND.size * len(KINDS), int(seconds * 10**9))

    def disk_stands(self, stands):
        """Whoever waits for the disk waits until it does not stand still any more."""
        STEP.pack_into(self.page, KIND.size * len(KINDS) + STEP.size, int(stands))

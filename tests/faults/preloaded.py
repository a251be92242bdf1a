"""libfaults.so in front of nablad's libc, and the page by which a test tells it what shall fail (faults.h)."""
import mmap
import struct

import daemon

LIBRARY = daemon.BUILD / "tests" / "faults" / "libfaults.so"
KINDS = ("malloc", "read", "write", "accept", "sync", "open", "disk")
KIND = struct.Struct("=IIQQQ")  # every, seed, calls, failed, most
REST = struct.Struct("=qqqQqQ512s")
STEP_NS, STANDS, DELAY_NS, WAITS, FORGETS, FORGOT, FOLDER = range(7)  # of REST


class Faults:
    """faults.env is for nablad's environment. Nothing fails until set() says so."""

    def __init__(self, path):
        size = KIND.size * len(KINDS) + REST.size
        path.write_bytes(bytes(size))
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), size)
        self.env = {"LD_PRELOAD": str(LIBRARY), "NABLA_FAULTS": str(path)}

    def set(self, seed=0, most=0, **every):
        """One call of so many fails, by kind; the others do not. most: no more than so many, of each of these kinds."""
        failed = self.failed()
        for n, kind in enumerate(KINDS):
            at = n * KIND.size
            struct.pack_into("=Q", self.page, at + 24, most and failed[kind] + most)
            struct.pack_into("=II", self.page, at, every.get(kind, 0), seed)

    def failed(self):
        """{kind: how many calls have failed}."""
        return {kind: KIND.unpack_from(self.page, n * KIND.size)[3] for n, kind in enumerate(KINDS)}

    def rest(self):
        return REST.unpack_from(self.page, KIND.size * len(KINDS))

    def put(self, nth, value):
        struct.pack_into("=q", self.page, KIND.size * len(KINDS) + 8 * nth, int(value))

    def step_clock(self, seconds):
        """The wall clock is so much ahead from now on."""
        self.put(STEP_NS, seconds * 10**9)

    def disk_stands(self, stands):
        """Whoever waits for the disk waits until it does not stand still any more."""
        self.put(STANDS, stands)

    def disk_takes(self, seconds, folder):
        """Each open, write and sync of a file below folder takes about so long; 0: as long as it does."""
        struct.pack_into("512s", self.page, KIND.size * len(KINDS) + 8 * FOLDER, str(folder).encode())
        self.put(DELAY_NS, seconds * 10**9)

    def disk_waits(self):
        """How many calls did."""
        return self.rest()[WAITS]

    def disk_forgets(self, forgets):
        """A sync that fails takes away what it was to make safe; the next one has nothing to complain of."""
        self.put(FORGETS, forgets)

    def disk_forgot(self):
        """How many bytes."""
        return self.rest()[FORGOT]

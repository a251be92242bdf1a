"""A cgroup that bounds the memory of commands, page cache included: of version 1 or 2, below our own or the root's,
wherever one can be made.

    group = make()                    # None: nowhere
    group.limit(64 * 2**20)           # None: no bound
    run(group.command("nablad"))      # enters it, then becomes nablad
    group.close()                     # nobody is in it any more
"""
import contextlib
import os
import pathlib

ROOT = pathlib.Path("/sys/fs/cgroup")
# of each version: the bound, how to say that there is none, and what is used
LIMIT = {1: "memory.limit_in_bytes", 2: "memory.max"}
NO_LIMIT = {1: "-1", 2: "max"}
USAGE = {1: "memory.usage_in_bytes", 2: "memory.current"}


class MemoryGroup:
    def __init__(self, version, folder):
        self.version, self.folder = version, folder

    def limit(self, size):
        """Bytes, or text as the kernel reads it: 512M."""
        (self.folder / LIMIT[self.version]).write_text(NO_LIMIT[self.version] if size is None else str(size))

    def usage(self):
        return int((self.folder / USAGE[self.version]).read_text())

    def enter(self):
        """This process, and what it begins."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def command(self, *argv):
        """The words of a command that enters the group first."""
        return ["sh", "-c", f'echo $$ > "{self.folder}/cgroup.procs" && exec "$0" "$@"', *map(str, argv)]

    def close(self):
        self.folder.rmdir()


def places():
    """(version, folder) in which one may be made, the likeliest first."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield 1, ROOT / "memory" / path.lstrip("/")
            yield 1, ROOT / "memory"
        elif controllers == "":
            yield 2, ROOT / path.lstrip("/")
            yield 2, ROOT


def make():
    for version, parent in places():
        group = MemoryGroup(version, parent / f"nabla-{os.getpid()}")
        with contextlib.suppress(OSError):
            group.folder.mkdir()
            if (group.folder / LIMIT[version]).exists():
                return group
            group.close()
    return None


def can_be():
    group = make()
    if group:
        group.close()
    return group is not None

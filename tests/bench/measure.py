"""Runs a program and stamps the lines of its output on the host.

Two clocks: wall time, and the processor time of all threads of the process, which is what to compare
on a machine that has other work to do (what children of a native program use is not in it).
"""
import glob
import os
import re
import select
import subprocess
import time

TIMEOUT = 900
SAMPLE_SECONDS = 0.05


def processor_seconds(pid):
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as file:
                total += int(file.read().split()[0])
        except OSError:
            pass  # the thread has ended
    return total / 1e9


def lines(command, clock="wall", sample=None):
    """Yields (seconds, line) as lines of `command` arrive; at the end (seconds, None).

    sample: called with the process id some 20 times a second.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL) as process:
        start = time.monotonic()
        last = 0.0

        def now():
            nonlocal last
            if clock == "wall":
                return time.monotonic() - start
            last = max(last, processor_seconds(process.pid))
            return last

        output, pending = process.stdout.fileno(), b""
        try:
            while True:
                if time.monotonic() - start > TIMEOUT:
                    raise TimeoutError("no end after %d s: %s" % (TIMEOUT, " ".join(command)))
                ready, _, _ = select.select([output], [], [], SAMPLE_SECONDS)
                if sample:
                    sample(process.pid)
                if not ready:
                    continue
                data = os.read(output, 65536)
                if not data:
                    break
                pending += data
                *whole, pending = pending.split(b"\n")
                for raw in whole:
                    yield now(), raw.decode("utf-8", "replace").rstrip("\r")
            yield now(), None
        finally:
            process.kill()


ROW = re.compile(r"^(?:CPU|PF) (\S+) +(?:([0-9]+) ops)?")


def rows(command, clock="wall", sample=None):
    """({row: seconds}, {row: operations}, [what was printed, without times]).

    A row is the time from the line before it (or BENCH-BEGIN) to its own line.  BENCH-READY gives the
    row `boot` and the end of the output the row `total`, both from the start.
    """
    seconds, operations, said, last = {}, {}, [], None
    for when, line in lines(command, clock, sample):
        if line is None:
            seconds["total"] = when
        elif "BENCH-READY" in line:
            seconds["boot"] = when
        elif "BENCH-BEGIN" in line:
            last = when
        elif last is not None and ROW.match(line):
            name, count = ROW.match(line).groups()
            if name == "check":
                said.append(line)
                continue
            if name == "coremix":  # the sum of the rows before it
                continue
            said.append("%s %s" % (name, count or ""))
            seconds[name] = when - last
            if count:
                operations[name] = int(count)
            last = when
    return seconds, operations, said


class Memory:
    """The most that a process had resident beside the mapping that holds the guest's RAM."""

    def __init__(self, ram_bytes):
        self.ram_bytes = ram_bytes
        self.resident = self.reserved = 0

    def __call__(self, pid):
        resident = reserved = size = 0
        ram_seen = False
        try:
            with open("/proc/%d/smaps" % pid) as file:
                for line in file:
                    if line.startswith("Size:"):
                        size = int(line.split()[1]) * 1024
                        if size == self.ram_bytes and not ram_seen:
                            ram_seen = True
                            size = None
                        elif size is not None and size < self.ram_bytes:
                            reserved += size
                    elif line.startswith("Pss:") and size is not None:
                        resident += int(line.split()[1]) * 1024
        except OSError:
            return
        if ram_seen:
            self.resident = max(self.resident, resident)
            self.reserved = max(self.reserved, reserved)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py: does a disk keep its promises when the power fails?

usage: judge.py FAULTLINE IMAGE LOG JOURNAL [--seeds N] [--every K] [--part I/N]

IMAGE is the disk before the run, LOG what was written to it (-drive ...,write-log=LOG), JOURNAL
what workload.c printed.  For every moment of the log (each write and flush; with --every only
each Kth) the disk is made as a power cut left it: once with everything that was written, and with
N seeds that lose a part of what no flush followed.  Then:
  - e2fsck -fy repairs it, and a second e2fsck -fn finds nothing;
  - what was promised is there: bytes and name of a file after fsync, fdatasync, msync(MS_SYNC) or
    a write with O_SYNC, everything after sync;
  - no file holds bytes that were written to another one.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

CHUNK = 16


def pattern(ident, step, offset, size):
    """The bytes workload.c writes."""
    first = offset // CHUNK * CHUNK
    out = bytearray()
    head = ident.to_bytes(4, "little") + step.to_bytes(4, "little")
    for at in range(first, offset + size, CHUNK):
        out += head + at.to_bytes(8, "little")
    return bytes(out[offset - first:offset - first + size])


class File:
    """A file of the workload: its contents and names since the last promise."""

    def __init__(self, path):
        self.data = b""
        self.paths = [path]      # where it may be; None: it may be gone
        self.versions = [b""]    # contents it may have
        self.promised = False

    def now(self, data):
        self.data = data
        self.versions.append(data)

    def promise(self):
        self.versions = [self.data]
        self.paths = self.paths[-1:]
        self.promised = True


class Model:
    """What the journal says, step by step."""

    def __init__(self):
        self.files = {}
        self.owners = {}         # path -> ids of files that ever were there
        self.directories = {}    # path -> [states it may be in]

    def promise_all(self):
        for ident, file in list(self.files.items()):
            if file.paths[-1] is None:
                del self.files[ident]
            else:
                file.promise()
        self.directories = {path: states[-1:] for path, states in self.directories.items()}

    def step(self, number, words, finished):
        """finished: the step is over, so that what it promises counts."""
        kind = words[0]
        if kind == "sync":
            if finished:
                self.promise_all()
            return
        if kind in ("mkdir", "rmdir"):
            self.directories.setdefault(words[1], [False]).append(kind == "mkdir")
            return
        ident = int(words[1])
        if kind == "create":
            self.files[ident] = File(words[2])
            self.owners.setdefault(words[2], set()).add(ident)
            return
        file = self.files[ident]
        if kind in ("write", "write-sync"):
            offset, size = int(words[2]), int(words[3])
            data = file.data.ljust(offset, b"\0")
            file.now(data[:offset] + pattern(ident, number, offset, size) + data[offset + size:])
        elif kind == "truncate":
            size = int(words[2])
            file.now(file.data[:size].ljust(size, b"\0"))
        elif kind == "rename":
            for other in self.files.values():
                if other is not file and other.paths[-1] == words[3]:
                    other.paths.append(None)
            file.paths.append(words[3])
            self.owners.setdefault(words[3], set()).add(ident)
        elif kind == "unlink":
            file.paths.append(None)
        if kind in ("fsync", "write-sync") and finished:
            file.promise()
            # The directory that holds it has to be there, too.
            parent = os.path.dirname(file.paths[-1])
            if parent:
                self.directories[parent] = [True]


def check_bytes(found, versions):
    """None, or what is wrong with the bytes of a promised file."""
    size = min(len(version) for version in versions)
    if len(found) < size:
        return "%d bytes instead of %d" % (len(found), size)
    for at in range(0, size, 512):
        end = min(at + 512, size)
        if any(found[at:end] == version[at:end] for version in versions):
            continue
        for byte in range(at, end):
            if not any(found[byte] == version[byte] for version in versions):
                return "byte %d is wrong" % byte
    return None


def check_foreign(found, owners):
    """None, or where a file holds what was written to another one."""
    for at in range(0, len(found) - CHUNK + 1, CHUNK):
        ident = int.from_bytes(found[at:at + 4], "little")
        whole = found[at:at + CHUNK]
        if whole.count(0) == CHUNK or ident in owners:
            continue
        if int.from_bytes(found[at + 8:at + 16], "little") == at and ident == 0:
            continue             # the rest of a chunk whose beginning was cut off
        if len(set(whole)) == 1:
            continue
        return "byte %d was written to file %d" % (at, ident)
    return None


def judge(model, tree):
    """All complaints about one repaired disk."""
    complaints = []
    for path, states in model.directories.items():
        if states == [True] and not os.path.isdir(os.path.join(tree, path)):
            complaints.append("directory %s is gone" % path)
        if states == [False] and os.path.exists(os.path.join(tree, path)):
            complaints.append("directory %s is there again" % path)
    for ident, file in model.files.items():
        if not file.promised or None in file.paths:
            continue
        reasons = []
        for path in set(file.paths):
            try:
                with open(os.path.join(tree, path), "rb") as handle:
                    reasons.append(check_bytes(handle.read(), file.versions))
            except OSError:
                reasons.append("not there")
        if None not in reasons:
            complaints.append("file %d (%s): %s" % (ident, ", ".join(set(file.paths)),
                                                    "; ".join(reasons)))
    for folder, names, files in os.walk(tree):
        if "lost+found" in names:
            names.remove("lost+found")
        for name in files:
            full = os.path.join(folder, name)
            path = os.path.relpath(full, tree)
            with open(full, "rb") as handle:
                foreign = check_foreign(handle.read(), model.owners.get(path, set()))
            if foreign:
                complaints.append("file %s: %s" % (path, foreign))
    return complaints


class Disk:
    """One disk as a cut left it."""

    def __init__(self, arguments, work):
        self.arguments = arguments
        self.image = os.path.join(work, "cut.img")
        self.tree = os.path.join(work, "tree")

    def run(self, *command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)

    def cut(self, after, seed):
        made = self.run(self.arguments.faultline, "cut", self.arguments.log, self.arguments.image,
                        self.image, "--after", str(after), "--seed", str(seed))
        if made.returncode:
            return [made.stdout.decode(errors="replace")]
        repaired = self.run("e2fsck", "-fy", self.image)
        if repaired.returncode not in (0, 1):
            return ["e2fsck -fy ends with %d: %s" % (repaired.returncode,
                                                     repaired.stdout.decode(errors="replace"))]
        again = self.run("e2fsck", "-fn", self.image)
        if again.returncode:
            return ["a second e2fsck finds: " + again.stdout.decode(errors="replace")]
        shutil.rmtree(self.tree, ignore_errors=True)
        os.mkdir(self.tree)
        self.run("debugfs", "-R", "rdump / " + self.tree, self.image)
        return []


def read_log(arguments):
    """=> number of requests; request -> last step finished before the next one; flushed"""
    text = subprocess.run([arguments.faultline, "cut", arguments.log], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    requests, finished, written, dirty = 0, {0: 0}, set(), False
    for line in text.splitlines():
        words = line.split()
        if words[1] == "mark":
            finished[requests] = int(words[2])
            continue
        requests = int(words[0])
        finished[requests] = finished[requests - 1]
        dirty = words[1] == "write"
        if dirty:
            written.add(requests)
    return requests, finished, written


def main():
    parser = argparse.ArgumentParser()
    for name in ("faultline", "image", "log", "journal"):
        parser.add_argument(name)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--base", type=int, default=1)
    arguments = parser.parse_args()
    with open(arguments.journal) as handle:
        journal = [line.split() for line in handle]
    requests, finished, written = read_log(arguments)
    if requests == 0 or not journal:
        sys.exit("judge: nothing was written")
    states = failed = 0
    with tempfile.TemporaryDirectory() as work:
        disk = Disk(arguments, work)
        for after in range(0, requests + 1, arguments.every):
            model = Model()
            done = finished[after]
            for words in journal[:done + 1]:
                model.step(int(words[0]), words[1:], int(words[0]) <= done)
            seeds = range(arguments.base, arguments.base + arguments.seeds)
            for seed in [0] + list(seeds if after in written else []):
                states += 1
                complaints = disk.cut(after, seed) or judge(model, disk.tree)
                for complaint in complaints:
                    print("cut after request %d of %d (step %d finished), seed %d: %s"
                          % (after, requests, done, seed, complaint))
                failed += bool(complaints)
                if failed > 10:
                    sys.exit("judge: %d disks of %d are wrong, and there may be more"
                             % (failed, states))
    print("%d disks (%d requests, %d steps): %d wrong" % (states, requests, len(journal), failed))
    sys.exit(1 if failed else 0)


main()

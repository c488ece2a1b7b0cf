"""What is measured: programs, the disks and initramfs that carry them, and the machines."""
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FAULTLINE_BUILD", os.path.join(ROOT, "build"))
FAULTLINE = os.path.join(BUILD, "emu", "faultline")
KERNEL = os.path.join(BUILD, "guest", "kernel.elf")
DISK = os.path.join(BUILD, "disk-images", "root.img")

# After boot Linux still has work of its own to do; the pause lets it finish.
LINUX_INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs tmp /tmp
echo BENCH-READY
sleep 3
echo BENCH-BEGIN
cpubench
pfbench %s
poweroff -f
"""


def build_program(name, directory, native=False):
    """Builds tests/bench/NAME.c for the guest (or for the host) and returns where it is."""
    compiler = "cc" if native else "riscv64-linux-gnu-gcc"
    out = os.path.join(directory, name + (".native" if native else ""))
    words = [compiler, "-O2", "-static", os.path.join(ROOT, "tests/bench", name + ".c"), "-o", out, "-lm"]
    subprocess.run(words, check=True)
    return out


def host_disk(directory, programs):
    """An ext2 disk labelled as the one `faultline run` makes, for QEMU."""
    tree = os.path.join(directory, "tree")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    for program in programs:
        shutil.copy(program, tree)
    image = os.path.join(directory, "host.img")
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-L", "faulthost", "-d", tree,
                    image, "16M"], check=True, stderr=subprocess.DEVNULL)
    return image


def faultline(engine, command, files, memory="256M"):
    words = [FAULTLINE, "--engine", engine, "-m", memory, "--exec", command]
    for name in files:
        words += ["--file", name]
    return words


def qemu(command, image, memory="256M"):
    return ["qemu-system-riscv64", "-M", "virt", "-m", memory, "-display", "none", "-serial", "stdio",
            "-monitor", "none", "-snapshot", "-global", "virtio-mmio.force-legacy=false",
            "-kernel", KERNEL, "-append", "quiet exec=" + command,
            "-drive", "file=%s,format=raw,if=none,id=d0" % DISK, "-device", "virtio-blk-device,drive=d0",
            "-drive", "file=%s,format=raw,if=none,id=d1,readonly=on" % image,
            "-device", "virtio-blk-device,drive=d1"]


def cpio(entries):
    """A `newc` archive of (path, mode, bytes, (major, minor))."""
    out = bytearray()
    for number, (path, mode, data, device) in enumerate(entries + [("TRAILER!!!", 0, b"", (0, 0))], 1):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (name, data):
            out += part
            out += b"\0" * (-len(out) % 4)
    return bytes(out)


def initramfs(directory, busybox, programs, repeat):
    """An initramfs that runs both workloads and powers off."""
    nothing = (0, 0)
    entries = [(name, 0o40755, b"", nothing) for name in ("bin", "dev", "proc", "tmp")]
    entries.append(("dev/console", 0o20600, b"", (5, 1)))
    for source in [busybox] + programs:
        with open(source, "rb") as file:
            entries.append(("bin/" + os.path.basename(source), 0o100755, file.read(), nothing))
    for applet in ("sh", "mount", "echo", "sleep", "poweroff"):
        entries.append(("bin/" + applet, 0o120777, b"busybox", nothing))
    entries.append(("init", 0o100755, (LINUX_INIT % repeat).encode(), nothing))
    out = os.path.join(directory, "initrd")
    with open(out, "wb") as file:
        file.write(cpio(entries))
    return out


def linux(machine, kernel, initrd, harts=1):
    """Linux on `machine`: qemu, or one of our engines."""
    rest = ["-m", "1G", "-smp", str(harts), "-kernel", kernel, "-initrd", initrd,
            "-append", "quiet console=ttyS0"]
    if machine == "qemu":
        return ["qemu-system-riscv64", "-M", "virt", "-display", "none", "-serial", "stdio",
                "-monitor", "none", "-no-reboot"] + rest
    return [FAULTLINE, "--engine", machine] + rest

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our disassembler against binutils' objdump: every 16-bit word, many words of each row of
insn.def, and random words, with and without aliases.

usage: disasm.py PRINT_WORDS INSN_DEF [RANDOM_WORDS]

Differences that are not held against us, each with its reason:
  - one of the two does not know the word (reserved rounding modes are "unknown" to objdump);
    but every word of an extension that both have must be known to us, see allowed_ignorance;
  - objdump before 2.41 writes the immediate forms without their i ("add a0,a0,1");
  - objdump knows CSR names of extensions that the machine does not have;
  - objdump takes c.nop with the highest immediate bit for "c.addi zero".
"""
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

ARCH = "rv64imafdc_zicsr_zifencei_zba_zbb_zbs_zicbom_zicboz"
CC = os.environ.get("RISCV_PREFIX", "riscv64-linux-gnu-")


def rows(insn_def):
    for line in open(insn_def):
        m = re.match(r'INSN\(\w+, +"[^"]+", +(0x\w+), (0x\w+), ', line)
        if m:
            yield int(m[1], 16), int(m[2], 16)


def structured_words(insn_def):
    """Operand bits at random, with the register and immediate values that aliases look for."""
    for match, mask in rows(insn_def):
        for i in range(200):
            word = random.getrandbits(32)
            if i % 3 == 0:
                word = word & ~(31 << 7) | random.choice((0, 1, 1, 5)) << 7
            if i % 4 == 0:
                word = word & ~(31 << 15) | random.choice((0, 1)) << 15
            if i % 5 == 0:
                word &= ~(31 << 20)
            if i % 7 == 0:
                word &= 0x01FFFFFF
            if i % 11 == 0:
                word |= 0xFFF00000
            if i % 13 == 0:
                word = word & 0xFFFFF | random.choice((1, 2, 3, 255, 0xC00, 0xC01, 0xC02, 0x180,
                                                       0x300, 0x833, 0x010, 0xFF)) << 20
            yield (word & ~mask | match) & 0xFFFFFFFF


def disassemble(code, mode, folder):
    """{address: (word, text)} by objdump.  The ELF attribute turns the extensions on."""
    raw, source, elf = (os.path.join(folder, n) for n in ("code.bin", "code.S", "code.o"))
    open(raw, "wb").write(code)
    open(source, "w").write(f'.attribute arch, "{ARCH}"\n.text\n.incbin "{raw}"\n')
    subprocess.run([CC + "gcc", "-c", source, "-o", elf], check=True)
    subprocess.run([CC + "strip", elf], check=True)  # no mapping symbols: all of it is code
    command = [CC + "objdump", "-j", ".text", "-D", elf] + (["-M", mode] if mode else [])
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = {}
    for line in out.splitlines():
        m = re.match(r"\s*([0-9a-f]+):\t([0-9a-f]+)\s*\t(.*)$", line)
        if m:
            lines[m[1]] = (m[2], m[3].split("#")[0].strip().replace("\t", " "))
    return lines


def allowed_ignorance(word, theirs):
    """We say .2byte or .4byte where objdump has text."""
    return theirs.endswith("unknown") or word == "6101"  # reserved: rm 5 and 6, c.addi16sp 0


def same(word, ours, theirs, mode):
    if ours == theirs:
        return True
    if ours.startswith((".2byte", ".4byte")):
        return allowed_ignorance(word, theirs)
    if theirs.startswith((".2byte", ".4byte")):
        return True
    our_name, their_name = ours.split(" ")[0], theirs.split(" ")[0]
    if our_name == "c.nop" and their_name == "c.addi":
        return theirs.startswith("c.addi zero,")
    immediate = re.sub("(w|.uw)?$", r"i\1", their_name, count=1)
    if not mode and our_name in (their_name + "i", immediate):
        if ours.split(" ")[1] == theirs.split(" ")[1]:
            return True
    if our_name.startswith("csr"):
        if not mode and our_name == their_name + "i":
            our_name = their_name
        pattern = r"\b0x[0-9a-f]{1,3}\b"
        if re.search(pattern, ours):
            shape = re.escape(ours.split(" ")[1])
            shape = re.sub(pattern, r"[a-z]\\w*", shape)
            return our_name.rstrip("i") == their_name.rstrip("i") and \
                re.fullmatch(shape, theirs.split(" ")[1]) is not None
    return False


def main():
    printer, insn_def = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
    random.seed(1)
    short = b"".join(struct.pack("<H", w) for w in range(0x10000) if w & 3 != 3)
    long = b"".join(struct.pack("<I", w) for w in structured_words(insn_def))
    # Words that end in 11111 begin longer instructions; they are not ours to print.
    some = (random.getrandbits(32) | 3 for _ in range(count))
    some = b"".join(struct.pack("<I", w & ~16 if w & 31 == 31 else w) for w in some)
    bad = known = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, code in (("16-bit", short), ("structured", long), ("random", some)):
            for mode in ("", "no-aliases"):
                theirs = disassemble(code, mode, folder)
                ours = subprocess.run([printer] + ([mode] if mode else []), input=code, check=True,
                                      capture_output=True).stdout.decode()
                for line in ours.splitlines():
                    address, text = line.split(" ", 1)
                    word, their_text = theirs[address]
                    known += not their_text.startswith((".2byte", ".4byte"))
                    if not same(word, text, their_text, mode):
                        bad += 1
                        if bad <= 20:
                            print(f"{name} {mode}: {word}: ours '{text}', objdump '{their_text}'")
    print(f"{known} words known to objdump, {bad} differences")
    sys.exit(bad != 0 or known < 100000)


main()

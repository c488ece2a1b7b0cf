#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a random bare-metal RISC-V program (assembly) to standard output.

usage: random_program.py INSN_DEF SEED [CHUNKS [ITEMS [LIMIT]]]

The program runs CHUNKS pieces of ITEMS random instructions each, with forward branches, jumps,
loops, traps, loads and stores to a data page, and after each piece writes all registers, a checksum
of the data and of the traps taken to the UART as text.  At the end it powers off.  Two machines
that understand the ISA alike write the same text.  LIMIT: the last chunk ends after that many
items, to look for the instruction that makes the difference.

Registers set aside: sp, s0 and t6 point into the data, t5 counts loops, t4 holds addresses that are
computed just before their use (anything may overwrite it).
"""
import random
import re
import sys

EXTENSIONS = {"I", "M", "A", "F", "D", "C", "ZICSR", "ZIFENCEI", "ZBA", "ZBB", "ZBS"}
RESERVED = (2, 8, 30, 31)
BASES = (2, 8, 31)
TEMPORARY, COUNTER, POINTER = 29, 30, 31
CSRS = (0x001, 0x002, 0x003, 0x140)  # fflags frm fcsr sscratch
SPECIAL = {"AUIPC", "JAL", "JALR", "MRET", "SRET", "WFI", "SFENCE_VMA"}
ORACLE_WRONG = {"CTZW"}  # QEMU 7.2 counts on into the upper half when the lower one is zero


class Row:
    def __init__(self, name, match, mask, form):
        self.name, self.match, self.mask, self.form = name, match, mask, form


def read_rows(path):
    rows = []
    for line in open(path):
        m = re.match(r'INSN(_C)?\((\w+), +"[^"]+", +(0x\w+), +(0x\w+), +(\w+), +([A-Z_0-9| ]+),',
                     line)
        if m:
            need = {e.strip()[4:] for e in m[6].split("|")}
            if need <= EXTENSIONS and m[2] not in SPECIAL | ORACLE_WRONG:
                rows.append(Row(m[2], int(m[3], 16), int(m[4], 16), m[5]))
    return rows


def destination():
    while True:
        rd = random.randrange(32)
        if rd not in RESERVED:
            return rd


def register(word, at, value):
    return word & ~(31 << at) | value << at


def short(word, at, value):
    return word & ~(7 << at) | (value - 8) << at


def short_destination():
    return random.randrange(9, 16)


class Chunk:
    """Items of one chunk: (kind, value).  Branches lead to the start of a later unit, so that no
    jump comes into a loop or between the computation of an address and its use."""

    def __init__(self, rows, items):
        self.items = []
        self.units = set()
        by_kind = {}
        for row in rows:
            by_kind.setdefault(self.kind(row), []).append(row)
        while len(self.items) < items:
            self.units.add(len(self.items))
            kind = random.choices(("plain", "float", "memory", "atomic", "branch", "compressed",
                                   "csr", "trap", "loop", "jalr"),
                                  (30, 18, 14, 5, 6, 22, 3, 2, 2, 2))[0]
            if kind == "loop":
                self.loop(by_kind)
            elif kind == "jalr":
                self.jump_register()
            elif kind == "trap":
                self.items.append(("word", random.choice((0x00000073, 0x00100073, 0xFFFFFFFF,
                                                          0x0000705B, 0x02005053, 0xC0101073))))
            else:
                self.one(kind, random.choice(by_kind[kind]))

    @staticmethod
    def kind(row):
        if row.form.startswith("C_"):
            return "compressed"
        if row.form in ("LOAD", "STORE", "FLOAD", "FSTORE"):
            return "memory"
        if row.form in ("AMO", "LR"):
            return "atomic"
        if row.form == "BRANCH":
            return "branch"
        if row.form in ("CSR", "CSRI"):
            return "csr"
        if row.name[0] == "F" and row.form not in ("FENCE", "FENCE_I"):
            return "float"
        return "plain" if row.form != "NONE" else "never"

    def one(self, kind, row):
        word = random.getrandbits(32) & ~row.mask | row.match
        if kind == "plain":
            self.items.append(("word", register(word, 7, destination())))
        elif kind == "float":
            self.float(row, word)
        elif kind == "memory":
            self.memory(row, word)
        elif kind == "atomic":
            self.atomic(row, word)
        elif kind == "branch":
            self.items.append(("branch", word & 0x01FFF07F))
        elif kind == "csr":
            self.csr(row, word)
        else:
            self.compressed(row, random.getrandbits(16) & ~row.mask & 0xFFFF | row.match)

    def float(self, row, word):
        if row.form.endswith("_RM"):
            rm = random.choice((0, 0, 1, 2, 3, 4, 7, 7, 7, 7, 7))
            word = word & ~(7 << 12) | rm << 12
        if row.form.startswith("X"):
            word = register(word, 7, destination())
        self.items.append(("word", word))

    def memory(self, row, word):
        word = register(word, 15, random.choice(BASES))
        if row.form == "LOAD":
            word = register(word, 7, destination())
        if random.randrange(4):  # mostly aligned
            word &= ~(7 << 20) if row.form in ("LOAD", "FLOAD") else ~(7 << 7)
        self.items.append(("word", word))

    def atomic(self, row, word):
        source = destination()
        offset = 0x7F8 if row.name.endswith("_D") else 0x7FC
        self.items.append(("word", offset << 20 | source << 15 | 0x7013 | TEMPORARY << 7))
        self.items.append(("word", POINTER << 20 | TEMPORARY << 15 | 0x33 | TEMPORARY << 7))
        rd = destination()
        while row.form == "LR" and rd == TEMPORARY:
            rd = destination()
        word = register(register(word, 7, rd), 15, TEMPORARY)
        if row.name.startswith("SC"):  # alone it fails; mostly give it its lr
            if random.randrange(4):
                while rd == TEMPORARY:
                    rd = destination()
                self.items.append(("word", 0x1000202F | word & 0x7000 | TEMPORARY << 15 | rd << 7))
        self.items.append(("word", word))
        if row.name.startswith("LR"):  # do not leave the reservation open: models differ
            self.items.append(("word", 0x1800202F | word & 0x7000 | TEMPORARY << 15
                               | source << 20 | destination() << 7))

    def csr(self, row, word):
        number = random.choice(CSRS)
        word = word & 0x000FFFFF | number << 20
        if number in (2, 3) and random.randrange(4):  # mostly leave a valid rounding mode
            word = number << 20 | 0x5073 | random.randrange(5) << (20 if number == 3 else 15)
            if number == 3:
                word = 0x00205073 | random.randrange(5) << 15
        self.items.append(("word", register(word, 7, destination())))

    def jump_register(self):
        rd = random.choice((0, 1, 5, TEMPORARY, destination()))
        self.items.append(("auipc", 0x17 | TEMPORARY << 7))
        self.items.append(("jalr", 0x67 | TEMPORARY << 15 | rd << 7))

    def loop(self, by_kind):
        count = random.choice((2, 3, 7, 20, 60, 200, 2000))
        self.items.append(("word", count << 20 | 0x13 | COUNTER << 7))
        start = len(self.items)
        for _ in range(random.randrange(2, 14)):
            kind = random.choices(("plain", "float", "memory", "compressed"), (5, 3, 3, 4))[0]
            self.one(kind, random.choice(by_kind[kind]))
        self.items.append(("word", 0xFFF << 20 | COUNTER << 15 | 0x13 | COUNTER << 7))
        self.items.append(("back", (0x1063 | COUNTER << 15, start)))

    def compressed(self, row, half):
        form = row.form
        if form in ("C_ADDI", "C_ADDIW", "C_SLLI", "C_LI", "C_LWSP", "C_LDSP", "C_LUI", "C_MV",
                    "C_ADD"):
            half = register(half, 7, destination() if form in ("C_SLLI", "C_LI", "C_LUI", "C_MV",
                                                               "C_ADD") else
                            random.choice([r for r in range(1, 32) if r not in RESERVED]))
            if form == "C_LUI" and half & 0x107C == 0:
                half |= 4
            if form in ("C_MV", "C_ADD") and half & 0x7C == 0:
                half |= 4
        elif form in ("C_SHIFT", "C_ANDI", "C_ALU"):
            half = short(half, 7, short_destination())
        elif form in ("C_LOAD_W", "C_LOAD_D"):
            half = short(short(half, 7, 8), 2, short_destination())
        elif form in ("C_FLOAD_D", "C_STORE_W", "C_STORE_D", "C_FSTORE_D"):
            half = short(half, 7, 8)
        elif form == "C_ADDI4SPN":
            half = short(half, 2, short_destination())
            if half & 0x1FE0 == 0:
                half |= 0x20
        elif form in ("C_JUMP", "C_BRANCH"):
            keep = 0xE003 if form == "C_JUMP" else 0xE383
            self.items.append(("short branch", (form, half & keep)))
            return
        elif form in ("C_JR", "C_JALR", "C_ADDI16SP"):
            return
        self.items.append(("half", half & 0xFFFF))

    def text(self, limit):
        """Assembly; a branch goes over 1 to 12 items, but never beyond the end."""
        items = self.items[:limit]
        sizes = [2 if k in ("half", "short branch") else 4 for k, _ in items]
        at = [0]
        for size in sizes:
            at.append(at[-1] + size)
        out = []
        forward = random.Random(len(self.items))
        for i, (kind, value) in enumerate(items):
            reach = 250 if kind == "short branch" and value[0] == "C_BRANCH" else 1800
            ends = [j for j in range(i + 1, min(i + 80, len(items) + 1))
                    if (j in self.units or j == len(items)) and at[j] - at[i] <= reach]
            distance = at[forward.choice(ends[:8])] - at[i]
            if kind == "half":
                out.append(f".half 0x{value:04x}")
                continue
            if kind == "branch":
                value |= branch_bits(distance)
            elif kind == "back":
                value, start = value
                value |= branch_bits(at[start] - at[i])
            elif kind == "short branch":
                form, half = value
                out.append(f".half 0x{half | short_bits(form, distance):04x}")
                continue
            elif kind == "jalr":
                value |= (distance + 4) << 20
            out.append(f".word 0x{value & 0xffffffff:08x}")
        return "\n".join(f"    {line}" for line in out)


def branch_bits(offset):
    offset &= 0x1FFF
    return (offset >> 12 & 1) << 31 | (offset >> 5 & 63) << 25 | (offset >> 1 & 15) << 8 \
        | (offset >> 11 & 1) << 7


def short_bits(form, o):
    if form == "C_BRANCH":
        return (o >> 8 & 1) << 12 | (o >> 3 & 3) << 10 | (o >> 6 & 3) << 5 | (o >> 1 & 3) << 3 \
            | (o >> 5 & 1) << 2
    return (o >> 11 & 1) << 12 | (o >> 4 & 1) << 11 | (o >> 8 & 3) << 9 | (o >> 10 & 1) << 8 \
        | (o >> 6 & 1) << 7 | (o >> 7 & 1) << 6 | (o >> 1 & 7) << 3 | (o >> 5 & 1) << 2


def random_value():
    return random.choice((random.getrandbits(64), random.getrandbits(64) >> random.randrange(64),
                          (1 << random.randrange(64)) - random.randrange(2),
                          -random.randrange(1, 5) & (1 << 64) - 1, random.randrange(4),
                          0xFFFFFFFF00000000 | random.getrandbits(32),
                          0xFFFFFFFF00000000 | random.choice((0x7F800000, 0x3F800000, 0x7FC00000,
                                                              0x7F800001, 1, 0x80000000)),
                          random.choice((0x7FF0000000000000, 0x3FF0000000000000, 1 << 63,
                                         0x7FF0000000000001, 0x0010000000000000)),
                          0x3FF << 52 ^ random.getrandbits(60)))


RUNTIME = """
    .section .text
    .globl _start
_start:
    la t0, trap
    csrw mtvec, t0
    la t0, trap_frame
    csrw mscratch, t0
    li t0, 0x6000
    csrs mstatus, t0
    li t0, -1
    csrw 0x3b0, t0
    li t0, 0x1f
    csrw 0x3a0, t0
    la t6, data_middle
    j chunks

# Registers of the chunk: from the table at t4.
load_registers:
    mv t5, ra
    .set i, 0
    .rept 32
    fld f0 + i, 8 * i (t4)
    .set i, i + 1
    .endr
    ld x1, 256(t4)
""" .replace("""    .set i, 0
    .rept 32
    fld f0 + i, 8 * i (t4)
    .set i, i + 1
    .endr
    ld x1, 256(t4)
""", "".join(f"    fld f{i}, {8 * i}(t4)\n" for i in range(32)) +
    "".join(f"    ld x{i}, {256 + 8 * i}(t4)\n" for i in range(1, 29) if i not in RESERVED)) + """
    mv sp, t6
    mv s0, t6
    jr t5

# Writes every register, the checksums and the float flags; then all is lost.
dump:
    la t4, frame
""" + "".join(f"    sd x{i}, {8 * i}(t4)\n" for i in range(1, 29)) + \
    "".join(f"    fsd f{i}, {256 + 8 * i}(t4)\n" for i in range(32)) + """
    sd zero, 0(t4)
    frcsr t0
    sd t0, 232(t4)
    csrr t0, sscratch
    sd t0, 240(t4)
    la t0, trap_frame
    ld t0, 24(t0)
    sd t0, 248(t4)
    la t0, data
    li t1, 1024
    li t2, 0
1:  ld t3, 0(t0)
    slli a0, t2, 5
    srli t2, t2, 59
    or t2, t2, a0
    xor t2, t2, t3
    addi t0, t0, 8
    addi t1, t1, -1
    bnez t1, 1b
    sd t2, 512(t4)
    li t0, 65
    li a1, 0x10000000
2:  ld t1, 0(t4)
    li t2, 60
3:  srl t3, t1, t2
    andi t3, t3, 15
    addi t3, t3, 48
    li a0, 58
    blt t3, a0, 4f
    addi t3, t3, 39
4:  sb t3, 0(a1)
    addi t2, t2, -4
    bgez t2, 3b
    li t3, 10
    sb t3, 0(a1)
    addi t4, t4, 8
    addi t0, t0, -1
    bnez t0, 2b
    ret

# Adds cause, pc and value to a checksum, makes the rounding mode valid, goes on behind.
    .align 2
trap:
    csrrw t4, mscratch, t4
    sd t0, 0(t4)
    sd t1, 8(t4)
    sd t2, 16(t4)
    ld t0, 24(t4)
    slli t1, t0, 9
    srli t0, t0, 55
    or t0, t0, t1
    csrr t1, mcause
    xor t0, t0, t1
    addi t1, t1, -3
    beqz t1, 1f          # breakpoint: mtval may be 0 or the address
    csrr t1, mtval
    slli t1, t1, 8
    add t0, t0, t1
1:  csrr t1, mepc
    slli t2, t1, 20
    xor t0, t0, t2
    sd t0, 24(t4)
    lhu t0, 0(t1)
    andi t0, t0, 3
    addi t0, t0, -3
    addi t1, t1, 2
    bnez t0, 2f
    addi t1, t1, 2
2:  csrw mepc, t1
    fsrmi zero, 0
    ld t0, 0(t4)
    ld t1, 8(t4)
    ld t2, 16(t4)
    csrrw t4, mscratch, t4
    mret

finish:
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b

    .section .data
    .align 6
frame: .fill 80, 8, 0
trap_frame: .fill 8, 8, 0
    .align 12
data: .fill 4096, 1, 0x5a
data_middle: .fill 4096, 1, 0xa5
"""


def main():
    rows = read_rows(sys.argv[1])
    seed = int(sys.argv[2])
    chunks = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    items = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    limit = int(sys.argv[5]) if len(sys.argv) > 5 else None
    random.seed(seed)
    print(".option norelax")
    print(RUNTIME)
    print("    .section .text\nchunks:")
    for n in range(chunks):
        chunk = Chunk(rows, items)
        values = [random_value() for _ in range(64)]
        print(f"    la t4, values_{n}\n    call load_registers")
        print(chunk.text(limit if n == chunks - 1 else None))
        print("    call dump")
        print("    .section .data\n    .align 3\n" + f"values_{n}:")
        print("\n".join(f"    .dword 0x{v:x}" for v in values))
        print("    .section .text")
    print("    j finish")


main()

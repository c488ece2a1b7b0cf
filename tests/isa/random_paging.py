#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a bare-metal program (assembly) that builds random Sv39 page tables and PMP settings and
touches memory through them.

usage: random_paging.py SEED [ROUNDS [ACCESSES]]

Each round: tables full of surprises (reserved and contradictory bits, misaligned superpages,
pointers out of memory, accessed and dirty bits in any state), sfence.vma, then loads, stores,
atomics and fetches as user or supervisor, with SUM and MXR in any state.  Printed for each access:
cause, page of mtval, value read; at the end of the round checksums of the tables (where A and D
bits have been set) and of the data.  M-mode does it all: MPRV for data, mret for fetches.

Data pages hold the word 0x73 (ecall) everywhere and only zeros are ever stored, so that a fetch
that succeeds traps at once.

What the specification leaves open, or QEMU 7.2 does otherwise, is not asked: accesses that cross a
page while PMP entries or pages without memory are about; tables outside of RAM (an access fault
for us, a page fault for QEMU); tables that PMP lets be read but not written when a D bit must be
set (likewise: an access fault, ignored by QEMU); which fault an AMO takes, and what it
does to A and D (QEMU tries a load first): rounds with AMOs have these bits set everywhere.
"""
import random
import sys

from bare_asm import FINISH, print_routine

TABLES = 0x80200000  # 16 pages, the first is the root
DATA = 0x80400000    # 4 MiB: what pages and superpages map
V, R, W, X, U, G, A, D = (1 << i for i in range(8))
OPS = ["lb a0, 0(a1)", "lhu a0, 0(a1)", "lw a0, 0(a1)", "ld a0, 0(a1)", "lr.d a0, (a1)",
       "fld fa0, 0(a1)", "sb a2, 0(a1)", "sh a2, 0(a1)", "sw a2, 0(a1)", "sd a2, 0(a1)",
       "amoand.d a0, a2, (a1)", "amoswap.w a0, a2, (a1)", "fsd fa1, 0(a1)"]
SIZES = [1, 2, 4, 8, 8, 8, 1, 2, 4, 8, 8, 4, 8]
ALIGNED = {4, 10, 11}
REPLACED = {10: 9, 11: 8}  # in rounds without AMOs
EXECUTE = len(OPS)


def flags(leaf):
    f = V if random.randrange(20) else 0
    if leaf:
        f |= random.choice((R, R | W, R | X, R | W | X, R | W, R | W | X, X, W, W | X))
        f |= random.choice((0, U, U))
    for bit in (G, A, A, D, 1 << 8, 1 << 9):
        f |= bit if random.randrange(2) else 0
    if leaf and random.randrange(3):
        f |= A | D
    if not leaf and random.randrange(8):
        f &= ~(U | A | D)
    elif not leaf and random.randrange(2):
        f |= random.choice((U, A, D))
    if random.randrange(25) == 0:
        f |= 1 << random.randrange(54, 64)
    return f


def entry(level, tables, crossing):
    """A PTE for a table of this level (2 is the root)."""
    if level > 0 and random.randrange(4):
        return random.choice(tables) >> 12 << 10 | flags(False)
    if level == 2:
        page = 0x80000000 if random.randrange(5) else 0x80000000 + (1 << random.randrange(12, 30))
    elif level == 1:
        page = DATA + random.choice((0, 0x200000))
        if random.randrange(5) == 0:
            page += 1 << random.randrange(12, 21)
    else:
        page = DATA + random.randrange(64) * 4096 * random.choice((1, 1, 16))
        if random.randrange(30) == 0 and not crossing:
            page = random.choice((0x90000000, 0xFFFFFFFFFF000))
        if random.randrange(30) == 0:  # no further level: a pointer here is a fault
            return page >> 12 << 10 | flags(False)
    return page >> 12 << 10 | flags(True)


def pmp(out, crossing):
    """Entries 0 to 6 at random over the data and the tables, page granular; 7 opens the rest."""
    config = 0
    for i in range(7):
        size = 4096 << random.randrange(0, 9)
        base = random.choice((DATA, DATA, DATA, TABLES)) + random.randrange(0, 64) * 4096
        base &= ~(size - 1)
        out.append(f"    .dword 0x{(base | size // 2 - 1) >> 2:x}")
        if random.randrange(3) == 0 and not crossing:
            rights = (0, 3, 4, 7) if base < DATA else (0, 1, 3, 4, 5, 7)
            config |= (0x18 | random.choice(rights)) << 8 * i
    out.append("    .dword 0x3fffffffffffff")
    config |= 0x1F << 56
    out.append(f"    .dword 0x{config:x}")


def round_text(n, accesses):
    out = [f"round_{n}:"]
    crossing = random.randrange(2) == 0
    atomics = random.randrange(3) == 0
    pmp(out, crossing)
    first = random.randrange(500)
    ones = [2, 3]
    lows = sorted(set([first, first + 1, first + 2] + [random.randrange(512) for _ in range(5)]))
    tops = random.sample((0, 1, 2, 255, 256, 510, 511), 4)
    middle = [TABLES + 4096 * i for i in range(1, 5)]
    last = [TABLES + 4096 * i for i in range(5, 16)]
    writes = []
    for i in tops:
        writes.append((TABLES + 8 * i, entry(2, middle, crossing)))
    for table in middle:
        for i in ones:
            writes.append((table + 8 * i, entry(1, last, crossing)))
    for table in last:
        for i in lows:
            writes.append((table + 8 * i, entry(0, middle, crossing)))
    if atomics:
        writes = [(a, v | A | D if v & (R | W | X) else v) for a, v in writes]
    out.append(f"    .dword 0x{8 << 60 | random.getrandbits(16) << 44 | TABLES >> 12:x}")
    out.append(f"    .dword {len(writes)}")
    out += [f"    .dword 0x{a:x}, 0x{v:x}" for a, v in writes]
    out.append(f"    .dword {accesses}")
    for _ in range(accesses):
        op = random.randrange(len(OPS) + 4)
        op = min(op, EXECUTE)
        if not atomics:
            op = REPLACED.get(op, op)
        size = SIZES[op] if op < EXECUTE else 2
        va = random.choice(tops) << 30 | random.choice(ones) << 21 | random.choice(lows) << 12
        offset = random.choice((0, 8, random.randrange(4096), 4096 - size, 4096 - size))
        if random.randrange(4) == 0 and op not in ALIGNED:
            offset = 4096 - random.randrange(1 if crossing else size, 9)
        if op in ALIGNED or op == EXECUTE:
            offset &= ~(size - 1)
        va = (va + offset) & (1 << 39) - 1
        if va >> 38:
            va |= ~((1 << 39) - 1) & (1 << 64) - 1
        if random.randrange(40) == 0:
            va ^= 1 << random.randrange(38, 64)
        status = random.randrange(2) << 11  # MPP: user or supervisor
        status |= random.choice((0, 1 << 18))
        status |= random.choice((0, 1 << 19))
        if op != EXECUTE:
            status |= 1 << 17
        out.append(f"    .dword 0x{va:x}, 0x{status:x}, {op}")
    return out


CODE = f"""
    .option norelax
    .section .text
    .globl _start
_start:
    la t0, trap
    csrw mtvec, t0
    la sp, stack_top
    li t0, 0x6000
    csrs mstatus, t0
    li a2, 0x0000007300000073
    fmv.d.x fa1, zero
    li t0, {DATA}
    li t1, {DATA + 0x400000}
1:  sd a2, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
    li a2, 0
    la s0, rounds
    la s1, rounds_end
next_round:
    bgeu s0, s1, finish
    li t0, {TABLES}
    li t1, {TABLES + 16 * 4096}
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
""" + "".join(f"    ld t0, {8 * i}(s0)\n    csrw 0x{0x3b0 + i:x}, t0\n" for i in range(8)) + f"""
    ld t0, 64(s0)
    csrw 0x3a0, t0
    ld t0, 72(s0)
    csrw satp, t0
    ld t1, 80(s0)
    addi s0, s0, 88
1:  ld t2, 0(s0)
    ld t3, 8(s0)
    sd t3, 0(t2)
    addi s0, s0, 16
    addi t1, t1, -1
    bnez t1, 1b
    sfence.vma
    ld s2, 0(s0)
    addi s0, s0, 8
next_access:
    ld a1, 0(s0)
    ld s3, 8(s0)
    ld s4, 16(s0)
    addi s0, s0, 24
    li s5, -1            # cause: none
    li s6, 0             # mtval
    li a0, 0
    fmv.d.x fa0, zero
    li t0, {EXECUTE}
    beq s4, t0, execute
    la t1, ops
    slli t0, s4, 4
    add t1, t1, t0
    csrs mstatus, s3
    jalr t1
after:
    li t0, 0xe1800       # MPRV, SUM, MXR, MPP
    csrc mstatus, t0
    li t0, 5
    bne s4, t0, 1f
    fmv.x.d a0, fa0
1:  addi t0, s4, -10     # QEMU checks an AMO as a load first: any fault will do
    li t1, 2
    bgeu t0, t1, 1f
    bltz s5, 1f
    li s5, 15
1:  mv s7, a0
    mv a0, s5
    call print
    srai a0, s6, 12
    call print
    mv a0, s7
    call print
    addi s2, s2, -1
    bnez s2, next_access
    li s3, {TABLES}
    li s4, 16
1:  mv a0, s3
    li a1, 512
    call checksum
    call print
    li t0, 4096
    add s3, s3, t0
    addi s4, s4, -1
    bnez s4, 1b
    li a0, {DATA}
    li a1, 512 * 1024
    call checksum
    call print
    j next_round
execute:
    li t0, 0xe1800
    csrc mstatus, t0
    csrs mstatus, s3
    csrw mepc, a1
    mret

    .align 2
trap:
    csrr s5, mcause
    csrr s6, mtval
    addi t0, s5, -8
    li t1, 2
    bgeu t0, t1, 1f
    li s6, 0
1:  addi t0, s5, -2
    bnez t0, 1f
    li s6, 0             # illegal: the value is checked elsewhere
1:  li t0, 0xe0000
    csrc mstatus, t0
    li t0, 0x1800
    csrs mstatus, t0
    la t0, after
    csrw mepc, t0
    mret

checksum:                # a0 address, a1 dwords -> a0
    li t2, 0
1:  ld t3, 0(a0)
    slli t4, t2, 5
    srli t2, t2, 59
    or t2, t2, t4
    xor t2, t2, t3
    addi a0, a0, 8
    addi a1, a1, -1
    bnez a1, 1b
    mv a0, t2
    ret

""" + print_routine("a0") + FINISH + """
    .align 4
ops:
""" + "".join(f"    .align 4\n    {op}\n    ret\n" for op in OPS) + """
    .section .data
    .align 4
stack: .fill 256, 8, 0
stack_top:
    .align 3
rounds:
"""


def main():
    random.seed(int(sys.argv[1]))
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    accesses = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    print(CODE)
    for n in range(rounds):
        print("\n".join(round_text(n, accesses)))
    print("rounds_end:")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a bare-metal program (assembly) that traps in every way from every privilege.

usage: random_traps.py SEED [CASES]

Each case sets status, delegation, enabled and pending interrupts, vector modes and counter enables
at random, goes to a privilege by mret, and executes one instruction there: a system instruction, a
CSR access, an illegal word, a misaligned atomic.  Each trap on the way back to M-mode is printed:
handler and vector, cause, pc, value, status; then the pending interrupts and a0.  The S-mode
handler ends with ecall, which is never delegated.

Not asked, because QEMU 7.2 does otherwise than the specification: which of several interrupts comes
first, misaligned atomics, sstatus.VS of a hart without vectors, misa.B.
"""
import random
import sys

from bare_asm import FINISH, print_routine

MODES = {"u": 0, "s": 1, "m": 3}
READ_ONLY_TIME = ("cycle", "time", "instret")
CSRS = ["fflags", "frm", "fcsr", "cycle", "time", "instret", "hpmcounter3", "sstatus", "sie",
        "stvec", "scounteren", "sscratch", "sepc", "scause", "stval", "sip", "satp", "mscratch",
        "mstatus", "mhartid", "mcause", "mcounteren", "0x5c0", "0x7c0", "0xc9f", "0x9c0"]
WORDS = ["ecall", "ebreak", "c.ebreak", "mret", "sret", "sfence.vma", "sfence.vma a0, a1",
         ".word 0xffffffff", ".half 0", ".word 0x0000705b", "nop", "fadd.d fa0, fa1, fa2",
         "fsd fa0, 0(a2)", "fld fa3, 0(a2)", "fence.i", "amoadd.w a0, a1, (a2)", "lr.w a0, (a3)",
         "sc.w a0, a1, (a2)", "fcvt.s.w fa0, a1, rmm", "csrrs a0, fcsr, a1",
         "wfi"]


def instruction(mode):
    if random.randrange(2):
        word = random.choice(WORDS)
        return "nop" if word == "wfi" and mode == "m" else word
    csr = random.choice(CSRS)
    if csr in READ_ONLY_TIME:
        return random.choice((f"csrr a4, {csr}", f"csrw {csr}, zero", f"csrrs a4, {csr}, a0"))
    if csr in ("satp", "mstatus", "mcause", "stvec", "sepc", "scause", "stval", "sstatus", "sie",
               "sip", "mcounteren", "scounteren", "mscratch"):
        if mode == "m" or csr == "satp":
            return f"csrr a0, {csr}"
        if csr == "stvec":
            return "csrrs a0, stvec, zero"
    return random.choice((f"csrr a0, {csr}", f"csrrw a0, {csr}, a1", f"csrrs a0, {csr}, a1",
                          f"csrrc a0, {csr}, a1", f"csrrwi a0, {csr}, 5",
                          f"csrrsi a0, {csr}, 0"))


def case(n):
    mode = random.choice(("u", "u", "s", "s", "s", "m"))
    status = MODES[mode] << 11 | random.choice((0, 1, 2, 3)) << 13
    for bit in (1, 5, 7, 8, 18, 19, 20, 21, 22):  # SIE SPIE MPIE SPP SUM MXR TVM TW TSR
        status |= random.randrange(2) << bit
    medeleg = random.getrandbits(16) & 0xB1FF  # ecall from S stays in M-mode
    mideleg = random.getrandbits(12) & 0x222
    mie = random.getrandbits(12) & 0xAAA if random.randrange(3) else 0
    mip = random.getrandbits(12) & 0x222 if random.randrange(3) == 0 else 0
    msip = random.randrange(4) == 0
    if bin(mie & (mip | msip << 3)).count("1") > 1:
        mie = 0  # QEMU does not know the order of priorities
    word = instruction(mode)
    if word == "wfi" and not (mie & (mip | msip << 3) or status >> 21 & 1 or mode == "u"):
        word = "nop"  # would wait for ever
    counters = random.getrandbits(32), random.getrandbits(32)
    out = [f"case_{n}:"]
    settings = (("medeleg", medeleg), ("mideleg", mideleg), ("mcounteren", counters[0]),
                ("scounteren", counters[1]), ("scause", 0), ("stval", 0),
                ("fcsr", 0), ("sscratch", n), ("satp", 0))
    out += ["    li t0, 0x6000", "    csrs mstatus, t0"]
    for csr, value in settings:
        out.append(f"    li t0, {value}\n    csrw {csr}, t0")
    out.append(f"    la t0, m_table\n    addi t0, t0, {random.randrange(2)}\n    csrw mtvec, t0")
    out.append(f"    la t0, s_table\n    addi t0, t0, {random.randrange(2)}\n    csrw stvec, t0")
    out.append(f"    li t0, {status}\n    csrw mstatus, t0")
    out.append(f"    la t0, go_{n}\n    csrw mepc, t0\n    la t0, back_{n}\n    csrw sepc, t0")
    operands = random.getrandbits(12), random.getrandbits(16) & ~0x600  # no VS
    out.append(f"    li a0, {operands[0]}\n    li a1, {operands[1]}")
    out.append(f"    la a2, scratch\n    addi a3, a2, {random.choice((0, 0, 0, 2, 4, 6))}")
    out.append(f"    li t1, 0x2000000\n    li t0, {int(msip)}")
    out.append("    sw t0, 0(t1)\n    lw zero, 0(t1)")
    out.append(f"    la s1, next_{n}\n    la s2, log\n    li t0, {mip}\n    csrw mip, t0")
    out.append(f"    li t0, {mie}\n    csrw mie, t0")
    out.append("    addi t1, a2, 24\n    sc.w zero, zero, (t1)\n    mret")  # no open reservation
    out.append(f"    .align 3\ngo_{n}:\n    {word}\n    nop\nback_{n}:\n    ecall\n    nop")
    out.append(f"next_{n}:")
    return "\n".join(out)


RUNTIME = """
    .option norelax
    .option norvc
    .section .text
    .globl _start
_start:
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 0x2004000     # mtimecmp: never
    li t1, -1
    sd t1, 0(t0)
    j cases

# t6: address behind the table entry, so that the vector is known.
    .align 8
m_table:
    .rept 16
    jal t6, m_trap
    .endr
    .align 8
s_table:
    .rept 16
    jal t6, s_trap
    .endr

# One log entry is five dwords at s2.
s_trap:
    la t0, s_table
    addi t0, t0, 4
    sub t6, t6, t0
    li t0, 0x5000
    or t6, t6, t0
    sd t6, 0(s2)
    csrr t0, scause
    sd t0, 8(s2)
    csrr t1, sepc
    sd t1, 16(s2)
    csrr t1, stval
    addi t0, t0, -3
    bnez t0, 1f
    li t1, 0             # breakpoint: may be the address or 0
1:  sd t1, 24(s2)
    csrr t0, sstatus
    sd t0, 32(s2)
    addi s2, s2, 40
    ecall
    j s_trap             # not reached: somebody delegated it

m_trap:
    la t0, m_table
    addi t0, t0, 4
    sub t6, t6, t0
    sd t6, 0(s2)
    csrr t0, mcause
    sd t0, 8(s2)
    csrr t1, mepc
    sd t1, 16(s2)
    csrr t1, mtval
    addi t0, t0, -3
    bnez t0, 1f
    li t1, 0
1:  sd t1, 24(s2)
    csrr t0, mstatus
    sd t0, 32(s2)
    csrr t0, mip
    sd t0, 40(s2)
    sd a0, 48(s2)
    addi s2, s2, 56
    csrw mie, zero
    la s3, log
2:  ld a5, 0(s3)
    call print
    addi s3, s3, 8
    bltu s3, s2, 2b
    jr s1

""" + print_routine("a5") + FINISH + """
    .section .data
    .align 3
scratch: .dword 1, 2, 3, 4
log: .fill 64, 8, 0

    .section .text
    .option rvc
cases:
"""


def main():
    random.seed(int(sys.argv[1]))
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    print(RUNTIME)
    for n in range(count):
        print(case(n))
    print("    j finish")


main()

/* SPDX-License-Identifier: MIT */
/*
 * ops_control.h - bodies of branches, jumps, CSR, fences and the privileged instructions.
 *
 * Part of interp_execute (run.c).  A way out of the block goes by FOLLOW (an address in the page
 * through a link slot), by `far` (h->pc is set, nothing else changed), or by `look` (everything may
 * have changed).
 */
// clang-format off

#define BRANCH(name, condition)                                                                    \
    OP(name)                                                                                       \
    {                                                                                              \
        if (condition) {                                                                           \
            FOLLOW;                                                                  \
        }                                                                                          \
        NEXT;                                                                                      \
    }
BRANCH(BEQ, RS1 == RS2)
BRANCH(BNE, RS1 != RS2)
BRANCH(BLT, (i64)RS1 < (i64)RS2)
BRANCH(BGE, (i64)RS1 >= (i64)RS2)
BRANCH(BLTU, RS1 < RS2)
BRANCH(BGEU, RS1 >= RS2)
#undef BRANCH

OP(JAL)
{
    RD = page + op->offset + op->rs1;
    FOLLOW;
}

OP(JALR)
{
    u64 target = (RS1 + (u64)IMM) & ~(u64)1;
    RD = page + op->offset + op->rs2;
    h->pc = target;
    goto far;
}

/* Behind the last instruction of a block that nothing else ended. */
OP(END)
{
    FOLLOW;
}

#define CSR(name, operation, always_reads, always_writes, operand)                                 \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 old;                                                                                   \
        MAKE_EXACT;                                                                                \
        if (!hart_csr(h, (u32)op->imm >> 20, operation, always_reads || op->rd != REGISTER_SINK,   \
                      always_writes || op->rs1 != 0, operand, &old, (u32)op->imm)) {               \
            goto look;                                                                             \
        }                                                                                          \
        RD = old;                                                                                  \
        context = h->context;                                                                      \
        BACK_TO_BLOCK;                                                                             \
        NEXT_AFTER_SLOW;                                                                           \
    }
CSR(CSRRW, CSR_WRITE, false, true, RS1)
CSR(CSRRS, CSR_SET, true, false, RS1)
CSR(CSRRC, CSR_CLEAR, true, false, RS1)
CSR(CSRRWI, CSR_WRITE, false, true, op->rs1)
CSR(CSRRSI, CSR_SET, true, false, op->rs1)
CSR(CSRRCI, CSR_CLEAR, true, false, op->rs1)
#undef CSR

OP(PROBE)
{
    if (UNLIKELY(h->hook != NULL)) {
        MAKE_EXACT;
        hart_probe(h, (unsigned)op->imm & 0xfff, RS1);
        BACK_TO_BLOCK;
        NEXT_AFTER_SLOW;
    }
    NEXT;
}

OP(ECALL)
{
    bool moved;
    MAKE_EXACT;
    if (hart_ecall(h, &moved)) {
        h->budget--;
        h->pc += moved ? 0 : 4;
    }
    goto look;
}

OP(EBREAK)
{
    MAKE_EXACT;
    hart_trap(h, CAUSE_BREAKPOINT, h->pc);
    goto look;
}

/* Instructions are coherent with memory already; what remains is to look the page up again. */
OP(FENCE_I)
{
    MAKE_EXACT;
    h->fetch_page = FETCH_NONE;
    h->budget--;
    h->pc += 4;
    goto look;
}

#define PRIVILEGED(name, call, moves)                                                              \
    OP(name)                                                                                       \
    {                                                                                              \
        MAKE_EXACT;                                                                                \
        if (call) {                                                                                \
            h->budget--;                                                                           \
            h->pc += moves ? 0 : 4;                                                                \
        }                                                                                          \
        goto look;                                                                                 \
    }
PRIVILEGED(SRET, hart_sret(h, (u32)op->imm), true)
PRIVILEGED(MRET, hart_mret(h, (u32)op->imm), true)
PRIVILEGED(WFI, hart_wfi(h, (u32)op->imm), false)
PRIVILEGED(SFENCE_VMA,
           hart_sfence_vma(h, op->rs1 != 0, RS1, op->rs2 != 0, RS2, (u32)op->imm), false)
#undef PRIVILEGED

OP(ILLEGAL)
{
    MAKE_EXACT;
    hart_illegal(h, (u32)op->imm);
    goto look;
}
// clang-format on

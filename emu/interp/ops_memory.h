/* SPDX-License-Identifier: MIT */
/*
 * ops_memory.h - bodies of loads, stores, A and Zicboz.
 *
 * Part of interp_execute (run.c).  The fast path is one compare (tlb.h); everything else is the
 * hart's slow path (access.h), entered with pc and budget made exact.
 */
// clang-format off

#define LOAD(name, size, convert)                                                                  \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 va = RS1 + (u64)IMM;                                                                   \
        const struct tlb_entry *entry = &context->load[va >> PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)]; \
        if (LIKELY(entry->tag == (va & TLB_TAG_MASK(size)))) {                                     \
            RD = convert(load_sized((const void *)(uintptr_t)(va + entry->addend), size));         \
            NEXT;                                                                                  \
        }                                                                                          \
        u64 value;                                                                                 \
        if (!slow_load(h, op, page, va, size, &value)) {                                           \
            goto look;                                                                             \
        }                                                                                          \
        RD = convert(value);                                                                       \
        NEXT_AFTER_SLOW;                                                                           \
    }

LOAD(LB, 1, (u64)(i64)(i8))
LOAD(LH, 2, (u64)(i64)(i16))
LOAD(LW, 4, sext32)
LOAD(LD, 8, )
LOAD(LBU, 1, )
LOAD(LHU, 2, )
LOAD(LWU, 4, )
#undef LOAD

#define STORE(name, size)                                                                          \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 va = RS1 + (u64)IMM;                                                                   \
        const struct tlb_entry *entry =                                                            \
            &context->store[va >> PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)];                            \
        if (LIKELY(entry->tag == (va & TLB_TAG_MASK(size)))) {                                     \
            store_sized((void *)(uintptr_t)(va + entry->addend), RS2, size);                       \
            NEXT;                                                                                  \
        }                                                                                          \
        if (!slow_store(h, op, page, va, size, RS2)) {                                             \
            goto look;                                                                             \
        }                                                                                          \
        NEXT_AFTER_SLOW;                                                                           \
    }

STORE(SB, 1)
STORE(SH, 2)
STORE(SW, 4)
STORE(SD, 8)
#undef STORE

#define LOAD_FLOAT(name, size, convert)                                                            \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        u64 va = RS1 + (u64)IMM;                                                                   \
        const struct tlb_entry *entry = &context->load[va >> PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)]; \
        if (LIKELY(entry->tag == (va & TLB_TAG_MASK(size)))) {                                     \
            FD = convert(load_sized((const void *)(uintptr_t)(va + entry->addend), size));         \
            FLOAT_DIRTY;                                                                           \
            NEXT;                                                                                  \
        }                                                                                          \
        u64 value;                                                                                 \
        if (!slow_load(h, op, page, va, size, &value)) {                                           \
            goto look;                                                                             \
        }                                                                                          \
        FD = convert(value);                                                                       \
        FLOAT_DIRTY;                                                                               \
        NEXT_AFTER_SLOW;                                                                           \
    }

#define BOX(value) fpu_box((u32)(value))
LOAD_FLOAT(FLW, 4, BOX)
LOAD_FLOAT(FLD, 8, )
#undef BOX
#undef LOAD_FLOAT

#define STORE_FLOAT(name, size)                                                                    \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        u64 va = RS1 + (u64)IMM;                                                                   \
        const struct tlb_entry *entry =                                                            \
            &context->store[va >> PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)];                            \
        if (LIKELY(entry->tag == (va & TLB_TAG_MASK(size)))) {                                     \
            store_sized((void *)(uintptr_t)(va + entry->addend), FS2, size);                       \
            NEXT;                                                                                  \
        }                                                                                          \
        if (!slow_store(h, op, page, va, size, FS2)) {                                             \
            goto look;                                                                             \
        }                                                                                          \
        NEXT_AFTER_SLOW;                                                                           \
    }

STORE_FLOAT(FSW, 4)
STORE_FLOAT(FSD, 8)
#undef STORE_FLOAT

#define LOAD_RESERVED(name, size)                                                                  \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 value;                                                                                 \
        MAKE_EXACT;                                                                                \
        if (!hart_load_reserved(h, RS1, size, &value)) {                                           \
            goto look;                                                                             \
        }                                                                                          \
        RD = value;                                                                                \
        BACK_TO_BLOCK;                                                                             \
        NEXT_AFTER_SLOW;                                                                           \
    }
LOAD_RESERVED(LR_W, 4)
LOAD_RESERVED(LR_D, 8)
#undef LOAD_RESERVED

#define STORE_CONDITIONAL(name, size)                                                              \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 failed;                                                                                \
        MAKE_EXACT;                                                                                \
        if (!hart_store_conditional(h, RS1, size, RS2, &failed)) {                                 \
            goto look;                                                                             \
        }                                                                                          \
        RD = failed;                                                                               \
        BACK_TO_BLOCK;                                                                             \
        NEXT_AFTER_SLOW;                                                                           \
    }
STORE_CONDITIONAL(SC_W, 4)
STORE_CONDITIONAL(SC_D, 8)
#undef STORE_CONDITIONAL

/* The fast path serves aligned words of ordinary pages; the rest is hart_amo. */
#define AMO(name, size, type, expression)                                                          \
    OP(name)                                                                                       \
    {                                                                                              \
        u64 va = RS1, old;                                                                         \
        const struct tlb_entry *entry =                                                            \
            &context->store[va >> PAGE_SHIFT & (TLB_DATA_ENTRIES - 1)];                            \
        if (LIKELY(entry->tag == (va & TLB_TAG_MASK(size)))) {                                     \
            void *word = (void *)(uintptr_t)(va + entry->addend);                                  \
            type before = (type)load_sized(word, size), operand = (type)RS2;                       \
            store_sized(word, (u64)(expression), size);                                            \
            RD = sizeof(type) == 4 ? sext32((u64)before) : (u64)before;                            \
            NEXT;                                                                                  \
        }                                                                                          \
        MAKE_EXACT;                                                                                \
        if (!hart_amo(h, OP_##name, va, size, RS2, &old)) {                                        \
            goto look;                                                                             \
        }                                                                                          \
        RD = old;                                                                                  \
        BACK_TO_BLOCK;                                                                             \
        NEXT_AFTER_SLOW;                                                                           \
    }
#define AMO_BOTH(name, unsigned_or_signed, expression)                                             \
    AMO(name##_W, 4, unsigned_or_signed##32, expression)                                           \
    AMO(name##_D, 8, unsigned_or_signed##64, expression)

AMO_BOTH(AMOSWAP, u, operand)
AMO_BOTH(AMOADD, u, before + operand)
AMO_BOTH(AMOXOR, u, before ^ operand)
AMO_BOTH(AMOAND, u, before & operand)
AMO_BOTH(AMOOR, u, before | operand)
AMO_BOTH(AMOMIN, i, before < operand ? before : operand)
AMO_BOTH(AMOMAX, i, before > operand ? before : operand)
AMO_BOTH(AMOMINU, u, before < operand ? before : operand)
AMO_BOTH(AMOMAXU, u, before > operand ? before : operand)
#undef AMO_BOTH
#undef AMO

OP(CBO_ZERO)
{
    MAKE_EXACT;
    if (!hart_cbo_zero(h, RS1, (u32)op->imm)) {
        goto look;
    }
    BACK_TO_BLOCK;
    NEXT_AFTER_SLOW;
}
OP(CBO_INVAL)
OP(CBO_CLEAN)
OP(CBO_FLUSH)
{
    MAKE_EXACT;
    if (!hart_cbo_manage(h, RS1, (u32)op->imm)) {
        goto look;
    }
    BACK_TO_BLOCK;
    NEXT_AFTER_SLOW;
}
// clang-format on

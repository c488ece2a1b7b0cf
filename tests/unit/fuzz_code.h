/* SPDX-License-Identifier: MIT */
/*
 * fuzz_code.h - random programs that go everywhere: all instructions, all privileges, page tables
 * and code changing under them, traps and interrupts.
 *
 * Layout of RAM (4 MiB): handler at the start, random code, page tables (Sv39), data.  Every trap
 * to M-mode or S-mode ends in a handler that takes a new random place, privilege and status from a
 * generator in guest memory, so a program never ends and never leaves the stage.  Everything
 * follows from the seed.
 *
 * Registers: s0, s1 point into data, s2 into the page tables, s3 and s4 into code; instructions
 * rarely change them, and the handler puts them right again.
 */
#ifndef FAULTLINE_TESTS_FUZZ_CODE_H
#define FAULTLINE_TESTS_FUZZ_CODE_H

#include "rig.h"

#define FUZZ_RAM ((u64)4 << 20)
#define FUZZ_CODE (RIG_BASE + 0x10000)
#define FUZZ_CODE_SIZE ((u64)0x10000)
#define FUZZ_TABLES (RIG_BASE + 0x100000)
#define FUZZ_TABLES_SIZE ((u64)0x8000)
#define FUZZ_DATA (RIG_BASE + 0x200000)
#define FUZZ_DATA_SIZE ((u64)0x40000)
/* Traps come back somewhere in the first bytes of the code: the fewer, the hotter they get. */
#ifndef FUZZ_ENTRY_SPAN
#define FUZZ_ENTRY_SPAN FUZZ_CODE_SIZE
#endif
#define FUZZ_STATE (RIG_BASE + 0x8000) /* of the generator in the guest */

static inline u64 fuzz_random(u64 *state)
{
    u64 z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline bool fuzz_chance(u64 *state, unsigned percent)
{
    return fuzz_random(state) % 100 < percent;
}

static inline bool fuzz_is_pointer(unsigned reg)
{
    return reg == s0 || reg == s1 || reg == s2 || reg == s3 || reg == s4;
}

static inline u32 fuzz_csr_number(u64 *state)
{
    static const u16 likely[] = {
        CSR_SSTATUS,  CSR_MSTATUS,    CSR_SATP,     CSR_SEPC,       CSR_STVAL,         CSR_INSTRET,
        CSR_CYCLE,    CSR_TIME,       CSR_MINSTRET, CSR_MCYCLE,     CSR_STIMECMP,      CSR_SIE,
        CSR_SIP,      CSR_MIE,        CSR_MIP,      CSR_FCSR,       CSR_FRM,           CSR_FFLAGS,
        CSR_SSCRATCH, CSR_MENVCFG,    CSR_SENVCFG,  CSR_SCOUNTEREN, CSR_MCOUNTINHIBIT, CSR_MIDELEG,
        CSR_MEDELEG,  CSR_MCOUNTEREN,
    };
    return likely[fuzz_random(state) % ARRAY_LENGTH(likely)];
}

/* Registers of one random word made mostly harmless. */
static inline u32 fuzz_tame(u64 *state, u32 word, const struct insn_info *info)
{
    static const u8 pointers[] = {s0, s0, s1, s1, s0, s1, s2, s3};
    if ((info->mask & 0x7f) == 0x7f && fuzz_is_pointer(word >> 7 & 31) &&
        !(info->flags & (INSN_BRANCH | INSN_FP)) && fuzz_chance(state, 97)) {
        word = (word & ~0xf80u) | (u32)(5 + fuzz_random(state) % 3) << 7;
    }
    if ((info->flags & (INSN_LOAD | INSN_STORE)) && fuzz_chance(state, 95)) {
        word = (word & ~0xf8000u) | (u32)pointers[fuzz_random(state) % 8] << 15;
        if (!(info->flags & INSN_AMO) && fuzz_chance(state, 80)) {
            word &= (info->flags & INSN_STORE) ? ~0x600u : ~0x600000u; /* mostly aligned */
        }
    }
    return word;
}

static inline u32 fuzz_csr_word(u64 *state, u32 word)
{
    u32 number = fuzz_csr_number(state);
    if (number == CSR_SATP && fuzz_chance(state, 80)) {
        /* mostly the good table, under one of four ASIDs, kept in s5..s8 */
        word = CSRRW(0, CSR_SATP, s5 + fuzz_random(state) % 4);
    } else {
        word = (word & 0xfffff) | number << 20;
        if (fuzz_is_pointer(word >> 7 & 31)) {
            word &= ~0xf80u;
        }
    }
    return word;
}

/* One random instruction; *length is 2 or 4. */
static inline u32 fuzz_instruction(u64 *state, unsigned *length)
{
    *length = 4;
    for (;;) {
        unsigned row = (unsigned)(fuzz_random(state) % OP_ROWS);
        const struct insn_info *info = &insn_table[row];
        bool system = (info->flags & (INSN_PRIV | INSN_CBO)) || row == OP_ECALL ||
                      row == OP_EBREAK || row == OP_C_EBREAK || row == OP_WFI;
        if (row == OP_ILLEGAL || (system && fuzz_chance(state, 90))) {
            continue;
        }
        u32 word = info->match | ((u32)fuzz_random(state) & ~info->mask);
        if (row >= OP_COUNT) {
            *length = 2;
            return (u16)word;
        }
        if (info->flags & INSN_CSR) {
            return fuzz_csr_word(state, word);
        }
        if (row == OP_JALR) {
            return (word & ~0xfff8000u & 0x7fffffff) | (u32)s4 << 15;
        }
        if (row == OP_JAL) {
            return JAL(word >> 7 & 1, (i32)(fuzz_random(state) % 0x3000) * 2 - 0x3000);
        }
        if (info->flags & INSN_BRANCH) {
            return asm_b(info->match, word >> 15 & 31, word >> 20 & 31,
                         (i32)(fuzz_random(state) % 128) * 2 - 100);
        }
        return fuzz_tame(state, word, info);
    }
}

static inline void fuzz_code(struct rig *rig, u64 *state)
{
    u8 *code = ram_pointer(&rig->ram, FUZZ_CODE, FUZZ_CODE_SIZE);
    for (u64 at = 0; at + 4 <= FUZZ_CODE_SIZE;) {
        unsigned length;
        u32 word = fuzz_instruction(state, &length);
        store_sized(code + at, word, length);
        at += length;
    }
}

/*
 * Virtual = physical for the whole RAM by one large leaf table entry set, with random rights; the
 * page tables lie at FUZZ_TABLES: root, one level 1, six level 0.
 */
static inline void fuzz_tables(struct rig *rig, u64 *state)
{
    u64 root = FUZZ_TABLES, level1 = root + 4096, level0 = root + 8192;
    rig_u64(rig, root + 8 * pte_index(RIG_BASE, 2), level1 >> 2 | PTE_V);
    for (unsigned i = 0; i < 2; i++) {
        u64 table = level0 + 4096 * i;
        rig_u64(rig, level1 + 8 * i, table >> 2 | PTE_V);
        for (u64 j = 0; j < 512; j++) {
            u64 page = RIG_BASE + (i * 512 + j) * 4096;
            u64 rights = PTE_V | PTE_R | PTE_W | PTE_X;
            rights |= fuzz_chance(state, 50) ? PTE_A | PTE_D : 0;
            rights |= (page >> 15 & 1) ^ fuzz_chance(state, 10) ? PTE_U : 0;
            rights |= fuzz_chance(state, 10) ? PTE_G : 0;
            if (fuzz_chance(state, 10)) {
                rights &= fuzz_random(state);
            }
            rig_u64(rig, table + 8 * j, page >> 2 | rights);
        }
    }
    /* 2 MiB leaves: RAM again behind 4 MiB, once more for aliases. */
    rig_u64(rig, level1 + 16, RIG_BASE >> 2 | 0xcf);
    rig_u64(rig, level1 + 24, (RIG_BASE + 0x200000) >> 2 | 0xdf);
}

/* M-mode handler at RIG_BASE, S-mode handler (for what is delegated) at RIG_BASE + 0x100. */
static inline void fuzz_handlers(struct rig *rig)
{
    const u32 machine[] = {
        LUI(t6, FUZZ_STATE >> 12 & 0xfffff),
        SLLI(t6, t6, 32),
        SRLI(t6, t6, 32),
        LD(t5, 0, t6),
        /* t5 = t5 * 0x5851f42d4c957f2d + 1, the factor lies beside the state */
        LD(t4, 8, t6),
        MUL(t5, t5, t4),
        ADDI(t5, t5, 1),
        SD(t5, 0, t6),
        SRLI(t5, t5, 20),
        LD(t4, 16, t6), /* mask of the code area */
        asm_r(0x7033, t4, t4, t5),
        LD(t3, 24, t6),
        ADD(t4, t4, t3),
        CSRRW(0, CSR_MEPC, t4),
        SRLI(t5, t5, 20),
        SLLI(t3, t5, 5),
        CSRRW(0, CSR_MSTATUS, t3),
        LUI(t3, 1),
        CSRRC(0, CSR_MSTATUS, t3), /* to S or U */
        LUI(t3, 2),
        CSRRS(0, CSR_MSTATUS, t3), /* mostly with floating point */
        /* one of four satp values */
        asm_i(0x7013, t5, t5, 0x18),
        ADD(t5, t5, t6),
        LD(t5, 72, t5),
        CSRRW(0, CSR_SATP, t5),
        LD(s0, 32, t6),
        LD(s1, 40, t6),
        LD(s2, 48, t6),
        LD(s3, 56, t6),
        LD(s4, 64, t6),
        LD(s5, 72, t6),
        LD(s6, 80, t6),
        LD(s7, 88, t6),
        LD(s8, 96, t6),
        MRET,
    };
    const u32 supervisor[] = {
        CSRRS(t5, CSR_SEPC, 0),
        ADDI(t5, t5, 4),
        CSRRW(0, CSR_SEPC, t5),
        SRET,
    };
    rig_words(rig, RIG_BASE, machine, ARRAY_LENGTH(machine));
    rig_words(rig, RIG_BASE + 0x100, supervisor, ARRAY_LENGTH(supervisor));
}

static inline void fuzz_state(struct rig *rig, u64 *state)
{
    u64 good = (u64)SATP_SV39 << SATP_MODE_SHIFT | FUZZ_TABLES >> 12;
    const u64 words[] = {
        fuzz_random(state),
        0x5851f42d4c957f2d,
        FUZZ_ENTRY_SPAN - 2,
        FUZZ_CODE,
        FUZZ_DATA + 0x800,
        FUZZ_DATA + 0x3ff8,
        FUZZ_TABLES + 0x2c00,
        FUZZ_CODE + 0x4000,
        FUZZ_CODE + 0x8000,
        good,
        good | (u64)1 << SATP_ASID_SHIFT,
        good | (u64)2 << SATP_ASID_SHIFT,
        (u64)0,
    };
    for (u64 i = 0; i < ARRAY_LENGTH(words); i++) {
        rig_u64(rig, FUZZ_STATE + 8 * i, words[i]);
    }
}

static inline void fuzz_hart(struct hart *h, u64 *state)
{
    for (unsigned i = 1; i < 32; i++) {
        h->x[i] = fuzz_random(state) >> (fuzz_random(state) & 63);
        h->f[i] = fuzz_random(state);
    }
    h->mtvec = RIG_BASE;
    h->stvec = RIG_BASE + 0x100;
    h->medeleg = 0x2f8;
    h->mideleg = 0x222;
    h->mie = 0x222;
    h->mcounteren = 7;
    h->scounteren = 7;
    h->mstatus = MSTATUS_FS;
    csr_poke(h, CSR_MENVCFG, ENVCFG_ADUE | ENVCFG_CBZE | ENVCFG_STCE);
    csr_poke(h, CSR_PMPADDR0, UINT64_MAX);
    csr_poke(h, CSR_PMPCFG0, 0x1f);
    h->pc = RIG_BASE;
}

/* Random code has endless loops: every now and then the handler takes over, whatever the mode. */
static inline void fuzz_kick(void *ctx, u64 now)
{
    struct rig *rig = ctx;
    for (unsigned i = 0; i < rig->count; i++) {
        rig->hart[i].pc = RIG_BASE;
        rig->hart[i].waiting = false;
        hart_set_privilege(&rig->hart[i], PRIV_MACHINE);
        rig->hart[i].fetch_page = FETCH_NONE;
    }
    /* its id: registered after one event for each hart */
    clock_schedule(&rig->clock, rig->count, now + 300 + now % 400);
}

/* Fills RAM and harts of a fresh rig of FUZZ_RAM bytes. */
static inline void fuzz_setup(struct rig *rig, u64 seed)
{
    u64 state = seed;
    fuzz_handlers(rig);
    fuzz_state(rig, &state);
    fuzz_code(rig, &state);
    fuzz_tables(rig, &state);
    for (unsigned i = 0; i < rig->count; i++) {
        fuzz_hart(&rig->hart[i], &state);
    }
    clock_schedule(&rig->clock, clock_register(&rig->clock, "kick", fuzz_kick, rig), 500);
}

#endif

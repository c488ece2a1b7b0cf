/* SPDX-License-Identifier: MIT */
/*
 * riscv.h - control and status registers, fences and page-table-entry bits of
 * the RISC-V privileged specification, as far as S-mode uses them.
 */
#ifndef LIB_RISCV_H
#define LIB_RISCV_H

#include "lib/types.h"

/* sstatus ("Supervisor Status Register") */
#define SSTATUS_SIE (1ull << 1)
#define SSTATUS_SPIE (1ull << 5)
#define SSTATUS_SPP (1ull << 8)
#define SSTATUS_FS (3ull << 13)
#define SSTATUS_FS_OFF (0ull << 13)
#define SSTATUS_FS_INITIAL (1ull << 13)
#define SSTATUS_FS_CLEAN (2ull << 13)
#define SSTATUS_FS_DIRTY (3ull << 13)
#define SSTATUS_SUM (1ull << 18)

/* scause */
#define CAUSE_INTERRUPT (1ull << 63)
#define CAUSE_SOFTWARE_INTERRUPT (CAUSE_INTERRUPT | 1)
#define CAUSE_TIMER_INTERRUPT (CAUSE_INTERRUPT | 5)
#define CAUSE_EXTERNAL_INTERRUPT (CAUSE_INTERRUPT | 9)
#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL_INSTRUCTION 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_USER_ECALL 8
#define CAUSE_FETCH_PAGE_FAULT 12
#define CAUSE_LOAD_PAGE_FAULT 13
#define CAUSE_STORE_PAGE_FAULT 15

/* sie, sip */
#define INTERRUPT_SOFTWARE (1ull << 1)
#define INTERRUPT_TIMER (1ull << 5)
#define INTERRUPT_EXTERNAL (1ull << 9)

#define SATP_SV39 (8ull << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xffffull

#ifdef __riscv
#define csr_read(csr)                                                       \
    ({                                                                      \
        u64 csr_value_;                                                     \
        __asm__ volatile("csrr %0, " #csr : "=r"(csr_value_) : : "memory"); \
        csr_value_;                                                         \
    })
#define csr_write(csr, value) \
    __asm__ volatile("csrw " #csr ", %0" : : "rK"((u64)(value)) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" : : "rK"((u64)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" : : "rK"((u64)(bits)) : "memory")
/* Clear bits and => the register as it was before. */
#define csr_read_clear(csr, bits)                 \
    ({                                            \
        u64 csr_value_;                           \
        __asm__ volatile("csrrc %0, " #csr ", %1" \
                         : "=r"(csr_value_)       \
                         : "rK"((u64)(bits))      \
                         : "memory");             \
        csr_value_;                               \
    })

static inline void sfence_all(void)
{
    __asm__ volatile("sfence.vma zero, zero" : : : "memory");
}

static inline void sfence_asid(u64 asid)
{
    __asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

static inline void sfence_page(u64 address, u64 asid)
{
    __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}

static inline void fence_instruction(void)
{
    __asm__ volatile("fence.i" : : : "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("wfi" : : : "memory");
}

static inline u64 read_time(void)
{
    u64 ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}
#endif

static inline void memory_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

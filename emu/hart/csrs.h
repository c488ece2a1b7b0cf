/* SPDX-License-Identifier: MIT */
/*
 * csrs.h - reading and writing control and status registers.
 *
 * Privileged specification, chapters 2, 3, 10; "Zicsr" for which accesses read or write.  Values
 * that a field cannot hold are made legal as documented at each register in csrs.c.
 */
#ifndef FAULTLINE_CSRS_H
#define FAULTLINE_CSRS_H

#include "emu/hart/hart.h"

/* What sstatus lets software change of mstatus. */
#define SSTATUS_WRITABLE \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)

enum csr_operation { CSR_WRITE, CSR_SET, CSR_CLEAR };

/*
 * One CSR instruction.  write: false for csrrs/csrrc with x0 or immediate 0.  read: false for
 * csrrw with rd = x0.  bits: the instruction, for stval.  False: it trapped.
 * May set h->stop and change the contexts and fetch_page.
 */
bool hart_csr(struct hart *h, unsigned number, enum csr_operation operation, bool read, bool write,
              u64 operand, u64 *old, u32 bits);

/*
 * For monitors and debuggers: no privilege check, no side effect.  False: no such register on this
 * hart.  csr_poke writes as an M-mode csrrw would.
 */
bool csr_peek(const struct hart *h, unsigned number, u64 *value);
bool csr_poke(struct hart *h, unsigned number, u64 value);

#endif

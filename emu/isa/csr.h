/* SPDX-License-Identifier: MIT */
/*
 * csr.h: numbers of the control and status registers, made from csr.def: CSR_SATP and so on.
 */
#ifndef FAULTLINE_EMU_ISA_CSR_H
#define FAULTLINE_EMU_ISA_CSR_H

enum csr_number {
#define CSR(number, NAME, name, extensions) CSR_##NAME = (number),
#include "emu/isa/csr.def"
};

/* Lowest privilege that may touch the CSR (0 user, 1 supervisor, 3 machine), and whether it is
 * read-only: both stand in its number (privileged specification, "CSR Address Mapping
 * Conventions"). */
static inline unsigned csr_privilege(unsigned number)
{
    return number >> 8 & 3;
}

static inline int csr_read_only(unsigned number)
{
    return (number >> 10 & 3) == 3;
}

#endif

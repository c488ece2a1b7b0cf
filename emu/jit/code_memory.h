/* SPDX-License-Identifier: MIT */
/*
 * code_memory.h - memory for generated code that is never writable and executable at once.
 *
 * One anonymous file (memfd_create(2)) is mapped twice: writable, where the translator writes, and
 * executable, where the machine runs.  No page has both rights at any time.
 */
#ifndef FAULTLINE_JIT_CODE_MEMORY_H
#define FAULTLINE_JIT_CODE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code_memory {
    uint8_t *write;     /* the writable view */
    const uint8_t *run; /* the executable view of the same bytes */
    size_t size;        /* bytes */
};

/* Maps `size` bytes (rounded up to pages).  False when the host does not allow it. */
bool code_memory_map(struct code_memory *memory, size_t size);
void code_memory_unmap(struct code_memory *memory);

/*
 * Makes bytes written at [offset, offset + length) visible to instruction fetch.  Nothing to do on
 * x86-64, whose fetches are coherent; an arm64 host cleans and invalidates its caches here.
 */
void code_memory_publish(const struct code_memory *memory, size_t offset, size_t length);

#endif

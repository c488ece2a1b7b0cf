/* SPDX-License-Identifier: MIT */
/*
 * page.h - fill or copy one page of 4096 bytes, as fast as the hart can
 * (Zicboz if it has it, else unrolled loops; mm/page.S).
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

void page_zero(void *page);
void page_copy(void *destination, const void *source);

/* Use cbo.zero with this block size in bytes (0: do not). */
void page_use_zicboz(unsigned long block_size);

#endif

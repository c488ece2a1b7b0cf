/* SPDX-License-Identifier: MIT */
/*
 * bundle - turn the guest kernel, the root disk and the symbols into one assembler file that is linked into
 * the faultline binary.
 *
 *   bundle KERNEL ROOT SYMBOLS OUT.S ROOT-PREFIX
 *
 * The disk's trailing zeros are left out (ROOT-PREFIX is written without them) and its full size is
 * recorded, so that the binary stays small and nothing has to be unpacked at start: the kernel maps
 * the pages of the binary that are really read.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "bundle: cannot %s %s: %s\n", what, path, strerror(errno));
    return 1;
}

/* Copies `in` to `out` without its trailing zero bytes, rounded up to whole pages; full size in
 * *size. */
static int copy_prefix(const char *in, const char *out, uint64_t *size)
{
    FILE *from = fopen(in, "rb");
    if (!from) {
        return fail("open", in);
    }
    FILE *to = fopen(out, "wb");
    if (!to) {
        fclose(from);
        return fail("create", out);
    }
    static unsigned char page[4096];
    static const unsigned char zero[4096];
    uint64_t pending = 0; /* zero pages seen and not yet written */
    size_t got;
    *size = 0;
    while ((got = fread(page, 1, sizeof page, from)) > 0) {
        *size += got;
        memset(page + got, 0, sizeof page - got);
        if (memcmp(page, zero, sizeof page) == 0) {
            pending++;
            continue;
        }
        for (; pending > 0; pending--) {
            fwrite(zero, 1, sizeof zero, to);
        }
        fwrite(page, 1, sizeof page, to);
    }
    int bad = ferror(from) || ferror(to);
    fclose(from);
    if (fclose(to) != 0 || bad) {
        return fail("write", out);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: bundle KERNEL ROOT SYMBOLS OUT.S ROOT-PREFIX\n");
        return 2;
    }
    uint64_t size;
    int status = copy_prefix(argv[2], argv[5], &size);
    if (status != 0) {
        return status;
    }
    FILE *out = fopen(argv[4], "w");
    if (!out) {
        return fail("create", argv[4]);
    }
    fprintf(out,
            "/* Made by disk-images/bundle.c */\n"
            "    .section .rodata\n"
            "    .balign 4096\n"
            "    .globl bundled_kernel, bundled_kernel_end\n"
            "bundled_kernel:\n"
            "    .incbin \"%s\"\n"
            "bundled_kernel_end:\n"
            "    .balign 4096\n"
            "    .globl bundled_root, bundled_root_end, bundled_root_size\n"
            "bundled_root:\n"
            "    .incbin \"%s\"\n"
            "bundled_root_end:\n"
            "    .balign 8\n"
            "bundled_root_size:\n"
            "    .quad %llu\n"
            "    .globl bundled_symbols, bundled_symbols_end\n"
            "bundled_symbols:\n"
            "    .incbin \"%s\"\n"
            "bundled_symbols_end:\n"
            "    .section .note.GNU-stack, \"\", @progbits\n",
            argv[1], argv[5], (unsigned long long)size, argv[3]);
    return fclose(out) == 0 ? 0 : fail("write", argv[4]);
}

/* SPDX-License-Identifier: MIT */
/*
 * bare.c: runs a bare-metal ELF on one hart with nothing but RAM at 0x80000000, a UART that only
 * sends (0x10000000, to standard output) and the power-off register (0x100000).  If the program
 * has a symbol `tohost`, a value other than 0 there ends it too: 1 is success, other odd values
 * are the number of the failed test * 2 + 1.
 *
 * usage: bare [--jit] ELF [MAX_INSTRUCTIONS]
 *
 * Exit status: 0 success, 1 the program failed (told on standard error), 2 cannot run it,
 * 124 too many instructions.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/jit/jit.h"
#include "tests/unit/rig.h"

enum { RAM_BYTES = 64 << 20 };

struct bare {
    struct rig rig;
    bool finished;
    u64 status; /* as written to tohost: 1 is success */
    u64 tohost; /* address, 0: the program has none */
};

static u64 no_read(void *device, u64 offset, unsigned size, bool *fault)
{
    (void)device;
    (void)size;
    (void)fault;
    return offset == 5 ? 0x60 : 0; /* line status: ready to send */
}

static void uart_write(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    (void)device;
    (void)size;
    (void)fault;
    if (offset == 0) {
        putchar((int)(value & 0xff));
    }
}

static void finish(struct bare *bare, u64 status)
{
    bare->finished = true;
    bare->status = status;
    bare->rig.hart[0].stop |= STOP_RETURN;
}

static void power_write(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    (void)offset;
    (void)size;
    (void)fault;
    finish(device, (value & 0xffff) == 0x5555 ? 1 : (value >> 16) * 2 + 1);
}

static void tohost_written(void *ctx, u64 address, u64 length)
{
    struct bare *bare = ctx;
    u64 value = 0;
    (void)address;
    (void)length;
    dma_read(&bare->rig.ram, bare->tohost, &value, sizeof value);
    if (value != 0) {
        finish(bare, value);
    }
}

static const struct bus_ops uart_ops = {no_read, uart_write, 1};
static const struct bus_ops power_ops = {no_read, power_write, 1 | 2 | 4};

static u8 *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    u8 *bytes = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        long length = ftell(file);
        rewind(file);
        bytes = length > 0 ? malloc((size_t)length) : NULL;
        *size = bytes != NULL ? fread(bytes, 1, (size_t)length, file) : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

/* The test's own programs are trusted: only what cross linkers write is understood. */
static void find_tohost(struct bare *bare, const u8 *file, const Elf64_Ehdr *header)
{
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(const void *)(file + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) {
            continue;
        }
        const Elf64_Sym *symbol = (const Elf64_Sym *)(const void *)(file + sections[i].sh_offset);
        const char *names = (const char *)file + sections[sections[i].sh_link].sh_offset;
        for (u64 n = sections[i].sh_size / sizeof *symbol; n-- > 0; symbol++) {
            if (strcmp(names + symbol->st_name, "tohost") == 0) {
                bare->tohost = symbol->st_value;
            }
        }
    }
}

static bool load(struct bare *bare, const char *path)
{
    size_t size = 0;
    u8 *file = read_file(path, &size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)file;
    bool good = file != NULL && size > sizeof *header && memcmp(header->e_ident, ELFMAG, 4) == 0;
    for (unsigned i = 0; good && i < header->e_phnum; i++) {
        const Elf64_Phdr *p =
            (const Elf64_Phdr *)(const void *)(file + header->e_phoff + i * sizeof *p);
        if (p->p_type == PT_LOAD && p->p_filesz > 0) {
            good = dma_write(&bare->rig.ram, p->p_paddr, file + p->p_offset, p->p_filesz);
        }
    }
    if (good) {
        find_tohost(bare, file, header);
        bare->rig.hart[0].pc = header->e_entry;
    }
    free(file);
    return good;
}

static bool connect(struct bare *bare)
{
    struct error err = {0};
    const struct bus_region uart = {0x10000000, 0x100, &uart_ops, bare, "uart"};
    const struct bus_region power = {0x100000, 0x1000, &power_ops, bare, "power"};
    bool good = bus_add(&bare->rig.bus, &uart, &err) && bus_add(&bare->rig.bus, &power, &err);
    if (good && bare->tohost != 0) {
        good = ram_add_watch(&bare->rig.ram, bare->tohost, 8, tohost_written, bare);
    }
    return good;
}

int main(int argc, char **argv)
{
    static struct bare bare;
    bool jit = argc > 1 && strcmp(argv[1], "--jit") == 0;
    argv += jit;
    argc -= jit;
    u64 left = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000000;
    rig_init_with(&bare.rig, RAM_BYTES, 1, ISA_DEFAULT, jit ? jit_create : interp_create);
    if (jit) {
        jit_translate_at_once(bare.rig.engine);
    }
    if (argc < 2 || !load(&bare, argv[1]) || !connect(&bare)) {
        fprintf(stderr, "bare: cannot run %s\n", argc > 1 ? argv[1] : "nothing");
        return 2;
    }
    while (!bare.finished && left > 0) {
        u64 slice = left < 100000 ? left : 100000;
        rig_run_hart(&bare.rig, 0, slice);
        left -= slice;
    }
    fflush(stdout);
    if (!bare.finished) {
        fprintf(stderr, "bare: no end, pc %" PRIx64 "\n", bare.rig.hart[0].pc);
        return 124;
    }
    if (bare.status != 1) {
        fprintf(stderr, "bare: test %" PRIu64 " failed\n", bare.status >> 1);
        return 1;
    }
    rig_destroy(&bare.rig);
    return 0;
}

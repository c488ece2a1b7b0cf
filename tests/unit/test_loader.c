/* SPDX-License-Identifier: MIT */
/* test_loader.c - ELF files, Linux Images, gzip: whole, cut short, and made to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "emu/base/bits.h"
#include "emu/machine/loader.h"
#include "emu/machine/tree.h"
#include <libfdt.h>

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (4ull << 20)

/* A kernel as small as can be: one segment, symbols tohost and fromhost. */
struct tiny {
    Elf64_Ehdr header;
    Elf64_Phdr program[2];
    u8 text[64];
    Elf64_Sym symbol[3];
    char strings[32];
    Elf64_Shdr section[3];
};

static struct tiny make_tiny(void)
{
    struct tiny t = {0};
    memcpy(t.header.e_ident, ELFMAG, SELFMAG);
    t.header.e_ident[EI_CLASS] = ELFCLASS64;
    t.header.e_ident[EI_DATA] = ELFDATA2LSB;
    t.header.e_type = ET_EXEC;
    t.header.e_machine = EM_RISCV;
    t.header.e_entry = 0xffffffc080200010ull;
    t.header.e_phoff = offsetof(struct tiny, program);
    t.header.e_phnum = 2;
    t.header.e_phentsize = sizeof(Elf64_Phdr);
    t.header.e_shoff = offsetof(struct tiny, section);
    t.header.e_shnum = 3;
    t.header.e_shentsize = sizeof(Elf64_Shdr);
    t.program[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                .p_offset = offsetof(struct tiny, text),
                                .p_vaddr = 0xffffffc080200000ull,
                                .p_paddr = 0x80200000,
                                .p_filesz = sizeof t.text,
                                .p_memsz = 8192};
    t.program[1].p_type = PT_NOTE;
    memset(t.text, 0xab, sizeof t.text);
    memcpy(t.strings, "\0tohost\0fromhost", 17);
    t.symbol[1] = (Elf64_Sym){.st_name = 1, .st_shndx = 1, .st_value = 0x80201000};
    t.symbol[2] = (Elf64_Sym){.st_name = 8, .st_shndx = 1, .st_value = 0x80201008};
    t.section[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                                .sh_link = 2,
                                .sh_offset = offsetof(struct tiny, symbol),
                                .sh_size = sizeof t.symbol};
    t.section[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
                                .sh_offset = offsetof(struct tiny, strings),
                                .sh_size = sizeof t.strings};
    return t;
}

/* The bytes in memory of exactly their size, so that a sanitizer sees any step beyond. */
static bool load(const void *data, size_t size, struct image_info *info, struct error *err)
{
    struct ram ram;
    u8 *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    struct machine_bytes bytes = {exact, size, "test"};
    *err = (struct error){0};
    assert_true(ram_init(&ram, RAM_BASE, RAM_SIZE, NULL));
    memset(ram_pointer(&ram, 0x80200000, 8192), 0x55, 8192);
    bool good = loader_load(&bytes, &ram, RAM_BASE + 0x200000, info, err);
    struct tiny intact = make_tiny();
    if (size == sizeof intact && memcmp(data, &intact, size) == 0) {
        assert_true(good);
        const u8 *at = ram_pointer(&ram, 0x80200000, 8192);
        assert_int_equal(at[0], 0xab);
        assert_int_equal(at[64], 0); /* beyond the file's part: zero */
        assert_int_equal(at[8191], 0);
    }
    assert_true(good || err->text[0]);
    ram_destroy(&ram);
    free(exact);
    return good;
}

static void test_elf(void **state)
{
    struct tiny t = make_tiny();
    struct image_info info;
    struct error err;
    (void)state;
    assert_true(load(&t, sizeof t, &info, &err));
    assert_int_equal(info.format, IMAGE_ELF);
    assert_int_equal(info.entry, 0x80200010); /* virtual entry, physical segment */
    assert_int_equal(info.low, 0x80200000);
    assert_int_equal(info.high, 0x80202000);
    assert_int_equal(info.tohost, 0x80201000);
    assert_int_equal(info.fromhost, 0x80201008);
    assert_false(info.user_program);
}

static void test_elf_cut_short(void **state)
{
    struct tiny t = make_tiny();
    struct image_info info;
    struct error err;
    (void)state;
    for (size_t size = 4; size < offsetof(struct tiny, text) + sizeof t.text; size++) {
        assert_false(load(&t, size, &info, &err));
    }
    for (size_t size = offsetof(struct tiny, symbol); size < sizeof t; size++) {
        load(&t, size, &info, &err); /* symbols may be missing */
    }
}

static void test_elf_for_others(void **state)
{
    struct image_info info;
    struct error err;
    struct tiny t = make_tiny();
    (void)state;
    t.header.e_machine = EM_X86_64;
    assert_false(load(&t, sizeof t, &info, &err));
    assert_non_null(strstr(err.text, "RISC-V"));
    t = make_tiny();
    t.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_false(load(&t, sizeof t, &info, &err));
    t = make_tiny();
    t.header.e_type = ET_REL;
    assert_false(load(&t, sizeof t, &info, &err));
    t = make_tiny();
    t.program[0].p_type = PT_NOTE;
    assert_false(load(&t, sizeof t, &info, &err));
    t = make_tiny();
    t.program[0].p_paddr = 0x10000;
    t.program[1].p_type = PT_INTERP;
    assert_false(load(&t, sizeof t, &info, &err));
    assert_true(info.user_program);
    assert_true(info.interpreter);
}

static void test_elf_hostile_numbers(void **state)
{
    static const u64 values[] = {0,
                                 1,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 1ull << 32,
                                 0x7fffffffffffffffull,
                                 1ull << 63,
                                 ~0ull,
                                 ~0ull - 4095,
                                 RAM_BASE - 1,
                                 RAM_BASE + RAM_SIZE,
                                 RAM_BASE + RAM_SIZE - 1};
    struct image_info info;
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        for (size_t at = 16; at + 8 <= sizeof(struct tiny); at += 4) {
            struct tiny t = make_tiny();
            memcpy((u8 *)&t + at, &values[i], 8);
            load(&t, sizeof t, &info, &err);
        }
    }
}

static void test_elf_random_damage(void **state)
{
    struct image_info info;
    struct error err;
    u32 seed = 99;
    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        struct tiny t = make_tiny();
        for (unsigned i = 0; i < 1 + round % 5; i++) {
            seed = seed * 1664525u + 1013904223u;
            ((u8 *)&t)[16 + (seed >> 8) % (sizeof t - 16)] ^= (u8)(seed >> 24);
        }
        load(&t, sizeof t - (seed >> 9) % 2 * ((seed >> 10) % sizeof t), &info, &err);
    }
}

static void test_linux_image(void **state)
{
    u8 image[4096] = {0};
    struct image_info info;
    struct error err;
    (void)state;
    store_u64(image + 8, 0);
    store_u64(image + 16, 65536);
    memcpy(image + 48, "RISCV", 5);
    memcpy(image + 56, "RSC\x05", 4);
    assert_true(load(image, sizeof image, &info, &err));
    assert_int_equal(info.format, IMAGE_LINUX);
    assert_int_equal(info.entry, 0x80200000);
    assert_int_equal(info.high, 0x80210000);
    store_u64(image + 16, RAM_SIZE);
    assert_false(load(image, sizeof image, &info, &err));
    assert_non_null(strstr(err.text, "-m"));
    store_u64(image + 16, ~0ull);
    assert_false(load(image, sizeof image, &info, &err));
    store_u64(image + 16, 0);
    store_u64(image + 8, ~0ull);
    assert_false(load(image, sizeof image, &info, &err));
    store_u64(image + 8, 0);
    store_u64(image + 24, 1);
    assert_false(load(image, sizeof image, &info, &err));
}

static void test_formats(void **state)
{
    u8 disk[2048] = {0};
    (void)state;
    assert_int_equal(loader_format(disk, 0), IMAGE_RAW);
    assert_int_equal(loader_format(disk, sizeof disk), IMAGE_RAW);
    store_u16(disk + 1080, 0xef53);
    assert_int_equal(loader_format(disk, sizeof disk), IMAGE_EXT2);
    assert_int_equal(loader_format(disk, 1081), IMAGE_RAW);
    disk[0] = 0x1f;
    disk[1] = 0x8b;
    assert_int_equal(loader_format(disk, 2), IMAGE_GZIP);
}

static void test_unpack(void **state)
{
    u8 plain[10000], packed[10000];
    struct buffer out = {0};
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (u8)(i * i >> 3);
    }
    z_stream z = {
        .next_in = plain, .avail_in = sizeof plain, .next_out = packed, .avail_out = sizeof packed};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t size = z.total_out;
    deflateEnd(&z);
    struct machine_bytes bytes = {packed, size, "test"};
    assert_true(loader_unpack(&bytes, 1 << 20, &out, &err));
    assert_int_equal(out.size, sizeof plain);
    assert_memory_equal(out.data, plain, sizeof plain);
    buffer_clear(&out);
    assert_false(loader_unpack(&bytes, 5000, &out, &err)); /* a bomb is stopped */
    for (size_t cut = 2; cut < size; cut += 97) {
        bytes.size = cut;
        err = (struct error){0};
        buffer_clear(&out);
        assert_false(loader_unpack(&bytes, 1 << 20, &out, &err));
    }
    buffer_free(&out);
}

static void test_tree(void **state)
{
    struct machine_config config;
    struct buffer tree = {0}, again = {0};
    struct error err = {0};
    (void)state;
    machine_config_default(&config);
    config.harts = 8;
    config.append = "root=/dev/vda quiet";
    assert_true(tree_build(&config, 0x81000000, 0x81001000, &tree, &err));
    assert_true(tree_build(&config, 0x81000000, 0x81001000, &again, &err));
    assert_int_equal(tree.size, again.size);
    assert_memory_equal(tree.data, again.data, tree.size);
    assert_int_equal(fdt_check_full(tree.data, tree.size), 0);
    int chosen = fdt_path_offset(tree.data, "/chosen");
    assert_string_equal(fdt_getprop(tree.data, chosen, "bootargs", NULL), config.append);
    assert_true(fdt_path_offset(tree.data, "/cpus/cpu@7") > 0);
    assert_true(fdt_path_offset(tree.data, "/soc/virtio_mmio@10008000") > 0);
    int cpu = fdt_path_offset(tree.data, "/cpus/cpu@0");
    assert_string_equal(fdt_getprop(tree.data, cpu, "mmu-type", NULL), "riscv,sv39");
    assert_non_null(strstr(fdt_getprop(tree.data, cpu, "riscv,isa", NULL), "rv64imafdc_"));
    assert_non_null(strstr(fdt_getprop(tree.data, cpu, "riscv,isa", NULL), "_svadu"));
    config.cpu.svadu = false;
    assert_true(tree_build(&config, 0, 0, &tree, &err));
    cpu = fdt_path_offset(tree.data, "/cpus/cpu@0");
    assert_null(strstr(fdt_getprop(tree.data, cpu, "riscv,isa", NULL), "svadu"));
    buffer_free(&tree);
    buffer_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elf),
        cmocka_unit_test(test_elf_cut_short),
        cmocka_unit_test(test_elf_for_others),
        cmocka_unit_test(test_elf_hostile_numbers),
        cmocka_unit_test(test_elf_random_damage),
        cmocka_unit_test(test_linux_image),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_unpack),
        cmocka_unit_test(test_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_fdt.c - reading device trees, made by libfdt and broken on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

static _Alignas(8) uint8_t blob[4096];

static void make_tree(const char *arguments)
{
    assert_int_equal(fdt_create(blob, sizeof(blob)), 0);
    fdt_finish_reservemap(blob);
    fdt_begin_node(blob, "");
    fdt_property_u32(blob, "#address-cells", 2);
    fdt_property_u32(blob, "#size-cells", 2);
    fdt_begin_node(blob, "chosen");
    fdt_property(blob, "bootargs", arguments, (int)strlen(arguments) + 1);
    fdt_end_node(blob);
    fdt_begin_node(blob, "soc");
    fdt_property_u32(blob, "#address-cells", 2);
    fdt_property_u32(blob, "#size-cells", 2);
    for (int i = 0; i < 3; i++) {
        const uint64_t reg[2] = {cpu_to_fdt64(0x10001000u + 0x1000u * (unsigned)i),
                                 cpu_to_fdt64(0x1000)};
        const char *compatible = i == 2 ? "a\0b" : "virtio,mmio";

        fdt_begin_node(blob, i == 0 ? "virtio@10001000" : i == 1 ? "virtio@10002000" : "other@1");
        fdt_property(blob, "compatible", compatible, i == 2 ? 4 : 12);
        fdt_property(blob, "reg", reg, sizeof(reg));
        fdt_property_u32(blob, "interrupts", (uint32_t)i + 1);
        fdt_end_node(blob);
    }
    fdt_end_node(blob);
    fdt_end_node(blob);
    assert_int_equal(fdt_finish(blob), 0);
}

/* From here on the kernel's functions; two have the name of one of libfdt (see CMakeLists.txt). */
#define fdt_property kernel_fdt_property
#define fdt_string kernel_fdt_string
#include "lib/fdt.h"

static void finds_nodes_and_properties(void **state)
{
    int node;
    u64 address, size;

    (void)state;
    make_tree("quiet root=/dev/vda");
    assert_true(fdt_init(blob));
    node = fdt_find_compatible(FDT_NONE, "virtio,mmio");
    assert_true(fdt_reg(node, 0, &address, &size));
    assert_int_equal(address, 0x10001000);
    assert_int_equal(size, 0x1000);
    assert_false(fdt_reg(node, 1, &address, &size));
    node = fdt_find_compatible(node, "virtio,mmio");
    assert_int_equal(fdt_cell(node, "interrupts", 0), 2);
    assert_int_equal(fdt_find_compatible(node, "virtio,mmio"), FDT_NONE);
    assert_int_not_equal(fdt_find_compatible(FDT_NONE, "b"), FDT_NONE);
    assert_int_equal(fdt_find_path("/soc/virtio@10002000"), node);
    assert_int_equal(fdt_find_path("/soc/nothing"), FDT_NONE);
    assert_int_equal(fdt_depth(node), 2);
    assert_string_equal(fdt_name(fdt_parent(node)), "soc");
}

static void reads_boot_options(void **state)
{
    char text[32];

    (void)state;
    make_tree("quiet vm.eager=brk,fork exec=echo quiet ro=1");
    assert_true(fdt_init(blob));
    assert_true(boot_option("quiet", text, sizeof(text)));
    assert_string_equal(text, "");
    assert_true(boot_option("vm.eager", text, sizeof(text)));
    assert_string_equal(text, "brk,fork");
    assert_true(boot_option("exec", text, sizeof(text)));
    assert_string_equal(text, "echo quiet ro=1"); /* the rest of the line */
    assert_false(boot_option("ro", text, sizeof(text)));
    assert_true(boot_option("exec", text, 5));
    assert_string_equal(text, "echo"); /* cut, and terminated */
}

/* Every byte flipped in turn: no access leaves the blob (run under a sanitizer to see one). */
static void survives_damage(void **state)
{
    (void)state;
    make_tree("quiet");
    for (size_t i = 0; i < fdt_totalsize(blob); i++) {
        uint8_t kept = blob[i];
        u64 address, size;

        blob[i] ^= 0xff;
        if (fdt_init(blob)) {
            for (int node = fdt_next(FDT_NONE); node != FDT_NONE; node = fdt_next(node)) {
                fdt_reg(node, 0, &address, &size);
                fdt_string(node, "compatible");
            }
        }
        blob[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nodes_and_properties),
        cmocka_unit_test(reads_boot_options),
        cmocka_unit_test(survives_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

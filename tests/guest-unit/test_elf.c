/* SPDX-License-Identifier: MIT */
/* test_elf.c - program headers and "#!" lines, sane and hostile, before exec maps anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "proc/elf.h"

#define LIMIT (1ull << 38)

static struct elf_header good_header(void)
{
    return (struct elf_header){.magic = ELF_MAGIC,
                               .elf_class = ELF_CLASS_64,
                               .data = ELF_DATA_LITTLE,
                               .type = ELF_TYPE_EXEC,
                               .machine = ELF_MACHINE_RISCV,
                               .entry = 0x10400,
                               .phoff = 64,
                               .phentsize = sizeof(struct elf_segment),
                               .phnum = 2};
}

static void good_segments(struct elf_segment *segments)
{
    segments[0] = (struct elf_segment){
        .type = PT_LOAD, .flags = PF_R | PF_X, .vaddr = 0x10000, .filesz = 0x5000, .memsz = 0x5000};
    segments[1] = (struct elf_segment){.type = PT_LOAD,
                                       .flags = PF_R | PF_W,
                                       .offset = 0x5dc0,
                                       .vaddr = 0x16dc0,
                                       .filesz = 0x600,
                                       .memsz = 0x9000};
}

static void header_is_checked(void **state)
{
    struct elf_header header = good_header();

    (void)state;
    assert_int_equal(elf_check_header(&header), 0);
    header.magic ^= 1;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.machine = 62;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.elf_class = 1;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.type = 1;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.phnum = 0;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.phnum = 0xffff;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
    header = good_header();
    header.phentsize = 32;
    assert_int_equal(elf_check_header(&header), -ENOEXEC);
}

static void segments_are_summed_up(void **state)
{
    struct elf_header header = good_header();
    struct elf_segment segments[2];
    struct elf_summary summary;

    (void)state;
    good_segments(segments);
    assert_int_equal(elf_check_segments(&header, segments, LIMIT, &summary), 0);
    assert_int_equal(summary.low, 0x10000);
    assert_int_equal(summary.high, 0x16dc0 + 0x9000);
    assert_int_equal(summary.table_address, 0x10040);
    assert_null(summary.interpreter);
    assert_false(summary.executable_stack);
    segments[0].offset = 0x1000; /* the headers are in no segment any more */
    assert_int_equal(elf_check_segments(&header, segments, LIMIT, &summary), 0);
    assert_int_equal(summary.table_address, 0);
}

static int check_changed(void (*change)(struct elf_segment *segments))
{
    struct elf_header header = good_header();
    struct elf_segment segments[2];
    struct elf_summary summary;

    good_segments(segments);
    change(segments);
    return elf_check_segments(&header, segments, LIMIT, &summary);
}

static void more_file_than_memory(struct elf_segment *s)
{
    s[1].filesz = s[1].memsz + 1;
}

static void beyond_user_space(struct elf_segment *s)
{
    s[1].vaddr = LIMIT - 0x1000 + 0xdc0;
}

static void address_overflow(struct elf_segment *s)
{
    s[1].vaddr = ~0xfffull + 0xdc0;
}

static void offset_overflow(struct elf_segment *s)
{
    s[1].offset = ~0xfffull + 0xdc0;
}

static void not_congruent(struct elf_segment *s)
{
    s[1].offset = 0x5dc8;
}

static void overlapping(struct elf_segment *s)
{
    s[1].vaddr = 0x11dc0;
}

static void nothing_to_load(struct elf_segment *s)
{
    s[0].type = s[1].type = PT_NOTE;
}

static void file_bytes_without_memory(struct elf_segment *s)
{
    s[0].memsz = 0;
}

static void hostile_segments_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check_changed(more_file_than_memory), -ENOEXEC);
    assert_int_equal(check_changed(beyond_user_space), -ENOEXEC);
    assert_int_equal(check_changed(address_overflow), -ENOEXEC);
    assert_int_equal(check_changed(offset_overflow), -ENOEXEC);
    assert_int_equal(check_changed(not_congruent), -ENOEXEC);
    assert_int_equal(check_changed(overlapping), -ENOEXEC);
    assert_int_equal(check_changed(nothing_to_load), -ENOEXEC);
    assert_int_equal(check_changed(file_bytes_without_memory), -ENOEXEC);
}

static void the_stack_may_be_executable(void **state)
{
    struct elf_header header = good_header();
    struct elf_segment segments[3];
    struct elf_summary summary;

    (void)state;
    good_segments(segments);
    segments[2] = (struct elf_segment){.type = PT_GNU_STACK, .flags = PF_R | PF_W | PF_X};
    header.phnum = 3;
    assert_int_equal(elf_check_segments(&header, segments, LIMIT, &summary), 0);
    assert_true(summary.executable_stack);
}

static int parse(const char *line, char **interpreter, char **argument)
{
    static char text[256];

    strcpy(text, line);
    return script_parse(text, strlen(line) + 1, interpreter, argument);
}

static void script_lines(void **state)
{
    char *interpreter, *argument;

    (void)state;
    assert_int_equal(parse("\177ELF", &interpreter, &argument), 0);
    assert_int_equal(parse("#!/bin/sh\necho", &interpreter, &argument), 1);
    assert_string_equal(interpreter, "/bin/sh");
    assert_null(argument);
    assert_int_equal(parse("#! \t/bin/sh  -e -x \t\n", &interpreter, &argument), 1);
    assert_string_equal(interpreter, "/bin/sh");
    assert_string_equal(argument, "-e -x"); /* all of it is one argument */
    assert_int_equal(parse("#!/bin/sh", &interpreter, &argument), 1);
    assert_string_equal(interpreter, "/bin/sh");
    assert_int_equal(parse("#!   \n", &interpreter, &argument), -ENOEXEC);
    assert_int_equal(parse("#!\n", &interpreter, &argument), -ENOEXEC);
}

static void an_endless_script_line_is_refused(void **state)
{
    char text[128], *interpreter, *argument;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "#!", 2);
    assert_int_equal(script_parse(text, sizeof text, &interpreter, &argument), -ENOEXEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_checked),
        cmocka_unit_test(segments_are_summed_up),
        cmocka_unit_test(hostile_segments_are_refused),
        cmocka_unit_test(the_stack_may_be_executable),
        cmocka_unit_test(script_lines),
        cmocka_unit_test(an_endless_script_line_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

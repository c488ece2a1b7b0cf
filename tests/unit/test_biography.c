/* SPDX-License-Identifier: MIT */
/* test_biography.c - history, symbols, and the life of a page, from records made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>

#include "emu/observe/biography.h"
#include "emu/observe/history.h"
#include "emu/observe/symbols.h"

/* ---- records ---- */

static u64 id(u32 pid)
{
    return (u64)pid << 32 | pid;
}

static struct trace_record event(u64 seq, u32 pid, unsigned number, u64 a1, u64 a2, u64 a3, u64 a4,
                                 u64 a5)
{
    struct trace_record r = {.type = (u8)(RECORD_PROBE + number),
                             .seq = seq,
                             .icount = seq * 100,
                             .pid = pid,
                             .tid = pid};
    u64 a[6] = {id(pid), a1, a2, a3, a4, a5};

    memcpy(r.arg, a, sizeof a);
    return r;
}

static struct trace_record global(u64 seq, unsigned number, u64 a0, u64 a1, u64 a2)
{
    struct trace_record r = event(seq, 0, number, a1, a2, 0, 0, 0);

    r.arg[0] = a0;
    return r;
}

static struct trace_record fault(u64 seq, u32 pid, unsigned kind, u64 va, u64 old, u64 new)
{
    return (struct trace_record){.type = RECORD_FAULT,
                                 .seq = seq,
                                 .icount = seq * 100,
                                 .pid = pid,
                                 .tid = pid,
                                 .fault = {.kind = (u8)kind,
                                           .va = va,
                                           .pc = 0x10000 + seq,
                                           .access = PROBE_ACCESS_WRITE,
                                           .pfn_old = old,
                                           .pfn_new = new,
                                           .cause = 15}};
}

static u64 word(const char *text)
{
    u64 value = 0;

    memcpy(&value, text, strlen(text) < 8 ? strlen(text) : 8);
    return value;
}

/* A program writes a page, forks, both write, the page leaves and comes back, and it ends. */
static size_t make_story(struct trace_record *r)
{
    size_t n = 0;

    r[n] = event(n, 3, PROBE_EV_MAP, 0x4000, 0x8000, AREA_HEAP | 3 << 8, 0, 0), n++;
    r[n] = event(n, 3, PROBE_EV_EXEC, word("story"), 0, 0, 0, 0), n++;
    r[n] = fault(n, 3, FAULT_ZERO_FILL, 0x5010, 0, 0x80100), n++;
    r[n] = fault(n, 3, FAULT_ZERO_FILL, 0x6010, 0, 0x80101), n++;
    r[n] = event(n, 3, PROBE_EV_FORK, id(5), 9, 0, 0, 0), n++;
    r[n] = fault(n, 5, FAULT_COW_COPY, 0x5020, 0x80100, 0x80102), n++;
    r[n] = fault(n, 3, FAULT_COW_REUSE, 0x5020, 0x80100, 0x80100), n++;
    r[n] = global(n, PROBE_EV_EVICT, 0x80100, 44, 1 | 1 << 8 | 1 << 16), n++;
    r[n] = global(n, PROBE_EV_SWAP_OUT, 44, 0x80100, 0), n++;
    /* The frame is somebody else's now. */
    r[n] = fault(n, 5, FAULT_COW_COPY, 0x7000, 0x80100, 0x80110), n++;
    r[n] = global(n, PROBE_EV_SWAP_IN, 44, 0x80120, 0), n++;
    r[n] = fault(n, 3, FAULT_SWAP_READ, 0x5000, 0, 0x80120), n++;
    r[n - 1].fault.back = 44;
    r[n] = event(n, 3, PROBE_EV_UNMAP, 0x4000, 0x6000, 0, 0, 0), n++;
    r[n] = event(n, 3, PROBE_EV_EXIT, 0, 0, 0, 0, 0), n++;
    return n;
}

struct reading {
    const struct trace_record *record;
    size_t count, at;
    char what[512], text[8192];
};

static bool rewind_list(void *ctx)
{
    ((struct reading *)ctx)->at = 0;
    return true;
}

static bool next(void *ctx, struct trace_record *out)
{
    struct reading *r = ctx;

    if (r->at == r->count)
        return false;
    *out = r->record[r->at++];
    return true;
}

static void heard(void *ctx, const struct biography_event *e)
{
    struct reading *r = ctx;
    size_t used = strlen(r->what), more = strlen(r->text);

    snprintf(r->what + used, sizeof r->what - used, "%s%s@%llu", used ? " " : "", e->what,
             (unsigned long long)e->record->seq);
    snprintf(r->text + more, sizeof r->text - more, "%s\n", e->text);
}

static void tell(struct reading *r, u32 pid, u64 va, enum explain_language language,
                 struct biography_summary *summary)
{
    struct biography_source source = {rewind_list, next, r};

    r->what[0] = r->text[0] = 0;
    assert_true(biography_tell(&source, NULL, pid, va, language, heard, r, summary));
}

static void a_page_is_followed_from_birth_to_end(void **state)
{
    struct trace_record record[32];
    struct reading r = {.record = record, .count = make_story(record)};
    struct biography_summary summary;

    (void)state;
    tell(&r, 3, 0x5abc, EXPLAIN_ENGLISH, &summary);
    assert_string_equal(r.what, "promised@0 begun@1 born@2 shared@4 unshared@5 owned@6 evicted@7 "
                                "written@8 read@10 came-back@11 unmapped@12 ended@13");
    assert_true(summary.born && summary.began);
    assert_false(summary.has_slot);
    assert_int_equal(summary.pfn, 0);
    assert_non_null(strstr(r.text, "the program story"));
    assert_non_null(strstr(r.text, "forked process 5"));
    assert_non_null(strstr(r.text, "swap slot 44"));
    assert_non_null(strstr(r.text, "left frame 0x80100 to this page and got 0x80102"));

    /* The child's page was the parent's before the fork. */
    tell(&r, 5, 0x5000, EXPLAIN_CHINESE, &summary);
    assert_string_equal(r.what, "promised@0 begun@1 born@2 shared@4 copied@5");
    assert_int_equal(summary.pfn, 0x80102);
    assert_non_null(strstr(r.text, "写时复制"));

    /* Up to the eviction only: it is in swap. */
    r.count = 9;
    tell(&r, 3, 0x5000, EXPLAIN_ENGLISH, &summary);
    assert_true(summary.has_slot);
    assert_int_equal(summary.slot, 44);

    /* The beginning is not there. */
    r.record = record + 5;
    r.count = 4;
    tell(&r, 3, 0x5000, EXPLAIN_ENGLISH, &summary);
    assert_false(summary.born || summary.began);
    assert_int_equal(summary.first_seq, 5);
    tell(&r, 99, 0x5000, EXPLAIN_ENGLISH, &summary);
    assert_int_equal(summary.events, 0);
}

static void file_pages_are_known_by_their_file(void **state)
{
    struct trace_record record[8];
    struct reading r = {.record = record};
    struct biography_summary summary;
    size_t n = 0;

    (void)state;
    record[n] = event(n, 3, PROBE_EV_MAP, 0x10000, 0x20000, AREA_FILE_PRIVATE | 5 << 8, 14, 2), n++;
    record[n] = event(n, 3, PROBE_EV_EXEC, word("prog"), 0, 0, 0, 0), n++;
    record[n] = fault(n, 3, FAULT_FILE_READ, 0x10000, 0, 0x80200), n++;
    record[n - 1].fault.around = 15;
    record[n] = global(n, PROBE_EV_EVICT, 0x80203, 5, 2), n++;
    record[n - 1].arg[3] = 14;
    r.count = n;
    tell(&r, 3, 0x13000, EXPLAIN_ENGLISH, &summary);
    assert_string_equal(r.what, "promised@0 begun@1 evicted@3");
    r.count = n - 1;
    tell(&r, 3, 0x13000, EXPLAIN_ENGLISH, &summary);
    assert_string_equal(r.what, "promised@0 begun@1 born@2");
    assert_non_null(strstr(r.text, "probably mapped along with 0x10000"));
    assert_non_null(strstr(r.text, "page 5 of inode 14"));
    /* Behind the reach of the fault nothing was brought along. */
    tell(&r, 3, 0x20000, EXPLAIN_ENGLISH, &summary);
    assert_null(strstr(r.text, "along"));
    /* Filled ahead are the pages behind, not those in front. */
    record[2] = fault(2, 3, FAULT_ZERO_FILL, 0x14000, 0, 0x80200);
    record[2].fault.around = 3;
    record[2].fault.flags = PROBE_FLAG_AHEAD;
    tell(&r, 3, 0x17000, EXPLAIN_ENGLISH, &summary);
    assert_non_null(
        strstr(r.text, "filled ahead, before it was asked for, by the fault at 0x14000"));
    tell(&r, 3, 0x13000, EXPLAIN_ENGLISH, &summary);
    assert_null(strstr(r.text, "filled ahead"));
}

/* ---- history ---- */

static void the_history_forgets_the_oldest(void **state)
{
    struct history *h = history_create_alone(4096);
    struct trace_record r = {.type = RECORD_DISK};
    char name[17];
    u32 parent;

    (void)state;
    assert_null(history_get(h, 0));
    r = event(0, 7, PROBE_EV_EXEC, word("first"), 0, 0, 0, 0);
    history_add(h, &r);
    r = event(1, 7, PROBE_EV_FORK, id(8), 0, 0, 0, 0);
    history_add(h, &r);
    r = event(2, 8, PROBE_EV_EXEC, word("second\n"), 0, 0, 0, 0);
    history_add(h, &r);
    for (u64 seq = 3; seq < 10000; seq++) {
        r = (struct trace_record){.type = RECORD_DISK, .seq = seq};
        history_add(h, &r);
    }
    assert_int_equal(history_end(h), 10000);
    assert_int_equal(history_first(h), 10000 - 4096);
    assert_null(history_get(h, 10000 - 4097));
    assert_null(history_get(h, 10000));
    for (u64 seq = history_first(h); seq < 10000; seq++)
        assert_int_equal(history_get(h, seq)->seq, seq);
    /* Programs are remembered longer. */
    assert_true(history_program(h, 8, UINT64_MAX, name));
    assert_string_equal(name, "second?");
    assert_true(history_program(h, 8, 2, name));
    assert_string_equal(name, "first");
    assert_false(history_program(h, 9, UINT64_MAX, name));
    assert_false(history_file(h, 14, name)); /* forgotten, or never there */
    r = event(10000, 7, PROBE_EV_MAP, 0x10000, 0x20000, AREA_FILE_PRIVATE | 5 << 8, 14, 0);
    history_add(h, &r);
    r = event(10001, 7, PROBE_EV_MAP, 0x30000, 0x40000, AREA_ANON, 0, 0);
    history_add(h, &r);
    r = event(10002, 7, PROBE_EV_EXEC, word("third"), 0, 0, 0, 0);
    history_add(h, &r);
    r = event(10003, 7, PROBE_EV_MAP, 0x50000, 0x60000, AREA_FILE_SHARED, 15, 0);
    history_add(h, &r);
    r = event(10004, 7, PROBE_EV_UNMAP, 0x50000, 0x60000, 0, 0, 0);
    history_add(h, &r);
    r = event(10005, 7, PROBE_EV_EXEC, word("fourth"), 0, 0, 0, 0);
    history_add(h, &r);
    assert_true(history_file(h, 14, name));
    assert_string_equal(name, "third");
    assert_false(history_file(h, 15, name));
    assert_true(history_parent(h, 8, UINT64_MAX, &parent));
    assert_int_equal(parent, 7);
    history_destroy(h);
}

/* ---- symbols ---- */

static size_t make_elf(u8 *out, u64 base, unsigned type)
{
    static const char names[] = "\0main\0data\0";
    Elf64_Ehdr head = {.e_type = (u16)type,
                       .e_machine = EM_RISCV,
                       .e_phoff = 0x40,
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 1,
                       .e_shoff = 0x200,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = 3};
    Elf64_Phdr load = {.p_type = PT_LOAD, .p_vaddr = base, .p_memsz = 0x1000};
    Elf64_Sym symbol[3] = {{0},
                           {.st_name = 1,
                            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                            .st_shndx = 1,
                            .st_value = base + 0x100,
                            .st_size = 0x20},
                           {.st_name = 6,
                            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                            .st_shndx = 1,
                            .st_value = base + 0x800,
                            .st_size = 8}};
    Elf64_Shdr section[3] = {
        {0},
        {.sh_type = SHT_SYMTAB, .sh_offset = 0x100, .sh_size = sizeof symbol, .sh_link = 2},
        {.sh_type = SHT_STRTAB, .sh_offset = 0x180, .sh_size = sizeof names}};

    memset(out, 0, 0x400);
    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    memcpy(out, &head, sizeof head);
    memcpy(out + 0x40, &load, sizeof load);
    memcpy(out + 0x100, symbol, sizeof symbol);
    memcpy(out + 0x180, names, sizeof names);
    memcpy(out + 0x200, section, sizeof section);
    return 0x400;
}

static void names_are_found(void **state)
{
    u8 program[0x400], kernel[0x400], moving[0x400];
    struct symbols *s = symbols_create();
    char text[64];
    u64 value, first;

    (void)state;
    symbols_add(s, "prog", program, make_elf(program, 0x10000, ET_EXEC));
    symbols_add(s, NULL, kernel, make_elf(kernel, 0x80200000, ET_EXEC));
    symbols_add(s, "a-very-long-program-name", moving, make_elf(moving, 0, ET_DYN));
    assert_true(symbols_name(s, "prog", 0x10100, 0, text, sizeof text));
    assert_string_equal(text, "main");
    assert_true(symbols_name(s, "prog", 0x1011c, 0, text, sizeof text));
    assert_string_equal(text, "main+0x1c");
    assert_false(symbols_name(s, "prog", 0x10120, 0, text, sizeof text));
    assert_false(symbols_name(s, "prog", 0x100ff, 0, text, sizeof text));
    assert_false(symbols_name(s, "other", 0x10100, 0, text, sizeof text));
    assert_true(symbols_name(s, NULL, 0x80200804, 0, text, sizeof text));
    assert_string_equal(text, "data+0x4");
    /* Of a name 15 bytes are told; a position-independent program lies elsewhere. */
    assert_true(symbols_name(s, "a-very-long-pro", 0x55100, 0x55000, text, sizeof text));
    assert_true(symbols_moves(s, "a-very-long-pro", &first));
    assert_false(symbols_moves(s, "prog", &first));
    assert_true(symbols_value(s, NULL, "main", 4, &value));
    assert_int_equal(value, 0x80200100);
    assert_false(symbols_value(s, NULL, "mai", 3, &value));
    assert_string_equal(symbols_nearest(s, "prog", "mian"), "main");
    symbols_destroy(s);
}

/* Any damage gives fewer names, never a crash (run under sanitizers, too). */
static void damaged_files_do_no_harm(void **state)
{
    u8 image[0x400], pack[0x500];
    u64 random = 77;
    char text[64];
    u64 value;

    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        size_t size = make_elf(image, 0x10000, ET_EXEC);
        for (unsigned i = 0; i < 1 + round % 6; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            image[random % size] = (u8)(random >> 32);
        }
        struct symbols *s = symbols_create();
        symbols_add(s, "prog", image, random % 3 ? size : random % size);
        symbols_name(s, "prog", 0x10100, 0, text, sizeof text);
        symbols_line(s, "prog", 0x10100, 0, text, sizeof text);
        symbols_value(s, "prog", "data", 4, &value);
        symbols_nearest(s, "prog", "dtaa");
        symbols_destroy(s);

        memset(pack, 0, sizeof pack);
        memcpy(pack, "prog", 4);
        value = round % 2 ? size : random;
        memcpy(pack + 24, &value, 8);
        memcpy(pack + 32, image, size);
        s = symbols_create();
        symbols_add_pack(s, pack, sizeof pack - random % 64);
        symbols_name(s, "prog", 0x10100, 0, text, sizeof text);
        symbols_destroy(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_followed_from_birth_to_end),
        cmocka_unit_test(file_pages_are_known_by_their_file),
        cmocka_unit_test(the_history_forgets_the_oldest),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(damaged_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

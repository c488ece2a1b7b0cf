/* SPDX-License-Identifier: MIT */
/* test_monitor.c - the command table, arguments, addresses, filters, the line editor, commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/csv.h"
#include "emu/monitor/editor.h"
#include "emu/observe/filter.h"
#include "emu/monitor/monitor.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

/* ---- the table ---- */

static void every_command_is_complete(void **state)
{
    size_t count;
    const struct command *table = command_table(&count);
    struct parameter p;

    (void)state;
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        const char *rest;
        assert_true(table[i].help[0] != 0);
        assert_true(table[i].example[0] != 0);
        /* The example is one of this command's own, and its arguments can be read. */
        assert_ptr_equal(command_find(table[i].example, &rest, &err), &table[i]);
        json_t *arguments = command_arguments(&table[i], rest, &err);
        assert_non_null(arguments);
        json_decref(arguments);
        assert_non_null(table[i].run);
        assert_non_null(table[i].show);
        assert_ptr_equal(command_by_name(table[i].name), &table[i]);
        assert_ptr_equal(command_find(table[i].name, &rest, &err), &table[i]);
        bool optional = false;
        for (size_t n = 0; command_parameter(&table[i], n, &p); n++) {
            assert_true(n < COMMAND_MAX_PARAMETERS);
            assert_true(p.name[0] && p.type[0]);
            /* After an optional parameter all are optional, or the REPL could not tell. */
            assert_true(p.optional || !optional || !strcmp(table[i].name, "x"));
            optional = p.optional;
        }
    }
}

/* docs/monitor.md names every command, as the user types it. */
static void every_command_is_documented(void **state)
{
    FILE *file = fopen(SOURCE_DIR "/docs/monitor.md", "r");
    char page[65536], quoted[64];
    size_t count, size;
    const struct command *table = command_table(&count);

    (void)state;
    assert_non_null(file);
    size = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    page[size] = 0;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        snprintf(quoted, sizeof quoted, "`%s", table[i].name);
        for (const char *at = page; !found && (at = strstr(at, quoted)) != NULL; at++)
            found = strchr("` [/", at[strlen(quoted)]) != NULL;
        if (!found)
            fail_msg("docs/monitor.md does not tell of '%s'", table[i].name);
    }
}

static void words_may_be_short_but_not_ambiguous(void **state)
{
    struct error err = {0};
    const char *rest;

    (void)state;
    assert_string_equal(command_find("wal 3:0x1000", &rest, &err)->name, "walk");
    assert_string_equal(rest, "3:0x1000");
    assert_string_equal(command_find("info ma 3", &rest, &err)->name, "info map");
    assert_string_equal(rest, "3");
    assert_string_equal(command_find("i reg", &rest, &err)->name, "info regs");
    assert_string_equal(command_find("s 5", &rest, &err)->name, "s");
    assert_string_equal(command_find("c", &rest, &err)->name, "c");
    assert_string_equal(command_find("x/8xg $sp", &rest, &err)->name, "x");
    assert_string_equal(rest, "/8xg $sp");
    assert_string_equal(command_find("fault last 3", &rest, &err)->name, "fault");
    assert_string_equal(command_find("faults by kind", &rest, &err)->name, "faults");
    assert_null(command_find("info p", &rest, &err));
    assert_non_null(strstr(err.text, "info procs"));
    memset(&err, 0, sizeof err);
    assert_null(command_find("wlak 1", &rest, &err));
    assert_non_null(strstr(err.text, "did you mean 'walk'"));
    memset(&err, 0, sizeof err);
    assert_null(command_find("frobnicate", &rest, &err));
    assert_non_null(strstr(err.text, "help"));
    assert_string_equal(command_by_name("info-map")->name, "info map");
    assert_null(command_by_name("info"));
}

static void arguments_are_read_by_the_grammar(void **state)
{
    struct error err = {0};
    json_t *a = command_arguments(command_by_name("x"), "/8xg  3:0x1000 ", &err);

    (void)state;
    assert_string_equal(value_string(a, "format"), "8xg");
    assert_string_equal(value_string(a, "address"), "3:0x1000");
    json_decref(a);
    a = command_arguments(command_by_name("x"), "$sp", &err);
    assert_null(json_object_get(a, "format"));
    assert_string_equal(value_string(a, "address"), "$sp");
    json_decref(a);
    a = command_arguments(command_by_name("break fault"), "kind=cow pid=3  ", &err);
    assert_string_equal(value_string(a, "filter"), "kind=cow pid=3");
    json_decref(a);
    assert_null(command_arguments(command_by_name("walk"), "", &err));
    assert_non_null(strstr(err.text, "usage: walk ADDRESS"));
    memset(&err, 0, sizeof err);
    assert_null(command_arguments(command_by_name("stop"), "now", &err));
    memset(&err, 0, sizeof err);
    json_t *given = json_pack("{s:i, s:s, s:s}", "pid", 3, "range", "1..2", "unknown", "x");
    a = command_named_arguments(command_by_name("info pt"), given, &err);
    assert_string_equal(value_string(a, "pid"), "3");
    json_decref(a);
    json_decref(given);
    given = json_pack("{s:[i]}", "address", 3);
    assert_null(command_named_arguments(command_by_name("walk"), given, &err));
    json_decref(given);
    memset(&err, 0, sizeof err);
    assert_null(command_named_arguments(command_by_name("walk"), NULL, &err));
    assert_non_null(strstr(err.text, "missing"));
}

static void filters_choose_faults(void **state)
{
    struct filter f;
    struct error err = {0};
    struct trace_record r = {.type = RECORD_FAULT, .pid = 3};
    char text[256];

    (void)state;
    r.fault.kind = FAULT_COW_COPY;
    r.fault.va = 0x4500;
    r.fault.area = AREA_HEAP;
    assert_true(filter_parse("", &f, &err) && filter_match(&f, &r));
    assert_true(filter_parse("kind=cow pid=3 va=0x4000..0x5000 area=heap", &f, &err));
    assert_true(filter_match(&f, &r));
    filter_text(&f, text, sizeof text);
    assert_string_equal(text, "kind=cow-reuse|cow-copy|cow-file pid=3 va=0x4000..0x5000 area=heap");
    r.fault.va = 0x5000;
    assert_false(filter_match(&f, &r));
    assert_true(filter_parse("kind=cow-reuse", &f, &err));
    assert_false(filter_match(&f, &r));
    assert_true(filter_parse("result=sigsegv count=3", &f, &err));
    assert_int_equal(f.count, 3);
    assert_false(filter_match(&f, &r));
    assert_true(filter_parse("va=0x5000,+16", &f, &err) && filter_match(&f, &r));
    static const char *const bad[] = {"kind=cwo-copy", "pid=x",     "va=5..",
                                      "nonsense",      "area=heep", "colour=red"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        memset(&err, 0, sizeof err);
        assert_false(filter_parse(bad[i], &f, &err));
        assert_true(err.text[0] != 0);
    }
}

/* ---- the editor ---- */

static void type(struct editor *e, const char *bytes, struct buffer *out)
{
    for (; *bytes; bytes++)
        editor_byte(e, (unsigned char)*bytes, command_complete, out);
}

static void lines_are_edited(void **state)
{
    struct editor e = {.prompt = "> "};
    struct buffer out = {0};

    (void)state;
    type(&e, "wlk\x1b[D\x1b[D\x7f", &out);
    type(&e, "wa\x05 1\r", &out);
    assert_true(e.ready);
    assert_string_equal(e.line, "walk 1");
    editor_next(&e);
    type(&e, "abc def\x17xyz\x01\x0b", &out);
    assert_int_equal(e.length, 0);
    type(&e, "\x1b[A", &out);
    type(&e, "2\r", &out);
    assert_string_equal(e.line, "walk 12");
    editor_next(&e);
    type(&e, "\x1b[A\x1b[A\x1b[B\x1b[B!\x03ok\r", &out);
    assert_string_equal(e.line, "ok");
    editor_next(&e);
    type(&e, "expl\t5\r", &out);
    assert_string_equal(e.line, "explain 5");
    editor_next(&e);
    type(&e, "ab\x1b[3~\x1b[1~\x1b[3~\x1b[99;5~c\r", &out);
    assert_string_equal(e.line, "cb");
    editor_next(&e);
    /* Far too long a line is cut, whatever else comes. */
    for (int i = 0; i < 5000; i++)
        type(&e, i % 7 ? "x" : "\x02", &out);
    assert_true(e.length < EDITOR_LINE);
    u64 random = 9;
    for (int i = 0; i < 50000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        editor_byte(&e, (unsigned char)(random >> 8), command_complete, &out);
        if (e.ready)
            editor_next(&e);
        assert_true(e.length < EDITOR_LINE && e.cursor <= e.length);
        if (out.size > 100000)
            buffer_clear(&out);
    }
    editor_free(&e);
    buffer_free(&out);
}

/* ---- on a machine ---- */

#define BASE UINT64_C(0x80000000)

struct fixture {
    u8 image[0x2000];
    struct machine *machine;
    struct observer *observer;
    struct monitor *monitor;
};

/* A kernel that loops for ever, with one symbol. */
static size_t make_image(u8 *out)
{
    static const u32 code[] = {0x00100513, /* addi a0, zero, 1 */
                               0x00150513, /* addi a0, a0, 1 */
                               0xffdff06f /* j -4 */};
    static const char names[] = "\0main\0";
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = EM_RISCV,
                       .e_version = 1,
                       .e_entry = BASE,
                       .e_phoff = 0x40,
                       .e_ehsize = sizeof head,
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 1,
                       .e_shoff = 0x400,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = 3};
    Elf64_Phdr load = {.p_type = PT_LOAD,
                       .p_flags = PF_R | PF_X,
                       .p_offset = 0x1000,
                       .p_vaddr = BASE,
                       .p_paddr = BASE,
                       .p_filesz = sizeof code,
                       .p_memsz = 0x1000,
                       .p_align = 0x1000};
    Elf64_Shdr section[3] = {{0},
                             {.sh_type = SHT_SYMTAB,
                              .sh_offset = 0x200,
                              .sh_size = 2 * sizeof(Elf64_Sym),
                              .sh_link = 2,
                              .sh_entsize = sizeof(Elf64_Sym)},
                             {.sh_type = SHT_STRTAB, .sh_offset = 0x300, .sh_size = sizeof names}};
    Elf64_Sym symbol = {.st_name = 1,
                        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                        .st_shndx = 1,
                        .st_value = BASE,
                        .st_size = sizeof code};

    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(out, &head, sizeof head);
    memcpy(out + 0x40, &load, sizeof load);
    memcpy(out + 0x200 + sizeof symbol, &symbol, sizeof symbol);
    memcpy(out + 0x300, names, sizeof names);
    memcpy(out + 0x400, section, sizeof section);
    memcpy(out + 0x1000, code, sizeof code);
    return 0x2000;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct machine_config config;
    struct error err = {0};

    machine_config_default(&config);
    config.ram_size = 16u << 20;
    config.firmware_kind = FIRMWARE_NONE;
    config.kernel = (struct machine_bytes){f->image, make_image(f->image), "loop"};
    f->machine = machine_create(&config, &err);
    if (!f->machine)
        fail_msg("%s", err.text);
    f->observer = observer_create(f->machine, &err);
    f->monitor = monitor_create(f->machine, f->observer, &err);
    assert_non_null(f->monitor);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    monitor_destroy(f->monitor);
    observer_destroy(f->observer);
    machine_destroy(f->machine);
    free(f);
    return 0;
}

static bool says(struct fixture *f, const char *line, const char *wanted)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool ok = monitor_execute(f->monitor, line, out);

    fclose(out);
    if (!strstr(text, wanted))
        fail_msg("'%s' said: %s", line, text);
    free(text);
    return ok;
}

static void commands_look_at_a_machine(void **state)
{
    struct fixture *f = *state;
    struct machine_exit e;

    assert_true(machine_run_for(f->machine, 101, &e));
    assert_true(says(f, "info regs", "pc 0x80000004 main+0x4"));
    assert_true(says(f, "info status", "at instruction 101"));
    assert_true(says(f, "x/2xw 0x80000000", "00100513 00150513"));
    assert_true(says(f, "x/2xw main", "00100513 00150513"));
    assert_true(says(f, "x/1xg pa:0x80000000", "0015051300100513"));
    assert_true(says(f, "x/1xb pfn:0x80000", "13"));
    assert_true(says(f, "dis main 2", "addi"));
    assert_true(says(f, "dis", "j"));
    assert_true(says(f, "x/3i main+4", "# main+0x4"));
    assert_true(says(f, "x $a0-0x0+main", "0x0000000080000033"));
    assert_true(says(f, "walk main", "bare"));
    assert_true(says(f, "rmap 0x80000", "mapped by no process"));
    assert_true(says(f, "-j info status", "\"instructions\":101"));
    assert_true(says(f, "faults", "0 faults"));
    assert_true(says(f, "swap", "0 slots"));
    assert_true(says(f, "help walk", "translate"));
    assert_true(says(f, "help", "info map"));
    assert_true(says(f, "query-schema", "x [FORMAT] ADDRESS"));
    assert_true(says(f, "break fault kind=cow-copy count=2", "breakpoint 1: kind=cow-copy"));
    assert_true(says(f, "info break", "hits 0"));
    assert_true(says(f, "delete 1", ""));
}

static void mistakes_are_told_in_words(void **state)
{
    static const char *const bad[][2] = {
        {"x 0x10", "nothing is mapped"},
        {"x/8q main", "'q' is no format"},
        {"x/0x main", "count"},
        {"x mian", "no symbol 'mian'; did you mean 'main'"},
        {"x $q7", "no register '$q7'"},
        {"x [$a0", "']' is missing"},
        {"x [0x10]", "nothing is mapped there"},
        {"x [[[[[[[[[[[1]", "too many"},
        {"x main main", "too many words"},
        {"walk 7:0x1000", "no address space 7"},
        {"walk swap:4", "virtual"},
        {"walk 5..1", "ends before"},
        {"rmap 0x10", "not in RAM"},
        {"rmap 0xfffffffffffff", "not in RAM"},
        {"info map", "no process runs"},
        {"info regs 9", "no hart 9"},
        {"info csr 9", "no hart 9"},
        {"info tlb 9", "no hart 9"},
        {"info stack 9", "no hart 9"},
        {"info symbols main 77", "no program of process 77"},
        {"frames", "does not tell"},
        {"audit", "does not tell"},
        {"fault last", "no fault yet"},
        {"explain 5", "none"},
        {"explain last fr", "'fr' is no language"},
        {"why pa:0x80000000", "address of a process"},
        {"swap 5", "does not tell"},
        {"delete 4", "no breakpoint 4"},
        {"ignore 4 1", "no breakpoint 4"},
        {"faults by colour", "by kind"},
        {"faults since never", "no mark 'never'"},
        {"faults by", "missing behind 'by'"},
        {"break fault kind=cwo-copy", "did you mean"},
        {"break fault va=mian", "did you mean 'main'"},
        {"break swap-out kind=cow", "only pid=N, count=N"},
        {"break event frok", "did you mean 'fork'"},
        {"watch pte main", "PID:ADDRESS"},
        {"watch mem pa:0x10,8", "nothing is mapped"},
        {"watch mem main,65", "at most 64"},
        {"tail 0", "1 to 4096"},
        {"tail event=frok", "did you mean 'fork'"},
        {"find xyz in 1", "hexadecimal"},
        {"find 123 in pa", "two hexadecimal digits"},
        {"find \"\" in pa", "between quotes"},
        {"find 1234", "say where"},
        {"find 12 in hell", "'in hell'"},
        {"goto icount 1", "is past"},
        {"until main ==", "is missing"},
        {"s", "stop it first"},
        {"walk 0x99999999999999999999", "not a number"},
    };
    struct fixture *f = *state;
    struct machine_exit e;

    assert_true(machine_run_for(f->machine, 101, &e));
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(says(f, bad[i][0], bad[i][1]));
}

static void stops_are_exact(void **state)
{
    struct fixture *f = *state;
    struct machine_exit e;

    /* The loop adds one to a0 in every second instruction. */
    assert_true(machine_run_for(f->machine, 101, &e));
    assert_true(says(f, "watch mem main,8", "watch 1: 8 bytes at pa 0x80000000"));
    assert_true(says(f, "until $a0 == 1000", ""));
    for (unsigned i = 0; i < 5000 && !machine_is_stopped(f->machine); i++)
        machine_run_for(f->machine, 1, &e);
    assert_true(machine_is_stopped(f->machine));
    assert_int_equal(machine_hart(f->machine, 0)->x[10], 1000);
    assert_true(says(f, "info break", "hits 0"));
    machine_continue(f->machine);
    assert_true(says(f, "delete all", ""));
    assert_true(says(f, "info break", "no breakpoints"));
    assert_true(says(f, "goto icount 20000", ""));
    for (unsigned i = 0; i < 50000 && !machine_is_stopped(f->machine); i++)
        machine_run_for(f->machine, 1, &e);
    assert_true(machine_is_stopped(f->machine));
    assert_int_equal(machine_instructions(f->machine), 20000);
}

static void answers_come_as_tables_for_programs(void **state)
{
    struct fixture *f = *state;

    assert_true(says(f, "--csv info mtree", "from,to,size,name\n"));
    assert_true(says(f, "--csv info mtree", "0x80000000,0x81000000,16777216,RAM\n"));
    assert_true(says(f, "--csv info status", "name,value\n"));
    assert_true(says(f, "--csv help info regs", "name,usage,help"));
    assert_true(says(f, "--json info csr", "\"csrs\":["));
    assert_false(says(f, "-j walk 7:0", "{\"error\":\"there is no address space 7"));
    assert_true(says(f, "info symbols ma", "main"));
    assert_true(says(f, "info stack", "#0  "));
    assert_true(says(f, "info tlb", "0 entries"));
    assert_true(says(f, "find 13051000 in pa", "0x80000000"));
    assert_true(says(f, "find \"nowhere to be found\" in pa", "0 found"));
    assert_true(says(f, "x/1xw [main]-[main]+main", "00100513"));
    assert_true(says(f, "mark begin", "mark begin"));
    assert_true(says(f, "faults since begin", "0 faults since begin"));
    assert_true(says(f, "reset-counters", ""));
    assert_true(says(f, "mark", "no marks yet"));
}

static void csv_is_quoted(void **state)
{
    json_t *value = json_pack("{s:[{s:s, s:i},{s:s, s:[i]}]}", "list", "a", "x,\"y\"\nz", "b", 3,
                              "a", "plain", "c", 7);
    struct buffer out = {0};

    (void)state;
    csv_write(value, &out);
    buffer_byte(&out, 0);
    assert_string_equal((char *)out.data, "a,b,c\n\"x,\"\"y\"\"\nz\",3,\nplain,,[7]\n");
    buffer_free(&out);
    json_decref(value);
}

/* Every command with every kind of nonsense: an answer or an error, nothing else. */
static void no_argument_breaks_a_command(void **state)
{
    static const char *const word[] = {"",
                                       "0",
                                       "-1",
                                       "0xffffffffffffffff",
                                       "$sp",
                                       "pa:",
                                       "x",
                                       "1:2",
                                       "pfn:0x80000",
                                       "..",
                                       "0..0xffffffffffffffff",
                                       "=",
                                       "kind=",
                                       "owner=9999999999",
                                       "last 99999999999",
                                       "%s%n"};
    struct fixture *f = *state;
    size_t count;
    const struct command *table = command_table(&count);
    FILE *out = fopen("/dev/null", "w");

    for (size_t i = 0; i < count; i++) {
        if (!strcmp(table[i].name, "quit"))
            continue;
        for (size_t w = 0; w < ARRAY_LENGTH(word); w++) {
            char line[128];
            snprintf(line, sizeof line, "%s %s", table[i].name, word[w]);
            monitor_execute(f->monitor, line, out);
        }
    }
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_complete),
        cmocka_unit_test(every_command_is_documented),
        cmocka_unit_test(words_may_be_short_but_not_ambiguous),
        cmocka_unit_test(arguments_are_read_by_the_grammar),
        cmocka_unit_test(filters_choose_faults),
        cmocka_unit_test(lines_are_edited),
        cmocka_unit_test_setup_teardown(commands_look_at_a_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_told_in_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_come_as_tables_for_programs, set_up, tear_down),
        cmocka_unit_test(csv_is_quoted),
        cmocka_unit_test_setup_teardown(no_argument_breaks_a_command, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

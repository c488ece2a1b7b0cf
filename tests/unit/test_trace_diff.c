/* SPDX-License-Identifier: MIT */
/* test_trace_diff.c - comparing traces: seeded mutations, goldens, levels, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "emu/trace/diff.h"
#include "emu/trace/stream.h"
#include "trace_fixture.h"

#define MAX_EVENTS 600
#define HEAP UINT64_C(0x40000000)
#define TEXT UINT64_C(0x10000)

struct story {
    struct trace_record event[MAX_EVENTS];
    size_t count;
};

static void tell(struct story *s, struct trace_record r)
{
    r.icount = 1000 * (s->count + 1);
    s->event[s->count++] = r;
}

/* init forks a shell that runs "cow"; cow writes its heap, forks, and both write again. */
static void make_story(struct story *s)
{
    s->count = 0;
    tell(s, fixture_exec(1, "init"));
    tell(s, fixture_fault(1, FAULT_FILE_MAP, 2, AREA_FILE_PRIVATE, TEXT, 0, 0));
    tell(s, fixture_event(1, PROBE_EV_FORK, fixture_id(1), fixture_id(7), 3, 0));
    tell(s, fixture_exec(7, "cow"));
    tell(s, fixture_fault(7, FAULT_FILE_READ, 2, AREA_FILE_PRIVATE, TEXT, 0, 0));
    tell(s, fixture_fault(7, FAULT_ZERO_MAP, 0, AREA_HEAP, HEAP, 40, 0));
    tell(s, fixture_fault(7, FAULT_ZERO_COPY, 1, AREA_HEAP, HEAP, 40, 0));
    for (u64 page = 0; page < 40; page++) {
        tell(s, fixture_fault(7, FAULT_ZERO_FILL, 1, AREA_HEAP, HEAP, page, 0));
        if (page % 8 == 0) /* somebody else, outside of the scope */
            tell(s, fixture_fault(1, FAULT_ZERO_FILL, 1, AREA_STACK, 0x7ff0000, page, 0));
    }
    tell(s, fixture_event(7, PROBE_EV_FORK, fixture_id(7), fixture_id(9), 41, 0));
    for (u64 page = 0; page < 40; page++) {
        tell(s, fixture_fault(9, FAULT_COW_COPY, 1, AREA_HEAP, HEAP, page, 2));
        tell(s, fixture_fault(7, FAULT_COW_REUSE, 1, AREA_HEAP, HEAP, page, 1));
    }
    tell(s, fixture_fault(7, FAULT_SWAP_READ, 0, AREA_HEAP, HEAP, 3, 0));
    tell(s, fixture_event(9, PROBE_EV_EXIT, fixture_id(9), 0, 40, 0));
    tell(s, fixture_event(7, PROBE_EV_EXIT, fixture_id(7), 0, 90, 1));
}

static void write_story(const struct story *s, const char *path, u64 ram)
{
    struct error err = {0};
    struct pft_info info;

    pft_info_init(&info);
    pft_info_text(&info.program, "cow");
    pft_info_add_image(&info, "kernel", "kernel", "abc", 3);
    info.ram_size = ram;
    struct pft_writer *w = pft_create(path, &info, &err);
    assert_non_null(w);
    for (size_t i = 0; i < s->count; i++)
        pft_write(w, &s->event[i]);
    assert_true(pft_finish(w, &err));
    pft_info_free(&info);
}

struct outcome {
    enum diff_verdict verdict;
    char *text;
    json_t *json;
    char error[256];
};

static struct outcome compare_with(const char *a, const char *b, struct diff_options options)
{
    struct outcome o = {0};
    struct error err = {0};
    size_t size;

    options.out = open_memstream(&o.text, &size);
    o.verdict = trace_diff(a, b, &options, &err);
    fclose(options.out);
    memcpy(o.error, err.text, sizeof o.error);
    if (options.json)
        o.json = json_loads(o.text, 0, NULL);
    return o;
}

static struct outcome compare(const char *a, const char *b, int level, bool json)
{
    return compare_with(a, b, (struct diff_options){.level = level, .json = json});
}

static void outcome_free(struct outcome *o)
{
    json_decref(o->json);
    free(o->text);
}

struct paths {
    char a[128], b[128], golden[128];
};

static struct story base, changed;

static int set_up(void **state)
{
    struct paths *p = calloc(1, sizeof *p);

    fixture_path(p->a, "a.pft");
    fixture_path(p->b, "b.pft");
    fixture_path(p->golden, "golden.pft.txt");
    make_story(&base);
    changed = base;
    write_story(&base, p->a, 128u << 20);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct paths *p = *state;

    unlink(p->a);
    unlink(p->b);
    unlink(p->golden);
    free(p);
    return 0;
}

static void make_golden(const struct paths *p)
{
    struct stream s;
    struct error err = {0};
    struct diff_options options = {.level = -1};
    FILE *out = fopen(p->golden, "w");

    assert_non_null(out);
    assert_true(stream_load(&s, p->a, STREAM_TEXTUAL, &options, NULL, &err));
    assert_true(stream_write_text(&s, out));
    fclose(out);
    stream_free(&s);
}

static void the_same_is_the_same(void **state)
{
    struct paths *p = *state;

    make_golden(p);
    write_story(&base, p->b, 128u << 20);
    for (int level = -1; level <= DIFF_EXACT; level++) {
        struct outcome o = compare(p->a, p->b, level, false);
        assert_int_equal(o.verdict, DIFF_SAME);
        outcome_free(&o);
        o = compare(p->golden, p->b, level, false);
        assert_int_equal(o.verdict, level == DIFF_EXACT ? DIFF_TROUBLE : DIFF_SAME);
        outcome_free(&o);
    }
}

static void goldens_are_short_and_say_what_happened(void **state)
{
    struct paths *p = *state;
    char text[8192] = "";

    make_golden(p);
    FILE *in = fopen(p->golden, "r");
    assert_non_null(in);
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    assert_true(n < 2000);
    assert_non_null(strstr(text, "# faultline trace 1\n# program cow\n"));
    assert_non_null(strstr(text, "process 1 cow\nexec cow\nfile-read X file-private+0x0 ok\n"));
    assert_non_null(strstr(text, "zero-fill W heap+0x0..0x27000 ok\n"));
    assert_non_null(strstr(text, "fork p2\n"));
    assert_non_null(
        strstr(text, "process 2 cow child of 1\ncow-copy W heap+0x0..0x27000 ok refs=2"));
    assert_null(strstr(text, "stack"));
}

/* What moves between builds and runs does not matter at this level. */
static void times_frames_and_pids_do_not_matter(void **state)
{
    struct paths *p = *state;

    make_golden(p);
    for (size_t i = 0; i < changed.count; i++) {
        struct trace_record *r = &changed.event[i];
        r->icount = r->icount * 3 + 77;
        if (r->pid > 1)
            r->pid = r->tid = r->pid + 20;
        if (r->type == RECORD_FAULT) {
            r->fault.pfn_new += 100;
            r->fault.pc += 64;
            r->fault.cost += 9;
            r->fault.pte_after += 100 << 10;
        } else if (r->type == RECORD_PROBE + PROBE_EV_FORK) {
            r->arg[1] = fixture_id((u32)(r->arg[1] >> 32) + 20);
        }
    }
    /* The two processes are interleaved in another way. */
    for (size_t i = 1; i + 1 < changed.count; i++)
        if (changed.event[i].type == RECORD_FAULT && changed.event[i + 1].type == RECORD_FAULT &&
            changed.event[i].pid != changed.event[i + 1].pid) {
            struct trace_record swap = changed.event[i];
            changed.event[i] = changed.event[i + 1];
            changed.event[i + 1] = swap;
            i++;
        }
    write_story(&changed, p->b, 128u << 20);
    struct outcome o = compare(p->a, p->b, DIFF_SEMANTIC, false);
    assert_int_equal(o.verdict, DIFF_SAME);
    outcome_free(&o);
    o = compare(p->golden, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_SAME);
    outcome_free(&o);
    o = compare(p->a, p->b, DIFF_EXACT, false);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    outcome_free(&o);
}

static void remove_event(struct story *s, size_t at)
{
    memmove(&s->event[at], &s->event[at + 1], (s->count - at - 1) * sizeof s->event[0]);
    s->count--;
}

static void insert_event(struct story *s, size_t at, struct trace_record r)
{
    memmove(&s->event[at + 1], &s->event[at], (s->count - at) * sizeof s->event[0]);
    s->event[at] = r;
    s->count++;
}

/* Position of a record within its process, the fork and exec lines included; 1-based. */
static size_t place_in_process(const struct story *s, size_t at)
{
    size_t n = 0;
    bool begun = s->event[at].pid != 7;

    for (size_t i = 0; i <= at; i++) {
        if (s->event[i].type == RECORD_PROBE + PROBE_EV_EXEC && s->event[i].pid == 7)
            begun = true;
        n += begun && s->event[i].pid == s->event[at].pid;
    }
    return n;
}

/* The nth fault of the scope. */
static size_t nth_fault(const struct story *s, size_t n)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->event[i].type == RECORD_FAULT && s->event[i].pid != 1 && n-- == 0)
            return i;
    return 0;
}

struct expectation {
    size_t place;
    u32 pid;
    const char *changed;  /* NULL: not a change in place */
    size_t golden, fresh; /* events on either side */
};

static struct expectation mutate(unsigned round)
{
    u64 random = 1000 + round;
    /* References count where frames are shared: in the second half of the story. */
    size_t from = round % 7 == 1 ? 45 : 3;
    size_t at = nth_fault(&base, from + next_random(&random) % (110 - from));
    struct trace_record *r = &changed.event[at];
    struct expectation e = {place_in_process(&base, at), r->pid, NULL, 1, 1};

    switch (round % 7) {
    case 0:
        r->fault.kind = r->fault.kind == FAULT_COW_COPY ? FAULT_COW_REUSE : FAULT_SWAP_MAP;
        e.changed = "kind";
        break;
    case 1:
        r->fault.refs += 5;
        e.changed = "refs";
        break;
    case 2:
        r->fault.va += 0x100000;
        e.changed = "offset";
        break;
    case 3:
        r->fault.result = RESULT_SIGSEGV;
        e.changed = "result";
        break;
    case 4:
        remove_event(&changed, at);
        e.fresh = 0;
        break;
    case 5: {
        struct trace_record extra =
            fixture_fault(r->pid, FAULT_SPURIOUS, 1, AREA_HEAP, HEAP, 700 + round, 0);
        insert_event(&changed, at, extra);
        e.golden = 0;
        break;
    }
    default:
        r->fault.access = PROBE_ACCESS_FETCH;
        e.changed = "access";
        break;
    }
    return e;
}

static void twenty_mutations_are_named(void **state)
{
    struct paths *p = *state;

    make_golden(p);
    for (unsigned round = 0; round < 20; round++) {
        changed = base;
        struct expectation e = mutate(round);
        write_story(&changed, p->b, 128u << 20);
        for (int textual = 0; textual < 2; textual++) {
            struct outcome o = compare(textual ? p->golden : p->a, p->b, DIFF_SEMANTIC, true);
            assert_int_equal(o.verdict, DIFF_DIVERGED);
            json_t *list = json_object_get(o.json, "divergences");
            assert_int_equal(json_array_size(list), 1);
            json_t *first = json_array_get(list, 0);
            assert_int_equal(json_integer_value(json_object_get(first, "process")),
                             e.pid == 7 ? 1 : 2);
            assert_int_equal(json_integer_value(json_object_get(first, "event")), e.place);
            assert_int_equal(json_array_size(json_object_get(first, "golden")), e.golden);
            assert_int_equal(json_array_size(json_object_get(first, "new")), e.fresh);
            /* Another kind may also have no references to compare. */
            if (e.changed)
                assert_true(!strncmp(json_string_value(json_object_get(first, "changed")),
                                     e.changed, strlen(e.changed)));
            outcome_free(&o);
            o = compare(textual ? p->golden : p->a, p->b, DIFF_SEMANTIC, false);
            char wanted[80];
            snprintf(wanted, sizeof wanted, "first divergence: process %d event %zu",
                     e.pid == 7 ? 1 : 2, e.place);
            assert_non_null(strstr(o.text, wanted));
            outcome_free(&o);
        }
    }
}

static void counts_have_tolerance(void **state)
{
    struct paths *p = *state;
    FILE *out;

    remove_event(&changed, nth_fault(&changed, 12)); /* one zero-fill of 40 less */
    write_story(&changed, p->b, 128u << 20);
    struct outcome o = compare(p->a, p->b, DIFF_COUNTS, false);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    assert_non_null(strstr(o.text, "zero-fill"));
    outcome_free(&o);
    make_golden(p);
    out = fopen(p->golden, "a");
    fputs("# level counts\n# tolerance zero-fill 5\n", out);
    fclose(out);
    o = compare(p->golden, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_SAME);
    outcome_free(&o);
    remove_event(&changed, nth_fault(&changed, 12));
    remove_event(&changed, nth_fault(&changed, 12));
    write_story(&changed, p->b, 128u << 20);
    o = compare(p->golden, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    assert_non_null(strstr(o.text, "within 5 %"));
    outcome_free(&o);
}

static void goldens_of_totals_hold_totals_only(void **state)
{
    struct paths *p = *state;
    struct stream s;
    struct error err = {0};
    struct diff_options options = {.level = -1};
    char text[2048] = "";
    FILE *out = fopen(p->golden, "w+");

    assert_true(stream_load(&s, p->a, STREAM_TEXTUAL, &options, NULL, &err));
    s.level = DIFF_COUNTS;
    s.tolerance[FAULT_ZERO_FILL] = 5;
    assert_true(stream_write_text(&s, out));
    rewind(out);
    assert_true(fread(text, 1, sizeof text - 1, out) > 0);
    fclose(out);
    stream_free(&s);
    assert_non_null(strstr(text, "# tolerance zero-fill 5\n"));
    assert_non_null(strstr(text, "count zero-fill 40\ncount zero-copy 1\n"));
    assert_null(strstr(text, "process"));
    struct outcome o = compare(p->golden, p->a, -1, false);
    assert_int_equal(o.verdict, DIFF_SAME);
    outcome_free(&o);
    changed.event[nth_fault(&base, 50)].fault.kind = FAULT_COW_FILE;
    write_story(&changed, p->b, 128u << 20);
    o = compare(p->golden, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    outcome_free(&o);
}

static void other_machines_are_inconclusive(void **state)
{
    struct paths *p = *state;

    write_story(&base, p->b, 64u << 20);
    struct outcome o = compare(p->a, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_INCONCLUSIVE);
    assert_non_null(strstr(o.text, "memory sizes"));
    outcome_free(&o);
    o = compare("/nonexistent.pft.txt", p->a, -1, false);
    assert_int_equal(o.verdict, DIFF_INCONCLUSIVE);
    assert_non_null(strstr(o.text, "no golden"));
    outcome_free(&o);
    o = compare(p->a, "/nonexistent.pft", -1, false);
    assert_int_equal(o.verdict, DIFF_TROUBLE);
    assert_true(o.error[0] != 0);
    outcome_free(&o);
}

static void a_cut_off_trace_is_inconclusive(void **state)
{
    struct paths *p = *state;

    write_story(&base, p->b, 128u << 20);
    struct error err = {0};
    struct pft_reader *r = pft_open(p->b, &err);
    assert_non_null(r);
    pft_close(r);
    FILE *file = fopen(p->b, "r+");
    fseek(file, 0, SEEK_END);
    assert_int_equal(ftruncate(fileno(file), ftell(file) - 1), 0);
    fclose(file);
    struct outcome o = compare(p->a, p->b, -1, false);
    assert_int_equal(o.verdict, DIFF_INCONCLUSIVE);
    assert_non_null(strstr(o.text, "cut off"));
    outcome_free(&o);
}

static void junit_is_written(void **state)
{
    struct paths *p = *state;
    char text[4096] = "";

    changed.event[nth_fault(&base, 50)].fault.kind = FAULT_COW_COPY;
    write_story(&changed, p->b, 128u << 20);
    struct outcome o =
        compare_with(p->a, p->b, (struct diff_options){.level = -1, .junit = p->golden});
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    outcome_free(&o);
    FILE *in = fopen(p->golden, "r");
    assert_non_null(in);
    assert_true(fread(text, 1, sizeof text - 1, in) > 100);
    fclose(in);
    assert_non_null(strstr(text, "<failure type=\"DIVERGED\""));
    assert_non_null(strstr(text, "&lt;-- kind"));
}

static void broken_goldens_are_refused(void **state)
{
    static const char *const text[] = {
        "# faultline trace 1\nzero-fill W heap+0x0 ok\n",
        "# faultline trace 1\nprocess 2 x\n",
        "# faultline trace 1\n# tolerance nonsense 5\n",
        "# faultline trace 1\n# tolerance zero-fill 500\n",
    };
    struct paths *p = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(text); i++) {
        FILE *out = fopen(p->golden, "w");
        fputs(text[i], out);
        fclose(out);
        struct outcome o = compare(p->golden, p->a, -1, false);
        assert_int_equal(o.verdict, DIFF_TROUBLE);
        assert_true(o.error[0] != 0);
        outcome_free(&o);
    }
    /* A range too long to be meant is one line, not 2^50 events. */
    FILE *out = fopen(p->golden, "w");
    fputs("# faultline trace 1\nprocess 1 x\nzero-fill W heap+0x0..0xfffffffffffff000 ok\n", out);
    fclose(out);
    struct outcome o = compare(p->golden, p->a, -1, false);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    outcome_free(&o);
}

/* Bytes of a golden changed at random: an error or a difference, never a crash. */
static void damaged_goldens_do_no_harm(void **state)
{
    struct paths *p = *state;
    char text[4096];
    u64 random = 77;

    make_golden(p);
    FILE *in = fopen(p->golden, "r");
    assert_non_null(in);
    size_t size = fread(text, 1, sizeof text, in);
    fclose(in);
    for (int round = 0; round < 300; round++) {
        char damaged[sizeof text];
        memcpy(damaged, text, size);
        for (u64 n = 1 + next_random(&random) % 4; n > 0; n--)
            damaged[20 + next_random(&random) % (size - 20)] = (char)next_random(&random);
        FILE *out = fopen(p->golden, "w");
        fwrite(damaged, 1, size - next_random(&random) % 9, out);
        fclose(out);
        struct outcome o = compare(p->golden, p->a, -1, round % 2);
        assert_true(o.verdict != DIFF_TROUBLE || o.error[0]);
        outcome_free(&o);
    }
}

static int command(const char *a, const char *b, const char *c)
{
    char *argv[] = {(char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c, NULL};

    return trace_main(c ? 3 : 2, argv);
}

static void the_command_ends_with_the_right_status(void **state)
{
    struct paths *p = *state;

    write_story(&base, p->b, 128u << 20);
    assert_int_equal(command("verify", p->a, NULL), 0);
    assert_int_equal(command("diff", p->golden, p->a), DIFF_INCONCLUSIVE);
    setenv("CI", "true", 1);
    assert_int_equal(command("accept", p->a, p->golden), DIFF_TROUBLE);
    assert_int_equal(access(p->golden, F_OK), -1);
    unsetenv("CI");
    assert_int_equal(command("accept", p->a, p->golden), 0);
    assert_int_equal(command("diff", p->golden, p->b), DIFF_SAME);
    changed.event[nth_fault(&base, 50)].fault.kind = FAULT_SWAP_MAP;
    write_story(&changed, p->b, 128u << 20);
    assert_int_equal(command("diff", p->golden, p->b), DIFF_DIVERGED);
    assert_int_equal(command("diff", p->golden, "/nonexistent"), DIFF_TROUBLE);
    assert_int_equal(command("diff", p->golden, NULL), DIFF_TROUBLE);
    assert_int_equal(command("nonsense", p->golden, NULL), DIFF_TROUBLE);
    assert_int_equal(command("stat", p->a, NULL), 0);
}

/* Long and very different streams stay linear and are wholly accounted for. */
static void unlike_streams_end(void **state)
{
    struct paths *p = *state;
    struct error err = {0};
    struct pft_info info;
    char long_a[128];

    fixture_path(long_a, "long.pft");
    for (int side = 0; side < 2; side++) {
        pft_info_init(&info);
        struct pft_writer *w = pft_create(side ? p->b : long_a, &info, &err);
        assert_non_null(w);
        for (u64 i = 0; i < 20000; i++) {
            struct trace_record r =
                fixture_fault(5, side ? FAULT_ZERO_MAP : FAULT_ZERO_FILL, 1, AREA_ANON, HEAP, i, 0);
            pft_write(w, &r);
        }
        assert_true(pft_finish(w, &err));
        pft_info_free(&info);
    }
    struct outcome o = compare(long_a, p->b, -1, true);
    assert_int_equal(o.verdict, DIFF_DIVERGED);
    assert_int_equal(json_integer_value(json_object_get(o.json, "differing")), 20000);
    outcome_free(&o);
    unlink(long_a);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_same_is_the_same),
        CASE(goldens_are_short_and_say_what_happened),
        CASE(times_frames_and_pids_do_not_matter),
        CASE(twenty_mutations_are_named),
        CASE(counts_have_tolerance),
        CASE(goldens_of_totals_hold_totals_only),
        CASE(other_machines_are_inconclusive),
        CASE(a_cut_off_trace_is_inconclusive),
        CASE(junit_is_written),
        CASE(broken_goldens_are_refused),
        CASE(damaged_goldens_do_no_harm),
        CASE(the_command_ends_with_the_right_status),
        CASE(unlike_streams_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_trace_text.c - records as lines, in all forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "emu/trace/scope.h"
#include "emu/trace/text.h"
#include "trace_fixture.h"

static void a_fault_line_says_cause_stval_and_sepc(void **state)
{
    struct trace_record r = fixture_fault(3, FAULT_COW_COPY, 1, AREA_HEAP, 0x40000000, 1, 2);
    char line[TRACE_LINE];

    (void)state;
    r.seq = 1042;
    r.icount = 12003441;
    r.fault.pfn_old = 0x8041c;
    r.fault.pfn_new = 0x80500;
    r.fault.flags = PROBE_FLAG_KERNEL;
    trace_line(line, sizeof line, &r);
    assert_string_equal(line,
                        "#1042 i=12003441 p3 cow-copy store page fault (15) "
                        "stval=0x40001008 sepc=0x10001 heap+0x1000 pfn 0x8041c->0x80500 refs 2 "
                        "cost 401 ok kernel");
    assert_true(trace_line_semantic(line, sizeof line, &r, 0));
    assert_string_equal(line, "cow-copy W heap+0x1000 ok refs=2 kernel");
    r.fault.notes = FAULT_NOTE_MISMATCH;
    trace_line(line, sizeof line, &r);
    assert_non_null(strstr(line, "LABEL-MISMATCH"));
    /* No area and no kind: what the emulator saw, by address. */
    r.fault.kind = 0;
    r.fault.area = AREA_NONE;
    r.fault.coarse = COARSE_COPY;
    r.fault.flags = 0;
    r.fault.refs = 0;
    trace_line_semantic(line, sizeof line, &r, 0);
    assert_string_equal(line, "~copy W @0x40001000 ok");
}

static void where_metadata_lie_is_left_out_of_comparisons(void **state)
{
    struct trace_record r = {.type = RECORD_PROBE + PROBE_EV_WRITEBACK,
                             .pid = 3,
                             .arg = {129, 5, 0x87f55, WRITEBACK_FSYNC}};
    char line[TRACE_LINE];

    (void)state;
    assert_true(trace_line_semantic(line, sizeof line, &r, 0));
    assert_string_equal(line, "writeback fsync page 5");
    trace_line(line, sizeof line, &r);
    assert_non_null(strstr(line, "writeback inode 129 page 5 pfn 0x87f55 fsync"));
    r.arg[4] = 1; /* a page of the disk itself */
    assert_false(trace_line_semantic(line, sizeof line, &r, 0));
    trace_line(line, sizeof line, &r);
    assert_non_null(strstr(line, "writeback disk 129 page 5"));
}

static void ptes_are_put_in_words(void **state)
{
    char text[80];

    (void)state;
    trace_pte_words(text, sizeof text, 0);
    assert_string_equal(text, "0 (nothing)");
    trace_pte_words(text, sizeof text, 0x20107153);
    assert_string_equal(text, "V R - - U - A - COW");
    trace_pte_words(text, sizeof text, (uint64_t)44 << 10 | 1 << 1);
    assert_string_equal(text, "swap slot 44");
    trace_pte_words(text, sizeof text, (uint64_t)1 << 10 | 2 << 1);
    assert_string_equal(text, "guard marker");
    trace_pte_words(text, sizeof text, (uint64_t)0x80123 << 10 | 3 << 1);
    assert_string_equal(text, "away (no access), frame 0x80123");
    trace_number(text, sizeof text, 12003441);
    assert_string_equal(text, "12,003,441");
    trace_number(text, sizeof text, 7);
    assert_string_equal(text, "7");
}

static void every_random_record_is_json_and_csv(void **state)
{
    u64 random = 31;
    char line[2 * TRACE_LINE], header[2 * TRACE_LINE];
    size_t columns = 1, commas;

    (void)state;
    trace_csv_header(header, sizeof header);
    for (char *at = header; *at; at++)
        columns += *at == ',';
    for (int i = 0; i < 5000; i++) {
        struct trace_record r = fixture_random(&random);
        json_error_t where;
        r.seq = (u64)i;
        assert_true((size_t)trace_line_json(line, sizeof line, &r) < sizeof line);
        json_t *json = json_loads(line, 0, &where);
        if (!json)
            fail_msg("%s: %s", where.text, line);
        assert_int_equal(json_integer_value(json_object_get(json, "seq")), i);
        json_decref(json);
        assert_true((size_t)trace_line_csv(line, sizeof line, &r) < sizeof line);
        commas = 1;
        for (char *at = line; *at; at++)
            commas += *at == ',';
        assert_int_equal(commas, columns);
        assert_true((size_t)trace_line(line, TRACE_LINE, &r) < TRACE_LINE);
        assert_true((size_t)trace_line_exact(line, sizeof line, &r) < 2 * TRACE_LINE);
    }
}

static void short_buffers_are_never_overrun(void **state)
{
    u64 random = 5;
    char line[64];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct trace_record r = fixture_random(&random);
        size_t size = (size_t)i % 40 + 1;
        memset(line, '#', sizeof line);
        trace_line(line, size, &r);
        assert_true(strlen(line) < size);
        assert_int_equal(line[size], '#');
        memset(line, '#', sizeof line);
        trace_line_json(line, size, &r);
        assert_int_equal(line[size], '#');
    }
}

static void scopes_follow_the_tree_and_the_marks(void **state)
{
    struct scope *s = scope_create("cow", "begin", "end");
    struct trace_record r;

    (void)state;
    r = fixture_exec(4, "sh");
    assert_int_equal(scope_feed(s, &r), 0);
    r = fixture_exec(5, "cow");
    assert_int_equal(scope_feed(s, &r), 0); /* the region is not open yet */
    assert_true(scope_found(s));
    r = fixture_event(5, PROBE_EV_FORK, fixture_id(5), fixture_id(6), 0, 0);
    scope_feed(s, &r);
    r = fixture_event(5, PROBE_EV_MARK, UINT64_C(0x6e69676562), 0, 0, 0);
    assert_int_equal(scope_feed(s, &r), 1);
    r = fixture_fault(6, FAULT_COW_COPY, 1, AREA_HEAP, 0x1000, 0, 2);
    assert_int_equal(scope_feed(s, &r), 2);
    r = fixture_fault(4, FAULT_COW_COPY, 1, AREA_HEAP, 0x1000, 0, 2);
    assert_int_equal(scope_feed(s, &r), 0);
    /* A pid used again by somebody else is not in the tree. */
    r = fixture_event(6, PROBE_EV_EXIT, fixture_id(6), 0, 0, 0);
    assert_int_equal(scope_feed(s, &r), 2);
    r = fixture_event(4, PROBE_EV_FORK, fixture_id(4), fixture_id(6), 0, 0);
    assert_int_equal(scope_feed(s, &r), 0);
    r = fixture_fault(6, FAULT_COW_COPY, 1, AREA_HEAP, 0x1000, 0, 2);
    assert_int_equal(scope_feed(s, &r), 0);
    r = fixture_event(5, PROBE_EV_MARK, UINT64_C(0x646e65), 0, 0, 0);
    assert_int_equal(scope_feed(s, &r), 1);
    r = fixture_fault(5, FAULT_COW_COPY, 1, AREA_HEAP, 0x1000, 0, 2);
    assert_int_equal(scope_feed(s, &r), 0);
    assert_string_equal(scope_name(s, 1), "cow");
    assert_int_equal(scope_parent(s, 2), 1);
    scope_free(s);
}

static void every_table_row_has_a_name(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        const char *name = fault_kind_name(kind);
        assert_string_not_equal(name, "?");
        assert_int_equal(fault_kind_by_name(name, strlen(name)), kind);
        assert_true(fault_kind_allowed(kind) != 0);
        assert_true(fault_kind_help(kind)[0] != 0);
    }
    assert_int_equal(fault_kind_by_name("cow", 3), 0);
    for (unsigned event = 1; event < PROBE_EVENT_COUNT; event++)
        assert_non_null(record_type_name(RECORD_PROBE + event));
    assert_null(record_type_name(RECORD_PROBE));
    assert_null(record_type_name(RECORD_PROBE + PROBE_EVENT_COUNT));
    for (unsigned label = 0; label < COARSE_COUNT; label++)
        assert_string_not_equal(coarse_label_name(label), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_line_says_cause_stval_and_sepc),
        cmocka_unit_test(where_metadata_lie_is_left_out_of_comparisons),
        cmocka_unit_test(ptes_are_put_in_words),
        cmocka_unit_test(every_random_record_is_json_and_csv),
        cmocka_unit_test(short_buffers_are_never_overrun),
        cmocka_unit_test(scopes_follow_the_tree_and_the_marks),
        cmocka_unit_test(every_table_row_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

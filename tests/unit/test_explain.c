/* SPDX-License-Identifier: MIT */
/* test_explain.c - faults and events in plain words, in two languages, with their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/isa/pte.h"
#include "emu/observe/explain.h"

static char *words(const struct trace_record *r, const struct explain_facts *facts,
                   enum explain_language language)
{
    struct buffer out = {0};

    explain_record(r, facts, language, &out);
    assert_true(buffer_byte(&out, 0));
    return (char *)out.data;
}

static bool is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        unsigned more = *at < 0x80             ? 0
                        : (*at & 0xe0) == 0xc0 ? 1
                        : (*at & 0xf0) == 0xe0 ? 2
                        : (*at & 0xf8) == 0xf0 ? 3
                                               : 9;
        if (more == 9)
            return false;
        while (more--)
            if ((*++at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static void every_kind_has_a_lesson_in_both_languages(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        struct trace_record r = {.type = RECORD_FAULT, .fault = {.kind = (u8)kind}};
        char *english = words(&r, NULL, EXPLAIN_ENGLISH);
        char *chinese = words(&r, NULL, EXPLAIN_CHINESE);
        assert_non_null(explain_lesson(kind, EXPLAIN_ENGLISH));
        assert_non_null(explain_lesson(kind, EXPLAIN_CHINESE));
        assert_non_null(strstr(english, explain_lesson(kind, EXPLAIN_ENGLISH)));
        assert_non_null(strstr(chinese, explain_lesson(kind, EXPLAIN_CHINESE)));
        assert_non_null(strstr(english, fault_kind_name(kind)));
        assert_true(is_utf8(chinese));
        free(english);
        free(chinese);
    }
    assert_null(explain_lesson(FAULT_KIND_COUNT, EXPLAIN_ENGLISH));
}

static void the_values_of_the_fault_are_told(void **state)
{
    (void)state;
    struct trace_record r = {
        .type = RECORD_FAULT,
        .pid = 42,
        .fault = {.kind = FAULT_COW_COPY,
                  .cause = 15,
                  .access = PROBE_ACCESS_WRITE,
                  .va = 0x40003010,
                  .area = AREA_HEAP,
                  .area_start = 0x40001000,
                  .pte_before = PTE_V | PTE_R | PTE_U | PTE_A | PTE_COW,
                  .pte_after = PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D,
                  .pfn_old = 0x8041c,
                  .pfn_new = 0x80500,
                  .refs = 3,
                  .cost = 1573},
    };
    struct explain_facts facts = {"cowtest", "memset+0x1c (string.c:12)", NULL};
    static const char *const wanted[] = {"42",      "cowtest", "0x40003010", "memset+0x1c",
                                         "0x8041c", "0x80500", "1573",       "0x40001000"};
    for (int language = 0; language < 2; language++) {
        char *text = words(&r, &facts, (enum explain_language)language);
        for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
            assert_non_null(strstr(text, wanted[i]));
        free(text);
    }
    char *text = words(&r, &facts, EXPLAIN_ENGLISH);
    assert_non_null(strstr(text, "page 2 of its heap"));
    assert_non_null(strstr(text, "had 3 references; the writer gave up one, 2 keep it"));
    free(text);

    r.fault.kind = FAULT_SWAP_READ;
    r.fault.back = 44;
    text = words(&r, NULL, EXPLAIN_ENGLISH);
    assert_non_null(strstr(text, "swap slot 44"));
    free(text);
    r.fault.kind = FAULT_FILE_READ;
    r.fault.back = UINT64_C(14) << 32 | 3;
    facts.file = "sh";
    text = words(&r, &facts, EXPLAIN_ENGLISH);
    assert_non_null(strstr(text, "page 3 of the file sh (inode 14)"));
    free(text);
}

static void every_event_says_something_sound(void **state)
{
    (void)state;
    /* Whatever the guest announces: any values, any names. */
    static const u64 value[] = {0, 1, UINT64_MAX, 0x2580256c6e257325};
    for (unsigned event = 1; event < PROBE_EVENT_COUNT; event++) {
        for (size_t i = 0; i < ARRAY_LENGTH(value); i++) {
            struct trace_record r = {.type = (u8)(RECORD_PROBE + event)};
            for (size_t a = 0; a < 6; a++)
                r.arg[a] = value[(i + a) % ARRAY_LENGTH(value)];
            for (int language = 0; language < 2; language++) {
                char *text = words(&r, NULL, (enum explain_language)language);
                assert_true(is_utf8(text));
                if (event != PROBE_EV_BOOT && event != PROBE_EV_FAULT_END &&
                    event != PROBE_EV_SYSCALL)
                    assert_true(strlen(text) > 10 && text[strlen(text) - 1] == '\n');
                free(text);
            }
        }
    }
    struct trace_record disk = {.type = RECORD_DISK, .disk = {.device = 200, .write = 1}};
    char *text = words(&disk, NULL, EXPLAIN_ENGLISH);
    assert_non_null(strstr(text, "wrote"));
    free(text);
}

static void the_locale_chooses(void **state)
{
    (void)state;
    static const struct {
        const char *all, *messages, *lang;
        enum explain_language wanted;
    } row[] = {
        {"zh_CN.UTF-8", "en_US", "C", EXPLAIN_CHINESE},
        {"", "zh_TW", "C", EXPLAIN_CHINESE},
        {NULL, NULL, "zh", EXPLAIN_CHINESE},
        {"C", "zh_CN", "zh_CN", EXPLAIN_ENGLISH},
        {NULL, NULL, NULL, EXPLAIN_ENGLISH},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(row); i++) {
        const char *name[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
        const char *value[] = {row[i].all, row[i].messages, row[i].lang};
        for (size_t n = 0; n < 3; n++) {
            if (value[n])
                setenv(name[n], value[n], 1);
            else
                unsetenv(name[n]);
        }
        assert_int_equal(explain_language(), row[i].wanted);
    }
    enum explain_language language = EXPLAIN_ENGLISH;
    assert_true(explain_language_by_name("zh_CN", &language));
    assert_int_equal(language, EXPLAIN_CHINESE);
    assert_false(explain_language_by_name("de", &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_lesson_in_both_languages),
        cmocka_unit_test(the_values_of_the_fault_are_told),
        cmocka_unit_test(every_event_says_something_sound),
        cmocka_unit_test(the_locale_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

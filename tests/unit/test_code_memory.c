/* SPDX-License-Identifier: MIT */
/*
 * test_code_memory.c - generated code: what may be executed may never be written, at any time.
 *
 * While the translator is busy, a second thread reads /proc/self/maps as fast as it can.  Nothing
 * may be writable and executable at once, and no address that was executable once may become
 * writable later, or the reverse (pages that change their rights).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "emu/jit/code_memory.h"
#include "emu/jit/jit.h"
#include "rig.h"

#include "fuzz_code.h"

enum { PROGRAMS = 12, INSTRUCTIONS = 40000, MOST_RANGES = 4096, FEWEST_LOOKS = 20 };

struct range {
    u64 first, end;
    bool executable;
};

struct watch {
    atomic_bool done;
    unsigned looks, writable_code, changed;
    struct range seen[MOST_RANGES];
    unsigned ranges;
};

/* An address that was seen with the other right before, or both rights at once. */
static void look_at(struct watch *watch, u64 first, u64 end, bool writable, bool executable)
{
    watch->writable_code += writable && executable;
    for (unsigned i = 0; i < watch->ranges; i++) {
        const struct range *r = &watch->seen[i];
        if (first == r->first && end == r->end && executable == r->executable) {
            return;
        }
        watch->changed += first < r->end && r->first < end && executable != r->executable;
    }
    if (watch->ranges < MOST_RANGES) {
        watch->seen[watch->ranges++] = (struct range){first, end, executable};
    }
}

static void look(struct watch *watch)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long first, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &first, &end, rights) != 3) {
            continue;
        }
        bool writable = rights[1] == 'w', executable = rights[2] == 'x';
        /* Memory that is neither comes and goes as the C library likes. */
        if (executable || (writable && strstr(line, "faultline-code"))) {
            look_at(watch, first, end, writable, executable);
        }
    }
    fclose(maps);
    watch->looks++;
}

static void *keep_looking(void *ctx)
{
    struct watch *watch = ctx;
    while (!atomic_load(&watch->done)) {
        look(watch);
    }
    return NULL;
}

static u64 run_program(struct rig *rig, u64 seed)
{
    u64 random = seed;
    jit_translate_at_once(rig->engine);
    fuzz_setup(rig, seed);
    for (u64 done = 0; done < INSTRUCTIONS;) {
        done += rig_run(rig, 1 + fuzz_random(&random) % 4000) + 1;
    }
    return rig->hart[0].counters.regions_translated;
}

static void never_writable_and_executable(void **state)
{
    (void)state;
    static struct watch watch;
    static struct rig rig;
    pthread_t thread;
    u64 regions = 0;
    /* One machine for all programs: what a mapping may do must not depend on the next one's. */
    rig_init_with(&rig, FUZZ_RAM, 1, ISA_DEFAULT, jit_create);
    assert_int_equal(pthread_create(&thread, NULL, keep_looking, &watch), 0);
    for (u64 seed = 1; seed <= PROGRAMS || watch.looks < FEWEST_LOOKS; seed++) {
        regions = run_program(&rig, seed);
    }
    atomic_store(&watch.done, true);
    pthread_join(thread, NULL);
    rig_destroy(&rig);
    print_message("%u looks while %lu regions were translated\n", watch.looks, regions);
    assert_true(regions > 100);
    assert_int_equal(watch.writable_code, 0);
    assert_int_equal(watch.changed, 0);
}

/* The test above can fail: it does for memory whose rights change, and for memory with both. */
static void the_look_finds_what_it_looks_for(void **state)
{
    (void)state;
    static struct watch watch;
    look_at(&watch, 0x1000, 0x3000, false, true);
    look_at(&watch, 0x2000, 0x4000, true, false);
    assert_int_equal(watch.changed, 1);
    look_at(&watch, 0x9000, 0xa000, true, true);
    assert_int_equal(watch.writable_code, 1);
}

static void two_views_of_the_same_bytes(void **state)
{
    (void)state;
    struct code_memory memory;
    assert_true(code_memory_map(&memory, 1 << 20));
    assert_ptr_not_equal(memory.write, memory.run);
    memcpy(memory.write + 100, "code", 4);
    assert_memory_equal(memory.run + 100, "code", 4);
    code_memory_unmap(&memory);
    assert_null(memory.write);
}

int main(void)
{
    if (!jit_supported()) {
        print_message("this host runs no translated code\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_writable_and_executable),
        cmocka_unit_test(the_look_finds_what_it_looks_for),
        cmocka_unit_test(two_views_of_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * faultlab.c - the driver: faultlab list | run NAME...|all | compare | reference ...
 */
#include "helper.h"
#include "sys.h"
#include "text.h"

static const struct lab {
    const char *name, *text;
} labs[] = {
#define LAB(lab_name, lab_text) {lab_name, lab_text},
#include "labs.def"
#undef LAB
};
enum { LAB_COUNT = sizeof labs / sizeof labs[0] };

static int usage(void)
{
    say_to(2, "usage: faultlab list            the experiments\n"
              "       faultlab run NAME...     run some of them\n"
              "       faultlab run all         run them all\n"
              "       faultlab compare         faults, frames, instructions of fixed scenarios\n"
              "       faultlab reference STRING PAGES COUNT [STORES]\n"
              "                                touch pages in order: loop, zipf or scan\n");
    return 2;
}

static int list(void)
{
    for (size_t i = 0; i < LAB_COUNT; i++)
        say("%-20s %s\n", labs[i].name, labs[i].text);
    return 0;
}

static int execute(void *arg)
{
    const char *name = arg;
    char path[64], *argv[] = {path, NULL};

    text_format(path, sizeof path, "/faultlab/%s", name);
    sys_execve(path, argv, user_environment);
    say_to(2, "faultlab: cannot run %s\n", path);
    return 127;
}

static int run_one(const char *name)
{
    int status = child_run(execute, (void *)name);

    if (status > 128)
        say("faultlab %s: FAILED: ended by signal %d\n", name, status - 128);
    return status;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < LAB_COUNT; i++) {
        if (text_equal(labs[i].name, name))
            return true;
    }
    return false;
}

static int run_all(void)
{
    unsigned bad = 0;

    for (size_t i = 0; i < LAB_COUNT; i++)
        bad += run_one(labs[i].name) != 0;
    say("faultlab: %u of %u failed\n", bad, (unsigned)LAB_COUNT);
    return bad != 0;
}

static int run_named(int count, char **names)
{
    int worst = 0;

    for (int i = 0; i < count; i++) {
        if (!is_known(names[i])) {
            say_to(2, "faultlab: %s: no such experiment; faultlab list shows them\n", names[i]);
            worst = 2;
        } else if (run_one(names[i]) != 0 && worst == 0) {
            worst = 1;
        }
    }
    return worst;
}

int main(int argc, char **argv)
{
    if (argc == 2 && text_equal(argv[1], "list"))
        return list();
    if (argc == 2 && text_equal(argv[1], "compare"))
        return execute((void *)"compare");
    if (argc >= 2 && text_equal(argv[1], "reference")) {
        sys_execve("/faultlab/reference", argv + 1, user_environment);
        return 127;
    }
    if (argc == 3 && text_equal(argv[1], "run") && text_equal(argv[2], "all"))
        return run_all();
    if (argc >= 3 && text_equal(argv[1], "run"))
        return run_named(argc - 2, argv + 2);
    return usage();
}

/* SPDX-License-Identifier: MIT */
/*
 * hello.c - the smallest program of the image: one line, then its arguments.
 */
#include "text.h"

int main(int argc, char **argv)
{
    say("hello from pid %d\n", sys_getpid());
    for (int i = 1; i < argc; i++)
        say("%s%s", argv[i], i + 1 < argc ? " " : "\n");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * start.c - from the stack that the kernel made to main(argc, argv).
 */
#include "sys.h"

char **user_environment;
const u64 *user_auxv;

int main(int argc, char **argv);
void user_start(u64 *stack);

__attribute__((noreturn)) void user_start(u64 *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    u64 *p = stack + 1 + argc + 1;

    user_environment = (char **)p;
    while (*p != 0)
        p++;
    user_auxv = p + 1;
    sys_exit(main(argc, argv));
}

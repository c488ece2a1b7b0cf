/* SPDX-License-Identifier: MIT */
/* crash.c - gives one page a life, sends it to swap, and has the kernel stumble over it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char text[64];
    int fd = open("/proc/sysrq-trigger", O_WRONLY);

    page[0] = 1;
    if (fork() == 0) {
        page[0] = 2;
        _exit(0);
    }
    wait(NULL);
    page[0] = 3;
    madvise(page, 4096, 21); /* MADV_PAGEOUT */
    snprintf(text, sizeof text, "c %p", (void *)page);
    return write(fd, text, strlen(text)) < 0; /* never returns */
}

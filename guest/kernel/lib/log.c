/* SPDX-License-Identifier: MIT */
/*
 * log.c - the kernel log: a ring in memory and the console.
 */
#include "lib/printf.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "sync/spin.h"
#include "sync/time.h"

#define RING_SIZE 65536u
#define LINE_SIZE 512

static struct spinlock log_lock = SPINLOCK("log");
static char ring[RING_SIZE];
static u64 ring_end; /* bytes ever logged */
static int console_level = LOG_INFO;
static void (*console_write)(const char *text, size_t length);

static void append(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        ring[ring_end++ % RING_SIZE] = text[i];
    }
}

void log_message(enum log_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    u64 now = time_now_ns();
    int length, prefix;
    va_list arguments;

    prefix = snprintf(line, sizeof(line), "<%d>", (int)level);
    length = prefix + snprintf(line + prefix, sizeof(line) - (size_t)prefix, "[%5lu.%06lu] ",
                               now / 1000000000, now / 1000 % 1000000);
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, arguments);
    va_end(arguments);
    length = length < LINE_SIZE - 2 ? length : LINE_SIZE - 2;
    line[length++] = '\n';

    spin_lock(&log_lock);
    append(line, (size_t)length);
    if ((int)level <= console_level) {
        void (*write)(const char *, size_t) =
            console_write != NULL ? console_write : sbi_console_write;

        write(line + prefix, (size_t)(length - prefix));
    }
    spin_unlock(&log_lock);
}

void log_set_level(int level)
{
    console_level = level;
}

int log_get_level(void)
{
    return console_level;
}

void log_set_console(void (*write)(const char *text, size_t length))
{
    console_write = write;
}

size_t log_read(u64 *from, char *buffer, size_t size)
{
    size_t count = 0;

    spin_lock(&log_lock);
    if (ring_end - *from > RING_SIZE) {
        *from = ring_end - RING_SIZE;
    }
    while (count < size && *from < ring_end) {
        buffer[count++] = ring[(*from)++ % RING_SIZE];
    }
    spin_unlock(&log_lock);
    return count;
}

u64 log_end(void)
{
    return ring_end;
}

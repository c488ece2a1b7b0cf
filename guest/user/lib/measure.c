/* SPDX-License-Identifier: MIT */
/*
 * measure.c - see measure.h.
 */
#include "measure.h"
#include "text.h"
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

extern char _text_begin[], _text_end[], _constants_begin[], _constants_end[];
extern char _data_begin[], _data_end[];

static const char *const kind_texts[FAULT_KIND_COUNT] = {
    [0] = "none",
#define FAULT_KIND(id, NAME, text, allowed, help) [id] = text,
#include "event.def"
};

const char *fault_kind_text(unsigned kind)
{
    return kind < FAULT_KIND_COUNT ? kind_texts[kind] : "?";
}

/*
 * All that measuring writes to is in one page, which is touched before the counts are
 * taken: so that measuring after a fork does not count its own copy-on-write.
 */
static struct {
    struct usage usage;
    struct faults scratch;
    int source; /* of the kinds: 0 not tried, 1 per process, 2 whole machine, 3 none */
    char text[2048];
} work __attribute__((aligned(4096)));
_Static_assert(sizeof work <= 4096, "one page");

struct faults *measure_scratch(void)
{
    return &work.scratch;
}

/* Lines "kind count"; false when the file is not there. */
static bool read_kinds(const char *path, u64 *kinds)
{
    char *text = work.text;
    const char *at = text;

    text[0] = '\0';
    if (text_read_file(path, text, sizeof work.text) <= 0)
        return false;
    while (*at != '\0') {
        for (unsigned k = 1; k < FAULT_KIND_COUNT; k++) {
            size_t length = strlen(kind_texts[k]);

            if (text_starts(at, kind_texts[k]) && (at[length] == ' ' || at[length] == '\t')) {
                kinds[k] = text_number(at + length, NULL);
                break;
            }
        }
        while (*at != '\0' && *at++ != '\n')
            continue;
    }
    return true;
}

void measure_faults(struct faults *out)
{
    SYS(getrusage, 0, &work.usage);
    out->minor = (u64)work.usage.minflt;
    out->major = (u64)work.usage.majflt;
    for (unsigned k = 0; k < FAULT_KIND_COUNT; k++)
        out->kind[k] = 0;
    if (work.source == 0)
        work.source = read_kinds("/proc/self/faults", out->kind) ? 1
                      : read_kinds("/proc/faults", out->kind)    ? 2
                                                                 : 3;
    else if (work.source < 3)
        read_kinds(work.source == 1 ? "/proc/self/faults" : "/proc/faults", out->kind);
    out->exact = work.source < 3;
}

void faults_subtract(struct faults *after, const struct faults *before)
{
    after->minor -= before->minor;
    after->major -= before->major;
    for (unsigned k = 0; k < FAULT_KIND_COUNT; k++)
        after->kind[k] -= before->kind[k];
}

/* utsname(2): six fields of 65 characters; the third is the release. */
bool on_faultline(void)
{
    static char names[6 * 65];
    static int known;

    if (known == 0) {
        known = 1;
        if (SYS(uname, names) == 0 &&
            (text_find(names + 2 * 65, "faultline") != NULL || text_equal(names, "Faultline")))
            known = 2;
    }
    return known == 2;
}

/* No kernel accepts unknown advice; user-mode emulation does. */
bool under_user_emulation(void)
{
    u8 *page = sys_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long r = SYS(madvise, page, PAGE, 9999);

    sys_munmap(page, PAGE);
    return r != -EINVAL;
}

bool kernel_option(const char *parameter, const char *word)
{
    static char line[1024];
    const char *at, *end;

    if (line[0] == '\0' && text_read_file("/proc/cmdline", line, sizeof line) <= 0)
        return false;
    at = text_find(line, parameter);
    if (at == NULL)
        return false;
    at += strlen(parameter);
    for (end = at; *end > ' '; end++)
        continue;
    at = text_find(at, word);
    return at != NULL && at < end;
}

static const struct sysinfo_data *get_sysinfo(void)
{
    static struct sysinfo_data info;

    SYS(sysinfo, &info);
    if (info.unit == 0)
        info.unit = 1;
    return &info;
}

u64 measure_free(void)
{
    const struct sysinfo_data *info = get_sysinfo();

    return info->freeram * info->unit;
}

u64 measure_total(void)
{
    const struct sysinfo_data *info = get_sysinfo();

    return info->totalram * info->unit;
}

u64 measure_swap_free(void)
{
    const struct sysinfo_data *info = get_sysinfo();

    return info->freeswap * info->unit;
}

static u64 meminfo_bytes(const char *text, const char *key)
{
    const char *at = text_find(text, key);

    return at != NULL ? text_number(at + strlen(key), NULL) * 1024 : 0;
}

u64 measure_available(void)
{
    static char text[4096];

    if (text_read_file("/proc/meminfo", text, sizeof text) <= 0)
        return measure_free();
    return meminfo_bytes(text, "MemFree:") + meminfo_bytes(text, "\nCached:") +
           meminfo_bytes(text, "\nBuffers:");
}

u64 measure_slab(u64 *objects)
{
    static char text[4096];
    u64 pages = 0;

    *objects = 0;
    if (text_read_file("/proc/slabinfo", text, sizeof text) <= 0)
        return 0;
    for (const char *at = text; (at = text_find(at, "\nkmalloc-")) != NULL;) {
        const char *next = at + 9;
        u64 size = text_number(next, &next), used = text_number(next, &next);

        *objects += used * size;
        next = text_find(next, "slabdata");
        pages += next != NULL ? text_number(next + 8, NULL) : 0;
        at++;
    }
    return pages * 4096;
}

bool drop_caches(void)
{
    int fd;
    long n;

    if (!on_faultline())
        return false;
    SYS(sync);
    fd = sys_open("/proc/sys/vm/drop_caches", O_WRONLY, 0);
    if (fd < 0)
        return false;
    n = sys_write(fd, "3\n", 2);
    sys_close(fd);
    return n > 0;
}

static u64 pagemap_entry(const void *address)
{
    int fd = sys_open("/proc/self/pagemap", O_RDONLY, 0);
    u64 entry = 0;

    if (fd < 0)
        return 0;
    if (SYS(pread64, fd, &entry, 8, (u64)address / PAGE * 8) != 8)
        entry = 0;
    sys_close(fd);
    return entry;
}

u64 page_frame(const void *address)
{
    u64 entry;

    if (!on_faultline())
        return 0;
    entry = pagemap_entry(address);
    return (entry >> 63) != 0 ? entry & ((1ull << 55) - 1) : 0;
}

bool page_swapped(const void *address)
{
    return on_faultline() && ((pagemap_entry(address) >> 62) & 1) != 0;
}

int page_resident(const void *address)
{
    u8 vector = 0;
    long r = SYS(mincore, (u64)address & ~(PAGE - 1), PAGE, &vector);

    return r < 0 ? (int)r : vector & 1;
}

bool page_out(void *address, size_t size)
{
    if (SYS(madvise, address, size, MADV_PAGEOUT) < 0)
        return false;
    for (size_t at = 0; at < size; at += PAGE) {
        if (page_frame((u8 *)address + at) != 0 || page_resident((u8 *)address + at) != 0)
            return false;
    }
    return true;
}

/* rdinstret may be forbidden: SIGILL then skips it once and for all. */
static volatile bool instructions_forbidden;

static void on_illegal(int signal, siginfo_t *info, void *context)
{
    struct ucontext *u = context;

    (void)signal;
    (void)info;
    instructions_forbidden = true;
    u->uc_mcontext.sc_regs.pc += 4;
}

u64 measure_instructions(void)
{
    static bool handled;
    u64 value = 0;

    if (!handled) {
        struct sigaction action = {.sa_handler = (__sighandler_t)(void *)on_illegal,
                                   .sa_flags = SA_SIGINFO};

        handled = true;
        SYS(rt_sigaction, SIGILL, &action, 0, 8);
    }
    if (instructions_forbidden)
        return 0;
    __asm__ volatile("csrr %0, instret" : "=r"(value));
    return instructions_forbidden ? 0 : value;
}

/* Three pages of stack, so that what follows does not grow it. */
__attribute__((noinline)) static void touch_stack(void)
{
    volatile u8 room[3 * PAGE];

    for (size_t i = 0; i < sizeof room; i += PAGE / 2)
        room[i] = 0;
}

void touch_program(void)
{
    for (const volatile char *p = _text_begin; p < _text_end; p += PAGE)
        (void)*p;
    for (const volatile char *p = _constants_begin; p < _constants_end; p += PAGE)
        (void)*p;
    for (volatile char *p = _data_begin; p < _data_end;
         p = (volatile char *)(((u64)p & ~(PAGE - 1)) + PAGE))
        *p = *p;
    touch_stack();
}

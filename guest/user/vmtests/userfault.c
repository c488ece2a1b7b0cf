/* SPDX-License-Identifier: MIT */
/*
 * userfault.c - userfaultfd: a thread brings the pages that another finds missing.
 */
#include "vm.h"

#include <linux/ioctl.h>
#include <linux/userfaultfd.h>

enum { PAGES = 8 };

static int fd;
static u8 source[PAGE] __attribute__((aligned(PAGE)));
static volatile int served, wrong;

static bool has_fd(void)
{
    struct uffdio_api api = {.api = UFFD_API};

    fd = (int)SYS(userfaultfd, O_CLOEXEC);
    return fd >= 0 && SYS(ioctl, fd, UFFDIO_API, &api) == 0;
}

static long watch(void *at, size_t size)
{
    struct uffdio_register request = {.range = {(u64)at, size},
                                      .mode = UFFDIO_REGISTER_MODE_MISSING};

    return SYS(ioctl, fd, UFFDIO_REGISTER, &request);
}

static long copy_to(void *to, void *from, size_t size)
{
    struct uffdio_copy copy = {.dst = (u64)to, .src = (u64)from, .len = size};

    return SYS(ioctl, fd, UFFDIO_COPY, &copy);
}

/* Brings pages whose every byte is the low byte of their number; every fourth is zeros. */
static int serve(void *arg)
{
    (void)arg;
    while (served < 2 * PAGES) {
        struct uffd_msg message;
        u64 page;

        if (sys_read(fd, &message, sizeof message) != sizeof message ||
            message.event != UFFD_EVENT_PAGEFAULT) {
            wrong = 1;
            return 1;
        }
        page = message.arg.pagefault.address & ~(u64)(PAGE - 1);
        served++;
        if (page / PAGE % 4 == 0) {
            struct uffdio_zeropage zeros = {.range = {page, PAGE}};

            wrong |= SYS(ioctl, fd, UFFDIO_ZEROPAGE, &zeros) != 0;
        } else {
            for (size_t i = 0; i < PAGE; i++)
                source[i] = (u8)(page / PAGE);
            wrong |= copy_to((void *)page, source, PAGE) != 0;
        }
    }
    return 0;
}

static int check_pages(volatile u8 *at)
{
    for (size_t i = 0; i < PAGES; i++) {
        u64 number = (u64)(at + i * PAGE) / PAGE;
        u8 want = number % 4 == 0 ? 0 : (u8)number;

        if (i % 2 != 0) {
            at[i * PAGE + 1] = 77; /* a store asks for the page as well */
            EXPECT(at[i * PAGE + 1] == 77);
        }
        EXPECT(at[i * PAGE] == want && at[i * PAGE + PAGE - 1] == want);
    }
    return VM_OK;
}

int vm_userfault(void)
{
    u8 *at[2] = {pages_private(PAGES), pages_shared(PAGES)};
    struct thread thread;

    EXPECT(at[0] != NULL && at[1] != NULL);
    if (!has_fd())
        return vm_skip("this kernel has no userfaultfd");
    if (!vm_lazy("mmap"))
        return vm_skip("no page is missing when mappings are filled at once");
    EXPECT(watch(at[0], PAGES * PAGE) == 0 && watch(at[1], PAGES * PAGE) == 0);
    EXPECT(watch(at[0] + 1, PAGE) == -EINVAL);
    EXPECT(thread_start(&thread, serve, NULL));
    for (int i = 0; i < 2; i++)
        EXPECT(check_pages(at[i]) == VM_OK);
    thread_join(&thread);
    EXPECT(!wrong && served == 2 * PAGES);
    EXPECT(copy_to(at[0], source, PAGE) == -EEXIST); /* it is there */
    /* The kernel waits for the page like anybody. */
    EXPECT(SYS(madvise, at[0], PAGE, MADV_DONTNEED) == 0);
    served = 2 * PAGES - 1;
    EXPECT(thread_start(&thread, serve, NULL));
    EXPECT(SYS(clock_gettime, 1, at[0]) == 0);
    thread_join(&thread);
    /* When it is closed, memory is ordinary again, also for who waits. */
    EXPECT(SYS(madvise, at[0], PAGES * PAGE, MADV_DONTNEED) == 0);
    sys_close(fd);
    EXPECT(at[0][PAGE] == 0);
    return VM_OK;
}

static int touch(void *arg)
{
    return *(volatile u8 *)arg == 0 ? VM_OK : VM_FAILED;
}

/* Closing wakes a sleeper; a child's copy is not watched. */
int vm_userfault_close(void)
{
    u8 *at = pages_private(PAGES);
    struct thread thread;

    EXPECT(at != NULL);
    if (!has_fd())
        return vm_skip("this kernel has no userfaultfd");
    EXPECT(watch(at, PAGES * PAGE) == 0);
    EXPECT(child_run(touch, at) == VM_OK);
    EXPECT(thread_start(&thread, touch, at));
    sys_sleep_ms(5);
    sys_close(fd);
    thread_join(&thread);
    EXPECT(at[0] == 0);
    return VM_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * extra_rights.c - memory that refuses changes (mseal, memory-deny-write-execute), advice that
 * tells of every page it cannot fill, a second mapping made by mremap, barriers.
 */
#include "vm.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif

#define NUMBER_MSEAL 462
#define ADVICE_POPULATE_READ 22
#define ADVICE_POPULATE_WRITE 23

static long seal(void *at, size_t size, long flags)
{
    return SYS_PAD_(NUMBER_MSEAL, at, size, flags, 0, 0, 0);
}

static int sealed_in_child(void *arg)
{
    return -(int)SYS(munmap, arg, PAGE);
}

int vm_mseal(void)
{
    u8 *at = pages_private(6), *other = pages_private(3);

    EXPECT(at != NULL && other != NULL);
    if (seal(at + PAGE, 3 * PAGE, 0) == -ENOSYS)
        return vm_skip("this kernel has no mseal");
    at[PAGE] = 7;
    EXPECT(seal(at + PAGE, PAGE, 1) == -EINVAL && seal(at + 1, PAGE, 0) == -EINVAL);
    EXPECT(sys_munmap(other + PAGE, PAGE) == 0);
    EXPECT(seal(other, 3 * PAGE, 0) == -ENOMEM);
    EXPECT(sys_munmap(other, PAGE) == 0); /* the failed call sealed nothing */
    EXPECT(sys_munmap(at + PAGE, PAGE) == -EPERM && sys_munmap(at, 6 * PAGE) == -EPERM);
    EXPECT(at[PAGE] == 7);
    EXPECT(sys_mprotect(at + 2 * PAGE, PAGE, PROT_READ) == -EPERM);
    EXPECT(SYS(mremap, at + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0) == -EPERM);
    EXPECT((long)sys_mmap(at + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                          -1, 0) == -EPERM);
    EXPECT(SYS(madvise, at + PAGE, PAGE, MADV_DONTNEED) == 0); /* it could be overwritten, too */
    EXPECT(at[PAGE] == 0);
    EXPECT(child_run(sealed_in_child, at + PAGE) == EPERM);
    EXPECT(sys_munmap(at, PAGE) == 0 && sys_munmap(at + 4 * PAGE, 2 * PAGE) == 0);
    /* What nobody can write, nobody can empty. */
    at = pages_private(1);
    EXPECT(at != NULL && sys_mprotect(at, PAGE, PROT_READ) == 0 && seal(at, PAGE, 0) == 0);
    EXPECT(SYS(madvise, at, PAGE, MADV_DONTNEED) == -EPERM);
    return VM_OK;
}

static int refuse_exec(void *arg)
{
    const int all = PROT_READ | PROT_WRITE | PROT_EXEC, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    u8 *code;

    (void)arg;
    EXPECT(SYS(prctl, PR_SET_MDWE, 2, 0, 0, 0) == -EINVAL);
    EXPECT(SYS(prctl, PR_SET_MDWE, 1, 0, 0, 0) == 0);
    EXPECT(SYS(prctl, PR_GET_MDWE, 0, 0, 0, 0) == 1);
    EXPECT(SYS(prctl, PR_SET_MDWE, 0, 0, 0, 0) == -EPERM);
    EXPECT((long)sys_mmap(NULL, PAGE, all, anonymous, -1, 0) == -EACCES);
    code = sys_mmap(NULL, PAGE, PROT_READ | PROT_EXEC, anonymous, -1, 0);
    EXPECT(!sys_failed(code));
    EXPECT(sys_mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0);
    EXPECT(sys_mprotect(code, PAGE, all) == -EACCES);
    EXPECT(sys_mprotect(code, PAGE, PROT_READ | PROT_WRITE) == 0);
    EXPECT(sys_mprotect(code, PAGE, PROT_READ | PROT_EXEC) == -EACCES);
    return VM_OK;
}

int vm_exec_refusal(void)
{
    if (SYS(prctl, PR_GET_MDWE, 0, 0, 0, 0) < 0)
        return vm_skip("this kernel has no PR_SET_MDWE");
    return child_run(refuse_exec, NULL);
}

int vm_populate_advice(void)
{
    u8 *at = pages_private(5);
    int fd = file_make(PAGE);
    u8 *file;

    EXPECT(at != NULL && fd >= 0);
    if (under_user_emulation() || SYS(madvise, at, PAGE, ADVICE_POPULATE_READ) == -EINVAL)
        return vm_skip("this kernel has no MADV_POPULATE_READ");
    EXPECT(SYS(madvise, at, 5 * PAGE, ADVICE_POPULATE_WRITE) == 0);
    EXPECT(sys_munmap(at + 2 * PAGE, PAGE) == 0);
    EXPECT(SYS(madvise, at, 5 * PAGE, ADVICE_POPULATE_READ) == -ENOMEM);
    EXPECT(SYS(madvise, at, 3 * PAGE, ADVICE_POPULATE_WRITE) == -ENOMEM);
    EXPECT(sys_mprotect(at, PAGE, PROT_READ) == 0);
    EXPECT(SYS(madvise, at, 2 * PAGE, ADVICE_POPULATE_READ) == 0);
    EXPECT(SYS(madvise, at, 2 * PAGE, ADVICE_POPULATE_WRITE) == -EINVAL);
    EXPECT(sys_mprotect(at, PAGE, PROT_WRITE) == 0);
    EXPECT(SYS(madvise, at, PAGE, ADVICE_POPULATE_READ) == -EINVAL);
    file = sys_mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(!sys_failed(file));
    EXPECT(SYS(madvise, file, 2 * PAGE, ADVICE_POPULATE_READ) == -EFAULT); /* behind its end */
    EXPECT(SYS(madvise, file, PAGE, ADVICE_POPULATE_WRITE) == 0);
    return VM_OK;
}

/* An old size of 0 maps the same object once more; memory of one's own has nothing to share. */
int vm_remap_again(void)
{
    u8 *at = sys_mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    u8 *own = pages_private(1), *again;

    if (under_user_emulation())
        return vm_skip("user-mode emulation makes its own mremap");
    EXPECT(!sys_failed(at) && own != NULL);
    at[PAGE] = 1;
    EXPECT(SYS(mremap, at + PAGE, 0, 2 * PAGE, 0, 0) == -ENOMEM);
    again = (u8 *)SYS(mremap, at + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE, 0);
    EXPECT(!sys_failed(again));
    again[PAGE] = 2;
    EXPECT(again[0] == 1 && at[2 * PAGE] == 2);
    EXPECT(sys_munmap(at, 4 * PAGE) == 0);
    EXPECT(again[0] == 1 && again[PAGE] == 2);
    EXPECT(SYS(mremap, own, 0, PAGE, MREMAP_MAYMOVE, 0) == -EINVAL);
    return VM_OK;
}

int vm_membarrier(void)
{
    enum { GLOBAL = 1, GLOBAL_EXPEDITED = 2, PRIVATE = 8, REGISTER = 16, REGISTRATIONS = 512 };
    long known = SYS(membarrier, 0, 0, 0);

    if (known < 0 || (known & REGISTRATIONS) == 0)
        return vm_skip("this kernel's membarrier does not tell registrations");
    EXPECT(SYS(membarrier, 0, 1, 0) == -EINVAL && SYS(membarrier, 1 << 20, 0, 0) == -EINVAL);
    EXPECT(SYS(membarrier, GLOBAL, 0, 0) == 0 && SYS(membarrier, GLOBAL_EXPEDITED, 0, 0) == 0);
    EXPECT(SYS(membarrier, PRIVATE, 0, 0) == -EPERM);
    EXPECT(SYS(membarrier, REGISTER, 0, 0) == 0 && SYS(membarrier, PRIVATE, 0, 0) == 0);
    EXPECT(SYS(membarrier, REGISTRATIONS, 0, 0) == REGISTER);
    return VM_OK;
}

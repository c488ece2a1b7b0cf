/* SPDX-License-Identifier: MIT */
/*
 * fork_model.c - a tree of processes whose memory is held against a model at every step.
 *
 * Each process changes its pages at random (stores, madvise, mprotect, munmap and mmap, mremap,
 * shared pages in between), forks, lets its children run before, beside and after itself, and
 * looks whether each page holds what its own model says.  fork() copies the model as it copies the
 * pages, but only the pages are treated so badly.
 */
#include "vm.h"

#include <linux/sched.h>

enum { PAGES = 96, SHARED_FIRST = 40, SHARED_END = 44, STEPS = 40, DEPTH = 3 };

struct model {
    u8 *base;
    u8 value[PAGES]; /* what the first and the last byte of each page hold */
    u8 *shared;      /* values of the shared pages, in shared memory */
    u32 seed;
};

static u32 draw(struct model *m, u32 below)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return (m->seed >> 8) % below;
}

static u8 *page(const struct model *m, u32 i)
{
    return m->base + (u64)i * PAGE;
}

static bool is_shared(u32 i)
{
    return i >= SHARED_FIRST && i < SHARED_END;
}

static bool agrees(const struct model *m)
{
    for (u32 i = 0; i < PAGES; i++) {
        u8 want = is_shared(i) ? m->shared[i - SHARED_FIRST] : m->value[i];

        if (page(m, i)[0] != want || page(m, i)[PAGE - 1] != want)
            return false;
    }
    return true;
}

static void put(struct model *m, u32 i, u8 value)
{
    page(m, i)[0] = value;
    page(m, i)[PAGE - 1] = value;
    if (is_shared(i))
        m->shared[i - SHARED_FIRST] = value;
    else
        m->value[i] = value;
}

/* A few private pages in a row, from *first on. */
static u32 some(struct model *m, u32 *first)
{
    u32 count = 1 + draw(m, 6);

    *first =
        draw(m, 2) != 0 ? draw(m, SHARED_FIRST - 6) : SHARED_END + draw(m, PAGES - 6 - SHARED_END);
    return count;
}

static bool forget(struct model *m, u32 first, u32 count)
{
    for (u32 i = first; i < first + count; i++)
        m->value[i] = 0;
    return true;
}

/* One change.  => false: a call failed that must not */
static bool change(struct model *m)
{
    u32 first, count = some(m, &first);
    u8 *at = page(m, first);

    switch (draw(m, 10)) {
    case 0:
        return SYS(madvise, at, count * PAGE, MADV_DONTNEED) == 0 && forget(m, first, count);
    case 1:
        return sys_munmap(at, count * PAGE) == 0 &&
               sys_mmap(at, count * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)at &&
               forget(m, first, count);
    case 2:
        return sys_mprotect(at, count * PAGE, PROT_READ) == 0 && agrees(m) &&
               sys_mprotect(at, count * PAGE, PROT_READ | PROT_WRITE) == 0;
    case 3:
        return sys_mprotect(at, count * PAGE, PROT_NONE) == 0 &&
               sys_mprotect(at, count * PAGE, PROT_READ | PROT_WRITE) == 0;
    case 4:
        put(m, SHARED_FIRST + draw(m, SHARED_END - SHARED_FIRST), (u8)draw(m, 256));
        return true;
    case 5:
        page_out(at, count * PAGE);
        return true;
    default:
        for (u32 i = first; i < first + count; i++)
            put(m, i, (u8)draw(m, 256));
        return true;
    }
}

static int live(void *arg);

struct life {
    struct model model;
    u32 depth;
};

/* A child with a life of its own; `beside`: the parent goes on meanwhile. */
static bool give_birth(struct life *life, bool beside)
{
    struct life child = *life;
    int pid;

    child.depth++;
    child.model.seed ^= draw(&life->model, 1u << 16) * 2654435761u;
    pid = child_start(live, &child);
    for (u32 i = 0; beside && i < 8; i++) {
        u32 first, count = some(&life->model, &first);

        for (u32 j = first; j < first + count; j++)
            put(&life->model, j, (u8)draw(&life->model, 256));
    }
    return child_wait(pid) == VM_OK;
}

static int live(void *arg)
{
    struct life life = *(struct life *)arg;
    u32 steps = life.depth == 0 ? 2 * STEPS : 1 + draw(&life.model, STEPS);

    EXPECT(agrees(&life.model));
    for (u32 i = 0; i < steps; i++) {
        EXPECT(change(&life.model));
        if (life.depth < DEPTH && draw(&life.model, 6) == 0)
            EXPECT(give_birth(&life, draw(&life.model, 2) != 0));
        EXPECT(agrees(&life.model));
    }
    return VM_OK;
}

int vm_fork_model(void)
{
    struct life life = {.model = {.seed = 20261120}};
    struct model *m = &life.model;

    m->base = pages_private(PAGES);
    m->shared = pages_shared(1);
    EXPECT(m->base != NULL && m->shared != NULL);
    EXPECT(sys_mmap(page(m, SHARED_FIRST), (SHARED_END - SHARED_FIRST) * PAGE,
                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
                    0) == (void *)page(m, SHARED_FIRST));
    return live(&life);
}

/* The child finds its number where it was asked for, in a page of its own; the parent's is as it
 * was. */
int vm_child_tid(void)
{
    u8 *pages = pages_private(3);
    static const u32 at[] = {0, PAGE + 8, 2 * PAGE - 2, 2 * PAGE + 4};

    EXPECT(pages != NULL);
    pages[PAGE + 100] = 7;
    for (u32 i = 0; i < sizeof at / sizeof at[0]; i++) {
        volatile u8 *word = pages + at[i];
        int status, pid = (int)SYS(clone, CLONE_CHILD_SETTID | SIGCHLD, 0, 0, 0, word);

        EXPECT(pid >= 0);
        if (pid == 0) {
            u32 tid = (u32)word[0] | (u32)word[1] << 8 | (u32)word[2] << 16 | (u32)word[3] << 24;

            sys_exit(tid == (u32)SYS(getpid) && pages[PAGE + 100] == 7 ? 0 : 1);
        }
        EXPECT(SYS(wait4, pid, &status, 0, 0) == pid && status == 0);
        EXPECT(word[0] == 0 && word[1] == 0 && word[2] == 0 && word[3] == 0);
    }
    return VM_OK;
}

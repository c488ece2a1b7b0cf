/* SPDX-License-Identifier: MIT */
/* threads.c - threads of the C library: clone, futexes, thread-local storage, their end. */
#define _GNU_SOURCE
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 8
#define ROUNDS 5000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static bool go;
static __thread long own = 5;

static void *work(void *argument)
{
    own += (long)argument;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    while (!go) {
        pthread_cond_wait(&condition, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return (void *)own;
}

static void workers(void)
{
    pthread_t thread[WORKERS];

    for (long i = 0; i < WORKERS; i++) {
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    }
    usleep(10000);
    pthread_mutex_lock(&mutex);
    go = true;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (long i = 0; i < WORKERS; i++) {
        void *result = NULL;

        CHECK(pthread_join(thread[i], &result) == 0 && (long)result == 5 + i);
    }
    CHECK(counter == WORKERS * ROUNDS);
    CHECK(own == 5);
}

static void timed_wait(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += 20000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&condition, &mutex, &time) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static void *wait_for_ever(void *argument)
{
    for (;;) {
        pause();
    }
    return argument;
}

static void *exec_self(void *argument)
{
    execl(own_path, "proctest", "--exec-status", "42", NULL);
    return argument;
}

static void exit_among_threads(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_ever, NULL);
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    usleep(1000);
    exit(6);
}

static void exec_from_a_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_ever, NULL);
    pthread_create(&thread, NULL, exec_self, NULL);
    wait_for_ever(NULL);
}

static void signal_for_a_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_ever, NULL);
    usleep(1000);
    pthread_kill(thread, SIGTERM);
    wait_for_ever(NULL);
}

static long futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout,
                  uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

/* A word in shared memory: parent and child name it differently and still meet. */
static void shared_futex(void)
{
    uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct timespec soon = {0, 10000000};
    int status = -1;
    long woken = 0;
    pid_t child = fork();

    if (child == 0) {
        uint32_t *elsewhere =
            mremap(word, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x2000000000);

        while (*(volatile uint32_t *)elsewhere == 0) {
            futex(elsewhere, FUTEX_WAIT, 0, NULL, NULL, 0);
        }
        _exit(*elsewhere != 1);
    }
    while (woken == 0) { /* until the child sleeps */
        usleep(1000);
        woken = futex(word, FUTEX_WAKE, 5, NULL, NULL, 0);
    }
    CHECK(woken == 1);
    __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
    CHECK(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    FAILS(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0), EAGAIN);
    FAILS(futex(word, FUTEX_WAIT, 1, &soon, NULL, 0), ETIMEDOUT);
    FAILS(futex(word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
    FAILS(futex((uint32_t *)3, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
    CHECK(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, word + 1, 1) == 0);
    FAILS(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, word + 1, 2), EAGAIN);
    munmap(word, 4096);
}

static pthread_mutex_t *robust;

static void *die_with_the_lock(void *argument)
{
    pthread_mutex_lock(robust);
    return argument;
}

static void robust_mutex(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t lock;
    pthread_t thread;

    robust = &lock;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&lock, &attributes);
    pthread_create(&thread, NULL, die_with_the_lock, NULL);
    pthread_join(thread, NULL);
    CHECK(pthread_mutex_lock(&lock) == EOWNERDEAD);
}

void test_threads(void)
{
    int status;

    workers();
    timed_wait();
    status = in_child(exit_among_threads);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
    status = in_child(exec_from_a_thread);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    status = in_child(signal_for_a_thread);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    shared_futex();
    robust_mutex();
}

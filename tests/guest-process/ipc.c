/* SPDX-License-Identifier: MIT */
/* ipc.c - System V semaphores, message queues and the limits of shared segments. */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int set;

static int operate(int number, int operation, int flags)
{
    struct sembuf one = {(unsigned short)number, (short)operation, (short)flags};

    return semop(set, &one, 1);
}

static void undone(void)
{
    CHECK(operate(0, 3, SEM_UNDO) == 0 && operate(0, -1, SEM_UNDO) == 0 && operate(1, 1, 0) == 0);
}

static void ignore(int signal)
{
    (void)signal;
}

static void semaphores(void)
{
    struct sembuf both[2] = {{0, -1, IPC_NOWAIT}, {1, 1, 0}};
    struct timespec soon = {0, 20000000};
    struct sigaction action = {.sa_handler = ignore};
    struct semid_ds state;
    unsigned short values[3] = {9, 9, 9};
    int status;
    pid_t child;

    FAILS(semget(IPC_PRIVATE, 0, 0600), EINVAL);
    FAILS(semget(0x7357, 1, 0600), ENOENT);
    set = semget(0x7357, 3, IPC_CREAT | IPC_EXCL | 0600);
    CHECK(set >= 0);
    FAILS(semget(0x7357, 3, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    FAILS(semget(0x7357, 4, 0600), EINVAL);
    CHECK(semget(0x7357, 0, 0600) == set);
    CHECK(semctl(set, 0, GETALL, values) == 0 && values[0] == 0 && values[2] == 0);
    CHECK(operate(0, 2, 0) == 0 && semctl(set, 0, GETVAL) == 2);
    CHECK(semctl(set, 0, GETPID) == getpid());
    FAILS(operate(0, -3, IPC_NOWAIT), EAGAIN);
    FAILS(operate(0, 0, IPC_NOWAIT), EAGAIN);
    FAILS(operate(3, 1, 0), EFBIG);
    FAILS(operate(0, 32767, 0), ERANGE);
    FAILS(semop(set, both, 0), EINVAL);
    FAILS(semop(set, both, 501), E2BIG);
    FAILS(semop(set, (void *)nowhere, 1), EFAULT);
    FAILS(semctl(set, 3, GETVAL), EINVAL);
    FAILS(semctl(set, 0, SETVAL, 40000), ERANGE);
    FAILS(semctl(set, 0, 999), EINVAL);

    /* All or nothing. */
    CHECK(semop(set, both, 2) == 0 && semop(set, both, 2) == 0);
    FAILS(semop(set, both, 2), EAGAIN);
    CHECK(semctl(set, 1, GETVAL) == 2);
    both[0] = (struct sembuf){2, 1, 0};
    both[1] = (struct sembuf){0, -1, IPC_NOWAIT};
    FAILS(semop(set, both, 2), EAGAIN);
    CHECK(semctl(set, 2, GETVAL) == 0);

    /* What a process did with SEM_UNDO is undone at its end. */
    status = in_child(undone);
    CHECK(status == 0 && semctl(set, 0, GETVAL) == 0 && semctl(set, 1, GETVAL) == 3);

    /* Waiting, for more and for zero. */
    both[0] = (struct sembuf){0, -1, 0};
    FAILS(semtimedop(set, both, 1, &soon), EAGAIN);
    child = fork();
    if (child == 0) {
        _exit(operate(0, -2, 0) != 0 || operate(1, 0, 0) != 0);
    }
    while (semctl(set, 0, GETNCNT) != 1) {
        usleep(1000);
    }
    CHECK(operate(0, 1, 0) == 0 && operate(0, 1, 0) == 0);
    while (semctl(set, 1, GETZCNT) != 1) {
        usleep(1000);
    }
    values[0] = values[1] = values[2] = 0;
    CHECK(semctl(set, 0, SETALL, values) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(semctl(set, 0, IPC_STAT, &state) == 0 && state.sem_nsems == 3 && state.sem_otime > 0);
    CHECK((state.sem_perm.mode & 0777) == 0600);

    /* A signal ends the wait, also with SA_RESTART; so does the end of the set. */
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    child = fork();
    if (child == 0) {
        usleep(20000);
        kill(getppid(), SIGUSR1);
        usleep(20000);
        _exit(semctl(set, 0, IPC_RMID) != 0);
    }
    FAILS(operate(0, -1, 0), EINTR);
    FAILS(operate(0, -1, 0), EIDRM);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    FAILS(semctl(set, 0, GETVAL), EINVAL);
    signal(SIGUSR1, SIG_DFL);
}

struct text {
    long type;
    char bytes[64];
};

static ssize_t receive(int queue, struct text *text, long type, int flags)
{
    memset(text, 0, sizeof *text);
    return msgrcv(queue, text, sizeof text->bytes, type, flags);
}

static void queues(void)
{
    struct text text = {3, "three"};
    static struct {
        long type;
        char bytes[8192];
    } large = {1, ""};
    struct msqid_ds state;
    int queue = msgget(IPC_PRIVATE, 0600), status;
    pid_t child;

    CHECK(queue >= 0);
    FAILS(msgget(0x7357, 0), ENOENT);
    FAILS(msgrcv(queue, &text, 64, 0, IPC_NOWAIT), ENOMSG);
    CHECK(msgsnd(queue, &text, 6, 0) == 0);
    text = (struct text){1, "one"};
    CHECK(msgsnd(queue, &text, 4, 0) == 0);
    text = (struct text){2, "two"};
    CHECK(msgsnd(queue, &text, 4, 0) == 0);
    text.type = 0;
    FAILS(msgsnd(queue, &text, 4, 0), EINVAL);
    FAILS(msgsnd(queue, &large, 8193, 0), EINVAL);
    FAILS(msgsnd(queue, (void *)nowhere, 4, 0), EFAULT);
    FAILS(msgrcv(queue, &text, 3, 2, 0), E2BIG);
    FAILS(msgrcv(queue, &text, 3, 9, IPC_NOWAIT), ENOMSG);
    CHECK(msgctl(queue, IPC_STAT, &state) == 0 && state.msg_qnum == 3);
    CHECK(receive(queue, &text, 2, 0) == 4 && text.type == 2 && strcmp(text.bytes, "two") == 0);
    CHECK(receive(queue, &text, -3, 0) == 4 && text.type == 1);
    CHECK(msgrcv(queue, &text, 2, 0, MSG_NOERROR) == 2 && memcmp(text.bytes, "th", 2) == 0);

    /* Two large ones fill it; the third waits for a reader. */
    CHECK(msgsnd(queue, &large, 8192, 0) == 0 && msgsnd(queue, &large, 8192, 0) == 0);
    FAILS(msgsnd(queue, &large, 1, IPC_NOWAIT), EAGAIN);
    child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(msgrcv(queue, &large, 8192, 0, 0) != 8192);
    }
    CHECK(msgsnd(queue, &large, 100, 0) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(msgrcv(queue, &large, 8192, 0, 0) == 8192 && msgrcv(queue, &large, 8192, 0, 0) == 100);
    child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(msgctl(queue, IPC_RMID, NULL) != 0);
    }
    FAILS(msgrcv(queue, &text, 64, 0, 0), EIDRM);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    FAILS(msgsnd(queue, &large, 1, 0), EINVAL);
}

static void segments(void)
{
    struct shmid_ds state;
    struct shm_info info;
    int segment = shmget(0x7357, 10000, IPC_CREAT | 0400), status;

    CHECK(segment >= 0);
    FAILS(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
    FAILS(shmget(0x7357, 10001, 0400), EINVAL);
    CHECK(shmctl(0, SHM_INFO, (void *)&info) >= 0 && info.used_ids >= 1 && info.shm_tot >= 3);
    CHECK(shmctl(segment, IPC_STAT, &state) == 0 && (state.shm_perm.mode & 0777) == 0400);
    if (geteuid() == 0 && fork() == 0) { /* others may not */
        failures = 0;
        CHECK(setuid(1000) == 0);
        FAILS(shmget(0x7357, 10000, 0400), EACCES);
        FAILS((long)shmat(segment, NULL, 0), EACCES);
        FAILS(shmctl(segment, IPC_STAT, &state), EACCES);
        FAILS(shmctl(segment, IPC_RMID, NULL), EPERM);
        _exit(failures);
    }
    if (geteuid() == 0) {
        CHECK(wait(&status) > 0 && status == 0);
    }
    CHECK(shmctl(segment, IPC_RMID, NULL) == 0);
}

void test_ipc(void)
{
    semaphores();
    queues();
    segments();
}

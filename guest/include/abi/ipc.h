/* SPDX-License-Identifier: MIT */
/* ipc.h - System V semaphores and message queues.  Source: Linux UAPI. */
#ifndef ABI_IPC_H
#define ABI_IPC_H

#include "abi/mman.h" /* IPC_*, struct abi_ipc_perm */

#define SEM_UNDO 0x1000
#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL 16
#define SETALL 17
#define SEM_STAT 18
#define SEM_INFO 19
#define SEM_STAT_ANY 20

struct abi_sembuf {
    uint16_t number;
    int16_t operation, flags;
};

struct abi_semid {
    struct abi_ipc_perm perm;
    int64_t operation_time, change_time;
    uint64_t count, unused[2];
};
_Static_assert(sizeof(struct abi_semid) == 88, "struct semid64_ds");

struct abi_seminfo {
    int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem;
};

#define MSG_NOERROR 010000
#define MSG_EXCEPT 020000
#define MSG_COPY 040000
#define MSG_STAT 11
#define MSG_INFO 12
#define MSG_STAT_ANY 13

struct abi_msqid {
    struct abi_ipc_perm perm;
    int64_t send_time, receive_time, change_time;
    uint64_t bytes, messages, room;
    int32_t last_sender, last_receiver;
    uint64_t unused[2];
};
_Static_assert(sizeof(struct abi_msqid) == 120, "struct msqid64_ds");

struct abi_msginfo {
    int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
    uint16_t msgseg;
};

#endif

/* SPDX-License-Identifier: MIT */
/*
 * userfaultfd.h - layouts and numbers of userfaultfd(2) as far as the kernel knows them.
 *
 * Source: Linux UAPI, linux/userfaultfd.h.
 */
#ifndef ABI_USERFAULTFD_H
#define ABI_USERFAULTFD_H

#include <stdint.h>

#define UFFD_API 0xAAull
#define UFFD_USER_MODE_ONLY 1u

#define UFFD_FEATURE_MISSING_SHMEM (1ull << 5)
#define UFFD_FEATURE_SIGBUS (1ull << 7)
#define UFFD_FEATURE_THREAD_ID (1ull << 8)
#define UFFD_FEATURE_EXACT_ADDRESS (1ull << 11)
#define UFFD_FEATURE_POISON (1ull << 14)

#define UFFDIO_REGISTER_MODE_MISSING 1ull

/* Bits of struct uffdio_api.ioctls and uffdio_register.ioctls. */
#define UFFD_IOCTL_REGISTER (1ull << 0)
#define UFFD_IOCTL_UNREGISTER (1ull << 1)
#define UFFD_IOCTL_WAKE (1ull << 2)
#define UFFD_IOCTL_COPY (1ull << 3)
#define UFFD_IOCTL_ZEROPAGE (1ull << 4)
#define UFFD_IOCTL_POISON (1ull << 8)
#define UFFD_IOCTL_API (1ull << 0x3f)

#define UFFDIO_API 0xc018aa3fu
#define UFFDIO_REGISTER 0xc020aa00u
#define UFFDIO_UNREGISTER 0x8010aa01u
#define UFFDIO_WAKE 0x8010aa02u
#define UFFDIO_COPY 0xc028aa03u
#define UFFDIO_ZEROPAGE 0xc020aa04u
#define UFFDIO_POISON 0xc020aa08u

#define UFFDIO_MODE_DONTWAKE 1ull /* of copy, zero page and poison */

struct abi_uffdio_range {
    uint64_t start, length;
};

struct abi_uffdio_api {
    uint64_t api, features, ioctls;
};

struct abi_uffdio_register {
    struct abi_uffdio_range range;
    uint64_t mode, ioctls;
};

struct abi_uffdio_copy {
    uint64_t destination, source, length, mode;
    int64_t copied;
};

struct abi_uffdio_fill { /* zero page, poison */
    struct abi_uffdio_range range;
    uint64_t mode;
    int64_t filled;
};

#define UFFD_EVENT_PAGEFAULT 0x12
#define UFFD_PAGEFAULT_FLAG_WRITE 1ull

struct abi_uffd_message {
    uint8_t event, reserved[7];
    uint64_t flags, address;
    uint32_t tid, unused;
};
_Static_assert(sizeof(struct abi_uffd_message) == 32, "struct uffd_msg");

#endif

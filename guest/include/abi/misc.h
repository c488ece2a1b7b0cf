/* SPDX-License-Identifier: MIT */
/* misc.h - small families of numbers: reboot, prctl, syslog, getrandom, swapon, eventfd, device
 * numbers.  Source: Linux UAPI. */
#ifndef ABI_MISC_H
#define ABI_MISC_H

#include <stdint.h>

#define REBOOT_MAGIC1 0xfee1deadu
#define REBOOT_MAGIC2 0x28121969u
#define REBOOT_MAGIC2A 0x05121996u
#define REBOOT_MAGIC2B 0x16041998u
#define REBOOT_MAGIC2C 0x20112000u
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_CAD_ON 0x89abcdefu
#define REBOOT_CAD_OFF 0x00000000u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_RESTART2 0xa1b2c3d4u /* argument "exit:N": power off with status N */

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_SET_NAME 15
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_GET_NAME 16
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1u
#define PR_MDWE_NO_INHERIT 2u
#define PR_SET_VMA 0x53564d41

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u

#define SWAP_FLAG_PREFER 0x8000u
#define SWAP_FLAG_PRIO_MASK 0x7fffu

#define EFD_SEMAPHORE 1u

/* Device numbers as Linux packs them into 64 bits of st_rdev. */
#define DEV_MAKE(major, minor)                                       \
    ((((uint64_t)(major)&0xfffu) << 8) | ((uint64_t)(minor)&0xffu) | \
     (((uint64_t)(minor)&0xfff00u) << 12))
#define DEV_MAJOR(dev) ((uint32_t)(((uint64_t)(dev) >> 8) & 0xfffu))
#define DEV_MINOR(dev) ((uint32_t)(((uint64_t)(dev)&0xffu) | (((uint64_t)(dev) >> 12) & 0xfff00u)))

#endif

/* SPDX-License-Identifier: MIT */
/*
 * lab.h - how an experiment is written.
 *
 * A program defines lab_run(): steps between LAB_BEGIN and LAB_END, each printed as
 * what was done, what was expected and what was seen.  Counts are held against the
 * expectation where the kernel counts fault kinds and no technique was switched off
 * at boot (vm.eager, vm.zeropage); elsewhere they are only shown.  What the program
 * finds in memory (lab_check) always counts.
 *
 * Before lab_run the program's own code, constants and data have been touched, so
 * that a step shows the faults of the step alone.  Sections .text_pages,
 * .rodata_pages, .data_pages and .bss.1pages are left alone for experiments.
 */
#ifndef FAULTLAB_LAB_H
#define FAULTLAB_LAB_H

#include "catch.h"
#include "helper.h"
#include "measure.h"
#include "sys.h"
#include "text.h"

/* Expected counts that are not a number. */
#define LAB_ANY (~0ull)
#define LAB_SOME (~0ull - 1) /* at least one */

struct lab_expect {
    unsigned kind;
    u64 count;
};

void lab_run(void);

/* Starts a step; `did` says in the past tense what the step does. */
void lab_begin(const char *did);
/*
 * Ends it: minor and major faults, then {FAULT_KIND, count} pairs; any kind that is
 * not named is expected not to occur.
 */
#define LAB_END(minor, major, ...) \
    lab_end(minor, major, (const struct lab_expect[]){__VA_ARGS__ __VA_OPT__(, ){0, 0}})
void lab_end(u64 minor, u64 major, const struct lab_expect *kinds);

/* Something that must hold on every kernel; `what` completes "expected: ...". */
void lab_check(bool holds, const char *what);
/* An explanation, printed as it is. */
void lab_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program as skipped (status 0). */
__attribute__((noreturn)) void lab_skip(const char *why);

/* Runs fn(arg) in a child and waits; its failed checks are the program's. */
void lab_child(void (*fn)(void *), void *arg);
int lab_child_start(void (*fn)(void *), void *arg);
void lab_child_wait(int pid);

/* Stops here with a failure when a resource that every kernel has is refused. */
void *lab_need(void *pages);

/* True when counts are held against expectations. */
bool lab_exact(void);

#endif

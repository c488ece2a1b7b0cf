/* SPDX-License-Identifier: MIT */
/*
 * optionvalue.h - values of options: numbers, sizes, QEMU's comma lists.
 */
#ifndef FAULTLINE_CLI_OPTIONVALUE_H
#define FAULTLINE_CLI_OPTIONVALUE_H

#include "emu/cli/options.h"

bool value_machine(const char *text, struct error *err);
bool value_cpu(struct cpu_config *cpu, const char *text, struct error *err);
bool value_memory(const char *text, u64 *bytes, struct error *err);
bool value_harts(const char *text, unsigned *harts, struct error *err);
bool value_number(const char *option, const char *text, u64 *value, struct error *err);
bool value_seconds(const char *text, u64 *nanoseconds, struct error *err);
/* A replacement policy of the bundled kernel. */
bool value_policy(const char *text, struct error *err);
bool value_rtc(const char *text, u64 *epoch, struct error *err);
/* Adds a drive; if=none ones wait for their -device. */
bool value_drive(struct options *o, const char *text, struct error *err);
bool value_device(struct options *o, const char *text, struct error *err);
/* After all options: gives the drives that -device names their places. */
bool value_attach_drives(struct options *o, struct error *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * describe.h - `faultline describe ...`: man pages and shell completion, made from the tables of options
 * (emu/cli/option.def), monitor commands (emu/monitor/command.def) and trace commands (emu/trace/tool.def),
 * so that they cannot say anything else than the program does.  For the build; users get the results.
 */
#ifndef FAULTLINE_CLI_DESCRIBE_H
#define FAULTLINE_CLI_DESCRIBE_H

#include <stdio.h>

/*
 * argv[0] is what is wanted: bash, zsh, fish, or "page FILE": a man page in scdoc's language with the
 * lines @options@, @commands@, @tools@ and @tool-options@ filled in.  Writes to stdout; returns the exit status.
 */
int describe_main(int argc, char **argv);

/* The three shells (complete.c). */
void describe_bash(FILE *out);
void describe_zsh(FILE *out);
void describe_fish(FILE *out);

#endif

/* SPDX-License-Identifier: MIT */
/* shellword.h - text as one word of the guest's shell. */
#ifndef FAULTLINE_CLI_SHELLWORD_H
#define FAULTLINE_CLI_SHELLWORD_H

#include "emu/base/buffer.h"

/* Appends `word` in single quotes, with those inside of it kept. */
void shell_word(struct buffer *out, const char *word);

#endif

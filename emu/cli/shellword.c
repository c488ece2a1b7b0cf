/* SPDX-License-Identifier: MIT */
/* shellword.c - see shellword.h. */
#include "emu/cli/shellword.h"

void shell_word(struct buffer *out, const char *word)
{
    buffer_byte(out, '\'');
    for (; *word; word++) {
        if (*word == '\'') {
            buffer_text(out, "'\\''");
        } else {
            buffer_byte(out, (u8)*word);
        }
    }
    buffer_byte(out, '\'');
}

/* SPDX-License-Identifier: MIT */
/*
 * source.c - where the shell's characters come from: a string, a file, or the
 * terminal with its prompts.
 */
#include "sh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void source_from_string(struct source *source, const char *string)
{
    *source = (struct source){.string = string, .fd = -1, .line = 1};
}

void source_from_fd(struct source *source, int fd, bool interactive)
{
    *source = (struct source){.fd = fd, .interactive = interactive, .line = 1};
}

void source_free(struct source *source)
{
    free(source->buffer);
    source->buffer = NULL;
}

static bool refill_terminal(struct source *source)
{
    const char *prompt = source->continued ? var_get("PS2") : var_get("PS1");
    bool interrupted = false;
    char *line;

    if (prompt == NULL)
        prompt = source->continued ? "> " : "# ";
    line = line_read(prompt, &interrupted);
    if (line == NULL)
        return false;
    free(source->buffer);
    source->buffer = line;
    source->length = strlen(line);
    source->at = 0;
    if (interrupted) {
        shell.interrupted = 1;
        source->buffer = sh_copy("\n");
        source->length = 1;
        free(line);
    } else if (!source->continued) {
        line_remember(line);
    }
    return true;
}

/*
 * A script that is read from a pipe shares it with its commands (`sh < script`
 * with `read` inside), so an unseekable file is read one character at a time.
 */
static bool refill_file(struct source *source)
{
    size_t room = 1024;
    ssize_t n;

    if (source->buffer == NULL)
        source->buffer = sh_alloc(room);
    if (source->fd == 0 && lseek(0, 0, SEEK_CUR) < 0)
        room = 1;
    do {
        n = read(source->fd, source->buffer, room);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    source->length = (size_t)n;
    source->at = 0;
    return true;
}

int source_next(struct source *source)
{
    unsigned char c;

    if (source->pushed_count > 0)
        return source->pushed[--source->pushed_count];
    if (source->ended)
        return -1;
    if (source->string != NULL) {
        c = (unsigned char)source->string[source->at];
        if (c == '\0') {
            source->ended = true;
            return -1;
        }
        source->at++;
    } else {
        if (source->at == source->length &&
            !(source->interactive ? refill_terminal(source) : refill_file(source))) {
            source->ended = true;
            return -1;
        }
        c = (unsigned char)source->buffer[source->at++];
    }
    if (c == '\n')
        source->line++;
    return c;
}

void source_push(struct source *source, int c)
{
    if (source->pushed_count < 2)
        source->pushed[source->pushed_count++] = c;
}

bool source_has_more(struct source *source)
{
    const char *s = source->string;

    if (s == NULL)
        return true;
    return s[source->at + strspn(s + source->at, " \t\n;")] != '\0';
}

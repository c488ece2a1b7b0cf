/* SPDX-License-Identifier: MIT */
/*
 * script.c - the lines of -x.  A command that lets the guest run (c, next-fault, until, wait, ...)
 * ends what is executed now; the lines behind it follow at the next stop.
 */
#include "emu/monitor/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/machine/control.h"
#include "emu/monitor/monitor.h"

static void end_script(struct monitor *m)
{
    free(m->script.path);
    free(m->script.text);
    m->script = (struct script){0};
}

bool script_pending(const struct monitor *m)
{
    return m->script.at != NULL;
}

/* The next line that is neither empty nor a comment; NULL: no more. */
static char *next_line(struct script *s)
{
    while (s->at) {
        char *line = s->at, *end = strchr(line, '\n');
        s->at = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        s->line++;
        line += strspn(line, " \t\r");
        if (*line && *line != '#')
            return line;
        if (s->at && !*s->at)
            s->at = NULL;
    }
    return NULL;
}

bool script_go_on(struct monitor *m, struct error *err)
{
    char *line;

    while (m->script.text && (line = next_line(&m->script)) != NULL) {
        struct buffer out = {0};
        const struct command *command;
        bool ok = monitor_line(m, NULL, line, &out, &command);
        fwrite(out.data ? out.data : (const u8 *)"", 1, out.size, m->script.out);
        fflush(m->script.out);
        buffer_free(&out);
        if (!ok) {
            error_set(err, EINVAL, "%s:%u: the command failed", m->script.path, m->script.line);
            end_script(m);
            return false;
        }
        if (command->flags & COMMAND_RESUMES && !machine_is_stopped(m->machine) && m->script.at)
            return true;
    }
    end_script(m);
    return true;
}

void script_close(struct monitor *m)
{
    if (script_pending(m))
        log_error("%s: the machine ended before line %u", m->script.path, m->script.line + 1);
    end_script(m);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "re");
    struct buffer text = {0};
    char bytes[4096];
    size_t n;

    if (!file)
        return NULL;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_append(&text, bytes, n);
    bool bad = ferror(file) || !buffer_byte(&text, 0);
    fclose(file);
    if (!bad)
        return (char *)text.data;
    buffer_free(&text);
    errno = EIO;
    return NULL;
}

bool monitor_script(struct monitor *m, const char *path, FILE *out, struct error *err)
{
    end_script(m);
    m->script.text = read_all(path);
    if (!m->script.text)
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    m->script.at = m->script.text;
    m->script.path = strdup(path);
    m->script.out = out;
    return script_go_on(m, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * ctl.c - `faultline ctl SOCKET [COMMAND...]`: one command, lines of standard input, or a prompt.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "emu/base/buffer.h"
#include "emu/monitor/client.h"
#include "emu/monitor/command.h"
#include "emu/monitor/csv.h"
#include "emu/monitor/monitor.h"
#include "emu/monitor/value.h"
#include "emu/monitor/wrap.h"

#define FAILED 1
#define TROUBLE 2

/* Long answers go through a pager, on a terminal only. */
static void print(const struct buffer *text)
{
    const char *pager = getenv("PAGER"), *terminal = getenv("TERM");
    unsigned lines = 0, rows = wrap_rows(STDOUT_FILENO);
    FILE *out = NULL;

    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    if (!pager)
        pager = "less -FRX";
    fflush(stdout);
    if (rows && lines >= rows && *pager && terminal && strcmp(terminal, "dumb") != 0 &&
        isatty(STDIN_FILENO))
        out = popen(pager, "w");
    fwrite(text->data ? text->data : (const u8 *)"", 1, text->size, out ? out : stdout);
    if (out)
        pclose(out);
}

static void show(const struct command *command, const json_t *value, enum answer_form form)
{
    struct buffer text = {0}, wrapped = {0};
    char *json = NULL;

    if (form == FORM_JSON) {
        json = json_dumps(value, JSON_INDENT(2) | JSON_SORT_KEYS);
        buffer_printf(&text, "%s\n", json ? json : "null");
        free(json);
    } else if (form == FORM_CSV) {
        csv_write(value, &text);
    } else if (command->show) {
        command->show(value, &text);
    }
    wrap_text((const char *)text.data, text.size, form == FORM_TEXT ? wrap_width(STDOUT_FILENO) : 0,
              &wrapped);
    print(&wrapped);
    buffer_free(&text);
    buffer_free(&wrapped);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/*
 * The guest was let run until something happens: waits for the stop.  Ctrl-C stops it now.  What
 * stopped it is told, by the news at a prompt, here otherwise.
 */
static void wait_for_stop(struct client *c)
{
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    const struct timespec pause = {.tv_nsec = 20000000};
    bool told = c->news != NULL;

    interrupted = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before);
    while (!c->closed) {
        if (interrupted)
            json_decref(client_ask(c, "stop"));
        interrupted = 0;
        json_t *status = client_ask(c, "info status");
        bool running = value_flag(status, "running");
        if (status && !running && !told && value_string(status, "stop")[0])
            printf("%s\n", value_string(status, "stop"));
        json_decref(status);
        if (!running)
            break;
        nanosleep(&pause, NULL);
    }
    sigaction(SIGINT, &before, NULL);
}

static int one_command(struct client *c, const char *line)
{
    struct error err = {0};
    const char *rest;
    enum answer_form form = command_form(&line);
    const struct command *command = command_find(line, &rest, &err);
    json_t *value = command ? client_call(c, line, &err) : NULL;

    if (!value && c->closed && command && !strcmp(command->name, "quit"))
        return 0;
    if (!value) {
        fflush(stdout);
        fprintf(stderr, "faultline: %s\n", err.text);
        return FAILED;
    }
    show(command, value, form);
    json_decref(value);
    if (command->flags & COMMAND_RESUMES && strcmp(command->name, "c") != 0)
        wait_for_stop(c);
    fflush(stdout);
    return 0;
}

static bool at_prompt(struct client *c, const char *line)
{
    one_command(c, line);
    return !c->closed;
}

static int batch(struct client *c)
{
    char line[4096];
    int status = 0;

    while (!c->closed && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        const char *at = line + strspn(line, " \t");
        if (*at && *at != '#' && one_command(c, at))
            status = FAILED;
    }
    return status;
}

static void usage(FILE *out)
{
    fputs("usage: faultline ctl SOCKET [-j | --csv] [COMMAND...]\n"
          "       faultline ctl SOCKET top\n"
          "SOCKET is what --monitor unix:PATH or -qmp unix:PATH made.  Without COMMAND:\n"
          "a prompt, or the lines of standard input.  top: a full-screen view that follows\n"
          "faults, memory and processes.  -j: the answer as JSON, --csv: as a table.\n"
          "COMMAND help lists the commands; one that lets the guest run up to an event\n"
          "(next-fault, until, goto icount, s, wait) returns when it has stopped.\n",
          out);
}

static int converse(struct client *c, int argc, char **argv)
{
    struct buffer line = {0};
    int status;

    if (argc == 1 && !strcmp(argv[0], "top"))
        return top_run(c);
    if (!argc)
        return isatty(STDIN_FILENO) ? prompt_run(c, at_prompt) : batch(c);
    for (int i = 0; i < argc; i++)
        buffer_printf(&line, "%s%s", i ? " " : "", argv[i]);
    buffer_byte(&line, 0);
    status = one_command(c, (const char *)line.data);
    buffer_free(&line);
    return status;
}

int ctl_main(int argc, char **argv)
{
    struct client client = {.fd = -1};
    struct error err = {0};
    int status;

    if (argc < 1 || !strcmp(argv[0], "--help")) {
        usage(argc < 1 ? stderr : stdout);
        return argc < 1 ? TROUBLE : 0;
    }
    if (!client_open(&client, argv[0], &err)) {
        fprintf(stderr, "faultline: %s\n", err.text);
        status = TROUBLE;
    } else {
        status = converse(&client, argc - 1, argv + 1);
    }
    fflush(stdout);
    client_close(&client);
    return status;
}

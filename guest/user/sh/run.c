/* SPDX-License-Identifier: MIT */
/*
 * run.c - whole sources of commands: scripts, strings, command substitution.
 */
#include "sh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Runs one complete command; false when an expansion failed.  The failure leaves
 * functions, loops and redirections half-way, so they are put back here.
 */
static bool run_guarded(struct node *node, int flags)
{
    struct shell *const before = sh_alloc(sizeof *before);
    size_t mark = redirect_mark();
    jmp_buf failure;
    bool ok = true;

    *before = shell;
    shell.failure = &failure;
    if (setjmp(failure) == 0) {
        run_node(node, flags);
    } else {
        ok = false;
        while (shell.function_depth > before->function_depth)
            locals_end();
        redirect_restore(mark);
        shell.arguments = before->arguments;
        shell.argument_count = before->argument_count;
        shell.loop_depth = before->loop_depth;
    }
    shell.failure = before->failure;
    if (shell.loop_depth == 0)
        shell.break_count = shell.continue_count = 0;
    free(before);
    return ok;
}

/* Reads and runs commands until the source ends; the last status. */
int run_source(struct source *source, int flags)
{
    struct arena *outer_arena = shell.arena;

    for (;;) {
        struct arena *arena = sh_alloc(sizeof *arena);
        struct node *node = NULL;
        enum parse_result result;

        if (source->interactive) {
            jobs_report();
            shell.interrupted = 0;
        }
        result = parse_command(source, arena, &node);
        if (result == PARSE_ERROR) {
            shell.status = 2;
            if (!source->interactive)
                shell.exiting = true;
        } else if (result == PARSE_OK && !shell.flag_n) {
            int last = source->string != NULL && !source_has_more(source) ? flags & RUN_LAST : 0;

            shell.arena = arena;
            if (!run_guarded(node, last) && !source->interactive)
                shell.exiting = true;
        }
        shell.arena = outer_arena;
        if (!arena->keep) {
            arena_free(arena);
            free(arena);
        }
        if (result == PARSE_END || shell.exiting || shell.returning ||
            (shell.interrupted && !source->interactive))
            return shell.status;
    }
}

int run_string(const char *text, int flags)
{
    struct source source;

    source_from_string(&source, text);
    return run_source(&source, flags);
}

char *run_capture(const char *command)
{
    struct text output = {0};
    char buffer[512];
    bool job_control = shell.job_control;
    struct job *job;
    int fds[2];
    pid_t pid;
    ssize_t n;

    if (pipe(fds) < 0)
        sh_fail("pipe: %s", strerror(errno));
    shell.job_control = false; /* it stays in the shell's own process group */
    job = job_new(command, false);
    pid = job_fork(job, false);
    if (pid == 0) {
        close(fds[0]);
        dup2(fds[1], 1);
        close(fds[1]);
        sh_exit(run_string(command, RUN_LAST));
    }
    close(fds[1]);
    while (pid > 0 &&
           ((n = read(fds[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))) {
        if (n > 0)
            text_add_bytes(&output, buffer, (size_t)n);
    }
    close(fds[0]);
    if (pid > 0)
        shell.status = job_wait(job);
    else
        job->state = JOB_DONE;
    shell.job_control = job_control;
    return text_end(&output);
}

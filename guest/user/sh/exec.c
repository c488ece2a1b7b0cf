/* SPDX-License-Identifier: MIT */
/*
 * exec.c - nodes are run: pipelines, lists, compound commands (POSIX 2.9).
 *
 * RUN_LAST means that nothing follows in this process, so a program may replace
 * it instead of becoming a child.  RUN_TESTED means that the result is tested
 * (if, while, &&, ||, !), so that `set -e` does not act on it.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* True when a break, continue, return, exit or Ctrl-C unwinds the nodes. */
static bool unwinding(void)
{
    return shell.break_count > 0 || shell.continue_count > 0 || shell.returning || shell.exiting ||
           shell.interrupted;
}

static int run_pipeline(const struct node *node)
{
    struct text text = {0};
    struct job *job;
    int in = -1;

    describe_node(&text, node);
    job = job_new(text_end(&text), false);
    text_free(&text);
    for (const struct node *part = node; part != NULL; part = part->b) {
        int fds[2] = {-1, -1};
        pid_t pid;

        if (part->b != NULL && pipe(fds) < 0) {
            sh_error("pipe: %s", strerror(errno));
            break;
        }
        pid = job_fork(job, true);
        if (pid == 0) {
            if (in >= 0) {
                dup2(in, 0);
                close(in);
            }
            if (fds[1] >= 0) {
                dup2(fds[1], 1);
                close(fds[1]);
                close(fds[0]);
            }
            sh_exit(run_node(part->a, RUN_LAST));
        }
        if (in >= 0)
            close(in);
        if (fds[1] >= 0)
            close(fds[1]);
        in = fds[0];
        if (pid < 0)
            break;
    }
    if (in >= 0)
        close(in);
    if (job->count == 0) {
        job->state = JOB_DONE;
        return 126;
    }
    return job_wait(job);
}

static int run_subshell(const struct node *node, int flags)
{
    struct text text = {0};
    struct job *job;
    pid_t pid;

    if ((flags & RUN_LAST) == 0 || shell.job_control) {
        describe_node(&text, node);
        job = job_new(text_end(&text), false);
        text_free(&text);
        pid = job_fork(job, true);
        if (pid < 0)
            job->state = JOB_DONE;
        if (pid != 0)
            return pid < 0 ? 126 : job_wait(job);
    }
    if (!redirect_apply(node->redirects, false))
        sh_exit(1);
    sh_exit(run_node(node->a, RUN_LAST));
}

static int run_background(const struct node *node)
{
    struct text text = {0};
    struct job *job;
    pid_t pid;

    describe_node(&text, node->a);
    job = job_new(text_end(&text), true);
    text_free(&text);
    pid = job_fork(job, false);
    if (pid == 0) {
        if (!shell.job_control && isatty(0)) {
            int null = open("/dev/null", O_RDONLY);

            if (null >= 0) {
                dup2(null, 0);
                close(null);
            }
        }
        sh_exit(run_node(node->a, RUN_LAST));
    }
    if (pid < 0) {
        job->state = JOB_DONE;
        return 126;
    }
    job_background(job);
    return 0;
}

/* After a loop's body: true when the loop ends. */
static bool loop_ends(void)
{
    if (shell.break_count > 0) {
        shell.break_count--;
        return true;
    }
    if (shell.continue_count > 0 && --shell.continue_count > 0)
        return true;
    return shell.returning || shell.exiting || shell.interrupted;
}

static int run_while(const struct node *node)
{
    int status = 0;

    shell.loop_depth++;
    for (;;) {
        int condition = run_node(node->a, RUN_TESTED);

        if (unwinding() && loop_ends())
            break;
        if ((condition == 0) != (node->kind == NODE_WHILE))
            break;
        status = run_node(node->b, 0);
        if (loop_ends())
            break;
    }
    shell.loop_depth--;
    return status;
}

static int run_for(const struct node *node)
{
    struct fields list = {0};
    int status = 0;

    if (node->list_given) {
        expand_words(node->words, &list);
    } else {
        for (size_t i = 0; i < shell.argument_count; i++)
            fields_add(&list, sh_copy(shell.arguments[i]));
    }
    shell.loop_depth++;
    for (size_t i = 0; i < list.count; i++) {
        var_set(node->name, list.at[i]);
        status = run_node(node->a, 0);
        if (loop_ends())
            break;
    }
    shell.loop_depth--;
    fields_free(&list);
    return status;
}

static int run_case(const struct node *node, int flags)
{
    char *text = expand_one(node->name);
    int status = 0;

    for (const struct case_item *item = node->items; item != NULL; item = item->next) {
        for (const struct word *w = item->patterns; w != NULL; w = w->next) {
            char *pattern = expand_pattern(w->raw);
            bool matches = pattern_matches(pattern, text);

            free(pattern);
            if (!matches)
                continue;
            free(text);
            return item->body != NULL ? run_node(item->body, flags) : 0;
        }
    }
    free(text);
    return status;
}

static int run_compound(const struct node *node, int flags)
{
    switch (node->kind) {
    case NODE_GROUP:
        return run_node(node->a, flags);
    case NODE_IF: {
        int condition = run_node(node->a, RUN_TESTED);

        if (unwinding())
            return condition;
        if (condition == 0)
            return run_node(node->b, flags);
        return node->c != NULL ? run_node(node->c, flags) : 0;
    }
    case NODE_WHILE:
    case NODE_UNTIL:
        return run_while(node);
    case NODE_FOR:
        return run_for(node);
    default:
        return run_case(node, flags);
    }
}

static int run_redirected(const struct node *node, int flags)
{
    size_t mark = redirect_mark();
    int status = 1;

    if (node->redirects == NULL)
        return run_compound(node, flags);
    if (redirect_apply(node->redirects, true))
        status = run_compound(node, flags & ~RUN_LAST);
    redirect_restore(mark);
    return status;
}

static int run_and_or(const struct node *node, int flags)
{
    int status = run_node(node->a, (flags & ~RUN_LAST) | RUN_TESTED);

    if (unwinding() || (status == 0) != (node->kind == NODE_AND))
        return status;
    return run_node(node->b, flags);
}

static int run_kind(struct node *node, int flags)
{
    switch (node->kind) {
    case NODE_SIMPLE:
        return run_simple_command(node, flags);
    case NODE_PIPE:
        return run_pipeline(node);
    case NODE_AND:
    case NODE_OR:
        return run_and_or(node, flags);
    case NODE_NOT:
        return !run_node(node->a, (flags & ~RUN_LAST) | RUN_TESTED);
    case NODE_BACKGROUND:
        return run_background(node);
    case NODE_SUBSHELL:
        return run_subshell(node, flags);
    case NODE_FUNCTION:
        function_define(node);
        return 0;
    default:
        return run_redirected(node, flags);
    }
}

int run_node(struct node *node, int flags)
{
    bool leaf;

    while (node->kind == NODE_SEQUENCE) {
        run_node(node->a, flags & ~RUN_LAST);
        if (unwinding())
            return shell.status;
        node = node->b;
    }
    shell.status = run_kind(node, flags);
    trap_run_pending();
    leaf = node->kind == NODE_SIMPLE || node->kind == NODE_PIPE || node->kind == NODE_SUBSHELL;
    if (leaf && shell.flag_e && shell.status != 0 && (flags & RUN_TESTED) == 0)
        shell.exiting = true;
    return shell.status;
}

/* SPDX-License-Identifier: MIT */
/*
 * command.c - simple commands: finding programs, assignments, builtins, functions
 * (POSIX 2.9.1).
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *command_find(const char *name)
{
    const char *path = var_get("PATH");
    struct stat st;

    if (strchr(name, '/') != NULL)
        return sh_copy(name);
    if (path == NULL)
        path = "/bin:/sbin";
    while (*path != '\0') {
        size_t length = strcspn(path, ":");
        struct text full = {0};

        text_add_bytes(&full, path, length);
        if (length > 0)
            text_put(&full, '/');
        text_add(&full, name);
        if (stat(text_end(&full), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0)
            return full.at;
        text_free(&full);
        path += length + (path[length] == ':');
    }
    return NULL;
}

/* A file without "#!" that is no program: a script for this shell. */
static void run_as_script(char *path, char **argv)
{
    size_t count = 0;
    char **arguments;

    while (argv[count] != NULL)
        count++;
    arguments = sh_alloc((count + 2) * sizeof *arguments);
    arguments[0] = sh_copy("sh");
    arguments[1] = path;
    for (size_t i = 1; i < count; i++)
        arguments[i + 1] = argv[i];
    execve("/bin/sh", arguments, vars_environment());
}

static __attribute__((noreturn)) void run_program(char **argv)
{
    char *path = command_find(argv[0]);
    int error;

    if (path == NULL) {
        sh_error("%s: not found", argv[0]);
        _exit(127);
    }
    execve(path, argv, vars_environment());
    if (errno == ENOEXEC)
        run_as_script(path, argv);
    error = errno;
    sh_error("%s: %s", argv[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

static void apply_assignments(struct word *assigns, bool export)
{
    for (struct word *w = assigns; w != NULL; w = w->next) {
        size_t length = (size_t)(strchr(w->raw, '=') - w->raw);
        char *name = strndup(w->raw, length);
        char *value = expand_one(w->raw + length + 1);

        if (name == NULL || !var_set(name, value))
            shell.status = 1;
        else if (export)
            var_export(name);
        free(name);
        free(value);
    }
}

static struct function *function_find(const char *name)
{
    for (struct function *f = shell.functions; f != NULL; f = f->next) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

void function_define(const struct node *node)
{
    struct function *f = function_find(node->name);

    if (f == NULL) {
        f = sh_alloc(sizeof *f);
        f->name = sh_copy(node->name);
        f->next = shell.functions;
        shell.functions = f;
    }
    f->body = node->a;
    if (shell.arena != NULL)
        shell.arena->keep = true;
}

static int call_function(struct function *f, int argc, char **argv)
{
    char **arguments = shell.arguments;
    size_t count = shell.argument_count;
    int loops = shell.loop_depth, status;

    if (shell.function_depth >= 200) {
        sh_error("%s: functions nested too deeply", f->name);
        return 1;
    }
    shell.arguments = argv + 1;
    shell.argument_count = (size_t)argc - 1;
    shell.loop_depth = 0;
    locals_begin();
    status = run_node(f->body, 0);
    locals_end();
    shell.loop_depth = loops;
    shell.arguments = arguments;
    shell.argument_count = count;
    shell.returning = false;
    return status;
}

static void trace_command(const struct fields *fields)
{
    const char *ps4 = var_get("PS4");

    fputs(ps4 != NULL ? ps4 : "+ ", stderr);
    for (size_t i = 0; i < fields->count; i++)
        fprintf(stderr, "%s%s", fields->at[i], i + 1 < fields->count ? " " : "\n");
}

/* Builtins and functions: in this process, with redirections put back. */
static int run_inside(const struct node *node, struct fields *fields, const struct builtin *b,
                      struct function *f)
{
    size_t mark = redirect_mark();
    bool forever = b != NULL && strcmp(b->name, "exec") == 0;
    int status = 1;

    if (redirect_apply(node->redirects, !forever)) {
        if (b != NULL && b->special) {
            apply_assignments(node->assigns, false);
        } else {
            locals_begin();
            for (struct word *w = node->assigns; w != NULL; w = w->next) {
                char *name = strndup(w->raw, (size_t)(strchr(w->raw, '=') - w->raw));

                if (name != NULL)
                    var_local(name);
                free(name);
            }
            apply_assignments(node->assigns, true);
        }
        status = f != NULL ? call_function(f, (int)fields->count, fields->at)
                           : b->run((int)fields->count, fields->at);
        if (b == NULL || !b->special)
            locals_end();
        if (fflush(stdout) != 0 && errno != 0 && status == 0 && b != NULL)
            clearerr(stdout);
    }
    if (!forever)
        redirect_restore(mark);
    return status;
}

static int run_outside(const struct node *node, struct fields *fields, int flags)
{
    struct job *job;
    struct text text = {0};
    pid_t pid;

    if ((flags & RUN_LAST) == 0 || shell.job_control) {
        describe_node(&text, node);
        job = job_new(text_end(&text), false);
        text_free(&text);
        pid = job_fork(job, true);
        if (pid != 0) {
            if (pid < 0)
                job->state = JOB_DONE;
            return pid < 0 ? 126 : job_wait(job);
        }
    }
    if (!redirect_apply(node->redirects, false))
        _exit(1);
    apply_assignments(node->assigns, true);
    run_program(fields->at);
}

int run_simple_command(const struct node *node, int flags)
{
    struct fields fields = {0};
    int status;

    shell.status = node->words != NULL ? shell.status : 0;
    expand_words(node->words, &fields);
    if (shell.flag_x && fields.count > 0)
        trace_command(&fields);
    if (fields.count == 0) {
        size_t mark = redirect_mark();

        shell.status = 0;
        apply_assignments(node->assigns, false);
        status = redirect_apply(node->redirects, true) ? shell.status : 1;
        redirect_restore(mark);
    } else {
        struct function *f = function_find(fields.at[0]);
        const struct builtin *b = f != NULL ? NULL : builtin_find(fields.at[0]);

        if (f != NULL || b != NULL)
            status = run_inside(node, &fields, b, f);
        else
            status = run_outside(node, &fields, flags);
    }
    fields_free(&fields);
    return status;
}

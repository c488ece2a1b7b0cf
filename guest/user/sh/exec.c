/* SPDX-License-Identifier: MIT */
/*
 * exec.c - nodes are run: simple commands, pipelines, lists, compound commands,
 * functions (POSIX 2.9).
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
#include <sys/stat.h>
#include <unistd.h>

/* True when a break, continue, return, exit or Ctrl-C unwinds the nodes. */
static bool unwinding(void)
{
    return shell.break_count > 0 || shell.continue_count > 0 || shell.returning ||
           shell.exiting || shell.interrupted;
}

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

static void function_define(const struct node *node)
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

static int run_simple(const struct node *node, int flags)
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
        return run_simple(node, flags);
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
    while (pid > 0 && ((n = read(fds[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))) {
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

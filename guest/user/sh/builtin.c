/* SPDX-License-Identifier: MIT */
/*
 * builtin.c - the table of builtins, and the ones that act on the shell itself.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <unistd.h>

static int builtin_true(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static int builtin_false(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

static int builtin_cd(int argc, char **argv)
{
    const char *target = argc > 1 ? argv[1] : var_get("HOME");
    char *now;

    if (target != NULL && strcmp(target, "-") == 0) {
        target = var_get("OLDPWD");
        if (target != NULL)
            puts(target);
    }
    if (target == NULL || chdir(target) < 0) {
        sh_error("cd: %s: %s", target != NULL ? target : "HOME", strerror(errno));
        return 1;
    }
    if (var_get("PWD") != NULL)
        var_set("OLDPWD", var_get("PWD"));
    now = getcwd(NULL, 0);
    if (now != NULL)
        var_set("PWD", now);
    free(now);
    return 0;
}

static int builtin_pwd(int argc, char **argv)
{
    char *now = getcwd(NULL, 0);

    (void)argc;
    (void)argv;
    if (now == NULL) {
        sh_error("pwd: %s", strerror(errno));
        return 1;
    }
    puts(now);
    free(now);
    return 0;
}

static int builtin_exit(int argc, char **argv)
{
    shell.exiting = true;
    return argc > 1 ? atoi(argv[1]) & 0xff : shell.status;
}

static int builtin_return(int argc, char **argv)
{
    shell.returning = true;
    return argc > 1 ? atoi(argv[1]) & 0xff : shell.status;
}

static int leave_loop(int argc, char **argv, int *count)
{
    int levels = argc > 1 ? atoi(argv[1]) : 1;

    if (levels < 1) {
        sh_error("%s: a number from 1 is expected", argv[0]);
        return 1;
    }
    if (shell.loop_depth > 0)
        *count = levels < shell.loop_depth ? levels : shell.loop_depth;
    return 0;
}

static int builtin_break(int argc, char **argv)
{
    return leave_loop(argc, argv, &shell.break_count);
}

static int builtin_continue(int argc, char **argv)
{
    return leave_loop(argc, argv, &shell.continue_count);
}

/* export, readonly, local: NAME or NAME=VALUE. */
static int declare(int argc, char **argv, void (*act)(const char *), bool act_first)
{
    int status = 0;

    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        size_t length = equals != NULL ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        char *name = strndup(argv[i], length);

        if (name == NULL || !name_is_valid(name, length)) {
            sh_error("%s: %s: not a name", argv[0], argv[i]);
            status = 1;
        } else {
            if (act_first)
                act(name);
            if (equals != NULL && !var_set(name, equals + 1))
                status = 1;
            if (!act_first)
                act(name);
        }
        free(name);
    }
    return status;
}

static int builtin_export(int argc, char **argv)
{
    if (argc == 1 || strcmp(argv[1], "-p") == 0) {
        vars_print(true, "export ");
        return 0;
    }
    return declare(argc, argv, var_export, false);
}

static int builtin_readonly(int argc, char **argv)
{
    return declare(argc, argv, var_read_only, false);
}

static int builtin_local(int argc, char **argv)
{
    if (shell.function_depth == 0) {
        sh_error("local: only in a function");
        return 1;
    }
    return declare(argc, argv, var_local, true);
}

static int builtin_unset(int argc, char **argv)
{
    bool functions = argc > 1 && strcmp(argv[1], "-f") == 0;

    for (int i = argc > 1 && argv[1][0] == '-' ? 2 : 1; i < argc; i++) {
        if (!functions) {
            var_unset(argv[i]);
            continue;
        }
        for (struct function **f = &shell.functions; *f != NULL; f = &(*f)->next) {
            if (strcmp((*f)->name, argv[i]) == 0) {
                *f = (*f)->next;
                break;
            }
        }
    }
    return 0;
}

static void set_arguments(char **argv, int count)
{
    char **list = sh_alloc(((size_t)count + 1) * sizeof *list);

    for (int i = 0; i < count; i++)
        list[i] = sh_copy(argv[i]);
    shell.arguments = list;
    shell.argument_count = (size_t)count;
}

static bool set_flag(char letter, bool on)
{
    switch (letter) {
    case 'e':
        shell.flag_e = on;
        return true;
    case 'x':
        shell.flag_x = on;
        return true;
    case 'u':
        shell.flag_u = on;
        return true;
    case 'f':
        shell.flag_f = on;
        return true;
    case 'n':
        shell.flag_n = on && !shell.interactive;
        return true;
    default:
        return false;
    }
}

static int builtin_set(int argc, char **argv)
{
    int i = 1;

    if (argc == 1) {
        vars_print(false, "");
        return 0;
    }
    for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            set_arguments(argv + i + 1, argc - i - 1);
            return 0;
        }
        for (const char *s = argv[i] + 1; *s != '\0'; s++) {
            if (!set_flag(*s, argv[i][0] == '-')) {
                sh_error("set: -%c: unknown option", *s);
                return 2;
            }
        }
    }
    if (i < argc)
        set_arguments(argv + i, argc - i);
    return 0;
}

static int builtin_shift(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

    if (count > shell.argument_count) {
        sh_error("shift: only %zu arguments", shell.argument_count);
        return 1;
    }
    shell.arguments += count;
    shell.argument_count -= count;
    return 0;
}

static int builtin_eval(int argc, char **argv)
{
    struct text text = {0};
    int status;

    for (int i = 1; i < argc; i++) {
        text_add(&text, argv[i]);
        text_put(&text, ' ');
    }
    shell.status = 0;
    status = run_string(text_end(&text), 0);
    text_free(&text);
    return status;
}

static int builtin_exec(int argc, char **argv)
{
    char *path;
    int error = ENOENT;

    if (argc == 1)
        return 0;
    path = command_find(argv[1]);
    fflush(NULL);
    if (path != NULL) {
        if (shell.interactive)
            jobs_ignore_signals(false);
        execve(path, argv + 1, vars_environment());
        error = errno;
        if (shell.interactive)
            jobs_ignore_signals(true);
    }
    sh_error("exec: %s: %s", argv[1], path != NULL ? strerror(error) : "not found");
    free(path);
    if (!shell.interactive)
        sh_exit(error == ENOENT ? 127 : 126);
    return 127;
}

static int builtin_source(int argc, char **argv)
{
    struct source source;
    int fd, status;

    if (argc < 2) {
        sh_error("usage: . FILE");
        return 2;
    }
    fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        sh_error(".: %s: %s", argv[1], strerror(errno));
        return 1;
    }
    if (fd < 10) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);

        if (high >= 0) {
            close(fd);
            fd = high;
        }
    }
    source_from_fd(&source, fd, false);
    status = run_source(&source, 0);
    if (shell.function_depth == 0)
        shell.returning = false;
    source_free(&source);
    close(fd);
    return status;
}

static int builtin_type(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++) {
        char *path;
        bool function = false;

        for (struct function *f = shell.functions; f != NULL; f = f->next)
            function |= strcmp(f->name, argv[i]) == 0;
        if (function) {
            printf("%s is a function\n", argv[i]);
        } else if (builtin_find(argv[i]) != NULL) {
            printf("%s is a builtin\n", argv[i]);
        } else if ((path = command_find(argv[i])) != NULL && access(path, F_OK) == 0) {
            printf("%s is %s\n", argv[i], path);
            free(path);
        } else {
            sh_error("%s: not found", argv[i]);
            status = 127;
        }
    }
    return status;
}

/* command [-v] NAME [ARGUMENT...]: functions are not considered. */
static int builtin_command(int argc, char **argv)
{
    const struct builtin *b;
    char *path;

    if (argc > 2 && strcmp(argv[1], "-v") == 0) {
        if (builtin_find(argv[2]) != NULL) {
            puts(argv[2]);
            return 0;
        }
        path = command_find(argv[2]);
        if (path == NULL || access(path, X_OK) != 0)
            return 1;
        puts(path);
        free(path);
        return 0;
    }
    if (argc == 1)
        return 0;
    b = builtin_find(argv[1]);
    if (b != NULL)
        return b->run(argc - 1, argv + 1);
    path = command_find(argv[1]);
    if (path == NULL) {
        sh_error("%s: not found", argv[1]);
        return 127;
    }
    struct job *job = job_new(argv[1], false);
    pid_t pid = job_fork(job, true);

    if (pid == 0) {
        execve(path, argv + 1, vars_environment());
        sh_error("%s: %s", argv[1], strerror(errno));
        _exit(126);
    }
    free(path);
    if (pid < 0)
        job->state = JOB_DONE;
    return pid < 0 ? 126 : job_wait(job);
}

static int builtin_times(int argc, char **argv)
{
    struct tms t;
    double tick = (double)sysconf(_SC_CLK_TCK);

    (void)argc;
    (void)argv;
    times(&t);
    printf("%.2fs %.2fs\n%.2fs %.2fs\n", (double)t.tms_utime / tick, (double)t.tms_stime / tick,
           (double)t.tms_cutime / tick, (double)t.tms_cstime / tick);
    return 0;
}

static int builtin_history(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    line_show_history();
    return 0;
}

static int builtin_help(int argc, char **argv)
{
    size_t count;
    const struct builtin *table = builtin_table(&count);

    (void)argc;
    (void)argv;
    for (size_t i = 0; i < count; i++)
        printf("%-10s %s\n", table[i].name, table[i].help);
    puts("\nPrograms: ls /bin; page-fault experiments: faultlab list; self-checks: vmtests -l");
    return 0;
}

static const struct builtin table[] = {
    {".", builtin_source, true, "FILE: run the commands of a file here"},
    {":", builtin_true, true, "do nothing"},
    {"[", builtin_test, false, "EXPRESSION ]: see test"},
    {"bg", builtin_bg, false, "[%N]: continue a stopped job in the background"},
    {"break", builtin_break, true, "[N]: leave N loops"},
    {"cd", builtin_cd, false, "[DIR|-]: change the directory"},
    {"command", builtin_command, false, "[-v] NAME...: run, or find, a command"},
    {"continue", builtin_continue, true, "[N]: next round of the Nth loop"},
    {"echo", builtin_echo, false, "[-n] [-e] TEXT..."},
    {"eval", builtin_eval, true, "TEXT...: run the text as commands"},
    {"exec", builtin_exec, true, "[COMMAND]: replace the shell, or keep redirections"},
    {"exit", builtin_exit, true, "[STATUS]"},
    {"export", builtin_export, true, "[NAME[=VALUE]...]: give variables to programs"},
    {"false", builtin_false, false, "fail"},
    {"fg", builtin_fg, false, "[%N]: continue a job in the foreground"},
    {"help", builtin_help, false, "this list"},
    {"history", builtin_history, false, "the lines typed"},
    {"jobs", builtin_jobs, false, "the jobs of this shell"},
    {"kill", builtin_kill, false, "[-SIGNAL] PID|%N...; kill -l lists the signals"},
    {"local", builtin_local, true, "NAME[=VALUE]...: variables of a function"},
    {"printf", builtin_printf, false, "FORMAT [ARGUMENT...]"},
    {"pwd", builtin_pwd, false, "the directory"},
    {"read", builtin_read, false, "[-r] [-p PROMPT] NAME...: one line into variables"},
    {"readonly", builtin_readonly, true, "NAME[=VALUE]..."},
    {"return", builtin_return, true, "[STATUS]: leave a function"},
    {"set", builtin_set, true, "[-efuxn] [--] [ARGUMENT...]"},
    {"shift", builtin_shift, true, "[N]: drop the first N arguments"},
    {"test", builtin_test, false, "EXPRESSION: true or false"},
    {"times", builtin_times, true, "time used by the shell and its children"},
    {"trap", builtin_trap, true, "[COMMAND SIGNAL...]: what to do on a signal or at EXIT"},
    {"true", builtin_true, false, "succeed"},
    {"type", builtin_type, false, "NAME...: what a command is"},
    {"ulimit", builtin_ulimit, false, "[-acdfmnstv] [LIMIT]: limits of resources"},
    {"umask", builtin_umask, false, "[MODE]"},
    {"unset", builtin_unset, true, "[-f] NAME..."},
    {"wait", builtin_wait, false, "[PID|%N...]: until jobs end"},
};

const struct builtin *builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

const struct builtin *builtin_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

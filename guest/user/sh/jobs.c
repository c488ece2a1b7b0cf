/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - processes in groups: the terminal's foreground, stops, reports
 * (POSIX 2.9.3.1, 2.11; job control as in the Issue 7 `sh` page).
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct job *jobs;
static int terminal = -1;
static struct termios shell_modes;

int status_of(int wait_status)
{
    if (WIFEXITED(wait_status))
        return WEXITSTATUS(wait_status);
    if (WIFSTOPPED(wait_status))
        return 128 + WSTOPSIG(wait_status);
    return 128 + WTERMSIG(wait_status);
}

/* What an interactive shell does not take from its terminal; a program it becomes does. */
void jobs_ignore_signals(bool ignore)
{
    static const int ignored[] = {SIGTTIN, SIGTTOU, SIGTSTP, SIGQUIT, SIGTERM};

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], ignore ? SIG_IGN : SIG_DFL);
}

/* Takes the terminal if this is an interactive shell with one. */
void jobs_set_up(void)
{
    pid_t group = getpgrp();

    if (!shell.interactive)
        return;
    jobs_ignore_signals(true);
    terminal = fcntl(0, F_DUPFD_CLOEXEC, 30);
    if (terminal < 0 || tcgetpgrp(terminal) < 0) {
        terminal = -1;
        return;
    }
    if (group != getpid() && setpgid(0, 0) == 0)
        group = getpid();
    if (tcsetpgrp(terminal, group) < 0) {
        terminal = -1;
        return;
    }
    tcgetattr(terminal, &shell_modes);
    shell.job_control = true;
}

struct job *job_new(const char *text, bool background)
{
    struct job *job = sh_alloc(sizeof *job), **tail = &jobs;
    int number = 1;

    for (; *tail != NULL; tail = &(*tail)->next) {
        if ((*tail)->number >= number)
            number = (*tail)->number + 1;
    }
    job->number = number;
    job->text = sh_copy(text);
    job->background = background;
    *tail = job;
    return job;
}

void job_add(struct job *job, pid_t pid)
{
    job->pids = realloc(job->pids, (job->count + 1) * sizeof *job->pids);
    job->statuses = realloc(job->statuses, (job->count + 1) * sizeof *job->statuses);
    if (job->pids == NULL || job->statuses == NULL)
        sh_exit(2);
    job->pids[job->count] = pid;
    job->statuses[job->count++] = -1;
    if (job->group == 0)
        job->group = pid;
}

static void job_remove(struct job *job)
{
    for (struct job **link = &jobs; *link != NULL; link = &(*link)->next) {
        if (*link == job) {
            *link = job->next;
            break;
        }
    }
    free(job->pids);
    free(job->statuses);
    free(job->text);
    free(job);
}

struct job *jobs_first(void)
{
    return jobs;
}

void jobs_forget(void)
{
    while (jobs != NULL)
        job_remove(jobs);
    shell.job_control = false;
}

/* The child's side of job_fork: its group, the terminal, the usual signals. */
static void become_child(pid_t group, bool foreground)
{
    static const int restored[] = {SIGINT, SIGTTIN, SIGTTOU, SIGTSTP, SIGQUIT, SIGTERM};
    bool job_control = shell.job_control;

    if (job_control) {
        pid_t mine = group != 0 ? group : getpid();

        setpgid(0, mine);
        if (foreground)
            tcsetpgrp(terminal, mine);
    }
    if (shell.interactive || job_control) {
        for (size_t i = 0; i < sizeof restored / sizeof restored[0]; i++)
            signal(restored[i], SIG_DFL);
    }
    shell.in_child = true;
    shell.interactive = false;
    trap_forget();
    jobs_forget();
}

/* fork(2) for a member of `job` (NULL: a plain child); 0 in the child. */
pid_t job_fork(struct job *job, bool foreground)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        sh_error("fork: %s", strerror(errno));
        return -1;
    }
    if (pid == 0) {
        become_child(job != NULL ? job->group : 0, foreground);
        return 0;
    }
    if (job != NULL) {
        if (shell.job_control)
            setpgid(pid, job->group != 0 ? job->group : pid);
        job_add(job, pid);
    }
    return pid;
}

/* Notes one result of waitpid. */
static void note_status(pid_t pid, int status)
{
    for (struct job *job = jobs; job != NULL; job = job->next) {
        bool running = false, stopped = false;

        for (size_t i = 0; i < job->count; i++) {
            if (job->pids[i] == pid)
                job->statuses[i] = WIFCONTINUED(status) ? -1 : status;
            if (job->statuses[i] == -1)
                running = true;
            else if (WIFSTOPPED(job->statuses[i]))
                stopped = true;
        }
        job->state = running ? JOB_RUNNING : stopped ? JOB_STOPPED : JOB_DONE;
    }
}

void jobs_update(bool block)
{
    int status;
    pid_t pid = waitpid(-1, &status, WUNTRACED | WCONTINUED | (block ? 0 : WNOHANG));

    while (pid > 0) {
        note_status(pid, status);
        pid = waitpid(-1, &status, WUNTRACED | WCONTINUED | WNOHANG);
    }
    if (pid < 0 && errno == ECHILD) {
        /* Nothing is left to wait for: whatever is noted as running is lost. */
        for (struct job *job = jobs; job != NULL; job = job->next) {
            if (job->state == JOB_RUNNING)
                job->state = JOB_DONE;
        }
    }
}

static int last_status(const struct job *job)
{
    int status = job->count > 0 ? job->statuses[job->count - 1] : 0;

    return status < 0 ? 127 : status_of(status);
}

static void describe(const struct job *job)
{
    static const char *const words[] = {"Running", "Stopped", "Done"};
    char state[32];
    int status = job->state == JOB_DONE ? last_status(job) : 0;

    if (status != 0)
        snprintf(state, sizeof state, "Exit %d", status);
    else
        snprintf(state, sizeof state, "%s", words[job->state]);
    fprintf(stderr, "[%d] %-10s %s\n", job->number, state, job->text);
}

/* Waits in the foreground; the terminal comes back to the shell. */
int job_wait(struct job *job)
{
    int status;

    job->background = false;
    while (job->state == JOB_RUNNING) {
        jobs_update(true);
        if (shell.interrupted && !shell.job_control && job->state == JOB_RUNNING)
            continue;
    }
    if (shell.job_control) {
        tcsetpgrp(terminal, getpgrp());
        tcsetattr(terminal, TCSADRAIN, &shell_modes);
    }
    status = last_status(job);
    if (job->state == JOB_STOPPED) {
        fputc('\n', stderr);
        describe(job);
        job->background = true;
        job->notified = true;
        return 128 + SIGTSTP;
    }
    if (job->count > 0 && job->statuses[job->count - 1] > 0 &&
        WIFSIGNALED(job->statuses[job->count - 1])) {
        int signal = WTERMSIG(job->statuses[job->count - 1]);

        if (signal == SIGINT) {
            if (shell.interactive)
                fputc('\n', stderr);
            shell.interrupted = shell.interactive;
        } else if (signal != SIGPIPE) {
            fprintf(stderr, "%s\n", strsignal(signal));
        }
    }
    job_remove(job);
    return status;
}

void job_background(struct job *job)
{
    job->background = true;
    job->notified = false;
    shell.last_background = job->pids[job->count - 1];
    if (shell.interactive)
        fprintf(stderr, "[%d] %d\n", job->number, (int)shell.last_background);
}

/* Tells of background jobs that ended or stopped; forgets the ended ones. */
void jobs_report(void)
{
    jobs_update(false);
    for (struct job *job = jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->state == JOB_STOPPED && !job->notified) {
            describe(job);
            job->notified = true;
        }
        if (job->state != JOB_DONE || !job->background)
            continue;
        if (shell.interactive) {
            describe(job);
            job_remove(job);
        }
    }
}

/* %N, %%, %+, a number of a process, or NULL for the newest. */
struct job *job_find(const char *spec)
{
    struct job *newest = NULL;

    for (struct job *job = jobs; job != NULL; job = job->next) {
        if (job->state != JOB_DONE)
            newest = job;
        if (spec == NULL || spec[0] == '\0')
            continue;
        if (spec[0] == '%' && atoi(spec + 1) == job->number)
            return job;
        for (size_t i = 0; spec[0] != '%' && i < job->count; i++) {
            if (job->pids[i] == atoi(spec))
                return job;
        }
    }
    if (spec == NULL || strcmp(spec, "%%") == 0 || strcmp(spec, "%+") == 0)
        return newest;
    return NULL;
}

int builtin_jobs(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    jobs_update(false);
    for (struct job *job = jobs, *next; job != NULL; job = next) {
        next = job->next;
        describe(job);
        if (job->state == JOB_DONE)
            job_remove(job);
    }
    return 0;
}

static void job_continue(struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->statuses[i] != -1 && WIFSTOPPED(job->statuses[i]))
            job->statuses[i] = -1;
    }
    job->state = JOB_RUNNING;
    job->notified = false;
    kill(-job->group, SIGCONT);
}

int builtin_fg(int argc, char **argv)
{
    struct job *job = job_find(argc > 1 ? argv[1] : NULL);

    if (job == NULL || !shell.job_control) {
        sh_error("fg: no such job");
        return 1;
    }
    fprintf(stderr, "%s\n", job->text);
    tcsetpgrp(terminal, job->group);
    job_continue(job);
    return job_wait(job);
}

int builtin_bg(int argc, char **argv)
{
    struct job *job = job_find(argc > 1 ? argv[1] : NULL);

    if (job == NULL || !shell.job_control) {
        sh_error("bg: no such job");
        return 1;
    }
    fprintf(stderr, "[%d] %s &\n", job->number, job->text);
    job_continue(job);
    job->background = true;
    return 0;
}

static int wait_for(struct job *job)
{
    int status;

    while (job->state == JOB_RUNNING && !shell.interrupted) {
        jobs_update(true);
        trap_run_pending();
    }
    status = job->state == JOB_RUNNING ? 130 : last_status(job);
    if (job->state == JOB_DONE)
        job_remove(job);
    return status;
}

int builtin_wait(int argc, char **argv)
{
    int status = 0;

    if (argc == 1) {
        while (jobs != NULL && !shell.interrupted) {
            struct job *job = jobs;

            while (job != NULL && job->state == JOB_STOPPED)
                job = job->next;
            if (job == NULL)
                break;
            wait_for(job);
        }
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        struct job *job = job_find(argv[i]);

        status = job != NULL ? wait_for(job) : 127;
    }
    return status;
}

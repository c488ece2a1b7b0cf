/* SPDX-License-Identifier: MIT */
/* listrun.c - see list.h: starts workers, takes their messages, judges and prints in order. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/base/bits.h"
#include "emu/base/log.h"
#include "emu/cli/list.h"
#include "emu/cli/listworker.h"
#include "emu/cli/session.h"

#define JOBS_MAX 64u
#define OUTPUT_MOST (256u << 10) /* bytes kept of what a program printed: the last ones */
#define TAIL_LINES 20u           /* of a failed program, on stderr */
#define DEFAULT_TIMEOUT_NS (300ull * 1000000000u)

struct job {
    pid_t pid;          /* 0: free */
    int pipe, output;   /* messages; file of the outputs */
    unsigned next, end; /* entries not yet reported */
    u64 output_from;
    bool reported; /* an entry of this worker */
};

struct listrun {
    struct list *list;
    const struct options *options;
    struct job job[JOBS_MAX];
    unsigned jobs;    /* how many at once */
    unsigned started; /* entries that some worker has or had */
    unsigned printed;
    int argc;
    char *const *argv;
};

static enum list_verdict judge(const struct list_entry *e)
{
    bool skip = (e->status == 32 || e->status == 77) && e->expected != e->status;
    return skip ? LIST_SKIP : e->status == e->expected ? LIST_PASS : LIST_FAIL;
}

static void take_output(struct list_entry *e, const struct job *j, u64 end)
{
    u64 from = j->output_from;
    if (end > from && end - from > OUTPUT_MOST) {
        from = end - OUTPUT_MOST;
    }
    size_t size = end > from ? (size_t)(end - from) : 0;
    if (size && buffer_reserve(&e->output, size)) {
        ssize_t n = pread(j->output, e->output.data, size, (off_t)from);
        e->output.size = n > 0 ? (size_t)n : 0;
    }
}

static void print_done(struct listrun *r)
{
    struct list *l = r->list;
    for (; r->printed < l->count && l->entry[r->printed].verdict != LIST_PENDING; r->printed++) {
        const struct list_entry *e = &l->entry[r->printed];
        list_print_entry(e);
        bool bad = e->verdict == LIST_FAIL || e->verdict == LIST_TIMEOUT;
        if (r->options->verbose || (bad && !r->options->quiet)) {
            list_print_output(e, r->options->verbose ? 0 : TAIL_LINES);
        }
    }
}

/* ---- workers ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Programs lie in one folder of the guest: two of one name cannot be in one machine. */
static bool name_taken(const struct list *l, unsigned first, unsigned index)
{
    const char *program = l->entry[index].program;
    for (unsigned i = first; program && i < index; i++) {
        const char *other = l->entry[i].program;
        if (other && strcmp(other, program) != 0 &&
            strcmp(base_name(other), base_name(program)) == 0) {
            return true;
        }
    }
    return false;
}

static void be_worker(const struct listrun *r, const struct job *j, int pipe)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, STDIN_FILENO);
    dup2(j->output, STDOUT_FILENO);
    dup2(j->output, STDERR_FILENO);
    _exit(list_worker(r->list, j->next, j->end - j->next, r->options, pipe, r->argc, r->argv));
}

static bool start_job(struct listrun *r, struct job *j, unsigned first, unsigned end,
                      struct error *err)
{
    int ends[2];
    *j = (struct job){.next = first, .end = end};
    j->output = memfd_create("output", MFD_CLOEXEC);
    if (j->output < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return error_set(err, errno, "cannot start a program: %s", strerror(errno));
    }
    fcntl(j->output, F_SETFL, O_APPEND);
    fflush(NULL);
    j->pid = fork();
    if (j->pid == 0) {
        be_worker(r, j, ends[1]);
    }
    close(ends[1]);
    j->pipe = ends[0];
    return j->pid > 0 || error_set(err, errno, "cannot start a program: %s", strerror(errno));
}

/* The entries of the next worker: one, or with --one-boot all that can be together. */
static bool start_next(struct listrun *r, struct job *j, struct error *err)
{
    unsigned first = r->started, end = first + 1;
    while (r->options->one_boot && end < r->list->count && !name_taken(r->list, first, end)) {
        end++;
    }
    r->started = end;
    return start_job(r, j, first, end, err);
}

static void take_message(struct listrun *r, struct job *j, const struct list_message *m)
{
    struct list_entry *e = &r->list->entry[m->index];
    if (m->index != j->next) {
        return;
    }
    e->status = m->status;
    e->instructions = m->instructions;
    e->seconds = (double)m->seconds_ns / 1e9;
    e->verdict = m->limit ? LIST_TIMEOUT : judge(e);
    take_output(e, j, m->output_end);
    j->output_from = m->output_end;
    j->reported = true;
    j->next++;
    print_done(r);
}

/*
 * A worker is gone.  What it has not come to goes to another; an entry that a worker of its own
 * does not even report has failed.
 */
static bool job_ended(struct listrun *r, struct job *j, struct error *err)
{
    int status = 0;
    while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!j->reported) {
        struct list_entry *e = &r->list->entry[j->next];
        take_output(e, j, (u64)lseek(j->output, 0, SEEK_END));
        e->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        e->verdict = LIST_FAIL;
        j->next++;
        print_done(r);
    }
    close(j->pipe);
    close(j->output);
    j->pid = 0;
    return j->next == j->end || start_job(r, j, j->next, j->end, err);
}

/* Messages of one worker, or its end. */
static bool serve(struct listrun *r, struct job *j, struct error *err)
{
    struct list_message message;
    ssize_t n = read(j->pipe, &message, sizeof message);
    if (n == (ssize_t)sizeof message) {
        take_message(r, j, &message);
        return true;
    }
    return (n < 0 && errno == EINTR) || job_ended(r, j, err);
}

static bool run_all(struct listrun *r, struct error *err)
{
    for (;;) {
        struct pollfd watch[JOBS_MAX];
        struct job *of[JOBS_MAX];
        nfds_t n = 0;
        for (unsigned i = 0; i < r->jobs; i++) {
            struct job *j = &r->job[i];
            if (!j->pid && r->started < r->list->count && !start_next(r, j, err)) {
                return false;
            }
            if (j->pid) {
                of[n] = j;
                watch[n++] = (struct pollfd){.fd = j->pipe, .events = POLLIN};
            }
        }
        if (n == 0) {
            return true;
        }
        poll(watch, n, -1);
        for (nfds_t i = 0; i < n; i++) {
            if (watch[i].revents && !serve(r, of[i], err)) {
                return false;
            }
        }
    }
}

/* What belongs to one run and not to many. */
static bool check_options(const struct options *o, struct error *err)
{
    const struct {
        const char *name;
        bool given;
    } single[] = {
        {"--trace", o->trace},     {"--expect", o->expect},   {"--map", o->map},
        {"--shot", o->shot},       {"-monitor", o->monitor},  {"-qmp", o->qmp},
        {"-x", o->script},         {"--persist", o->persist}, {"-d", o->debug_items},
        {"-serial", o->serial},    {"--stats", o->stats},     {"-S", o->stopped},
        {"a program", o->program}, {"--exec", o->exec},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(single); i++) {
        if (single[i].given) {
            return error_set(err, EINVAL, "--list and %s exclude each other", single[i].name);
        }
    }
    return o->jobs <= JOBS_MAX ||
           error_set(err, EINVAL, "--jobs %u: up to %u", (unsigned)o->jobs, JOBS_MAX);
}

static int finish(const struct list *l, const struct options *o, struct error *err)
{
    int status = 0;
    list_print_summary(l);
    for (unsigned i = 0; i < l->count; i++) {
        enum list_verdict verdict = l->entry[i].verdict;
        status = verdict == LIST_PASS || verdict == LIST_SKIP ? status : 1;
    }
    if ((o->junit && !list_write_junit(l, o->junit, err)) ||
        (o->json && !list_write_json(l, o->json, err))) {
        log_error("%s", err->text);
        status = EXIT_TROUBLE;
    }
    return status;
}

int list_main(struct options *o, int argc, char *const *argv)
{
    struct error err = {0};
    struct list list;
    if (!check_options(o, &err) || !list_read(&list, o->list, &err)) {
        log_error("%s", err.text);
        return EXIT_USAGE;
    }
    struct listrun run = {.list = &list, .options = o, .argc = argc, .argv = argv};
    run.jobs = o->jobs ? (unsigned)o->jobs : 1;
    if (!o->timeout_ns) {
        o->timeout_ns = DEFAULT_TIMEOUT_NS;
    }
    int status = EXIT_TROUBLE;
    if (run_all(&run, &err)) {
        status = finish(&list, o, &err);
    } else {
        log_error("%s", err.text);
    }
    list_free(&list);
    return status;
}

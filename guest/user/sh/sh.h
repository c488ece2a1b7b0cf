/* SPDX-License-Identifier: MIT */
/*
 * sh.h - the shell's shared structures.
 *
 * The way of a command: source (characters) -> parse (nodes, in an arena that
 * lives for one complete command) -> exec (forks, redirections, jobs), which asks
 * expand for the words.  POSIX.1-2017, Shell Command Language, is the reference.
 */
#ifndef SH_SH_H
#define SH_SH_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* ---- memory (memory.c) ---- */

struct block;
struct arena {
    struct block *blocks;
    bool keep; /* a function was defined from it: never freed */
};

/* Never returns NULL: the shell ends with a message when memory is gone. */
void *sh_alloc(size_t size);
char *sh_copy(const char *s);
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *s, size_t length);
void arena_free(struct arena *arena);

/* A growing string; always zero-terminated after text_end. */
struct text {
    char *at;
    size_t length, room;
};
void text_put(struct text *text, char c);
void text_add(struct text *text, const char *s);
void text_add_bytes(struct text *text, const char *s, size_t length);
char *text_end(struct text *text);
void text_free(struct text *text);

/* ---- nodes ---- */

enum node_kind {
    NODE_SIMPLE,
    NODE_PIPE,
    NODE_AND,
    NODE_OR,
    NODE_SEQUENCE,
    NODE_BACKGROUND,
    NODE_NOT,
    NODE_SUBSHELL,
    NODE_GROUP,
    NODE_IF,
    NODE_WHILE,
    NODE_UNTIL,
    NODE_FOR,
    NODE_CASE,
    NODE_FUNCTION
};

struct word {
    struct word *next;
    char *raw; /* as written, with its quotes */
};

enum redirect_kind {
    REDIRECT_IN,
    REDIRECT_OUT,
    REDIRECT_APPEND,
    REDIRECT_BOTH,
    REDIRECT_DUP_IN,
    REDIRECT_DUP_OUT,
    REDIRECT_HERE
};

struct redirect {
    struct redirect *next;
    enum redirect_kind kind;
    int fd;
    char *raw;        /* target; for a here-document its end word */
    char *body;       /* here-document */
    bool body_quoted; /* no expansion in the body */
    bool strip_tabs;
};

struct case_item {
    struct case_item *next;
    struct word *patterns;
    struct node *body;
};

struct node {
    enum node_kind kind;
    struct node *a, *b, *c; /* children: condition, body, else; left, right */
    struct word *words;     /* simple: command and arguments; for: list */
    struct word *assigns;   /* simple: NAME=value words */
    struct redirect *redirects;
    struct case_item *items;
    char *name;      /* for, function; case: the word */
    bool list_given; /* for: `in` was written */
    int line;
};

/* ---- source and parser (source.c, parse.c) ---- */

struct source {
    const char *string; /* either a string ... */
    int fd;             /* ... or a file ... */
    bool interactive;   /* ... or the terminal, with prompts */
    char *buffer;       /* filled part of file or line */
    size_t length, at;
    bool ended, continued; /* continued: inside an unfinished command */
    int line;
    int pushed[2], pushed_count;
};

void source_from_string(struct source *source, const char *string);
void source_from_fd(struct source *source, int fd, bool interactive);
void source_free(struct source *source);
int source_next(struct source *source); /* a character, or -1 at the end */
void source_push(struct source *source, int c);
bool source_has_more(struct source *source); /* anything but blanks left? (strings only) */

enum parse_result { PARSE_OK, PARSE_EMPTY, PARSE_END, PARSE_ERROR };
/* One complete command (up to a newline). */
enum parse_result parse_command(struct source *source, struct arena *arena, struct node **out);
/* Skips `$(...)`, `${...}`, quotes as the lexer sees them: the place behind s[0]'s construct. */
const char *skip_quoted(const char *s);

/* ---- variables (vars.c) ---- */

struct variable {
    struct variable *next;
    char *name, *value; /* value NULL: declared only */
    bool exported, read_only;
};

void vars_import(char **environment);
const char *var_get(const char *name);
bool var_set(const char *name, const char *value); /* false: read-only (message printed) */
void var_unset(const char *name);
void var_export(const char *name);
void var_read_only(const char *name);
void vars_print(bool exported_only, const char *prefix);
char **vars_environment(void); /* for execve; owned by the caller's process image */
bool name_is_valid(const char *s, size_t length);
/* `local`: remembers the value until the function returns. */
void var_local(const char *name);
void locals_begin(void);
void locals_end(void);

struct function {
    struct function *next;
    char *name;
    struct node *body;
};

/* ---- expansion (expand.c, param.c, arith.c, glob.c) ---- */

struct fields {
    char **at;
    size_t count, room;
};
void fields_add(struct fields *fields, char *s); /* takes s */
void fields_free(struct fields *fields);
void expand_words(struct word *words, struct fields *out);
char *expand_one(const char *raw);     /* no splitting, no globbing; caller frees */
char *expand_pattern(const char *raw); /* quoted characters are escaped for matching */
char *expand_here(const char *body);   /* only $ ` and \ are special */
long arith_evaluate(const char *text);
void glob_expand(const char *pattern, struct fields *out); /* adds nothing when nothing matches */
bool pattern_matches(const char *pattern, const char *text);
bool pattern_is_magic(const char *pattern);

/* How each character of an expansion came to be. */
enum how { HOW_LITERAL, HOW_QUOTED, HOW_SPLIT, HOW_BREAK, HOW_SEEN_QUOTE };
struct pieces {
    char *c;
    unsigned char *how;
    size_t count, room;
};
void pieces_put(struct pieces *pieces, char c, enum how how);
void pieces_add(struct pieces *pieces, const char *s, enum how how);
void pieces_free(struct pieces *pieces);
/* Expands the construct at s ('$' or '`'); returns the place behind it. */
const char *expand_dollar(struct pieces *out, const char *s, bool quoted);
void expand_into(struct pieces *out, const char *s, bool in_quotes);
char *pieces_text(const struct pieces *pieces, bool escape_quoted);

/* ---- execution (exec.c, redirect.c, jobs.c) ---- */

enum {
    RUN_LAST = 1 /* nothing follows: the process may be replaced */,
    RUN_TESTED = 2 /* set -e waits */
};
int run_node(struct node *node, int flags);
int run_simple_command(const struct node *node, int flags);
void function_define(const struct node *node);
int run_string(const char *text, int flags);
int run_source(struct source *source, int flags);
char *run_capture(const char *command); /* output of $(command) */
bool redirect_apply(struct redirect *list, bool keep_saved);
size_t redirect_mark(void);
void redirect_restore(size_t mark);
char *command_find(const char *name); /* path, caller frees; NULL */
void describe_node(struct text *out, const struct node *node);

enum job_state { JOB_RUNNING, JOB_STOPPED, JOB_DONE };
struct job {
    struct job *next;
    int number;
    pid_t group;
    pid_t *pids;
    int *statuses; /* -1 while it runs */
    size_t count;
    enum job_state state;
    bool notified, background;
    char *text;
};
void jobs_ignore_signals(bool ignore); /* those from the terminal; for exec */
struct job *job_new(const char *text, bool background);
void job_add(struct job *job, pid_t pid);
int job_wait(struct job *job); /* foreground; status as in $? */
void job_background(struct job *job);
void jobs_update(bool block);
void jobs_report(void);
void jobs_forget(void); /* in a child */
void jobs_set_up(void);
pid_t job_fork(struct job *job, bool foreground);
struct job *job_find(const char *spec);
struct job *jobs_first(void);
int status_of(int wait_status);

/* ---- builtins ---- */

typedef int builtin_fn(int argc, char **argv);
struct builtin {
    const char *name;
    builtin_fn *run;
    bool special; /* assignments before it stay */
    const char *help;
};
const struct builtin *builtin_find(const char *name);
const struct builtin *builtin_table(size_t *count);
int builtin_test(int argc, char **argv);
int builtin_printf(int argc, char **argv);
int builtin_echo(int argc, char **argv);
int builtin_trap(int argc, char **argv);
int builtin_jobs(int argc, char **argv);
int builtin_fg(int argc, char **argv);
int builtin_bg(int argc, char **argv);
int builtin_wait(int argc, char **argv);
int builtin_kill(int argc, char **argv);
int builtin_ulimit(int argc, char **argv);
int builtin_umask(int argc, char **argv);
int builtin_read(int argc, char **argv);

/* traps (trap.c) */
void trap_run_pending(void);
void trap_run_exit(void);
void trap_forget(void);
void trap_interactive(void);
int signal_number(const char *name);
const char *signal_text(int signal);

/* ---- line editing (line.c) ---- */

/* One line with its newline, caller frees; NULL at the end; "" with *interrupted on Ctrl-C. */
char *line_read(const char *prompt, bool *interrupted);
void line_remember(const char *line);
void line_show_history(void);

/* ---- the shell itself ---- */

struct shell {
    const char *name;
    char **arguments; /* $1.. */
    size_t argument_count;
    int status;
    pid_t last_background, pid;
    bool interactive, job_control;
    bool flag_e, flag_x, flag_u, flag_f, flag_n;
    int loop_depth, break_count, continue_count;
    int function_depth;
    bool returning, exiting;
    bool in_child;
    volatile int interrupted;
    struct function *functions;
    struct arena *arena; /* of the command that runs */
    jmp_buf *failure;    /* where an expansion error goes */
};
extern struct shell shell;

void sh_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* An error in an expansion: ends the command (and a script). */
void sh_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void sh_exit(int status) __attribute__((noreturn));

#endif

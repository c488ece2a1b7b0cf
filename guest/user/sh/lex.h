/* SPDX-License-Identifier: MIT */
/*
 * lex.h - the shell's lexer, as the parser drives it.
 *
 * One token is looked at (lex_peek) until it is taken.  A syntax error leaves by
 * longjmp to p->failure.
 */
#ifndef SH_LEX_H
#define SH_LEX_H

#include "sh.h"

enum token { T_END, T_NEWLINE, T_WORD, T_OPERATOR, T_NUMBER };

struct parser {
    struct source *source;
    struct arena *arena;
    enum token token;
    char text[4];     /* operator */
    struct text word; /* word or number */
    bool have;        /* token is valid */
    struct redirect *here[16];
    size_t here_count;
    jmp_buf failure;
};

/* Tells of a syntax error and leaves the parser. */
void lex_error(struct parser *p, const char *what) __attribute__((noreturn));
enum token lex_peek(struct parser *p);
bool lex_is_operator(struct parser *p, const char *text);
bool lex_is_word(struct parser *p, const char *text);
/* The same, and the token is taken when it is the one. */
bool lex_take_operator(struct parser *p, const char *text);
bool lex_take_word(struct parser *p, const char *text);
/* Takes the reserved word, or fails. */
void lex_need_word(struct parser *p, const char *text);
/* Takes whatever word is next, or fails. */
struct word *lex_take_any(struct parser *p);
void lex_skip_newlines(struct parser *p);
/* Reads the bodies of the here-documents that were begun. */
void lex_here_documents(struct parser *p);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * lex.c - characters to tokens (POSIX.1-2017, 2.2, 2.3, 2.7.4).
 *
 * Words keep their quotes; expand.c removes them.
 */
#include "lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void lex_error(struct parser *p, const char *what)
{
    sh_error("line %d: syntax error: %s", p->source->line, what);
    longjmp(p->failure, 1);
}

static void lex_single(struct parser *p)
{
    int c;

    while ((c = source_next(p->source)) != '\'') {
        if (c < 0)
            lex_error(p, "unfinished '");
        text_put(&p->word, (char)c);
    }
    text_put(&p->word, '\'');
}

static void lex_dollar(struct parser *p);
static void lex_back(struct parser *p);

static void lex_double(struct parser *p)
{
    int c;

    while ((c = source_next(p->source)) != '"') {
        if (c < 0)
            lex_error(p, "unfinished \"");
        text_put(&p->word, (char)c);
        if (c == '\\') {
            c = source_next(p->source);
            if (c >= 0)
                text_put(&p->word, (char)c);
        } else if (c == '$') {
            lex_dollar(p);
        } else if (c == '`') {
            lex_back(p);
        }
    }
    text_put(&p->word, '"');
}

static void lex_back(struct parser *p)
{
    int c;

    while ((c = source_next(p->source)) != '`') {
        if (c < 0)
            lex_error(p, "unfinished `");
        text_put(&p->word, (char)c);
        if (c == '\\' && (c = source_next(p->source)) >= 0)
            text_put(&p->word, (char)c);
    }
    text_put(&p->word, '`');
}

/* Up to the matching `close`; `open` inside counts. */
static void lex_nested(struct parser *p, char open, char close)
{
    int depth = 1;

    while (depth > 0) {
        int c = source_next(p->source);

        if (c < 0)
            lex_error(p, open == '{' ? "unfinished ${" : "unfinished $(");
        text_put(&p->word, (char)c);
        if (c == open)
            depth++;
        else if (c == close)
            depth--;
        else if (c == '\'')
            lex_single(p);
        else if (c == '"')
            lex_double(p);
        else if (c == '`')
            lex_back(p);
        else if (c == '$')
            lex_dollar(p);
        else if (c == '\\' && (c = source_next(p->source)) >= 0)
            text_put(&p->word, (char)c);
    }
}

static void lex_dollar(struct parser *p)
{
    int c = source_next(p->source);

    if (c == '(' || c == '{') {
        text_put(&p->word, (char)c);
        lex_nested(p, (char)c, c == '(' ? ')' : '}');
    } else if (c >= 0) {
        source_push(p->source, c);
    }
}

static void lex_word(struct parser *p, int c)
{
    for (; c >= 0; c = source_next(p->source)) {
        if (strchr(" \t\n;&|<>()", c) != NULL && c != 0) {
            source_push(p->source, c);
            break;
        }
        if (c == '\\') {
            int d = source_next(p->source);

            if (d == '\n')
                continue;
            text_put(&p->word, '\\');
            if (d >= 0)
                text_put(&p->word, (char)d);
            continue;
        }
        text_put(&p->word, (char)c);
        if (c == '\'')
            lex_single(p);
        else if (c == '"')
            lex_double(p);
        else if (c == '`')
            lex_back(p);
        else if (c == '$')
            lex_dollar(p);
    }
    text_end(&p->word);
}

/* One here-document, read when its line is complete. */
static void read_here(struct parser *p, struct redirect *r)
{
    struct text body = {0}, line = {0};
    char *end = sh_copy(r->raw);
    char *to = end;

    for (const char *s = r->raw; *s != '\0'; s++) {
        if (*s == '\'' || *s == '"' || *s == '\\')
            r->body_quoted = true;
        else
            *to++ = *s;
    }
    *to = '\0';
    for (;;) {
        int c = source_next(p->source);

        if (c >= 0 && c != '\n') {
            if (!(r->strip_tabs && c == '\t' && line.length == 0))
                text_put(&line, (char)c);
            continue;
        }
        if (strcmp(text_end(&line), end) == 0)
            break;
        if (c < 0) {
            text_add(&body, line.at);
            break;
        }
        text_put(&line, '\n');
        text_add_bytes(&body, line.at, line.length);
        line.length = 0;
    }
    r->body = arena_copy(p->arena, text_end(&body), body.length);
    text_free(&body);
    text_free(&line);
    free(end);
}

void lex_here_documents(struct parser *p)
{
    bool continued = p->source->continued;

    p->source->continued = true;
    for (size_t i = 0; i < p->here_count; i++)
        read_here(p, p->here[i]);
    p->here_count = 0;
    p->source->continued = continued;
}

static void lex_operator(struct parser *p, int c)
{
    static const char *const twos[] = {"&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|"};
    int d = source_next(p->source);

    p->token = T_OPERATOR;
    p->text[0] = (char)c;
    p->text[1] = p->text[2] = p->text[3] = '\0';
    for (size_t i = 0; i < sizeof twos / sizeof twos[0]; i++) {
        if (twos[i][0] == c && twos[i][1] == d) {
            p->text[1] = (char)d;
            if (c == '<' && d == '<') {
                d = source_next(p->source);
                if (d == '-')
                    p->text[2] = '-';
                else if (d >= 0)
                    source_push(p->source, d);
            }
            return;
        }
    }
    if (d >= 0)
        source_push(p->source, d);
}

static void lex(struct parser *p)
{
    int c;

    p->word.length = 0;
    for (;;) {
        c = source_next(p->source);
        if (c == '\\') {
            int d = source_next(p->source);

            if (d == '\n')
                continue;
            if (d >= 0)
                source_push(p->source, d);
            break;
        }
        if (c == '#') {
            while (c >= 0 && c != '\n')
                c = source_next(p->source);
        }
        if (c != ' ' && c != '\t' && c != '\r')
            break;
    }
    if (c < 0) {
        p->token = T_END;
    } else if (c == '\n') {
        p->token = T_NEWLINE;
        if (p->here_count > 0)
            lex_here_documents(p);
    } else if (strchr(";&|<>()", c) != NULL) {
        lex_operator(p, c);
    } else {
        p->token = T_WORD;
        lex_word(p, c);
        c = source_next(p->source);
        if (c >= 0)
            source_push(p->source, c);
        if ((c == '<' || c == '>') && p->word.length == 1 && isdigit((unsigned char)p->word.at[0]))
            p->token = T_NUMBER;
    }
}

enum token lex_peek(struct parser *p)
{
    if (!p->have) {
        lex(p);
        p->have = true;
    }
    return p->token;
}

bool lex_is_operator(struct parser *p, const char *text)
{
    return lex_peek(p) == T_OPERATOR && strcmp(p->text, text) == 0;
}

bool lex_is_word(struct parser *p, const char *text)
{
    return lex_peek(p) == T_WORD && strcmp(p->word.at, text) == 0;
}

bool lex_take_operator(struct parser *p, const char *text)
{
    if (!lex_is_operator(p, text))
        return false;
    p->have = false;
    return true;
}

bool lex_take_word(struct parser *p, const char *text)
{
    if (!lex_is_word(p, text))
        return false;
    p->have = false;
    return true;
}

void lex_need_word(struct parser *p, const char *text)
{
    if (!lex_take_word(p, text)) {
        char what[64] = "expected ";

        lex_error(p, strcat(what, text));
    }
}

void lex_skip_newlines(struct parser *p)
{
    p->source->continued = true;
    while (lex_peek(p) == T_NEWLINE)
        p->have = false;
}

struct word *lex_take_any(struct parser *p)
{
    struct word *word;

    if (lex_peek(p) != T_WORD && p->token != T_NUMBER)
        lex_error(p, p->token == T_OPERATOR ? p->text : "a word is missing");
    word = arena_alloc(p->arena, sizeof *word);
    word->raw = arena_copy(p->arena, p->word.at, p->word.length);
    p->have = false;
    return word;
}

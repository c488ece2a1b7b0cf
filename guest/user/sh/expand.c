/* SPDX-License-Identifier: MIT */
/*
 * expand.c - words as written become fields: tilde, parameters, commands,
 * arithmetic, then splitting, pathnames and the removal of quotes (POSIX 2.6).
 *
 * Between the steps a word is a row of characters, each marked with how it came
 * to be (enum how): splitting looks at HOW_SPLIT only, pathname expansion at
 * everything that is not quoted.
 */
#include "sh.h"

#include <stdlib.h>
#include <string.h>

void fields_add(struct fields *fields, char *s)
{
    if (fields->count + 2 > fields->room) {
        fields->room = fields->room * 2 + 8;
        fields->at = realloc(fields->at, fields->room * sizeof *fields->at);
        if (fields->at == NULL)
            sh_exit(2);
    }
    fields->at[fields->count++] = s;
    fields->at[fields->count] = NULL;
}

void fields_free(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        free(fields->at[i]);
    free(fields->at);
    *fields = (struct fields){0};
}

void pieces_put(struct pieces *pieces, char c, enum how how)
{
    if (pieces->count == pieces->room) {
        pieces->room = pieces->room * 2 + 64;
        pieces->c = realloc(pieces->c, pieces->room);
        pieces->how = realloc(pieces->how, pieces->room);
        if (pieces->c == NULL || pieces->how == NULL)
            sh_exit(2);
    }
    pieces->c[pieces->count] = c;
    pieces->how[pieces->count++] = (unsigned char)how;
}

void pieces_add(struct pieces *pieces, const char *s, enum how how)
{
    while (*s != '\0')
        pieces_put(pieces, *s++, how);
}

void pieces_free(struct pieces *pieces)
{
    free(pieces->c);
    free(pieces->how);
    *pieces = (struct pieces){0};
}

/* In double quotes (in_quotes) only $ ` \ are special. */
static const char *expand_character(struct pieces *out, const char *s, bool in_quotes)
{
    if (*s == '\\') {
        if (s[1] == '\0') {
            pieces_put(out, '\\', HOW_QUOTED);
            return s + 1;
        }
        if (in_quotes && strchr("$`\"\\\n", s[1]) == NULL) {
            pieces_put(out, '\\', HOW_QUOTED);
            return s + 1;
        }
        if (s[1] != '\n')
            pieces_put(out, s[1], HOW_QUOTED);
        return s + 2;
    }
    if (*s == '$' || *s == '`')
        return expand_dollar(out, s, in_quotes);
    pieces_put(out, *s, in_quotes ? HOW_QUOTED : HOW_LITERAL);
    return s + 1;
}

static const char *expand_double(struct pieces *out, const char *s)
{
    pieces_put(out, 0, HOW_SEEN_QUOTE);
    while (*s != '\0' && *s != '"')
        s = expand_character(out, s, true);
    return *s == '"' ? s + 1 : s;
}

void expand_into(struct pieces *out, const char *s, bool in_quotes)
{
    while (*s != '\0') {
        if (*s == '\'' && !in_quotes) {
            pieces_put(out, 0, HOW_SEEN_QUOTE);
            for (s++; *s != '\0' && *s != '\''; s++)
                pieces_put(out, *s, HOW_QUOTED);
            s += *s == '\'';
        } else if (*s == '"') {
            s = expand_double(out, s + 1);
        } else {
            s = expand_character(out, s, in_quotes);
        }
    }
}

/* ~ and ~/...: HOME (other users' homes are not known here). */
static const char *expand_tilde(struct pieces *out, const char *s)
{
    const char *home = var_get("HOME");

    if (s[0] != '~' || (s[1] != '/' && s[1] != '\0') || home == NULL)
        return s;
    pieces_add(out, home, HOW_QUOTED);
    return s + 1;
}

static bool needs_escape(char c)
{
    return strchr("*?[]\\!-", c) != NULL && c != '\0';
}

char *pieces_text(const struct pieces *pieces, bool escape_quoted)
{
    struct text text = {0};

    for (size_t i = 0; i < pieces->count; i++) {
        if (pieces->how[i] == HOW_SEEN_QUOTE)
            continue;
        if (pieces->how[i] == HOW_BREAK) {
            text_put(&text, ' ');
            continue;
        }
        if (escape_quoted && pieces->how[i] == HOW_QUOTED && needs_escape(pieces->c[i]))
            text_put(&text, '\\');
        text_put(&text, pieces->c[i]);
    }
    return text_end(&text);
}

/* A finished field: pathname expansion if it has an unquoted * ? or [. */
static void finish_field(const struct pieces *all, size_t from, size_t to, struct fields *out)
{
    struct pieces part = {all->c + from, all->how + from, to - from, 0};
    bool magic = false;

    for (size_t i = from; i < to; i++) {
        if ((all->how[i] == HOW_LITERAL || all->how[i] == HOW_SPLIT) &&
            strchr("*?[", all->c[i]) != NULL)
            magic = true;
    }
    if (magic && !shell.flag_f) {
        char *pattern = pieces_text(&part, true);
        size_t before = out->count;

        glob_expand(pattern, out);
        free(pattern);
        if (out->count != before)
            return;
    }
    fields_add(out, pieces_text(&part, false));
}

static bool is_separator(const char *ifs, char c)
{
    return c != '\0' && strchr(ifs, c) != NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Splitting: a run of IFS blanks separates, and each other IFS character ends a
 * field of its own, with the blanks around it.
 */
static void split_fields(const struct pieces *p, struct fields *out)
{
    const char *ifs = var_get("IFS");
    size_t from = 0;
    bool open = false; /* the field at `from` has something in it */

    if (ifs == NULL)
        ifs = " \t\n";
    for (size_t i = 0; i < p->count; i++) {
        if (p->how[i] == HOW_BREAK) {
            finish_field(p, from, i, out);
            from = i + 1;
            open = true;
            continue;
        }
        if (p->how[i] != HOW_SPLIT || !is_separator(ifs, p->c[i])) {
            open = true;
            continue;
        }
        if (open || !is_blank(p->c[i]))
            finish_field(p, from, i, out);
        if (is_blank(p->c[i])) {
            while (i + 1 < p->count && p->how[i + 1] == HOW_SPLIT && is_blank(p->c[i + 1]) &&
                   is_separator(ifs, p->c[i + 1]))
                i++;
            if (open && i + 1 < p->count && p->how[i + 1] == HOW_SPLIT && !is_blank(p->c[i + 1]) &&
                is_separator(ifs, p->c[i + 1]))
                i++;
        }
        while (i + 1 < p->count && p->how[i + 1] == HOW_SPLIT && is_blank(p->c[i + 1]) &&
               is_separator(ifs, p->c[i + 1]))
            i++;
        from = i + 1;
        open = false;
    }
    if (open)
        finish_field(p, from, p->count, out);
}

/* "$@" without arguments leaves nothing, not even an empty field. */
static bool is_lonely_at(const char *raw)
{
    return strcmp(raw, "\"$@\"") == 0 || strcmp(raw, "\"${@}\"") == 0;
}

void expand_words(struct word *words, struct fields *out)
{
    for (struct word *w = words; w != NULL; w = w->next) {
        struct pieces pieces = {0};

        if (is_lonely_at(w->raw) && shell.argument_count == 0)
            continue;
        expand_into(&pieces, expand_tilde(&pieces, w->raw), false);
        split_fields(&pieces, out);
        pieces_free(&pieces);
    }
}

char *expand_one(const char *raw)
{
    struct pieces pieces = {0};
    char *text;

    expand_into(&pieces, expand_tilde(&pieces, raw), false);
    text = pieces_text(&pieces, false);
    pieces_free(&pieces);
    return text;
}

char *expand_pattern(const char *raw)
{
    struct pieces pieces = {0};
    char *text;

    expand_into(&pieces, expand_tilde(&pieces, raw), false);
    text = pieces_text(&pieces, true);
    pieces_free(&pieces);
    return text;
}

char *expand_here(const char *body)
{
    struct pieces pieces = {0};
    char *text;

    while (*body != '\0') {
        if (*body == '\\' && body[1] == '"') {
            pieces_add(&pieces, "\\\"", HOW_QUOTED);
            body += 2;
        } else {
            body = expand_character(&pieces, body, true);
        }
    }
    text = pieces_text(&pieces, false);
    pieces_free(&pieces);
    return text;
}

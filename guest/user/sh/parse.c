/* SPDX-License-Identifier: MIT */
/*
 * parse.c - characters to nodes: a recursive-descent parser of the shell grammar
 * (POSIX.1-2017, 2.10), with the lexer that it drives.
 *
 * Words keep their quotes; expand.c removes them.  A syntax error leaves the
 * parser by longjmp, the nodes go with their arena.
 */
#include "sh.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum token { T_END, T_NEWLINE, T_WORD, T_OPERATOR, T_NUMBER };

struct parser {
    struct source *source;
    struct arena *arena;
    enum token token;
    char text[4];           /* operator */
    struct text word;       /* word or number */
    bool have;              /* token is valid */
    struct redirect *here[16];
    size_t here_count;
    jmp_buf failure;
};

static struct node *parse_list(struct parser *p, bool one_line);

static __attribute__((noreturn)) void syntax_error(struct parser *p, const char *what)
{
    sh_error("line %d: syntax error: %s", p->source->line, what);
    longjmp(p->failure, 1);
}

/* ---- lexer ---- */

static void lex_single(struct parser *p)
{
    int c;

    while ((c = source_next(p->source)) != '\'') {
        if (c < 0)
            syntax_error(p, "unfinished '");
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
            syntax_error(p, "unfinished \"");
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
            syntax_error(p, "unfinished `");
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
            syntax_error(p, open == '{' ? "unfinished ${" : "unfinished $(");
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

static void read_here_documents(struct parser *p)
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
            read_here_documents(p);
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

static enum token peek(struct parser *p)
{
    if (!p->have) {
        lex(p);
        p->have = true;
    }
    return p->token;
}

static bool is_operator(struct parser *p, const char *text)
{
    return peek(p) == T_OPERATOR && strcmp(p->text, text) == 0;
}

static bool is_word(struct parser *p, const char *text)
{
    return peek(p) == T_WORD && strcmp(p->word.at, text) == 0;
}

static bool take_operator(struct parser *p, const char *text)
{
    if (!is_operator(p, text))
        return false;
    p->have = false;
    return true;
}

static bool take_word(struct parser *p, const char *text)
{
    if (!is_word(p, text))
        return false;
    p->have = false;
    return true;
}

static void need_word(struct parser *p, const char *text)
{
    if (!take_word(p, text)) {
        char what[64] = "expected ";

        syntax_error(p, strcat(what, text));
    }
}

static void skip_newlines(struct parser *p)
{
    p->source->continued = true;
    while (peek(p) == T_NEWLINE)
        p->have = false;
}

static struct word *take_as_word(struct parser *p)
{
    struct word *word;

    if (peek(p) != T_WORD && p->token != T_NUMBER)
        syntax_error(p, p->token == T_OPERATOR ? p->text : "a word is missing");
    word = arena_alloc(p->arena, sizeof *word);
    word->raw = arena_copy(p->arena, p->word.at, p->word.length);
    p->have = false;
    return word;
}

static struct node *new_node(struct parser *p, enum node_kind kind)
{
    struct node *node = arena_alloc(p->arena, sizeof *node);

    node->kind = kind;
    node->line = p->source->line;
    return node;
}

/* ---- grammar ---- */

static bool is_reserved_end(struct parser *p)
{
    static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};

    if (peek(p) != T_WORD)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(p->word.at, words[i]) == 0)
            return true;
    }
    return false;
}

/* A redirection if one is next; appended to *list. */
static bool parse_redirect(struct parser *p, struct redirect ***tail)
{
    static const struct {
        const char *text;
        enum redirect_kind kind;
        int fd;
    } kinds[] = {{"<", REDIRECT_IN, 0},       {">", REDIRECT_OUT, 1},
                 {">|", REDIRECT_OUT, 1},     {">>", REDIRECT_APPEND, 1},
                 {"<>", REDIRECT_BOTH, 0},    {"<&", REDIRECT_DUP_IN, 0},
                 {">&", REDIRECT_DUP_OUT, 1}, {"<<", REDIRECT_HERE, 0},
                 {"<<-", REDIRECT_HERE, 0}};
    struct redirect *r;
    int fd = -1;

    if (peek(p) == T_NUMBER) {
        fd = p->word.at[0] - '0';
        p->have = false;
        peek(p);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!is_operator(p, kinds[i].text))
            continue;
        r = arena_alloc(p->arena, sizeof *r);
        r->kind = kinds[i].kind;
        r->fd = fd >= 0 ? fd : kinds[i].fd;
        r->strip_tabs = p->text[2] == '-';
        p->have = false;
        r->raw = take_as_word(p)->raw;
        if (r->kind == REDIRECT_HERE) {
            if (p->here_count == sizeof p->here / sizeof p->here[0])
                syntax_error(p, "too many here-documents");
            p->here[p->here_count++] = r;
        }
        **tail = r;
        *tail = &r->next;
        return true;
    }
    return false;
}

static bool is_assignment(const char *raw)
{
    const char *equals = strchr(raw, '=');

    return equals != NULL && name_is_valid(raw, (size_t)(equals - raw));
}

static struct node *parse_compound(struct parser *p);

static struct node *parse_simple(struct parser *p)
{
    struct node *node = new_node(p, NODE_SIMPLE);
    struct word **words = &node->words, **assigns = &node->assigns;
    struct redirect **redirects = &node->redirects;

    for (;;) {
        if (parse_redirect(p, &redirects))
            continue;
        if (peek(p) != T_WORD && p->token != T_NUMBER)
            break;
        if (node->words == NULL && is_assignment(p->word.at)) {
            *assigns = take_as_word(p);
            assigns = &(*assigns)->next;
            continue;
        }
        *words = take_as_word(p);
        words = &(*words)->next;
        if (node->words->next == NULL && node->assigns == NULL && node->redirects == NULL &&
            is_operator(p, "(") && name_is_valid(node->words->raw, strlen(node->words->raw))) {
            p->have = false;
            if (!take_operator(p, ")"))
                syntax_error(p, "expected )");
            skip_newlines(p);
            node->kind = NODE_FUNCTION;
            node->name = node->words->raw;
            node->a = parse_compound(p);
            if (node->a == NULL)
                syntax_error(p, "a function needs a body");
            return node;
        }
    }
    if (node->words == NULL && node->assigns == NULL && node->redirects == NULL)
        return NULL;
    return node;
}

static struct node *need_list(struct parser *p)
{
    struct node *list = parse_list(p, false);

    if (list == NULL)
        syntax_error(p, "a command is missing");
    return list;
}

static struct node *parse_if(struct parser *p)
{
    struct node *node = new_node(p, NODE_IF);

    node->a = need_list(p);
    need_word(p, "then");
    node->b = need_list(p);
    if (take_word(p, "elif")) {
        node->c = parse_if(p);
        return node;
    }
    if (take_word(p, "else"))
        node->c = need_list(p);
    need_word(p, "fi");
    return node;
}

static struct node *parse_for(struct parser *p)
{
    struct node *node = new_node(p, NODE_FOR);
    struct word **tail = &node->words;

    node->name = take_as_word(p)->raw;
    skip_newlines(p);
    if (take_word(p, "in")) {
        node->list_given = true;
        while (peek(p) == T_WORD || p->token == T_NUMBER) {
            *tail = take_as_word(p);
            tail = &(*tail)->next;
        }
    }
    take_operator(p, ";");
    skip_newlines(p);
    need_word(p, "do");
    node->a = need_list(p);
    need_word(p, "done");
    return node;
}

static struct node *parse_case(struct parser *p)
{
    struct node *node = new_node(p, NODE_CASE);
    struct case_item **tail = &node->items;

    node->name = take_as_word(p)->raw;
    skip_newlines(p);
    need_word(p, "in");
    skip_newlines(p);
    while (!is_word(p, "esac")) {
        struct case_item *item = arena_alloc(p->arena, sizeof *item);
        struct word **patterns = &item->patterns;

        take_operator(p, "(");
        do {
            *patterns = take_as_word(p);
            patterns = &(*patterns)->next;
        } while (take_operator(p, "|"));
        if (!take_operator(p, ")"))
            syntax_error(p, "expected ) after a pattern");
        item->body = parse_list(p, false);
        *tail = item;
        tail = &item->next;
        skip_newlines(p);
        if (!take_operator(p, ";;"))
            break;
        skip_newlines(p);
    }
    need_word(p, "esac");
    return node;
}

/* A compound command, or NULL when a simple one follows. */
static struct node *parse_compound_body(struct parser *p)
{
    struct node *node = NULL;

    if (take_operator(p, "(")) {
        node = new_node(p, NODE_SUBSHELL);
        node->a = need_list(p);
        if (!take_operator(p, ")"))
            syntax_error(p, "expected )");
    } else if (take_word(p, "{")) {
        node = new_node(p, NODE_GROUP);
        node->a = need_list(p);
        need_word(p, "}");
    } else if (take_word(p, "if")) {
        node = parse_if(p);
    } else if (is_word(p, "while") || is_word(p, "until")) {
        node = new_node(p, is_word(p, "while") ? NODE_WHILE : NODE_UNTIL);
        p->have = false;
        node->a = need_list(p);
        need_word(p, "do");
        node->b = need_list(p);
        need_word(p, "done");
    } else if (take_word(p, "for")) {
        node = parse_for(p);
    } else if (take_word(p, "case")) {
        node = parse_case(p);
    }
    return node;
}

static struct node *parse_compound(struct parser *p)
{
    bool continued = p->source->continued;
    struct node *node;
    struct redirect **tail;

    peek(p);
    p->source->continued = true;
    node = parse_compound_body(p);
    p->source->continued = continued;
    if (node == NULL)
        return NULL;
    tail = &node->redirects;
    while (parse_redirect(p, &tail))
        continue;
    return node;
}

static struct node *parse_pipeline(struct parser *p)
{
    struct node *first, *not = NULL;

    if (take_word(p, "!"))
        not = new_node(p, NODE_NOT);
    if (is_reserved_end(p))
        return not != NULL ? (syntax_error(p, "nothing to negate"), NULL) : NULL;
    first = parse_compound(p);
    if (first == NULL)
        first = parse_simple(p);
    if (first == NULL) {
        if (not != NULL)
            syntax_error(p, "nothing to negate");
        return NULL;
    }
    if (is_operator(p, "|")) {
        struct node *pipe = new_node(p, NODE_PIPE), *last = pipe;

        pipe->a = first;
        while (take_operator(p, "|")) {
            struct node *next;

            skip_newlines(p);
            next = parse_compound(p);
            if (next == NULL)
                next = parse_simple(p);
            if (next == NULL)
                syntax_error(p, "a command is missing after |");
            last->b = new_node(p, NODE_PIPE);
            last = last->b;
            last->a = next;
        }
        first = pipe;
    }
    if (not != NULL) {
        not->a = first;
        return not;
    }
    return first;
}

static struct node *parse_and_or(struct parser *p)
{
    struct node *left = parse_pipeline(p);

    if (left == NULL)
        return NULL;
    while (is_operator(p, "&&") || is_operator(p, "||")) {
        struct node *node = new_node(p, p->text[0] == '&' ? NODE_AND : NODE_OR);

        p->have = false;
        skip_newlines(p);
        node->a = left;
        node->b = parse_pipeline(p);
        if (node->b == NULL)
            syntax_error(p, "a command is missing after && or ||");
        left = node;
    }
    return left;
}

/* Commands joined by ; & and (unless one_line) newlines; NULL when there is none. */
static struct node *parse_list(struct parser *p, bool one_line)
{
    struct node *list = NULL;

    for (;;) {
        struct node *command;

        if (!one_line)
            skip_newlines(p);
        command = parse_and_or(p);
        if (command == NULL)
            break;
        if (is_operator(p, "&")) {
            struct node *background = new_node(p, NODE_BACKGROUND);

            background->a = command;
            command = background;
        }
        if (list == NULL) {
            list = command;
        } else {
            struct node *sequence = new_node(p, NODE_SEQUENCE);

            sequence->a = list;
            sequence->b = command;
            list = sequence;
        }
        if (take_operator(p, "&") || take_operator(p, ";"))
            continue;
        if (one_line || peek(p) != T_NEWLINE)
            break;
    }
    return list;
}

enum parse_result parse_command(struct source *source, struct arena *arena, struct node **out)
{
    struct parser *p = sh_alloc(sizeof *p);
    enum parse_result result = PARSE_OK;

    p->source = source;
    p->arena = arena;
    source->continued = false;
    if (setjmp(p->failure) != 0) {
        /* The rest of the line is not worth a second error. */
        while (source->interactive && source->at < source->length)
            source->at++;
        source->pushed_count = 0;
        result = PARSE_ERROR;
    } else {
        *out = parse_list(p, true);
        if (*out == NULL && peek(p) == T_END)
            result = PARSE_END;
        else if (peek(p) != T_NEWLINE && p->token != T_END)
            syntax_error(p, p->token == T_OPERATOR ? p->text : p->word.at);
        else if (*out == NULL)
            result = PARSE_EMPTY;
        if (p->here_count > 0)
            read_here_documents(p);
    }
    text_free(&p->word);
    free(p);
    return result;
}

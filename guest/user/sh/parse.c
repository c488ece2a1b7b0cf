/* SPDX-License-Identifier: MIT */
/*
 * parse.c - tokens to nodes: a recursive-descent parser of the shell grammar
 * (POSIX.1-2017, 2.10).
 *
 * Nodes live in the arena of their command, so a syntax error leaves nothing behind.
 */
#include "lex.h"

#include <stdlib.h>
#include <string.h>

static struct node *parse_list(struct parser *p, bool one_line);

static struct node *new_node(struct parser *p, enum node_kind kind)
{
    struct node *node = arena_alloc(p->arena, sizeof *node);

    node->kind = kind;
    node->line = p->source->line;
    return node;
}

static bool is_reserved_end(struct parser *p)
{
    static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};

    if (lex_peek(p) != T_WORD)
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
    } kinds[] = {{"<", REDIRECT_IN, 0},       {">", REDIRECT_OUT, 1},   {">|", REDIRECT_OUT, 1},
                 {">>", REDIRECT_APPEND, 1},  {"<>", REDIRECT_BOTH, 0}, {"<&", REDIRECT_DUP_IN, 0},
                 {">&", REDIRECT_DUP_OUT, 1}, {"<<", REDIRECT_HERE, 0}, {"<<-", REDIRECT_HERE, 0}};
    struct redirect *r;
    int fd = -1;

    if (lex_peek(p) == T_NUMBER) {
        fd = p->word.at[0] - '0';
        p->have = false;
        lex_peek(p);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!lex_is_operator(p, kinds[i].text))
            continue;
        r = arena_alloc(p->arena, sizeof *r);
        r->kind = kinds[i].kind;
        r->fd = fd >= 0 ? fd : kinds[i].fd;
        r->strip_tabs = p->text[2] == '-';
        p->have = false;
        r->raw = lex_take_any(p)->raw;
        if (r->kind == REDIRECT_HERE) {
            if (p->here_count == sizeof p->here / sizeof p->here[0])
                lex_error(p, "too many here-documents");
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
        if (lex_peek(p) != T_WORD && p->token != T_NUMBER)
            break;
        if (node->words == NULL && is_assignment(p->word.at)) {
            *assigns = lex_take_any(p);
            assigns = &(*assigns)->next;
            continue;
        }
        *words = lex_take_any(p);
        words = &(*words)->next;
        if (node->words->next == NULL && node->assigns == NULL && node->redirects == NULL &&
            lex_is_operator(p, "(") && name_is_valid(node->words->raw, strlen(node->words->raw))) {
            p->have = false;
            if (!lex_take_operator(p, ")"))
                lex_error(p, "expected )");
            lex_skip_newlines(p);
            node->kind = NODE_FUNCTION;
            node->name = node->words->raw;
            node->a = parse_compound(p);
            if (node->a == NULL)
                lex_error(p, "a function needs a body");
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
        lex_error(p, "a command is missing");
    return list;
}

static struct node *parse_if(struct parser *p)
{
    struct node *node = new_node(p, NODE_IF);

    node->a = need_list(p);
    lex_need_word(p, "then");
    node->b = need_list(p);
    if (lex_take_word(p, "elif")) {
        node->c = parse_if(p);
        return node;
    }
    if (lex_take_word(p, "else"))
        node->c = need_list(p);
    lex_need_word(p, "fi");
    return node;
}

static struct node *parse_for(struct parser *p)
{
    struct node *node = new_node(p, NODE_FOR);
    struct word **tail = &node->words;

    node->name = lex_take_any(p)->raw;
    lex_skip_newlines(p);
    if (lex_take_word(p, "in")) {
        node->list_given = true;
        while (lex_peek(p) == T_WORD || p->token == T_NUMBER) {
            *tail = lex_take_any(p);
            tail = &(*tail)->next;
        }
    }
    lex_take_operator(p, ";");
    lex_skip_newlines(p);
    lex_need_word(p, "do");
    node->a = need_list(p);
    lex_need_word(p, "done");
    return node;
}

static struct node *parse_case(struct parser *p)
{
    struct node *node = new_node(p, NODE_CASE);
    struct case_item **tail = &node->items;

    node->name = lex_take_any(p)->raw;
    lex_skip_newlines(p);
    lex_need_word(p, "in");
    lex_skip_newlines(p);
    while (!lex_is_word(p, "esac")) {
        struct case_item *item = arena_alloc(p->arena, sizeof *item);
        struct word **patterns = &item->patterns;

        lex_take_operator(p, "(");
        do {
            *patterns = lex_take_any(p);
            patterns = &(*patterns)->next;
        } while (lex_take_operator(p, "|"));
        if (!lex_take_operator(p, ")"))
            lex_error(p, "expected ) after a pattern");
        item->body = parse_list(p, false);
        *tail = item;
        tail = &item->next;
        lex_skip_newlines(p);
        if (!lex_take_operator(p, ";;"))
            break;
        lex_skip_newlines(p);
    }
    lex_need_word(p, "esac");
    return node;
}

/* A compound command, or NULL when a simple one follows. */
static struct node *parse_compound_body(struct parser *p)
{
    struct node *node = NULL;

    if (lex_take_operator(p, "(")) {
        node = new_node(p, NODE_SUBSHELL);
        node->a = need_list(p);
        if (!lex_take_operator(p, ")"))
            lex_error(p, "expected )");
    } else if (lex_take_word(p, "{")) {
        node = new_node(p, NODE_GROUP);
        node->a = need_list(p);
        lex_need_word(p, "}");
    } else if (lex_take_word(p, "if")) {
        node = parse_if(p);
    } else if (lex_is_word(p, "while") || lex_is_word(p, "until")) {
        node = new_node(p, lex_is_word(p, "while") ? NODE_WHILE : NODE_UNTIL);
        p->have = false;
        node->a = need_list(p);
        lex_need_word(p, "do");
        node->b = need_list(p);
        lex_need_word(p, "done");
    } else if (lex_take_word(p, "for")) {
        node = parse_for(p);
    } else if (lex_take_word(p, "case")) {
        node = parse_case(p);
    }
    return node;
}

static struct node *parse_compound(struct parser *p)
{
    bool continued = p->source->continued;
    struct node *node;
    struct redirect **tail;

    lex_peek(p);
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

    if (lex_take_word(p, "!"))
        not = new_node(p, NODE_NOT);
    if (is_reserved_end(p))
        return not != NULL ? (lex_error(p, "nothing to negate"), NULL) : NULL;
    first = parse_compound(p);
    if (first == NULL)
        first = parse_simple(p);
    if (first == NULL) {
        if (not != NULL)
            lex_error(p, "nothing to negate");
        return NULL;
    }
    if (lex_is_operator(p, "|")) {
        struct node *pipe = new_node(p, NODE_PIPE), *last = pipe;

        pipe->a = first;
        while (lex_take_operator(p, "|")) {
            struct node *next;

            lex_skip_newlines(p);
            next = parse_compound(p);
            if (next == NULL)
                next = parse_simple(p);
            if (next == NULL)
                lex_error(p, "a command is missing after |");
            last->b = new_node(p, NODE_PIPE);
            last = last->b;
            last->a = next;
        }
        first = pipe;
    }
    if (not != NULL) {
        not ->a = first;
        return not ;
    }
    return first;
}

static struct node *parse_and_or(struct parser *p)
{
    struct node *left = parse_pipeline(p);

    if (left == NULL)
        return NULL;
    while (lex_is_operator(p, "&&") || lex_is_operator(p, "||")) {
        struct node *node = new_node(p, p->text[0] == '&' ? NODE_AND : NODE_OR);

        p->have = false;
        lex_skip_newlines(p);
        node->a = left;
        node->b = parse_pipeline(p);
        if (node->b == NULL)
            lex_error(p, "a command is missing after && or ||");
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
            lex_skip_newlines(p);
        command = parse_and_or(p);
        if (command == NULL)
            break;
        if (lex_is_operator(p, "&")) {
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
        if (lex_take_operator(p, "&") || lex_take_operator(p, ";"))
            continue;
        if (one_line || lex_peek(p) != T_NEWLINE)
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
        if (*out == NULL && lex_peek(p) == T_END)
            result = PARSE_END;
        else if (lex_peek(p) != T_NEWLINE && p->token != T_END)
            lex_error(p, p->token == T_OPERATOR ? p->text : p->word.at);
        else if (*out == NULL)
            result = PARSE_EMPTY;
        if (p->here_count > 0)
            lex_here_documents(p);
    }
    text_free(&p->word);
    free(p);
    return result;
}

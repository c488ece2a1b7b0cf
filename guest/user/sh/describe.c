/* SPDX-License-Identifier: MIT */
/*
 * describe.c - a node in the words it was written in, for the list of jobs.
 */
#include "sh.h"

static void add_words(struct text *out, const struct word *words)
{
    for (; words != NULL; words = words->next) {
        if (out->length > 0)
            text_put(out, ' ');
        text_add(out, words->raw);
    }
}

static void add_two(struct text *out, const struct node *node, const char *between)
{
    describe_node(out, node->a);
    text_add(out, between);
    describe_node(out, node->b);
}

static void add_redirects(struct text *out, const struct redirect *r)
{
    static const char *const marks[] = {" <", " >", " >>", " <>", " <&", " >&", " <<"};

    for (; r != NULL; r = r->next) {
        text_add(out, marks[r->kind]);
        text_add(out, r->raw);
    }
}

void describe_node(struct text *out, const struct node *node)
{
    switch (node->kind) {
    case NODE_SIMPLE: {
        struct text words = {0};

        add_words(&words, node->assigns);
        add_words(&words, node->words);
        text_add(out, text_end(&words));
        text_free(&words);
        add_redirects(out, node->redirects);
        break;
    }
    case NODE_PIPE:
        describe_node(out, node->a);
        if (node->b != NULL) {
            text_add(out, " | ");
            describe_node(out, node->b);
        }
        break;
    case NODE_AND:
        add_two(out, node, " && ");
        break;
    case NODE_OR:
        add_two(out, node, " || ");
        break;
    case NODE_SEQUENCE:
        add_two(out, node, "; ");
        break;
    case NODE_NOT:
        text_add(out, "! ");
        describe_node(out, node->a);
        break;
    case NODE_SUBSHELL:
        text_add(out, "(");
        describe_node(out, node->a);
        text_add(out, ")");
        break;
    case NODE_BACKGROUND:
        describe_node(out, node->a);
        text_add(out, " &");
        break;
    case NODE_GROUP:
        text_add(out, "{ ");
        describe_node(out, node->a);
        text_add(out, "; }");
        break;
    case NODE_IF:
        text_add(out, "if ...");
        break;
    case NODE_WHILE:
    case NODE_UNTIL:
        text_add(out, "while ...");
        break;
    case NODE_FOR:
        text_add(out, "for ");
        text_add(out, node->name);
        text_add(out, " ...");
        break;
    case NODE_CASE:
        text_add(out, "case ...");
        break;
    case NODE_FUNCTION:
        text_add(out, node->name);
        text_add(out, "()");
        break;
    }
}

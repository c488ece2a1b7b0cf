/* SPDX-License-Identifier: MIT */
/*
 * vars.c - shell variables, the environment, `local`.
 */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct variable *variables;

/* What `local` replaced; depth tells the function call. */
struct saved {
    struct saved *next;
    char *name, *value;
    int depth;
};
static struct saved *saved_values;

bool name_is_valid(const char *s, size_t length)
{
    if (length == 0 || isdigit((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)s[i]) && s[i] != '_')
            return false;
    }
    return true;
}

static struct variable *find(const char *name)
{
    for (struct variable *v = variables; v != NULL; v = v->next) {
        if (strcmp(v->name, name) == 0)
            return v;
    }
    return NULL;
}

static struct variable *need(const char *name)
{
    struct variable *v = find(name);

    if (v == NULL) {
        v = sh_alloc(sizeof *v);
        v->name = sh_copy(name);
        v->next = variables;
        variables = v;
    }
    return v;
}

void vars_import(char **environment)
{
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        size_t length = equals != NULL ? (size_t)(equals - *environment) : 0;
        char *name;

        if (!name_is_valid(*environment, length))
            continue;
        name = strndup(*environment, length);
        if (name == NULL)
            continue;
        var_set(name, equals + 1);
        var_export(name);
        free(name);
    }
}

const char *var_get(const char *name)
{
    struct variable *v = find(name);

    return v != NULL ? v->value : NULL;
}

bool var_set(const char *name, const char *value)
{
    struct variable *v = need(name);
    char *copy;

    if (v->read_only) {
        sh_error("%s: read-only variable", name);
        return false;
    }
    copy = sh_copy(value);
    free(v->value);
    v->value = copy;
    return true;
}

void var_unset(const char *name)
{
    for (struct variable **link = &variables; *link != NULL; link = &(*link)->next) {
        struct variable *v = *link;

        if (strcmp(v->name, name) != 0)
            continue;
        if (v->read_only) {
            sh_error("%s: read-only variable", name);
            return;
        }
        *link = v->next;
        free(v->name);
        free(v->value);
        free(v);
        return;
    }
}

void var_export(const char *name)
{
    need(name)->exported = true;
}

void var_read_only(const char *name)
{
    need(name)->read_only = true;
}

static int by_name(const void *a, const void *b)
{
    const struct variable *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

void vars_print(bool exported_only, const char *prefix)
{
    size_t count = 0, used = 0;
    struct variable **list;

    for (struct variable *v = variables; v != NULL; v = v->next)
        count++;
    list = sh_alloc((count + 1) * sizeof *list);
    for (struct variable *v = variables; v != NULL; v = v->next) {
        if (v->value != NULL && (v->exported || !exported_only))
            list[used++] = v;
    }
    qsort(list, used, sizeof *list, by_name);
    for (size_t i = 0; i < used; i++) {
        printf("%s%s='", prefix, list[i]->name);
        for (const char *s = list[i]->value; *s != '\0'; s++) {
            if (*s == '\'')
                fputs("'\\''", stdout);
            else
                putchar(*s);
        }
        puts("'");
    }
    free(list);
    fflush(stdout);
}

char **vars_environment(void)
{
    size_t count = 0;
    char **environment;

    for (struct variable *v = variables; v != NULL; v = v->next)
        count++;
    environment = sh_alloc((count + 1) * sizeof *environment);
    count = 0;
    for (struct variable *v = variables; v != NULL; v = v->next) {
        struct text text = {0};

        if (!v->exported || v->value == NULL)
            continue;
        text_add(&text, v->name);
        text_put(&text, '=');
        text_add(&text, v->value);
        environment[count++] = text_end(&text);
    }
    return environment;
}

void var_local(const char *name)
{
    struct saved *saved = sh_alloc(sizeof *saved);
    const char *value = var_get(name);

    saved->name = sh_copy(name);
    saved->value = value != NULL ? sh_copy(value) : NULL;
    saved->depth = shell.function_depth;
    saved->next = saved_values;
    saved_values = saved;
}

void locals_begin(void)
{
    shell.function_depth++;
}

void locals_end(void)
{
    while (saved_values != NULL && saved_values->depth == shell.function_depth) {
        struct saved *saved = saved_values;

        saved_values = saved->next;
        if (saved->value != NULL)
            var_set(saved->name, saved->value);
        else
            var_unset(saved->name);
        free(saved->name);
        free(saved->value);
        free(saved);
    }
    shell.function_depth--;
}

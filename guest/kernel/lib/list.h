/* SPDX-License-Identifier: MIT */
/*
 * list.h - doubly linked lists whose links live inside the listed structures.
 *
 * A `struct list` is either a head or a link; an empty head (and a link that is
 * on no list) points at itself.  No locking: the owner of a list says what
 * protects it.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/types.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_between_(struct list *link, struct list *before, struct list *after)
{
    link->prev = before;
    link->next = after;
    before->next = link;
    after->prev = link;
}

/* Put `link` first / last.  => `link` is on no list. */
static inline void list_push_front(struct list *head, struct list *link)
{
    list_insert_between_(link, head, head->next);
}

static inline void list_push_back(struct list *head, struct list *link)
{
    list_insert_between_(link, head->prev, head);
}

/* Take `link` off its list.  => afterwards it points at itself; removing twice is harmless. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Take off and return the first link.  => NULL if the list is empty. */
static inline struct list *list_pop_front(struct list *head)
{
    struct list *link = head->next;

    if (link == head) {
        return NULL;
    }
    list_remove(link);
    return link;
}

#define list_entry(link, type, member) container_of(link, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

/* Visit every link; the list must not change meanwhile. */
#define list_for_each(link, head) \
    for (struct list *link = (head)->next; link != (head); link = link->next)

/* The same, and the visited link may be removed. */
#define list_for_each_safe(link, following, head)                                   \
    for (struct list *link = (head)->next, *following = link->next; link != (head); \
         link = following, following = link->next)

#endif

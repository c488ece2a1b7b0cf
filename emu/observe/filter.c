/* SPDX-License-Identifier: MIT */
/* filter.c - conditions on faults. */
#include "emu/observe/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/nearest.h"

_Static_assert(FAULT_KIND_COUNT <= 32, "kinds are bits of a word");

static bool number(const char *text, u64 *out, const char **end)
{
    char *stop;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &stop, 0);
    *end = stop;
    return !errno;
}

static bool take_kind(struct filter *f, const char *value, struct error *err)
{
    struct nearest nearest = nearest_begin(value);
    size_t n = strlen(value);

    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        const char *name = fault_kind_name(kind);
        nearest_offer(&nearest, name);
        if (!strncmp(name, value, n) && (name[n] == 0 || name[n] == '-'))
            f->kinds |= 1u << kind;
    }
    /* The full name means itself only: file-map is not also file-map-something. */
    unsigned exact = fault_kind_by_name(value, n);
    if (exact)
        f->kinds = 1u << exact;
    if (f->kinds)
        return true;
    return error_set(err, EINVAL, "there is no fault kind '%s'%s%s", value,
                     nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "");
}

static bool take_range(struct filter *f, const char *value, struct error *err)
{
    const char *end;

    f->has_va = true;
    if (!number(value, &f->va_from, &end))
        return error_set(err, EINVAL, "va=%s: not an address", value);
    f->va_to = f->va_from + 1;
    if (!strncmp(end, "..", 2) && !number(end + 2, &f->va_to, &end))
        return error_set(err, EINVAL, "va=%s: not a range A..B", value);
    else if (!strncmp(end, ",+", 2)) {
        u64 length;
        if (!number(end + 2, &length, &end))
            return error_set(err, EINVAL, "va=%s: not a range A,+LENGTH", value);
        f->va_to = f->va_from + length;
    }
    return *end ? error_set(err, EINVAL, "va=%s: what is '%s'?", value, end) : true;
}

static bool take_table(const char *value, const char *(*name)(unsigned), unsigned count, u8 *out,
                       bool *has, struct error *err)
{
    struct nearest nearest = nearest_begin(value);

    for (unsigned i = 0; i < count; i++) {
        nearest_offer(&nearest, name(i));
        if (!strcmp(name(i), value)) {
            *out = (u8)i;
            *has = true;
            return true;
        }
    }
    return error_set(err, EINVAL, "there is no '%s'%s%s", value,
                     nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "");
}

static bool take_term(struct filter *f, char *term, struct error *err)
{
    char *value = strchr(term, '=');
    const char *end;
    u64 n = 0;

    if (!value)
        return error_set(err, EINVAL,
                         "'%s': write kind=, pid=, va=, area=, result= or count=", term);
    *value++ = 0;
    if (!strcmp(term, "kind"))
        return take_kind(f, value, err);
    if (!strcmp(term, "va"))
        return take_range(f, value, err);
    if (!strcmp(term, "area"))
        return take_table(value, area_kind_name, AREA_KIND_COUNT, &f->area, &f->has_area, err);
    if (!strcmp(term, "result"))
        return take_table(value, fault_result_name, FAULT_RESULT_COUNT, &f->result, &f->has_result,
                          err);
    if (strcmp(term, "pid") && strcmp(term, "count"))
        return error_set(err, EINVAL, "'%s' is not one of kind, pid, va, area, result, count",
                         term);
    if (!number(value, &n, &end) || *end || n > UINT32_MAX)
        return error_set(err, EINVAL, "%s=%s: not a number", term, value);
    if (!strcmp(term, "pid")) {
        f->pid = (u32)n;
        f->has_pid = true;
    } else {
        f->count = n ? n : 1;
    }
    return true;
}

bool filter_parse(const char *text, struct filter *out, struct error *err)
{
    char *copy = strdup(text ? text : ""), *rest = copy, *term;
    bool ok = true;

    memset(out, 0, sizeof *out);
    out->count = 1;
    while (ok && copy && (term = strsep(&rest, " \t")) != NULL)
        if (*term)
            ok = take_term(out, term, err);
    free(copy);
    return ok;
}

bool filter_match(const struct filter *f, const struct trace_record *r)
{
    if (r->type != RECORD_FAULT)
        return false;
    if (f->kinds && !(r->fault.kind < 32 && f->kinds >> r->fault.kind & 1))
        return false;
    if (f->has_pid && r->pid != f->pid)
        return false;
    if (f->has_va && (r->fault.va < f->va_from || r->fault.va >= f->va_to))
        return false;
    if (f->has_area && r->fault.area != f->area)
        return false;
    return !f->has_result || r->fault.result == f->result;
}

void filter_text(const struct filter *f, char *out, size_t size)
{
    size_t n = 0;

#define ADD(...)                                                               \
    do {                                                                       \
        int more = snprintf(out + n, size - n, __VA_ARGS__);                   \
        n = more > 0 && (size_t)more < size - n ? n + (size_t)more : size - 1; \
    } while (0)
    out[0] = 0;
    if (f->kinds) {
        const char *separator = "kind=";
        for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++)
            if (f->kinds >> kind & 1) {
                ADD("%s%s", separator, fault_kind_name(kind));
                separator = "|";
            }
    }
    if (f->has_pid)
        ADD("%spid=%u", n ? " " : "", f->pid);
    if (f->has_va)
        ADD("%sva=0x%" PRIx64 "..0x%" PRIx64, n ? " " : "", f->va_from, f->va_to);
    if (f->has_area)
        ADD("%sarea=%s", n ? " " : "", area_kind_name(f->area));
    if (f->has_result)
        ADD("%sresult=%s", n ? " " : "", fault_result_name(f->result));
    if (f->count > 1)
        ADD("%scount=%" PRIu64, n ? " " : "", f->count);
    if (!n)
        snprintf(out, size, "every fault");
#undef ADD
}

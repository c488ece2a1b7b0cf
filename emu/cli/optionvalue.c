/* SPDX-License-Identifier: MIT */
/* optionvalue.c - see optionvalue.h. */
#include "emu/cli/optionvalue.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emu/base/bits.h"

#define RAM_MIN (2ull << 20)
#define RAM_MAX (64ull << 30)

/* One item of "a=b,c,d=e"; in a value ",," stands for a comma, as in QEMU. */
struct item {
    char name[64];
    char value[4096]; /* "on" when there is no = */
};

/* Takes the next item; false at the end.  A name that is too long is cut and so not known. */
static bool next_item(const char **text, struct item *item)
{
    const char *p = *text;
    size_t n = 0;
    if (!*p) {
        return false;
    }
    for (; *p && *p != ',' && *p != '='; p++) {
        if (n < sizeof item->name - 1) {
            item->name[n++] = *p;
        }
    }
    item->name[n] = 0;
    n = 0;
    if (*p != '=') {
        memcpy(item->value, "on", 3);
    } else {
        for (p++; *p; p++) {
            if (*p == ',' && *++p != ',') {
                p--;
                break;
            }
            if (n < sizeof item->value - 1) {
                item->value[n++] = *p;
            }
        }
        item->value[n] = 0;
    }
    *text = *p == ',' ? p + 1 : p;
    return true;
}

static bool switch_value(const char *text, bool *value)
{
    static const char *const on[] = {"on", "true", "yes", "1"};
    static const char *const off[] = {"off", "false", "no", "0"};
    for (size_t i = 0; i < ARRAY_LENGTH(on); i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *value = strcmp(text, on[i]) == 0;
            return true;
        }
    }
    return false;
}

bool options_size(const char *text, u64 *bytes)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    unsigned shift = 20;
    static const char suffixes[] = "BKMGT";
    if (*end) {
        char upper = *end >= 'a' ? (char)(*end - 32) : *end;
        const char *suffix = strchr(suffixes, upper);
        if (!suffix || end[1]) {
            return false;
        }
        shift = (unsigned)(10 * (suffix - suffixes));
    }
    if (errno || number > UINT64_MAX >> shift) {
        return false;
    }
    *bytes = (u64)number << shift;
    return true;
}

bool value_number(const char *option, const char *text, u64 *value, struct error *err)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end || errno) {
        return error_set(err, EINVAL, "%s %s: not a number", option, text);
    }
    *value = number;
    return true;
}

bool value_seconds(const char *text, u64 *nanoseconds, struct error *err)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e9) {
        return error_set(err, EINVAL, "--timeout %s: not a number of seconds", text);
    }
    *nanoseconds = (u64)(seconds * 1e9);
    return true;
}

bool value_machine(const char *text, struct error *err)
{
    if (strcmp(text, "virt") != 0 && strncmp(text, "virt,", 5) != 0) {
        return error_set(err, EINVAL, "-machine %s: there is only virt", text);
    }
    if (text[4] == ',' && text[5]) {
        return error_set(err, EINVAL, "-machine %s: virt has no options here", text);
    }
    return true;
}

bool value_cpu(struct cpu_config *cpu, const char *text, struct error *err)
{
    const struct {
        const char *name;
        bool *flag;
    } parts[] = {
        {"svadu", &cpu->svadu},   {"sstc", &cpu->sstc},     {"svvptc", &cpu->svvptc},
        {"zicboz", &cpu->zicboz}, {"zba", &cpu->zba},       {"zbb", &cpu->zbb},
        {"zbs", &cpu->zbs},       {"zicond", &cpu->zicond}, {"sv48", &cpu->sv48},
    };
    struct item item;
    if (!next_item(&text, &item) ||
        (strcmp(item.name, "rv64") != 0 && strcmp(item.name, "max") != 0)) {
        return error_set(err, EINVAL, "-cpu %s: there is only rv64", item.name);
    }
    while (next_item(&text, &item)) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
            if (strcmp(item.name, parts[i].name) == 0) {
                known = true;
                if (!switch_value(item.value, parts[i].flag)) {
                    return error_set(err, EINVAL, "-cpu %s=%s: on or off", item.name, item.value);
                }
            }
        }
        if (!known) {
            return error_set(err, EINVAL,
                             "-cpu: %s cannot be chosen; svadu sstc svvptc zicboz zba "
                             "zbb zbs zicond sv48 can",
                             item.name);
        }
    }
    return true;
}

bool value_memory(const char *text, u64 *bytes, struct error *err)
{
    const char *size = strncmp(text, "size=", 5) == 0 ? text + 5 : text;
    if (!options_size(size, bytes)) {
        return error_set(err, EINVAL, "-m %s: not a size (try 128M)", text);
    }
    if (*bytes < RAM_MIN || *bytes > RAM_MAX) {
        return error_set(err, EINVAL, "-m %s: RAM can be 2M to 64G", text);
    }
    *bytes = align_up(*bytes, 4096);
    return true;
}

bool value_harts(const char *text, unsigned *harts, struct error *err)
{
    char *end;
    const char *number = strncmp(text, "cpus=", 5) == 0 ? text + 5 : text;
    unsigned long value = strtoul(number, &end, 10);
    if (end == number || *end || value < 1 || value > MACHINE_MAX_HARTS) {
        return error_set(err, EINVAL, "-smp %s: a number of harts from 1 to %d", text,
                         MACHINE_MAX_HARTS);
    }
    *harts = (unsigned)value;
    return true;
}

bool value_policy(const char *text, struct error *err)
{
    static const char *const name[] = {
#define POLICY(symbol, policy_name, help) policy_name,
#include "policy.def"
    };
    static const char all[] =
#define POLICY(symbol, policy_name, help) " " policy_name
#include "policy.def"
        ;

    for (size_t i = 0; i < ARRAY_LENGTH(name); i++) {
        if (strcmp(text, name[i]) == 0) {
            return true;
        }
    }
    return error_set(err, EINVAL, "--policy %s: there are%s", text, all);
}

bool value_rtc(const char *text, u64 *epoch, struct error *err)
{
    struct item item;
    while (next_item(&text, &item)) {
        struct tm date = {0};
        const char *rest;
        if (strcmp(item.name, "base") != 0) {
            return error_set(err, EINVAL, "-rtc %s: not supported; base=DATE or base=utc",
                             item.name);
        }
        if (strcmp(item.value, "utc") == 0) {
            *epoch = (u64)time(NULL);
            continue;
        }
        rest = strptime(item.value, "%Y-%m-%dT%H:%M:%S", &date);
        rest = rest ? rest : strptime(item.value, "%Y-%m-%d", &date);
        time_t seconds = rest && !*rest ? timegm(&date) : -1;
        if (seconds < 0) {
            return error_set(err, EINVAL, "-rtc base=%s: utc, or a date like 2026-01-31T12:00:00",
                             item.value);
        }
        *epoch = (u64)seconds;
    }
    return true;
}

static bool drive_item(struct drive_option *d, const struct item *item, struct error *err)
{
    const char *v = item->value;
    if (strcmp(item->name, "file") == 0) {
        free(d->file);
        d->file = strdup(v);
        return d->file || error_set(err, ENOMEM, "out of memory");
    }
    if (strcmp(item->name, "id") == 0) {
        snprintf(d->id, sizeof d->id, "%.63s", v);
        return true;
    }
    if (strcmp(item->name, "format") == 0) {
        return strcmp(v, "raw") == 0 ||
               error_set(err, EINVAL,
                         "-drive format=%s: not supported; nearest: format=raw "
                         "(qemu-img convert -O raw)",
                         v);
    }
    if (strcmp(item->name, "if") == 0) {
        d->direct = strcmp(v, "virtio") == 0;
        return d->direct || strcmp(v, "none") == 0 ||
               error_set(err, EINVAL, "-drive if=%s: not supported; nearest: if=virtio", v);
    }
    if (strcmp(item->name, "readonly") == 0 || strcmp(item->name, "read-only") == 0) {
        return switch_value(v, &d->read_only) ||
               error_set(err, EINVAL, "-drive readonly=%s: on or off", v);
    }
    if (strcmp(item->name, "snapshot") == 0) {
        return switch_value(v, &d->snapshot) ||
               error_set(err, EINVAL, "-drive snapshot=%s: on or off", v);
    }
    if (strcmp(item->name, "write-log") == 0) {
        free(d->write_log);
        d->write_log = strdup(v);
        return d->write_log || error_set(err, ENOMEM, "out of memory");
    }
    /* Ways of caching change nothing that can be seen. */
    static const char *const ignored[] = {"cache", "aio",    "discard", "media",
                                          "index", "werror", "rerror"};
    for (size_t i = 0; i < ARRAY_LENGTH(ignored); i++) {
        if (strcmp(item->name, ignored[i]) == 0) {
            return true;
        }
    }
    return error_set(err, EINVAL,
                     "-drive %s=%s: not supported; file, format, if, id, readonly, "
                     "snapshot and write-log are",
                     item->name, v);
}

bool value_drive(struct options *o, const char *text, struct error *err)
{
    struct item item;
    if (o->drives == OPTIONS_MAX_DRIVES) {
        return error_set(err, EINVAL, "-drive can be given up to %d times", OPTIONS_MAX_DRIVES);
    }
    struct drive_option *d = &o->drive[o->drives++];
    *d = (struct drive_option){.direct = true, .order = -1};
    while (next_item(&text, &item)) {
        if (!drive_item(d, &item, err)) {
            return false;
        }
    }
    if (!d->file) {
        return error_set(err, EINVAL, "-drive needs file=");
    }
    if (d->direct) {
        d->order = o->attached++;
    }
    return true;
}

static bool attach_drive(struct options *o, const char *id, struct error *err)
{
    for (unsigned i = 0; i < o->drives; i++) {
        if (strcmp(o->drive[i].id, id) == 0 && id[0]) {
            if (o->drive[i].order >= 0) {
                return error_set(err, EINVAL, "-device: drive %s is attached already", id);
            }
            o->drive[i].order = o->attached++;
            return true;
        }
    }
    return error_set(err, EINVAL, "-device: there is no -drive with id=%s", id);
}

bool value_device(struct options *o, const char *text, struct error *err)
{
    static const char *const present[] = {"virtio-rng-device", "virtio-serial-device",
                                          "virtconsole"};
    struct item item;
    next_item(&text, &item);
    for (size_t i = 0; i < ARRAY_LENGTH(present); i++) {
        if (strcmp(item.name, present[i]) == 0) {
            return true;
        }
    }
    if (strcmp(item.name, "virtio-blk-device") != 0) {
        return error_set(err, EINVAL,
                         "-device %s: not supported; virtio-blk-device, "
                         "virtio-rng-device and virtio-serial-device are",
                         item.name);
    }
    while (next_item(&text, &item)) {
        if (strcmp(item.name, "drive") == 0 && item.value[0]) {
            if (o->devices == OPTIONS_MAX_DRIVES) {
                return error_set(err, EINVAL, "-device: more than %d disks", OPTIONS_MAX_DRIVES);
            }
            snprintf(o->device[o->devices++], sizeof o->device[0], "%.63s", item.value);
            return true;
        }
    }
    return error_set(err, EINVAL, "-device virtio-blk-device needs drive=ID");
}

bool value_attach_drives(struct options *o, struct error *err)
{
    for (unsigned i = 0; i < o->devices; i++) {
        if (!attach_drive(o, o->device[i], err)) {
            return false;
        }
    }
    return true;
}

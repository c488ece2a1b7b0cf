/* SPDX-License-Identifier: MIT */
/*
 * fail.c - fail, info fail: disk requests and allocations of frames that fail on purpose.
 *
 * Disk requests fail in the device; frames in the guest's kernel, which publishes a block of words
 * for it (struct probe_failure) and is told by a software interrupt.  Either way the guest sees
 * something that it would not have seen, so the command is logged as an input of the machine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/mem/ram.h"
#include "emu/monitor/fail.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"
#include "probe.h"

COMMAND_HANDLER(fail);
COMMAND_HANDLER(failures);

enum target { TARGET_ANY, TARGET_SWAP };

static const struct what {
    const char *name;
    enum blk_operation operation;
    enum target target;
} disk_kinds[] = {
    {"block-read", BLK_READ, TARGET_ANY},   {"block-write", BLK_WRITE, TARGET_ANY},
    {"block-flush", BLK_FLUSH, TARGET_ANY}, {"swap-read", BLK_READ, TARGET_SWAP},
    {"swap-write", BLK_WRITE, TARGET_SWAP},
};

struct settings {
    u64 every, after, count, pid;
    bool off, has_count;
    int disk; /* -1: all */
};

static bool parse_number(const char *text, u64 *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 0);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

static bool parse_word(struct settings *s, const char *word, struct error *err)
{
    const char *value = strchr(word, '=');
    size_t length = value ? (size_t)(value - word) : 0;

    if (strcmp(word, "off") == 0) {
        s->off = true;
        return true;
    }
    value = value ? value + 1 : "";
    if (length == 5 && strncmp(word, "every", 5) == 0 && parse_number(value, &s->every) && s->every)
        return true;
    if (length == 5 && strncmp(word, "after", 5) == 0 && parse_number(value, &s->after))
        return true;
    if (length == 3 && strncmp(word, "pid", 3) == 0 && parse_number(value, &s->pid))
        return true;
    if (length == 5 && strncmp(word, "count", 5) == 0) {
        s->has_count = true;
        if (strcmp(value, "all") == 0) {
            s->count = UINT64_MAX;
            return true;
        }
        if (parse_number(value, &s->count) && s->count)
            return true;
    }
    if (length == 4 && strncmp(word, "disk", 4) == 0 && strncmp(value, "vd", 2) == 0 &&
        value[2] >= 'a' && value[2] <= 'z' && !value[3]) {
        s->disk = value[2] - 'a';
        return true;
    }
    return error_set(err, EINVAL, "%s: say every=N or after=N, count=K|all, disk=vda, pid=P, off",
                     word);
}

static bool parse_settings(struct settings *s, const char *text, struct error *err)
{
    char copy[256], *save = NULL;

    *s = (struct settings){.after = UINT64_MAX, .disk = -1};
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    for (char *word = strtok_r(copy, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
        if (!parse_word(s, word, err))
            return false;
    if (!s->off && (s->every != 0) == (s->after != UINT64_MAX))
        return error_set(err, EINVAL, "say every=N or after=N, one of them, or off");
    if (!s->has_count)
        s->count = s->every ? UINT64_MAX : 1;
    if (s->off)
        s->count = 0;
    return true;
}

/* ---- disks ---- */

static bool is_swap(const struct machine *m, unsigned index)
{
    struct disk *d = machine_config_of(m)->disk[index];
    u8 sector[DISK_SECTOR];

    return disk_read(d, 7, sector, 1) == 0 && memcmp(sector + 502, "SWAPSPACE2", 10) == 0;
}

static bool arm_disks(struct call *call, const struct what *what, const struct settings *s)
{
    unsigned count = machine_config_of(call->machine)->disk_count, armed = 0;

    for (unsigned i = 0; i < count; i++) {
        struct failure *f = machine_disk_failure(call->machine, i, what->operation);
        if (!f || (s->disk >= 0 && (unsigned)s->disk != i) ||
            (what->target == TARGET_SWAP && !is_swap(call->machine, i)))
            continue;
        failure_arm(f, s->every, s->after, s->count);
        armed++;
    }
    return armed || error_set(&call->error, ENODEV, "there is no such disk");
}

/* ---- frames ---- */

static struct probe_failure *guest_block(struct monitor *m)
{
    const struct probe_layout *l = observer_layout(m->observer);

    return observer_has_layout(m->observer) && l->failure
               ? ram_pointer(machine_ram(m->machine), l->failure, sizeof(struct probe_failure))
               : NULL;
}

static void write_block(struct monitor *m, struct probe_failure *block)
{
    block->every = m->fail_frame.every;
    block->after = m->fail_frame.after;
    block->left = m->fail_frame.left;
    block->pid = m->fail_frame.pid;
    block->changed = 1;
    machine_software_interrupt(m->machine, 0);
}

/* The guest had not yet told where its words are when it was asked for: a script at the start. */
static void try_again(void *ctx)
{
    struct monitor *m = ctx;
    struct probe_failure *block = guest_block(m);

    if (block) {
        write_block(m, block);
        machine_unlisten(m->machine, m->fail_listener);
        m->fail_waits = false;
    }
}

static void arm_frames(struct monitor *m, const struct settings *s)
{
    struct probe_failure *block = guest_block(m);

    m->fail_frame = (struct probe_failure){
        .every = s->every, .after = s->after, .left = s->count, .pid = s->pid};
    if (block) {
        write_block(m, block);
    } else if (!m->fail_waits) {
        m->fail_listener = machine_on_slice(m->machine, try_again, m);
        m->fail_waits = true;
    }
}

void fail_detach(struct monitor *m)
{
    if (m->fail_waits)
        machine_unlisten(m->machine, m->fail_listener);
}

/* ---- the commands ---- */

static bool arm(struct call *call, const char *what, const struct settings *s)
{
    if (strcmp(what, "frame") == 0) {
        arm_frames(call->monitor, s);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(disk_kinds); i++)
        if (strcmp(what, disk_kinds[i].name) == 0)
            return arm_disks(call, &disk_kinds[i], s);
    return error_set(&call->error, EINVAL,
                     "%s: say frame, block-read, block-write, block-flush, swap-read, swap-write "
                     "or off",
                     what);
}

static void arm_nothing(struct call *call)
{
    struct settings off = {.off = true, .disk = -1};
    struct error ignored = {0};

    arm_frames(call->monitor, &off);
    for (size_t i = 0; i < ARRAY_LENGTH(disk_kinds); i++)
        arm_disks(&(struct call){.machine = call->machine, .error = ignored}, &disk_kinds[i], &off);
}

json_t *run_fail(struct call *call)
{
    const char *what = call_text(call, "what"), *text = call_text(call, "settings");
    struct settings settings;
    char line[320];

    if (!what)
        return run_failures(call);
    snprintf(line, sizeof line, "fail %s %s", what, text ? text : "");
    if (strcmp(what, "off") == 0) {
        arm_nothing(call);
    } else if (!parse_settings(&settings, text, &call->error) || !arm(call, what, &settings)) {
        return NULL;
    }
    machine_log_command(call->machine, line);
    return run_failures(call);
}

void show_fail(const json_t *value, struct buffer *out)
{
    show_failures(value, out);
}

static void set_limit(json_t *entry, const char *name, u64 value, const char *none)
{
    if (value == UINT64_MAX)
        value_set_text(entry, name, "%s", none);
    else
        value_set_text(entry, name, "%" PRIu64, value);
}

static void add_entry(json_t *list, const char *what, const char *disk, const struct failure *f)
{
    json_t *entry = json_object();

    value_set_text(entry, "what", "%s", what);
    value_set_text(entry, "disk", "%s", disk);
    value_set_count(entry, "every", f->every);
    set_limit(entry, "after", f->after, "");
    set_limit(entry, "left", f->left, "all");
    value_set_count(entry, "seen", f->seen);
    value_set_count(entry, "failed", f->failed);
    json_array_append_new(list, entry);
}

json_t *run_failures(struct call *call)
{
    const struct probe_failure *block = guest_block(call->monitor);
    const struct probe_failure *p = block ? block : &call->monitor->fail_frame;
    json_t *value = json_object(), *list = json_array();

    add_entry(list, "frame", "",
              &(struct failure){.every = p->every,
                                .after = p->every ? UINT64_MAX : p->after,
                                .left = p->left,
                                .seen = p->seen,
                                .failed = p->failed});
    for (unsigned i = 0; i < machine_config_of(call->machine)->disk_count; i++) {
        char name[4] = {'v', 'd', (char)('a' + i), 0};
        for (int operation = 0; operation < BLK_OPERATIONS; operation++)
            add_entry(list, disk_kinds[operation].name, name,
                      machine_disk_failure(call->machine, i, (enum blk_operation)operation));
    }
    json_object_set_new(value, "failures", list);
    return value;
}

void show_failures(const json_t *value, struct buffer *out)
{
    size_t i;
    const json_t *entry;

    buffer_printf(out, "what         disk      seen    failed  armed\n");
    json_array_foreach(value_list(value, "failures"), i, entry)
    {
        const char *left = value_string(entry, "left");
        buffer_printf(out, "%-12s %-4s %9" PRIu64 " %9" PRIu64, value_string(entry, "what"),
                      value_string(entry, "disk"), value_u64(entry, "seen"),
                      value_u64(entry, "failed"));
        if (strcmp(left, "0") == 0)
            buffer_printf(out, "  no\n");
        else if (value_u64(entry, "every"))
            buffer_printf(out, "  every %" PRIu64 ", %s left\n", value_u64(entry, "every"), left);
        else
            buffer_printf(out, "  after %s, %s left\n", value_string(entry, "after"), left);
    }
}

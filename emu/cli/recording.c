/* SPDX-License-Identifier: MIT */
/* recording.c - see recording.h. */
#include "emu/cli/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/observe/observe.h"
#include "emu/trace/sha256.h"

#define HASH_MAX (512ull << 20) /* larger disks are named, not hashed */
#define PIECE_SECTORS 2048u

/* The name of the program under test: of `run PROG`, or the first word of --exec. */
static void program_name(const struct options *o, char *name, size_t size)
{
    const char *text = o->run ? o->program[0] : o->exec ? o->exec : "";
    size_t length = o->run ? strlen(text) : strcspn(text, " \t\n;|&<>(){}'\"$`");
    size_t start = length;
    while (start > 0 && text[start - 1] != '/') {
        start--;
    }
    snprintf(name, size, "%.*s", (int)(length - start), text + start);
}

static void add_disk(struct pft_info *info, unsigned number, struct disk *d)
{
    char role[8], text[PFT_SHA256_TEXT] = "";
    u64 sectors = disk_sectors(d);
    snprintf(role, sizeof role, "vd%c", 'a' + (int)number % 26);
    u8 *piece = sectors * DISK_SECTOR <= HASH_MAX ? malloc(PIECE_SECTORS * DISK_SECTOR) : NULL;
    if (piece) {
        struct sha256 hash;
        sha256_begin(&hash);
        for (u64 at = 0; at < sectors; at += PIECE_SECTORS) {
            u32 n = sectors - at < PIECE_SECTORS ? (u32)(sectors - at) : PIECE_SECTORS;
            if (disk_read(d, at, piece, n) == 0) {
                sha256_add(&hash, piece, (size_t)n * DISK_SECTOR);
            }
        }
        u8 digest[32];
        sha256_end(&hash, digest);
        for (unsigned i = 0; i < sizeof digest; i++) {
            snprintf(text + 2 * i, 3, "%02x", digest[i]);
        }
        free(piece);
    }
    pft_info_add_hash(info, role, disk_name(d), text, sectors * DISK_SECTOR);
}

static void fill_info(struct pft_info *info, const struct session *s, int argc, char *const *argv)
{
    const struct machine_config *c = &s->config;
    char program[64];
    pft_info_init(info);
    pft_info_text(&info->tool, "faultline " FAULTLINE_VERSION);
    program_name(s->options, program, sizeof program);
    if (program[0]) {
        pft_info_text(&info->program, program);
    }
    if (c->append) {
        pft_info_text(&info->append, c->append);
    }
    pft_info_text(&info->engine, c->engine);
    info->ram_size = c->ram_size;
    info->seed = c->seed;
    info->harts = c->harts;
    if (c->kernel.data) {
        pft_info_add_image(info, "kernel", c->kernel.name, c->kernel.data, c->kernel.size);
    }
    if (c->firmware.data) {
        pft_info_add_image(info, "firmware", c->firmware.name, c->firmware.data, c->firmware.size);
    }
    for (unsigned i = 0; i < c->disk_count; i++) {
        add_disk(info, i, c->disk[i]);
    }
    for (int i = 0; i < argc; i++) {
        pft_info_add_arg(info, argv[i]);
    }
}

bool recording_open(struct recording *r, const struct session *s, int argc, char *const *argv,
                    struct error *err)
{
    const struct options *o = s->options;
    char program[64];
    *r = (struct recording){0};
    if (o->expect) {
        program_name(o, program, sizeof program);
        r->expect = expect_parse(o->expect, err);
        r->scope = r->expect ? scope_create(program[0] ? program : NULL, NULL, NULL) : NULL;
        if (!r->scope) {
            expect_free(r->expect);
            return error_set(err, ENOMEM, "out of memory");
        }
    }
    if (o->trace) {
        fill_info(&r->info, s, argc, argv);
        r->writer = pft_create(o->trace, &r->info, err);
        pft_info_free(&r->info);
        if (!r->writer) {
            expect_free(r->expect);
            scope_free(r->scope);
            return false;
        }
    }
    return true;
}

bool recording_wanted(const struct recording *r)
{
    return r->writer || r->expect;
}

static void take_record(void *ctx, const struct trace_record *record)
{
    struct recording *r = ctx;
    if (r->writer) {
        pft_write(r->writer, record);
    }
    if (r->scope && scope_feed(r->scope, record)) {
        trace_count(&r->counts, record);
    }
}

void recording_connect(struct recording *r, struct observer *o)
{
    observer_add_sink(o, take_record, r);
}

int recording_close(struct recording *r, struct observer *o, int status)
{
    struct error err = {0};
    if (o && recording_wanted(r)) {
        observer_finish(o);
    }
    if (r->expect && !scope_found(r->scope)) {
        log_error("--expect counts the faults of one program and its children; it never ran (is it "
                  "built into the shell?)");
    }
    if (r->expect && !expect_holds(r->expect, &r->counts, stderr) && status == 0) {
        status = 1;
    }
    if (r->writer && !pft_finish(r->writer, &err)) {
        log_error("%s", err.text);
        status = EXIT_TROUBLE;
    }
    expect_free(r->expect);
    scope_free(r->scope);
    *r = (struct recording){0};
    return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * cut.c - `faultline cut LOG [IMAGE OUT]`: what a power cut would have left on a disk.
 *
 * LOG is what -drive file=...,write-log=LOG recorded.  Alone it is listed; with IMAGE (the disk as
 * it was before the run) and OUT, a copy is made that holds what the first N requests left.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/backend/disk.h"
#include "devices/backend/disklog.h"
#include "emu/base/log.h"
#include "emu/cli/cut.h"
#include "emu/cli/session.h"

#define PIECE (1u << 20)

static const char usage[] =
    "usage: faultline cut LOG                 list writes, flushes and marks\n"
    "       faultline cut LOG IMAGE OUT [--after N] [--seed S]\n"
    "OUT is IMAGE (the disk before the run) after the first N writes and flushes of LOG (all),\n"
    "the power having failed then.  Seed 0: nothing is lost; other seeds: of what was written "
    "since the\n"
    "last flush a part is lost, to the single sector, another part for each seed.\n";

static bool list_record(void *ctx, const struct disk_log_record *record)
{
    (void)ctx;
    if (record->type == DISK_LOG_WRITE) {
        printf("%" PRIu64 " write sector %" PRIu64 " count %u\n", record->request, record->sector,
               record->size / DISK_SECTOR);
    } else if (record->type == DISK_LOG_FLUSH) {
        printf("%" PRIu64 " flush\n", record->request);
    } else {
        printf("%" PRIu64 " mark %s\n", record->request, (const char *)record->data);
    }
    return true;
}

/* Copies what is not zero, so that a sparse image stays sparse. */
static bool copy_image(const char *from, int out, struct error *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    u8 *piece = calloc(2, PIECE); /* the second half stays zero */
    off_t at = 0;
    ssize_t n = -1;
    if (in >= 0 && piece) {
        while ((n = read(in, piece, PIECE)) > 0) {
            if (memcmp(piece, piece + PIECE, (size_t)n) != 0 &&
                pwrite(out, piece, (size_t)n, at) != n) {
                n = -1;
                break;
            }
            at += n;
        }
    }
    bool ok = (n == 0 && ftruncate(out, at) == 0) ||
              error_set(err, errno, "cannot copy %s: %s", from, strerror(errno));
    free(piece);
    if (in >= 0) {
        close(in);
    }
    return ok;
}

struct last_request {
    u64 request;
};

static bool count_requests(void *ctx, const struct disk_log_record *record)
{
    struct last_request *last = ctx;
    last->request = record->request;
    return true;
}

static bool make_image(const char *log, const char *image, const char *path, u64 after, u64 seed,
                       struct error *err)
{
    struct last_request last = {0};
    u64 sectors;
    if (after == UINT64_MAX) {
        if (!disk_log_read(log, count_requests, &last, &sectors, err)) {
            return false;
        }
        after = last.request;
    }
    int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0) {
        return error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    }
    bool ok = copy_image(image, out, err) && disk_log_cut(log, out, after, seed, err);
    if (close(out) != 0 && ok) {
        ok = error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    }
    return ok;
}

static bool number(const char *text, u64 *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return end != text && *end == 0 && errno == 0 && text[0] != '-';
}

int cut_main(int argc, char **argv)
{
    static const struct option options[] = {{"after", required_argument, NULL, 'a'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct error err = {0};
    u64 after = UINT64_MAX, seed = 0, sectors;
    int c;
    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if ((c != 'a' && c != 's') || !number(optarg, c == 'a' ? &after : &seed)) {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    argc -= optind;
    argv += optind;
    if (argc != 1 && argc != 3) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    bool ok = argc == 1 ? disk_log_read(argv[0], list_record, NULL, &sectors, &err)
                        : make_image(argv[0], argv[1], argv[2], after, seed, &err);
    if (!ok) {
        log_error("%s", err.text);
    }
    return ok ? 0 : EXIT_TROUBLE;
}

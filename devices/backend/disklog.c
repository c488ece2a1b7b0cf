/* SPDX-License-Identifier: MIT */
/* disklog.c - see disklog.h. */
#include "devices/backend/disklog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/backend/disk.h"
#include "emu/base/bits.h"

#define MAGIC "FLDISKLG"
#define VERSION 1u
#define FILE_HEADER 20u
#define RECORD_HEADER 13u
#define SIZE_MAX_RECORD (32u << 20)

struct disk_log {
    FILE *file;
    char *path;
    int failed; /* errno of the first write that failed */
};

/* ---- writing ---- */

static void put(struct disk_log *log, const void *data, size_t size)
{
    if (!log->failed && fwrite(data, 1, size, log->file) != size) {
        log->failed = errno ? errno : EIO;
    }
}

static void put_record(struct disk_log *log, enum disk_log_type type, u64 sector, const void *data,
                       u32 size)
{
    u8 header[RECORD_HEADER] = {(u8)type};
    store_u32(header + 1, size);
    store_u64(header + 5, sector);
    put(log, header, sizeof header);
    if (size) {
        put(log, data, size);
    }
}

struct disk_log *disk_log_create(const char *path, u64 sectors, struct error *err)
{
    struct disk_log *log = calloc(1, sizeof *log);
    u8 header[FILE_HEADER] = MAGIC;
    if (!log || !(log->path = strdup(path))) {
        free(log);
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    log->file = fopen(path, "wbe");
    if (!log->file) {
        error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
        free(log->path);
        free(log);
        return NULL;
    }
    store_u32(header + 8, VERSION);
    store_u64(header + 12, sectors);
    put(log, header, sizeof header);
    return log;
}

void disk_log_write(struct disk_log *log, u64 sector, const void *data, u32 sectors)
{
    put_record(log, DISK_LOG_WRITE, sector, data, sectors * DISK_SECTOR);
}

void disk_log_flush(struct disk_log *log)
{
    put_record(log, DISK_LOG_FLUSH, 0, NULL, 0);
}

void disk_log_mark(struct disk_log *log, const char *text)
{
    put_record(log, DISK_LOG_MARK, 0, text, (u32)strlen(text));
}

bool disk_log_close(struct disk_log *log, struct error *err)
{
    if (!log) {
        return true;
    }
    if (fclose(log->file) != 0 && !log->failed) {
        log->failed = errno;
    }
    bool ok = !log->failed ||
              error_set(err, log->failed, "cannot write %s: %s", log->path, strerror(log->failed));
    free(log->path);
    free(log);
    return ok;
}

/* ---- reading ---- */

static bool damaged(const char *path, struct error *err)
{
    return error_set(err, EINVAL, "%s: damaged, or no log of a disk's writes", path);
}

/* The next record, its data in *buffer (grown as needed).  1, 0 at the end, -1 damaged. */
static int next_record(FILE *file, u64 sectors, struct disk_log_record *record, u8 **buffer)
{
    u8 header[RECORD_HEADER];
    size_t got = fread(header, 1, sizeof header, file);
    if (got == 0) {
        return 0;
    }
    record->type = (enum disk_log_type)header[0];
    record->size = load_u32(header + 1);
    record->sector = load_u64(header + 5);
    if (got != sizeof header || record->size > SIZE_MAX_RECORD || record->type < DISK_LOG_WRITE ||
        record->type > DISK_LOG_MARK) {
        return -1;
    }
    if (record->type == DISK_LOG_WRITE && (record->size % DISK_SECTOR || record->sector > sectors ||
                                           record->size / DISK_SECTOR > sectors - record->sector)) {
        return -1;
    }
    u8 *bytes = realloc(*buffer, record->size + 1);
    if (!bytes) {
        return -1;
    }
    *buffer = bytes;
    record->data = bytes;
    bytes[record->size] = 0;
    record->request += record->type != DISK_LOG_MARK;
    return fread(bytes, 1, record->size, file) == record->size ? 1 : -1;
}

bool disk_log_read(const char *path, bool (*fn)(void *ctx, const struct disk_log_record *record),
                   void *ctx, u64 *sectors, struct error *err)
{
    struct disk_log_record record = {0};
    u8 header[FILE_HEADER], *buffer = NULL;
    FILE *file = fopen(path, "rbe");
    int result;
    if (!file) {
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    }
    if (fread(header, 1, sizeof header, file) != sizeof header || memcmp(header, MAGIC, 8) != 0 ||
        load_u32(header + 8) != VERSION) {
        fclose(file);
        return damaged(path, err);
    }
    *sectors = load_u64(header + 12);
    while ((result = next_record(file, *sectors, &record, &buffer)) > 0 && fn(ctx, &record)) {
    }
    free(buffer);
    fclose(file);
    return result >= 0 || damaged(path, err);
}

/* ---- the cut ---- */

/* SplitMix64: a new number of 64 bits from the state. */
static u64 random_next(u64 *state)
{
    u64 z = *state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* What becomes of writes that no flush followed. */
enum loss {
    LOSE_REQUESTS,    /* every second one, whole */
    LOSE_SECTORS,     /* every second sector: torn ones */
    LOSE_NEARLY_ALL,  /* one in eight gets there */
    LOSE_END_OF_LAST, /* the last is torn after some sectors */
    LOSS_COUNT
};

struct cut {
    int out;
    u64 after, last_flush; /* both are counts of requests */
    u64 seed, random;
    enum loss loss;
    u64 requests;
    int failed;
};

static bool find_flush(void *ctx, const struct disk_log_record *record)
{
    struct cut *cut = ctx;
    cut->requests = record->request;
    if (record->type == DISK_LOG_FLUSH && record->request <= cut->after) {
        cut->last_flush = record->request;
    }
    return record->request <= cut->after;
}

/* How many of a write's sectors from `first` on share its fate; *kept: they get to the disk. */
static u32 fate(struct cut *cut, const struct disk_log_record *record, u32 first, bool *kept)
{
    u32 sectors = record->size / DISK_SECTOR;
    *kept = true;
    if (cut->seed == 0 || record->request <= cut->last_flush) {
        return sectors - first;
    }
    switch (cut->loss) {
    case LOSE_SECTORS:
        *kept = random_next(&cut->random) & 1;
        return 1;
    case LOSE_NEARLY_ALL:
        *kept = (random_next(&cut->random) & 7) == 0;
        return sectors;
    case LOSE_END_OF_LAST:
        if (record->request < cut->after) {
            return sectors;
        }
        *kept = first == 0;
        return first ? sectors - first : (u32)(random_next(&cut->random) % sectors) + 1;
    default:
        *kept = random_next(&cut->random) & 1;
        return sectors;
    }
}

static bool apply(void *ctx, const struct disk_log_record *record)
{
    struct cut *cut = ctx;
    if (record->type != DISK_LOG_WRITE) {
        return true;
    }
    if (record->request > cut->after) {
        return false;
    }
    u32 sectors = record->size / DISK_SECTOR, n;
    for (u32 i = 0; i < sectors; i += n) {
        bool kept;
        n = fate(cut, record, i, &kept);
        size_t bytes = (size_t)n * DISK_SECTOR;
        if (kept && pwrite(cut->out, record->data + (size_t)i * DISK_SECTOR, bytes,
                           (off_t)((record->sector + i) * DISK_SECTOR)) != (ssize_t)bytes) {
            cut->failed = errno ? errno : EIO;
            return false;
        }
    }
    return true;
}

bool disk_log_cut(const char *path, int out, u64 after, u64 seed, struct error *err)
{
    struct cut cut = {.out = out, .after = after, .seed = seed, .random = seed ^ after << 32};
    u64 sectors;
    cut.loss = (enum loss)(random_next(&cut.random) % LOSS_COUNT);
    if (!disk_log_read(path, find_flush, &cut, &sectors, err)) {
        return false;
    }
    if (after > cut.requests) {
        return error_set(err, EINVAL, "%s has %llu requests, none to cut after number %llu", path,
                         (unsigned long long)cut.requests, (unsigned long long)after);
    }
    off_t size = lseek(out, 0, SEEK_END);
    if (size < 0 || (u64)size / DISK_SECTOR != sectors) {
        return error_set(err, EINVAL, "the image is not as large as the disk of %s (%llu bytes)",
                         path, (unsigned long long)sectors * DISK_SECTOR);
    }
    return disk_log_read(path, apply, &cut, &sectors, err) &&
           (!cut.failed ||
            error_set(err, cut.failed, "cannot write the image: %s", strerror(cut.failed)));
}

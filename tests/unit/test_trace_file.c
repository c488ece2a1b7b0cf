/* SPDX-License-Identifier: MIT */
/* test_trace_file.c - varints, the codec, .pft files whole, cut off, damaged and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "emu/trace/codec.h"
#include "emu/trace/layout.h"
#include "emu/trace/sha256.h"
#include "emu/trace/varint.h"
#include "trace_fixture.h"

static void varints_come_back(void **state)
{
    u64 random = 99, value;
    u8 bytes[VARINT_MAX];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        u64 wanted = next_random(&random) >> (i % 64);
        size_t n = varint_put(bytes, wanted), at = 0;
        assert_true(varint_get(bytes, n, &at, &value));
        assert_int_equal(value, wanted);
        assert_int_equal(at, n);
        assert_int_equal(zigzag_unfold(zigzag_fold(wanted)), wanted);
        at = 0;
        assert_false(varint_get(bytes, n - 1, &at, &value));
    }
    assert_int_equal(zigzag_fold(UINT64_MAX), 1);
    static const u8 too_long[11] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1};
    static const u8 too_big[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    size_t at = 0;
    assert_false(varint_get(too_long, sizeof too_long, &at, &value));
    at = 0;
    assert_false(varint_get(too_big, sizeof too_big, &at, &value));
}

static void sha256_knows_its_vectors(void **state)
{
    char text[65];
    static char a[1000000];

    (void)state;
    sha256_text("", 0, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_text("abc", 3, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, text);
    assert_string_equal(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(a, 'a', sizeof a);
    sha256_text(a, sizeof a, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    /* The same in uneven pieces. */
    struct sha256 hash;
    u8 digest[32];
    sha256_begin(&hash);
    for (size_t at = 0, n = 1; at < sizeof a; at += n, n = n * 7 % 193 + 1)
        sha256_add(&hash, a + at, at + n > sizeof a ? sizeof a - at : n);
    sha256_end(&hash, digest);
    assert_int_equal(digest[0], 0xcd);
    assert_int_equal(digest[31], 0xd0);
}

static void write_file(const char *path, size_t records, u64 seed)
{
    struct error err = {0};
    struct pft_info info;

    pft_info_init(&info);
    pft_info_text(&info.program, "cow");
    pft_info_add_image(&info, "kernel", "k\xff.elf", "abc", 3);
    pft_info_add_arg(&info, "faultline");
    pft_info_add_arg(&info, "--trace");
    info.ram_size = 128u << 20;
    info.seed = UINT64_MAX;
    info.harts = 2;
    struct pft_writer *w = pft_create(path, &info, &err);
    assert_non_null(w);
    for (size_t i = 0; i < records; i++) {
        struct trace_record r = fixture_random(&seed);
        pft_write(w, &r);
    }
    assert_int_equal(pft_written(w), records);
    assert_true(pft_finish(w, &err));
    pft_info_free(&info);
}

#define RECORDS 20000

static void files_come_back(void **state)
{
    char path[128];
    struct error err = {0};
    struct trace_record got;
    u64 seed = 7;

    (void)state;
    fixture_path(path, "whole.pft");
    write_file(path, RECORDS, 7);
    struct pft_reader *r = pft_open(path, &err);
    assert_non_null(r);
    const struct pft_info *info = pft_info(r);
    assert_string_equal(info->program, "cow");
    assert_int_equal(info->seed, UINT64_MAX);
    assert_int_equal(info->harts, 2);
    assert_int_equal(info->image_count, 1);
    assert_string_equal(info->image[0].name, "k?.elf");
    assert_true(!strncmp(info->image[0].sha256, "ba7816bf", 8));
    assert_int_equal(info->arg_count, 2);
    assert_int_equal(pft_count(r), RECORDS);
    assert_false(pft_truncated(r));
    for (size_t i = 0; i < RECORDS; i++) {
        struct trace_record wanted = fixture_random(&seed);
        assert_int_equal(pft_next(r, &got, &err), PFT_RECORD);
        assert_int_equal(got.seq, i);
        assert_true(record_equal(&got, &wanted));
    }
    assert_int_equal(pft_next(r, &got, &err), PFT_END);
    pft_close(r);
    unlink(path);
}

static void seeking_finds_every_record(void **state)
{
    char path[128];
    struct error err = {0};
    struct trace_record got, *all = calloc(RECORDS, sizeof *all);
    u64 seed = 5, random = 3;

    (void)state;
    fixture_path(path, "seek.pft");
    write_file(path, RECORDS, 5);
    for (size_t i = 0; i < RECORDS; i++)
        all[i] = fixture_random(&seed);
    struct pft_reader *r = pft_open(path, &err);
    assert_non_null(r);
    for (int i = 0; i < 300; i++) {
        u64 seq = i % 3 ? next_random(&random) % RECORDS : (u64)i * 60;
        assert_true(pft_seek(r, seq, &err));
        assert_int_equal(pft_next(r, &got, &err), PFT_RECORD);
        assert_int_equal(got.seq, seq);
        assert_true(record_equal(&got, &all[seq]));
    }
    assert_true(pft_seek(r, RECORDS + 5, &err));
    assert_int_equal(pft_next(r, &got, &err), PFT_END);
    pft_close(r);
    free(all);
    unlink(path);
}

/* Reads all there is; returns the number of records, which must be a prefix of the original. */
static size_t read_prefix(const char *path, u64 seed, enum pft_status *status)
{
    struct error err = {0};
    struct trace_record got;
    size_t n = 0;
    struct pft_reader *r = pft_open(path, &err);

    *status = PFT_DAMAGED;
    if (!r) {
        assert_true(err.text[0] != 0);
        return 0;
    }
    while ((*status = pft_next(r, &got, &err)) == PFT_RECORD) {
        struct trace_record wanted = fixture_random(&seed);
        assert_true(record_equal(&got, &wanted));
        n++;
    }
    if (*status == PFT_DAMAGED)
        assert_true(err.text[0] != 0);
    pft_close(r);
    return n;
}

static off_t size_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void cut_files_keep_their_whole_chunks(void **state)
{
    char path[128];
    enum pft_status status;
    size_t last = RECORDS;

    (void)state;
    fixture_path(path, "cut.pft");
    write_file(path, RECORDS, 11);
    off_t size = size_of(path), first = size;
    for (int i = 0; i < 120; i++) {
        size = i < 60 ? size - 1 - i : size - first / 64;
        if (size < 0)
            break;
        assert_int_equal(truncate(path, size), 0);
        size_t n = read_prefix(path, 11, &status);
        assert_true(n <= last);
        if (i == 0)
            assert_int_equal(n, RECORDS); /* only the end magic is missing */
        last = n;
    }
    unlink(path);
}

static void patch(const char *path, off_t at, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseeko(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void flipped_bits_are_noticed_or_harmless(void **state)
{
    char path[128];
    enum pft_status status;
    u64 random = 17;

    (void)state;
    fixture_path(path, "flip.pft");
    for (int i = 0; i < 150; i++) {
        write_file(path, 3000, 13);
        off_t at = (off_t)(next_random(&random) % (u64)size_of(path));
        u8 byte = (u8)next_random(&random);
        patch(path, at, &byte, 1);
        /* A wrong record would fail inside. */
        read_prefix(path, 13, &status);
    }
    unlink(path);
}

static void huge_lengths_are_refused(void **state)
{
    char path[128];
    struct error err = {0};
    u8 word[4];

    (void)state;
    fixture_path(path, "huge.pft");
    write_file(path, 100, 1);
    store_u32(word, 0xfffffff0);
    patch(path, 16, word, 4);
    assert_null(pft_open(path, &err));
    assert_non_null(strstr(err.text, "header"));
    unlink(path);
    memset(&err, 0, sizeof err);
    assert_null(pft_open("/dev/zero", &err));
    assert_non_null(strstr(err.text, "regular"));
    memset(&err, 0, sizeof err);
    assert_null(pft_open("/nonexistent/x.pft", &err));
    assert_int_equal(err.code, ENOENT);
}

static void unknown_records_are_skipped(void **state)
{
    struct codec encoder, decoder;
    u8 bytes[4 * CODEC_MAX_RECORD];
    struct trace_record a = fixture_fault(3, FAULT_ZERO_FILL, 1, AREA_HEAP, 0x40000000, 5, 0), got;
    size_t n, at = 0;

    (void)state;
    codec_reset(&encoder);
    codec_reset(&decoder);
    a.icount = 1000;
    n = codec_encode(&encoder, &a, bytes);
    /* A record of type 200: icount + 7, then bytes that mean nothing here. */
    n += varint_put(bytes + n, 200);
    n += varint_put(bytes + n, 4);
    bytes[n++] = (u8)zigzag_fold(7);
    bytes[n++] = 0xff;
    bytes[n++] = 0xff;
    bytes[n++] = 0xff;
    encoder.icount += 7;
    a.icount = 2000;
    n += codec_encode(&encoder, &a, bytes + n);
    assert_int_equal(codec_decode(&decoder, bytes, n, &at, &got), CODEC_RECORD);
    assert_int_equal(codec_decode(&decoder, bytes, n, &at, &got), CODEC_UNKNOWN);
    assert_int_equal(codec_decode(&decoder, bytes, n, &at, &got), CODEC_RECORD);
    assert_true(record_equal(&got, &a));
    assert_int_equal(at, n);
}

static void longer_records_of_newer_writers_are_read(void **state)
{
    struct codec encoder, decoder;
    u8 bytes[CODEC_MAX_RECORD + 8], longer[CODEC_MAX_RECORD + 16];
    struct trace_record a = fixture_fault(3, FAULT_COW_COPY, 1, AREA_HEAP, 0x40000000, 5, 2), got;
    u64 type = 0, length = 0;
    size_t at = 0, m = 0;

    (void)state;
    codec_reset(&encoder);
    codec_reset(&decoder);
    size_t n = codec_encode(&encoder, &a, bytes);
    assert_true(varint_get(bytes, n, &at, &type) && varint_get(bytes, n, &at, &length));
    m += varint_put(longer, type);
    m += varint_put(longer + m, length + 2);
    memcpy(longer + m, bytes + at, length);
    m += length;
    longer[m++] = 1;
    longer[m++] = 2;
    at = 0;
    assert_int_equal(codec_decode(&decoder, longer, m, &at, &got), CODEC_RECORD);
    assert_int_equal(at, m);
    assert_true(record_equal(&got, &a));
}

static void random_bytes_do_not_break_the_decoder(void **state)
{
    u64 random = 21;
    struct trace_record got;
    u8 bytes[600];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct codec codec;
        size_t size = next_random(&random) % sizeof bytes, at = 0;
        codec_reset(&codec);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (u8)(next_random(&random) >> (round % 5));
        while (at < size)
            if (codec_decode(&codec, bytes, size, &at, &got) == CODEC_BROKEN)
                break;
        assert_true(at <= size);
    }
}

static void a_full_disk_is_reported(void **state)
{
    struct error err = {0};
    struct pft_info info;

    (void)state;
    pft_info_init(&info);
    assert_null(pft_create("/nonexistent/dir/x.pft", &info, &err));
    assert_true(err.text[0] != 0);
    memset(&err, 0, sizeof err);
    struct pft_writer *w = pft_create("/dev/full", &info, &err);
    if (w) {
        u64 random = 1;
        for (int i = 0; i < 20000; i++) {
            struct trace_record r = fixture_random(&random);
            pft_write(w, &r);
        }
        assert_false(pft_finish(w, &err));
        assert_int_equal(err.code, ENOSPC);
    }
    pft_info_free(&info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_come_back),
        cmocka_unit_test(sha256_knows_its_vectors),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(seeking_finds_every_record),
        cmocka_unit_test(cut_files_keep_their_whole_chunks),
        cmocka_unit_test(flipped_bits_are_noticed_or_harmless),
        cmocka_unit_test(huge_lengths_are_refused),
        cmocka_unit_test(unknown_records_are_skipped),
        cmocka_unit_test(longer_records_of_newer_writers_are_read),
        cmocka_unit_test(random_bytes_do_not_break_the_decoder),
        cmocka_unit_test(a_full_disk_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * pack - put files behind one another, each with its name, for emu/observe/symbols.h.
 *
 *   pack OUT FILE|ALIAS=NAME...
 *
 * For each file: 24 bytes of name (without folders, zero-padded), its size in 8 bytes
 * little-endian, its bytes, zeros up to a multiple of 8.  ALIAS=NAME: a further name of what was
 * added before; its bytes are "=NAME".
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 24

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "pack: cannot %s %s: %s\n", what, path, strerror(errno));
    return 1;
}

static void put_head(FILE *out, const char *shown, size_t shown_length, uint64_t length)
{
    char name[NAME_BYTES] = {0};
    unsigned char size[8];

    memcpy(name, shown, shown_length < NAME_BYTES ? shown_length : NAME_BYTES);
    for (unsigned i = 0; i < 8; i++) {
        size[i] = (unsigned char)(length >> (8 * i));
    }
    fwrite(name, 1, sizeof name, out);
    fwrite(size, 1, sizeof size, out);
}

static void pad(FILE *out, uint64_t length)
{
    static const unsigned char zero[8];

    fwrite(zero, 1, (size_t)(-length & 7), out);
}

static void add_alias(FILE *out, const char *text)
{
    const char *equals = strchr(text, '=');

    put_head(out, text, (size_t)(equals - text), strlen(equals));
    fputs(equals, out);
    pad(out, strlen(equals));
}

static int add(FILE *out, const char *path)
{
    static unsigned char bytes[65536];
    const char *slash = strrchr(path, '/');
    FILE *in = fopen(path, "rb");
    long length;
    size_t got;

    if (!in || fseek(in, 0, SEEK_END) || (length = ftell(in)) < 0 || fseek(in, 0, SEEK_SET)) {
        return fail("read", path);
    }
    const char *shown = slash ? slash + 1 : path;
    put_head(out, shown, strlen(shown), (uint64_t)length);
    while ((got = fread(bytes, 1, sizeof bytes, in)) > 0) {
        fwrite(bytes, 1, got, out);
    }
    pad(out, (uint64_t)length);
    int bad = ferror(in);
    fclose(in);
    return bad ? fail("read", path) : 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: pack OUT FILE|ALIAS=NAME...\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "wb");
    if (!out) {
        return fail("create", argv[1]);
    }
    int status = 0;
    for (int i = 2; i < argc && status == 0; i++) {
        if (strchr(argv[i], '=') && !strchr(argv[i], '/')) {
            add_alias(out, argv[i]);
        } else {
            status = add(out, argv[i]);
        }
    }
    int bad = ferror(out);
    if (fclose(out) != 0 || bad) {
        return fail("write", argv[1]);
    }
    return status;
}

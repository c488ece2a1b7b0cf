/* SPDX-License-Identifier: MIT */
/*
 * arguments.c - argv and envp on their way to the new program's stack.
 *
 * The new stack, from the top down (System V ABI, riscv psABI; sp is 16-aligned):
 *   8 zero bytes; program name; envp strings; argv strings; 16 random bytes;
 *   auxiliary vector; NULL; envp[]; NULL; argv[]; argc  <- sp
 */
#include "proc/arguments.h"

#include "abi/elf.h"
#include "abi/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/mmap.h"
#include "mm/uaccess.h"

int arguments_init(struct arguments *arguments, u64 stack_limit)
{
    memset(arguments, 0, sizeof *arguments);
    arguments->page = kalloc(ARGUMENT_PAGES * sizeof *arguments->page);
    arguments->limit = min_u64(stack_limit / 4, ARGUMENT_PAGES * PAGE_SIZE);
    arguments->limit = max_u64(arguments->limit, 32 * PAGE_SIZE);
    return arguments->page ? 0 : -ENOMEM;
}

void arguments_destroy(struct arguments *arguments)
{
    if (arguments->page) {
        for (u32 i = 0; i < ARGUMENT_PAGES && arguments->page[i]; i++) {
            page_free(arguments->page[i]);
        }
        kfree(arguments->page);
    }
    for (u32 i = 0; i < arguments->prefix_count; i++) {
        kfree(arguments->prefix[i]);
    }
    memset(arguments, 0, sizeof *arguments);
}

/* Room for the next bytes in their page.  => 0 with *room > 0, -E2BIG, -ENOMEM */
static int next_room(struct arguments *arguments, char **room, size_t *size)
{
    u64 index = arguments->size / PAGE_SIZE, offset = arguments->size % PAGE_SIZE;

    if (arguments->size >= arguments->limit) {
        return -E2BIG;
    }
    if (!arguments->page[index]) {
        arguments->page[index] = page_alloc();
        if (!arguments->page[index]) {
            return -ENOMEM;
        }
    }
    *room = arguments->page[index] + offset;
    *size = PAGE_SIZE - offset;
    return 0;
}

static int append_user(struct arguments *arguments, u64 string)
{
    u64 start = arguments->size;

    for (;;) {
        char *room;
        size_t size;
        ssize_t length;
        int error = next_room(arguments, &room, &size);

        if (error) {
            return error;
        }
        length = strncpy_from_user(room, string, size);
        if (length >= 0) {
            arguments->size += (u64)length + 1;
            return 0;
        }
        if (length != -ENAMETOOLONG) {
            return (int)length;
        }
        arguments->size += size;
        string += size;
        if (arguments->size - start >= ARGUMENT_STRING_MAX) {
            return -E2BIG;
        }
    }
}

static int append_kernel(struct arguments *arguments, const char *string)
{
    size_t left = strlen(string) + 1;

    while (left > 0) {
        char *room;
        size_t size;
        int error = next_room(arguments, &room, &size);

        if (error) {
            return error;
        }
        size = min_u64(size, left);
        memcpy(room, string, size);
        arguments->size += size;
        string += size;
        left -= size;
    }
    return 0;
}

static int copy_array(struct arguments *arguments, u64 array, u32 *count)
{
    for (; array != 0; array += sizeof(u64)) {
        u64 string;
        int error = get_user_u64(array, &string);

        if (error) {
            return error;
        }
        if (string == 0) {
            break;
        }
        error = append_user(arguments, string);
        if (error) {
            return error;
        }
        (*count)++;
    }
    return 0;
}

/* A program always gets an argv[0]. */
static int ensure_first(struct arguments *arguments)
{
    if (arguments->argc == 0) {
        arguments->argc = 1;
        return append_kernel(arguments, "");
    }
    return 0;
}

int arguments_copy_user(struct arguments *arguments, u64 argv, u64 envp)
{
    int error = copy_array(arguments, argv, &arguments->argc);

    if (!error) {
        error = ensure_first(arguments);
    }
    arguments->envp_at = arguments->size;
    return error ? error : copy_array(arguments, envp, &arguments->envc);
}

int arguments_copy_kernel(struct arguments *arguments, const char *const argv[],
                          const char *const envp[])
{
    int error = 0;

    for (; !error && argv[arguments->argc]; arguments->argc++) {
        error = append_kernel(arguments, argv[arguments->argc]);
    }
    if (!error) {
        error = ensure_first(arguments);
    }
    arguments->envp_at = arguments->size;
    for (; !error && envp[arguments->envc]; arguments->envc++) {
        error = append_kernel(arguments, envp[arguments->envc]);
    }
    return error;
}

static char *duplicate(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = kalloc(size);

    if (copy) {
        memcpy(copy, string, size);
    }
    return copy;
}

/* Takes argv[0] away: from the prefix if there is one, else from the pages. */
static void drop_first(struct arguments *arguments)
{
    if (arguments->prefix_count > 0) {
        kfree(arguments->prefix[0]);
        arguments->prefix_count--;
        memmove(&arguments->prefix[0], &arguments->prefix[1],
                arguments->prefix_count * sizeof arguments->prefix[0]);
        return;
    }
    while (arguments->page[arguments->skip / PAGE_SIZE][arguments->skip % PAGE_SIZE] != '\0') {
        arguments->skip++;
    }
    arguments->skip++;
    arguments->argc--;
}

static int put_first(struct arguments *arguments, const char *string)
{
    char *copy;

    if (arguments->prefix_count == ARRAY_LENGTH(arguments->prefix)) {
        return -ELOOP;
    }
    copy = duplicate(string);
    if (!copy) {
        return -ENOMEM;
    }
    memmove(&arguments->prefix[1], &arguments->prefix[0],
            arguments->prefix_count * sizeof arguments->prefix[0]);
    arguments->prefix[0] = copy;
    arguments->prefix_count++;
    return 0;
}

int arguments_prepend(struct arguments *arguments, const char *interpreter, const char *argument,
                      const char *path)
{
    int error;

    drop_first(arguments);
    error = put_first(arguments, path);
    if (!error && argument) {
        error = put_first(arguments, argument);
    }
    return error ? error : put_first(arguments, interpreter);
}

/* --- writing the stack ---------------------------------------------------------------------- */

/* Collects words and writes them in larger pieces. */
struct word_writer {
    struct mm *mm;
    u64 address;
    u32 count;
    int error;
    u64 word[64];
};

static void flush_words(struct word_writer *writer)
{
    size_t size = writer->count * sizeof(u64);

    if (!writer->error && size > 0) {
        writer->error = mm_write_remote(writer->mm, writer->address, writer->word, size);
    }
    writer->address += size;
    writer->count = 0;
}

static void put_word(struct word_writer *writer, u64 word)
{
    writer->word[writer->count++] = word;
    if (writer->count == ARRAY_LENGTH(writer->word)) {
        flush_words(writer);
    }
}

/* Writes bytes [from, size) of the pages. */
static int write_pages(const struct arguments *arguments, struct mm *mm, u64 address)
{
    u64 at = arguments->skip;

    while (at < arguments->size) {
        u64 offset = at % PAGE_SIZE;
        u64 size = min_u64(PAGE_SIZE - offset, arguments->size - at);
        int error = mm_write_remote(mm, address, arguments->page[at / PAGE_SIZE] + offset, size);

        if (error) {
            return error;
        }
        address += size;
        at += size;
    }
    return 0;
}

static int write_prefix(const struct arguments *arguments, struct mm *mm, u64 address)
{
    int error = 0;

    for (u32 i = 0; i < arguments->prefix_count && !error; i++) {
        size_t size = strlen(arguments->prefix[i]) + 1;

        error = mm_write_remote(mm, address, arguments->prefix[i], size);
        address += size;
    }
    return error;
}

/* Puts `count` pointers to the strings that begin at byte `at` of the pages. */
static void put_pointers(struct word_writer *writer, const struct arguments *arguments, u64 at,
                         u32 count, u64 address)
{
    for (u32 i = 0; i < count; i++) {
        put_word(writer, address);
        while (arguments->page[at / PAGE_SIZE][at % PAGE_SIZE] != '\0') {
            at++;
            address++;
        }
        at++;
        address++;
    }
    put_word(writer, 0);
}

static u64 prefix_size(const struct arguments *arguments)
{
    u64 size = 0;

    for (u32 i = 0; i < arguments->prefix_count; i++) {
        size += strlen(arguments->prefix[i]) + 1;
    }
    return size;
}

static void put_vectors(struct word_writer *writer, const struct arguments *arguments,
                        const struct stack_layout *layout)
{
    u64 address = layout->arg_start;

    put_word(writer, arguments->prefix_count + arguments->argc);
    for (u32 i = 0; i < arguments->prefix_count; i++) {
        put_word(writer, address);
        address += strlen(arguments->prefix[i]) + 1;
    }
    put_pointers(writer, arguments, arguments->skip, arguments->argc, address);
    put_pointers(writer, arguments, arguments->envp_at, arguments->envc, layout->env_start);
}

static void set_auxv(u64 *auxv, u32 words, u64 type, u64 value)
{
    for (u32 i = 0; i + 1 < words; i += 2) {
        if (auxv[i] == type) {
            auxv[i + 1] = value;
        }
    }
}

int arguments_write(struct arguments *arguments, struct mm *mm, u64 stack_top, const char *name,
                    u64 *auxv, u32 auxv_words, struct stack_layout *out)
{
    u64 before = prefix_size(arguments), strings = arguments->size - arguments->skip;
    u64 name_at = stack_top - 8 - (strlen(name) + 1);
    u64 random_at, words;
    u8 random[16];
    struct word_writer writer = {.mm = mm};
    int error;

    out->env_end = name_at;
    out->arg_start = name_at - strings - before;
    out->arg_end = out->arg_start + before + (arguments->envp_at - arguments->skip);
    out->env_start = out->arg_end;
    random_at = round_down(out->arg_start - sizeof random, 16);
    words = 1 + arguments->prefix_count + arguments->argc + 1 + arguments->envc + 1 + auxv_words;
    out->sp = round_down(random_at - words * sizeof(u64), 16);

    error = mm_write_remote(mm, name_at, name, strlen(name) + 1);
    if (!error) {
        error = write_prefix(arguments, mm, out->arg_start);
    }
    if (!error) {
        error = write_pages(arguments, mm, out->arg_start + before);
    }
    if (!error) {
        random_bytes(random, sizeof random);
        error = mm_write_remote(mm, random_at, random, sizeof random);
    }
    if (error) {
        return error;
    }
    set_auxv(auxv, auxv_words, AT_EXECFN, name_at);
    set_auxv(auxv, auxv_words, AT_RANDOM, random_at);
    writer.address = out->sp;
    put_vectors(&writer, arguments, out);
    for (u32 i = 0; i < auxv_words; i++) {
        put_word(&writer, auxv[i]);
    }
    flush_words(&writer);
    return writer.error;
}

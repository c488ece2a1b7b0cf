/* SPDX-License-Identifier: MIT */
/* test_session.c - JSON sessions: whatever bytes come, whoever does not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/session.h"
#include "emu/monitor/value.h"

#define BASE UINT64_C(0x80000000)

struct fixture {
    u8 image[0x200];
    struct machine *machine;
    struct observer *observer;
    struct monitor *monitor;
    struct session *session;
    int client;
};

/* A kernel that jumps to itself. */
static size_t make_image(u8 *out)
{
    static const u32 code[] = {0x0000006f};
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = EM_RISCV,
                       .e_version = 1,
                       .e_entry = BASE,
                       .e_phoff = 0x40,
                       .e_ehsize = sizeof head,
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 1};
    Elf64_Phdr load = {.p_type = PT_LOAD,
                       .p_flags = PF_R | PF_X,
                       .p_offset = 0x100,
                       .p_vaddr = BASE,
                       .p_paddr = BASE,
                       .p_filesz = sizeof code,
                       .p_memsz = 0x100};

    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(out, &head, sizeof head);
    memcpy(out + 0x40, &load, sizeof load);
    memcpy(out + 0x100, code, sizeof code);
    return 0x200;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct machine_config config;
    struct error err = {0};
    int pair[2];

    machine_config_default(&config);
    config.ram_size = 16u << 20;
    config.firmware_kind = FIRMWARE_NONE;
    config.kernel = (struct machine_bytes){f->image, make_image(f->image), "loop"};
    f->machine = machine_create(&config, &err);
    if (!f->machine)
        fail_msg("%s", err.text);
    f->observer = observer_create(f->machine, &err);
    f->monitor = monitor_create(f->machine, f->observer, &err);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    f->client = pair[1];
    f->session = session_open(f->monitor, pair[0], true);
    assert_non_null(f->session);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    monitor_destroy(f->monitor);
    observer_destroy(f->observer);
    machine_destroy(f->machine);
    close(f->client);
    free(f);
    return 0;
}

/* Everything that has been sent to the client. */
static void take(struct fixture *f, struct buffer *out)
{
    char bytes[65536];
    ssize_t n;

    do {
        session_flush(f->session);
        n = read(f->client, bytes, sizeof bytes);
        if (n > 0)
            buffer_append(out, bytes, (size_t)n);
    } while (n > 0);
}

/* The line is answered with one object, an answer or an error with class and description. */
static json_t *answer(struct fixture *f, const char *line)
{
    struct buffer out = {0};

    session_json_line(f->session, line);
    take(f, &out);
    assert_true(out.size > 0);
    assert_int_equal(out.data[out.size - 1], '\n');
    assert_ptr_equal(memchr(out.data, '\n', out.size), out.data + out.size - 1);
    json_t *object = json_loadb((char *)out.data, out.size, 0, NULL);
    assert_non_null(object);
    const json_t *error = json_object_get(object, "error");
    if (error) {
        assert_true(value_string(error, "class")[0] != 0);
        assert_true(value_string(error, "desc")[0] != 0);
    } else {
        assert_non_null(json_object_get(object, "return"));
    }
    buffer_free(&out);
    return object;
}

static void hostile_lines_get_errors(void **state)
{
    static const struct {
        const char *line, *class;
    } bad[] = {
        {"", "BadJson"},
        {"{", "BadJson"},
        {"[]", "BadJson"},
        {"null", "BadJson"},
        {"{}", "BadRequest"},
        {"{\"execute\": 7}", "BadRequest"},
        {"{\"execute\": \"info status\", \"execute\": \"quit\"}", "BadJson"},
        {"{\"execute\": \"info status\"} trailing", "BadJson"},
        {"{\"execute\": \"\\u0000\"}", "BadJson"},
        {"{\"execute\": \"\"}", "CommandNotFound"},
        {"{\"execute\": \"quit\\u0000\"}", "BadJson"},
        {"{\"execute\": \"info\"}", "CommandNotFound"},
        {"{\"execute\": \"walk\", \"arguments\": 5}", "BadArgument"},
        {"{\"execute\": \"walk\", \"arguments\": {\"address\": {}}}", "BadArgument"},
        {"{\"execute\": \"walk\", \"arguments\": {\"address\": true}}", "BadArgument"},
        {"{\"execute\": \"x\", \"arguments\": {\"address\": 1.5}}", "BadArgument"},
        {"{\"execute\": \"x\", \"arguments\": {\"address\": \"\\ud800\"}}", "BadJson"},
        {"{\"execute\": \"s\", \"arguments\": {\"count\": -1}}", "CommandFailed"},
        {"{\"execute\": \"info regs\", \"arguments\": {\"hart\": 1e400}}", "BadJson"},
        {"{\"execute\": \"subscribe\", \"arguments\": {\"events\": 5}}", "CommandFailed"},
        {"{\"execute\": \"subscribe\", \"arguments\": {\"filter\": \"kind=\"}}", "CommandFailed"},
        {"\xff\xfe\x01", "BadJson"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        json_t *object = answer(f, bad[i].line);
        const char *class = value_string(json_object_get(object, "error"), "class");
        if (strcmp(class, bad[i].class) != 0)
            fail_msg("%s: %s instead of %s", bad[i].line, class, bad[i].class);
        json_decref(object);
    }
}

static void big_and_deep_lines_get_errors(void **state)
{
    struct fixture *f = *state;
    size_t size = SESSION_MAX_LINE - 100;
    char *line = malloc(size + 64);

    memset(line, '[', size);
    line[size] = 0;
    json_decref(answer(f, line));
    memset(line, '9', size);
    json_decref(answer(f, line));
    size_t n = (size_t)sprintf(line, "{\"execute\": \"walk\", \"arguments\": {\"address\": \"");
    memset(line + n, '[', size - n);
    strcpy(line + size, "\"}}");
    json_decref(answer(f, line));
    memset(line + n, '+', size - n);
    json_decref(answer(f, line));
    memset(line + n, '0', size - n);
    json_decref(answer(f, line));
    free(line);
}

/* A right request with some bytes changed: an answer or an error, always one line. */
static void damaged_requests_are_answered(void **state)
{
    static const char *const right[] = {
        "{\"id\": 1, \"execute\": \"walk\", \"arguments\": {\"address\": \"pa:0x80000000\"}}",
        "{\"id\": [2], \"execute\": \"info status\"}",
        "{\"execute\": \"subscribe\", \"arguments\": {\"events\": [\"fault\"], \"rate\": 5}}",
        "{\"execute\": \"faults\", \"arguments\": {\"by\": \"by kind since x\"}}"};
    struct fixture *f = *state;
    u64 random = 1234;
    char line[256];

    for (unsigned i = 0; i < 20000; i++) {
        snprintf(line, sizeof line, "%s", right[i % ARRAY_LENGTH(right)]);
        for (unsigned k = 0; k < 1 + i % 4; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            char byte = (char)(random >> 40);
            line[random % strlen(line)] = byte && byte != '\n' ? byte : '"';
        }
        if (!strstr(line, "quit"))
            json_decref(answer(f, line));
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void who_does_not_read_loses_and_is_told(void **state)
{
    struct fixture *f = *state;
    struct trace_record record = {.type = RECORD_FAULT, .fault = {.kind = FAULT_ZERO_FILL}};
    struct buffer out = {0};
    unsigned events = 0;
    u64 lost = 0;
    const unsigned all = 100000;

    json_decref(
        answer(f, "{\"execute\": \"subscribe\", \"arguments\": {\"events\": [\"fault\"]}}"));
    double begin = seconds();
    for (unsigned i = 0; i < all; i++) {
        record.seq = i;
        session_json_record(f->session, &record);
        assert_true(f->session->output.size <= SESSION_MAX_OUTPUT);
    }
    /* Nobody waited for the reader: two seconds a record would be days. */
    assert_true(seconds() - begin < 20);
    assert_true(f->session->lost > 0);
    take(f, &out);
    session_json_record(f->session, &record);
    take(f, &out);
    for (char *at = (char *)out.data, *end; at < (char *)out.data + out.size; at = end + 1) {
        end = memchr(at, '\n', out.size);
        json_t *object = json_loadb(at, (size_t)(end - at), 0, NULL);
        assert_non_null(object);
        if (!strcmp(value_string(object, "event"), "lost"))
            lost += value_u64(json_object_get(object, "data"), "count");
        else
            events += !strcmp(value_string(object, "event"), "fault");
        json_decref(object);
    }
    assert_true(lost > 0);
    assert_int_equal(events + lost, all + 1);
    buffer_free(&out);
}

static void who_asks_and_does_not_read_stops_nobody(void **state)
{
    struct fixture *f = *state;
    double begin = seconds();

    for (unsigned i = 0; i < 300; i++)
        session_line(f->session, "{\"execute\": \"query-schema\"}");
    assert_true(seconds() - begin < 10);
    assert_true(f->session->output.size <= SESSION_MAX_OUTPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hostile_lines_get_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(big_and_deep_lines_get_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_requests_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_does_not_read_loses_and_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_asks_and_does_not_read_stops_nobody, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

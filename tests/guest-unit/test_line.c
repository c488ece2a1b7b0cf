/* SPDX-License-Identifier: MIT */
/* test_line.c - the line discipline: editing, lines, end of file, signals, raw mode, output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/termios.h"
#include "dev/line.h"

static struct line line;
static char screen[8192]; /* everything echoed */
static size_t screen_used;
static unsigned signals; /* the last one asked for */

static void echo(void *context, const u8 *bytes, size_t size)
{
    (void)context;
    memcpy(screen + screen_used, bytes, size);
    screen_used += size;
    screen[screen_used] = 0;
}

static void signal_group(void *context, u32 signo)
{
    (void)context;
    signals = signo;
}

static const struct line_output output = {echo, signal_group, NULL};

static int fresh(void **state)
{
    (void)state;
    line_init(&line);
    screen_used = 0;
    screen[0] = 0;
    signals = 0;
    return 0;
}

static void type(const char *keys)
{
    for (; *keys; keys++) {
        line_input(&line, (u8)*keys, &output);
    }
}

/* What one read returns, as a string; "<eof>" for end of file, "" if it would wait. */
static const char *read_once(size_t size)
{
    static char bytes[LINE_SIZE + 1];
    bool end;
    size_t count;

    if (!line_readable(&line)) {
        return "";
    }
    count = line_read(&line, (u8 *)bytes, size, &end);
    bytes[count] = 0;
    return end ? "<eof>" : bytes;
}

static void lines_come_whole(void **state)
{
    (void)state;
    type("ls -l");
    assert_string_equal(read_once(100), "");
    type("\rcat\r");
    assert_string_equal(read_once(100), "ls -l\n");
    assert_string_equal(read_once(100), "cat\n");
    assert_string_equal(read_once(100), "");
    assert_string_equal(screen, "ls -l\r\ncat\r\n");
}

static void short_reads_go_on_in_the_line(void **state)
{
    (void)state;
    type("abcdef\n");
    assert_string_equal(read_once(4), "abcd");
    assert_string_equal(read_once(4), "ef\n");
}

static void erasing_edits(void **state)
{
    (void)state;
    type("lx\x7fs\n");
    assert_string_equal(read_once(100), "ls\n");
    assert_string_equal(screen, "lx\b \bs\r\n");
    type("wrong\x15right\n");
    assert_string_equal(read_once(100), "right\n");
    type("one two  \x17three\n");
    assert_string_equal(read_once(100), "one three\n");
    type("\x7f\x7f\x15\x17");
    type("x\n");
    assert_string_equal(read_once(100), "x\n");
}

static void erasing_stops_at_the_line_before(void **state)
{
    (void)state;
    type("kept\n\x7f\x7f\x7f");
    assert_string_equal(read_once(100), "kept\n");
}

static void tabs_and_controls_are_rubbed_out_whole(void **state)
{
    (void)state;
    type("a\t\x7f");
    /* The cursor went from column 1 to 8: seven steps back. */
    assert_string_equal(screen, "a\t\b \b\b \b\b \b\b \b\b \b\b \b\b \b");
    screen_used = 0;
    type("\x01\x7f");
    assert_string_equal(screen, "^A\b \b\b \b");
}

static void end_of_file(void **state)
{
    (void)state;
    type("\x04");
    assert_string_equal(read_once(100), "<eof>");
    assert_string_equal(read_once(100), "");
    type("half\x04");
    assert_string_equal(read_once(100), "half");
    assert_string_equal(read_once(100), "");
    /* Exactly as much as asked for before ^D: no second, empty read. */
    type("four\x04"
         "x\n");
    assert_string_equal(read_once(4), "four");
    assert_string_equal(read_once(100), "x\n");
}

static void keys_send_signals(void **state)
{
    (void)state;
    type("abc\x03");
    assert_int_equal(signals, 2);
    type("d\n");
    assert_string_equal(read_once(100), "d\n"); /* what was typed before is gone */
    assert_string_equal(screen, "abc^Cd\r\n");
    type("\x1a");
    assert_int_equal(signals, 20);
    type("\x1c");
    assert_int_equal(signals, 3);
    line.termios.lflag &= ~ISIG;
    signals = 0;
    type("\x03\n");
    assert_int_equal(signals, 0);
    assert_string_equal(read_once(100), "\x03\n");
}

static void literal_next_takes_away_meaning(void **state)
{
    (void)state;
    type("\x16\x03\x16\x7f\n");
    assert_int_equal(signals, 0);
    assert_string_equal(read_once(100), "\x03\x7f\n");
}

static void raw_mode_gives_every_byte(void **state)
{
    struct abi_termios termios = line.termios;

    (void)state;
    type("pending");
    termios.lflag &= ~(ICANON | ECHO | ISIG);
    termios.iflag &= ~(ICRNL | IXON);
    line_set_termios(&line, &termios);
    assert_string_equal(read_once(100), "pending");
    screen_used = 0;
    screen[0] = 0;
    type("\x03\r\x04\x7f");
    assert_string_equal(read_once(100), "\x03\r\x04\x7f");
    assert_string_equal(screen, "");
}

static void raw_mode_waits_for_min(void **state)
{
    (void)state;
    line.termios.lflag &= ~ICANON;
    line.termios.cc[VMIN] = 3;
    type("ab");
    assert_string_equal(read_once(100), "");
    type("c");
    assert_string_equal(read_once(100), "abc");
}

static void a_full_line_can_be_ended(void **state)
{
    bool end;
    u8 bytes[LINE_SIZE];

    (void)state;
    line.termios.lflag &= ~ECHO;
    for (u32 i = 0; i < 2 * LINE_SIZE; i++) {
        type("x");
    }
    type("\n");
    assert_true(line_readable(&line));
    assert_int_equal(line_read(&line, bytes, sizeof(bytes), &end), LINE_SIZE);
    assert_int_equal(bytes[LINE_SIZE - 1], '\n');
    assert_int_equal(line_available(&line), 0);
}

static void output_gets_carriage_returns(void **state)
{
    u8 out[64];
    size_t made = sizeof(out);

    (void)state;
    assert_int_equal(line_process_output(&line, (const u8 *)"a\nb\n", 4, out, &made), 4);
    assert_int_equal(made, 6);
    assert_memory_equal(out, "a\r\nb\r\n", 6);
    line.termios.oflag = 0;
    made = sizeof(out);
    line_process_output(&line, (const u8 *)"a\n", 2, out, &made);
    assert_int_equal(made, 2);
}

static void output_stops_when_there_is_no_room(void **state)
{
    u8 out[16];
    size_t made = sizeof(out);
    size_t used;

    (void)state;
    used = line_process_output(&line, (const u8 *)"\n\n\n\n\n\n\n\n\n\n", 10, out, &made);
    assert_true(used < 10 && made <= sizeof(out));
    assert_int_equal(made, 2 * used);
}

static void flow_control_stops_and_starts(void **state)
{
    (void)state;
    type("\x13");
    assert_true(line.stopped);
    type("\x11");
    assert_false(line.stopped);
    assert_string_equal(screen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_come_whole, fresh),
        cmocka_unit_test_setup(short_reads_go_on_in_the_line, fresh),
        cmocka_unit_test_setup(erasing_edits, fresh),
        cmocka_unit_test_setup(erasing_stops_at_the_line_before, fresh),
        cmocka_unit_test_setup(tabs_and_controls_are_rubbed_out_whole, fresh),
        cmocka_unit_test_setup(end_of_file, fresh),
        cmocka_unit_test_setup(keys_send_signals, fresh),
        cmocka_unit_test_setup(literal_next_takes_away_meaning, fresh),
        cmocka_unit_test_setup(raw_mode_gives_every_byte, fresh),
        cmocka_unit_test_setup(raw_mode_waits_for_min, fresh),
        cmocka_unit_test_setup(a_full_line_can_be_ended, fresh),
        cmocka_unit_test_setup(output_gets_carriage_returns, fresh),
        cmocka_unit_test_setup(output_stops_when_there_is_no_room, fresh),
        cmocka_unit_test_setup(flow_control_stops_and_starts, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

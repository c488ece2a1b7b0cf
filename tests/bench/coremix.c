/* SPDX-License-Identifier: MIT */
/*
 * coremix.c - a mix of what small control programs do: walking, sorting and reversing a linked
 * list, multiplying matrices of 16-bit numbers, a state machine that reads numbers from text, and
 * CRCs over all results.  Small data, many branches: what an emulator gets from its caches and its
 * allocation of registers.  Built for the guest and for the host from the same source; each part is
 * timed on its own, and the checksums have to agree.
 *
 * usage: coremix [rounds]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* CRC-16 (reflected 0x8005), bit by bit. */
static NOINLINE uint16_t crc_byte(uint8_t byte, uint16_t crc)
{
    for (int i = 0; i < 8; i++) {
        uint8_t carry = (uint8_t)((byte ^ crc) & 1);
        byte >>= 1;
        crc >>= 1;
        if (carry) {
            crc ^= 0xa001;
        }
    }
    return crc;
}

static uint16_t crc_word(uint32_t word, uint16_t crc)
{
    for (int i = 0; i < 4; i++) {
        crc = crc_byte((uint8_t)(word >> 8 * i), crc);
    }
    return crc;
}

/* --- list --- */

struct item {
    int16_t value, index;
};

struct node {
    struct node *next;
    struct item *item;
};

enum { NODES = 100 };
static struct node nodes[NODES];
static struct item items[NODES];

static struct node *make_list(uint32_t seed)
{
    for (int i = 0; i < NODES; i++) {
        seed = seed * 1103515245u + 12345u;
        items[i].value = (int16_t)(seed >> 16 & 0x7fff);
        items[i].index = (int16_t)i;
        nodes[i].item = &items[i];
        nodes[i].next = i + 1 < NODES ? &nodes[(i * 37 + 37) % NODES] : NULL;
    }
    /* A full cycle in steps of 37, cut at its end. */
    int at = 0;
    for (int i = 0; i < NODES - 1; i++) {
        int next = (at + 37) % NODES;
        nodes[at].next = &nodes[next];
        at = next;
    }
    nodes[at].next = NULL;
    return &nodes[0];
}

static NOINLINE struct node *find(struct node *list, int index)
{
    while (list && list->item->index != index) {
        list = list->next;
    }
    return list;
}

static NOINLINE struct node *reverse(struct node *list)
{
    struct node *done = NULL;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static int by_value(const struct item *a, const struct item *b)
{
    return a->value - b->value;
}

static int by_index(const struct item *a, const struct item *b)
{
    return a->index - b->index;
}

/* Bottom-up merge sort. */
static NOINLINE struct node *sort(struct node *list,
                                  int (*compare)(const struct item *, const struct item *))
{
    for (int width = 1;; width *= 2) {
        struct node *left = list, *tail = NULL;
        int merges = 0;
        list = NULL;
        while (left) {
            merges++;
            struct node *right = left;
            int left_size = 0, right_size = width;
            for (int i = 0; i < width && right; i++) {
                left_size++;
                right = right->next;
            }
            while (left_size > 0 || (right_size > 0 && right)) {
                struct node *taken;
                if (left_size == 0 ||
                    (right_size > 0 && right && compare(left->item, right->item) > 0)) {
                    taken = right;
                    right = right->next;
                    right_size--;
                } else {
                    taken = left;
                    left = left->next;
                    left_size--;
                }
                if (tail) {
                    tail->next = taken;
                } else {
                    list = taken;
                }
                tail = taken;
            }
            left = right;
        }
        tail->next = NULL;
        if (merges <= 1) {
            return list;
        }
    }
}

static uint16_t list_part(uint32_t seed, uint16_t crc)
{
    struct node *list = make_list(seed);
    for (int i = 0; i < NODES; i++) {
        struct node *found = find(list, (int)((seed + (uint32_t)i) % (NODES + 20)));
        crc = crc_byte((uint8_t)(found ? found->item->value : i), crc);
        if (i % 4 == 0) {
            list = reverse(list);
        }
    }
    list = sort(list, by_value);
    for (struct node *n = list; n; n = n->next) {
        crc = crc_byte((uint8_t)n->item->index, crc);
    }
    list = sort(list, by_index);
    return crc_word((uint32_t)list->item->value, crc);
}

/* --- matrix --- */

enum { SIDE = 10 };
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];

static NOINLINE void multiply(int bits)
{
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            int32_t sum = 0;
            for (int k = 0; k < SIDE; k++) {
                int32_t term = left[i][k] * right[k][j];
                sum += bits ? (term >> 2 & 15) * (term >> 5 & 127) : term;
            }
            product[i][j] = sum;
        }
    }
}

static NOINLINE int32_t add_up(int32_t limit)
{
    int32_t sum = 0, last = 0, result = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            int32_t value = product[i][j];
            sum += value;
            if (sum > limit) {
                result += 10;
                sum = 0;
            } else {
                result += value > last;
            }
            last = value;
        }
    }
    return result;
}

static uint16_t matrix_part(uint32_t seed, uint16_t crc)
{
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            seed = seed * 1103515245u + 12345u;
            left[i][j] = (int16_t)(seed >> 20);
            right[i][j] = (int16_t)(seed >> 18 & 0xff);
        }
    }
    multiply(0);
    crc = crc_word((uint32_t)add_up(1000), crc);
    multiply(1);
    return crc_word((uint32_t)add_up(2000), crc);
}

/* --- state machine --- */

enum state {
    START,
    SIGN,
    INTEGER,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    BAD,
    STATES
};

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static NOINLINE enum state scan(const char **text, uint32_t seen[STATES])
{
    enum state state = START;
    const char *at = *text;
    for (; *at && state != BAD; at++) {
        char c = *at;
        if (c == ',') {
            at++;
            break;
        }
        switch (state) {
        case START:
            state = is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : BAD;
            break;
        case SIGN:
            state = is_digit(c) ? INTEGER : c == '.' ? FRACTION : BAD;
            break;
        case INTEGER:
            state = c == '.' ? FRACTION : is_digit(c) ? INTEGER : BAD;
            break;
        case FRACTION:
            state = c == 'e' || c == 'E' ? EXPONENT : is_digit(c) ? FRACTION : BAD;
            break;
        case EXPONENT:
            state = c == '+' || c == '-' ? EXPONENT_SIGN : BAD;
            break;
        case EXPONENT_SIGN:
        case EXPONENT_DIGITS:
            state = is_digit(c) ? EXPONENT_DIGITS : BAD;
            break;
        default:
            break;
        }
        seen[state]++;
    }
    *text = at;
    return state;
}

static char text[400];

static void make_text(uint32_t seed)
{
    static const char *const word[] = {"5012",     "1234",     "-874",     "+122",     "35.54400",
                                       ".1234500", "-110.700", "+0.64400", "5.500e+3", "-.123e-2",
                                       "-87e+832", "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z"};
    size_t used = 0;
    text[0] = 0;
    for (;;) {
        seed = seed * 1103515245u + 12345u;
        const char *w = word[(seed >> 16) % (sizeof word / sizeof *word)];
        size_t n = strlen(w);
        if (used + n + 2 > sizeof text) {
            return;
        }
        memcpy(text + used, w, n);
        text[used + n] = ',';
        text[used + n + 1] = 0;
        used += n + 1;
    }
}

static uint16_t state_part(uint32_t seed, uint16_t crc)
{
    uint32_t seen[STATES] = {0}, ends[STATES] = {0};
    if (seed % 8 == 0) {
        make_text(seed);
    }
    const char *at = text;
    while (*at) {
        ends[scan(&at, seen)]++;
    }
    for (int i = 0; i < STATES; i++) {
        crc = crc_word(seen[i] ^ ends[i] << 16, crc);
    }
    return crc;
}

/* --- CRC over a block --- */

static uint16_t crc_part(uint32_t seed, uint16_t crc)
{
    for (uint32_t i = 0; i < 400; i++) {
        crc = crc_byte((uint8_t)(text[i] + (char)seed), crc);
    }
    return crc;
}

static const struct {
    const char *name;
    uint16_t (*run)(uint32_t seed, uint16_t crc);
    int times;
} parts[] = {{"list", list_part, 1},
             {"matrix", matrix_part, 4},
             {"state", state_part, 8},
             {"crc", crc_part, 4}};

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 5000;
    double first = now();
    for (unsigned p = 0; p < sizeof parts / sizeof *parts; p++) {
        uint16_t crc = 0;
        double start = now();
        make_text(1);
        for (int i = 0; i < rounds * parts[p].times; i++) {
            crc = parts[p].run((uint32_t)i, crc);
        }
        printf("CPU %-10s %.3f s %04x\n", parts[p].name, now() - start, crc);
        fflush(stdout);
    }
    printf("CPU %-10s %.3f s\n", "coremix", now() - first);
    return 0;
}

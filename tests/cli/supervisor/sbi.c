/* SPDX-License-Identifier: MIT */
/*
 * sbi - calls every SBI extension that faultline's built-in firmware has, from S-mode, with two
 * harts, and checks the answers.  Ends by system reset; prints the number of the first check that
 * fails.  Runs on QEMU with OpenSBI as well:
 *   qemu-system-riscv64 -M virt -smp 2 -nographic -kernel sbi
 */
typedef unsigned long u64;

#define EXT_BASE 0x10
#define EXT_TIME 0x54494d45
#define EXT_IPI 0x735049
#define EXT_RFENCE 0x52464e43
#define EXT_HSM 0x48534d
#define EXT_SRST 0x53525354
#define EXT_DBCN 0x4442434e

struct answer {
    long error;
    u64 value;
};

static struct answer call(u64 extension, u64 function, u64 x, u64 y, u64 z, u64 w)
{
    register u64 a0 __asm__("a0") = x;
    register u64 a1 __asm__("a1") = y;
    register u64 a2 __asm__("a2") = z;
    register u64 a3 __asm__("a3") = w;
    register u64 a4 __asm__("a4") = 0;
    register u64 a6 __asm__("a6") = function;
    register u64 a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                     : "memory");
    return (struct answer){(long)a0, a1};
}

static void print(const char *text)
{
    for (; *text; text++) {
        call(1, 0, (u64)*text, 0, 0, 0); /* legacy putchar */
    }
}

static void print_number(u64 number)
{
    if (number >= 10) {
        print_number(number / 10);
    }
    char digit[2] = {(char)('0' + number % 10), 0};
    print(digit);
}

static void check(int number, int good)
{
    if (!good) {
        print("check ");
        print_number((u64)number);
        print(" failed\n");
        call(EXT_SRST, 0, 0, 1, 0, 0);
        for (;;) {
        }
    }
}

static volatile u64 timer_interrupts, software_interrupts[2], second_alive, second_argument;
static volatile u64 second_hart;

#define CSR_READ(name)                                                                       \
    ({                                                                                       \
        u64 value_;                                                                          \
        __asm__ volatile("csrr %0, " #name : "=r"(value_));                                  \
        value_;                                                                              \
    })
#define CSR_SET(name, bits) __asm__ volatile("csrs " #name ", %0" ::"r"((u64)(bits)))
#define CSR_CLEAR(name, bits) __asm__ volatile("csrc " #name ", %0" ::"r"((u64)(bits)))

void trap(u64 hart);
void trap(u64 hart)
{
    u64 cause = CSR_READ(scause);
    if (cause == (1ul << 63 | 5)) {
        timer_interrupts++;
        call(EXT_TIME, 0, ~0ul, 0, 0, 0);
    } else if (cause == (1ul << 63 | 1)) {
        software_interrupts[hart != 0 && hart == second_hart]++;
        CSR_CLEAR(sip, 2);
    } else {
        check(99, 0);
    }
}

__asm__(".section .text.start\n"
        ".globl _start\n"
        "_start:\n"
        "    la sp, stacks + 8192\n"
        "    mv s0, a0\n"
        "    csrw sscratch, a0\n"
        "    la t0, trap_entry\n"
        "    csrw stvec, t0\n"
        "    call main\n"
        "second_start:\n"
        "    la sp, stacks + 16384\n"
        "    csrw sscratch, a0\n"
        "    la t0, trap_entry\n"
        "    csrw stvec, t0\n"
        "    call second\n"
        "    .balign 4\n"
        "trap_entry:\n"
        "    addi sp, sp, -128\n"
        "    sd ra, 0(sp)\n sd a0, 8(sp)\n sd a1, 16(sp)\n sd a2, 24(sp)\n sd a3, 32(sp)\n"
        "    sd a4, 40(sp)\n sd a5, 48(sp)\n sd a6, 56(sp)\n sd a7, 64(sp)\n sd t0, 72(sp)\n"
        "    sd t1, 80(sp)\n sd t2, 88(sp)\n sd t3, 96(sp)\n sd t4, 104(sp)\n sd t5, 112(sp)\n"
        "    sd t6, 120(sp)\n"
        "    csrr a0, sscratch\n"
        "    call trap\n"
        "    ld ra, 0(sp)\n ld a0, 8(sp)\n ld a1, 16(sp)\n ld a2, 24(sp)\n ld a3, 32(sp)\n"
        "    ld a4, 40(sp)\n ld a5, 48(sp)\n ld a6, 56(sp)\n ld a7, 64(sp)\n ld t0, 72(sp)\n"
        "    ld t1, 80(sp)\n ld t2, 88(sp)\n ld t3, 96(sp)\n ld t4, 104(sp)\n ld t5, 112(sp)\n"
        "    ld t6, 120(sp)\n"
        "    addi sp, sp, 128\n"
        "    sret\n"
        "    .bss\n"
        "    .balign 16\n"
        "stacks:\n"
        "    .zero 16384\n"
        "    .text\n");

extern char second_start[];

/* The second hart: says that it lives, waits for IPIs, stops itself. */
void second(u64 hart, u64 argument);
void second(u64 hart, u64 argument)
{
    second_hart = hart;
    second_argument = argument;
    CSR_SET(sie, 2);
    CSR_SET(sstatus, 2);
    __atomic_store_n(&second_alive, 1, __ATOMIC_SEQ_CST);
    while (software_interrupts[1] < 2) {
        __asm__ volatile("wfi");
    }
    __atomic_store_n(&second_alive, 2, __ATOMIC_SEQ_CST);
    call(EXT_HSM, 1, 0, 0, 0, 0);
    check(98, 0);
}

static void test_base(void)
{
    check(1, call(EXT_BASE, 0, 0, 0, 0, 0).value >= 2);
    static const u64 extensions[] = {EXT_BASE, EXT_TIME, EXT_IPI, EXT_RFENCE, EXT_HSM, EXT_SRST};
    for (unsigned i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        struct answer a = call(EXT_BASE, 3, extensions[i], 0, 0, 0);
        check(2, a.error == 0 && a.value != 0);
    }
    check(3, call(EXT_BASE, 3, 0x12345678, 0, 0, 0).value == 0);
    check(4, call(0x12345678, 0, 0, 0, 0, 0).error == -2);
    check(5, call(EXT_BASE, 77, 0, 0, 0, 0).error == -2);
}

static void test_time(void)
{
    CSR_SET(sie, 1 << 5);
    CSR_SET(sstatus, 2);
    u64 start = CSR_READ(time);
    check(10, call(EXT_TIME, 0, start + 5000, 0, 0, 0).error == 0);
    while (timer_interrupts == 0) {
        __asm__ volatile("wfi");
    }
    check(11, CSR_READ(time) >= start + 5000);
    call(0, 0, CSR_READ(time) + 1000, 0, 0, 0); /* the legacy call */
    while (timer_interrupts == 1) {
        __asm__ volatile("wfi");
    }
    check(12, timer_interrupts == 2);
    CSR_CLEAR(sie, 1 << 5);
}

static void test_ipi_to_self(u64 self)
{
    CSR_SET(sie, 2);
    check(20, call(EXT_IPI, 0, 1, self, 0, 0).error == 0);
    while (software_interrupts[0] == 0) {
        __asm__ volatile("nop");
    }
    check(21, call(EXT_IPI, 0, 1, 1000, 0, 0).error == -3);
}

static void test_harts(u64 self)
{
    u64 other = self ^ 1;
    check(30, call(EXT_HSM, 2, self, 0, 0, 0).value == 0);
    check(31, call(EXT_HSM, 2, other, 0, 0, 0).value == 1);
    check(32, call(EXT_HSM, 2, 99, 0, 0, 0).error == -3);
    check(33, call(EXT_HSM, 0, 99, (u64)second_start, 0, 0).error == -3);
    check(34, call(EXT_HSM, 0, self, (u64)second_start, 0, 0).error == -6);
    check(35, call(EXT_HSM, 0, other, (u64)second_start, 4711, 0).error == 0);
    while (second_alive == 0) {
    }
    check(36, second_argument == 4711 && second_hart == other);
    check(37, call(EXT_HSM, 0, other, (u64)second_start, 0, 0).error == -6);
    check(38, call(EXT_IPI, 0, 1ul << other, 0, 0, 0).error == 0);
    while (software_interrupts[1] < 1) {
    }
    check(39, call(EXT_RFENCE, 0, 3, 0, 0, 0).error == 0);
    check(40, call(EXT_RFENCE, 1, 3, 0, 0x80200000, 4096).error == 0);
    check(41, call(EXT_RFENCE, 2, 0, ~0ul, 0, ~0ul).error == 0);
    check(42, call(EXT_IPI, 0, 0, ~0ul, 0, 0).error == 0); /* everybody */
    while (second_alive < 2 || call(EXT_HSM, 2, other, 0, 0, 0).value != 1) {
    }
    check(43, software_interrupts[0] >= 2);
}

static void test_console(void)
{
    static const char text[] = "debug console\n";
    if (call(EXT_BASE, 3, EXT_DBCN, 0, 0, 0).value == 0) {
        print(text); /* firmware older than SBI 2.0 */
        return;
    }
    struct answer a = call(EXT_DBCN, 0, sizeof text - 1, (u64)text, 0, 0);
    check(50, a.error == 0 && a.value == sizeof text - 1);
    check(51, call(EXT_DBCN, 0, 100, 16, 0, 0).error != 0);
    check(52, call(EXT_DBCN, 2, '\n', 0, 0, 0).error == 0);
}

int main(u64 self);
int main(u64 self)
{
    test_base();
    test_time();
    test_ipi_to_self(self);
    test_harts(self);
    test_console();
    print("sbi ok\n");
    call(EXT_SRST, 0, 0, 0, 0, 0);
    for (;;) {
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * Every function of the x86-64 encoder, with operands that need each kind of prefix, read back by
 * Zydis: an independent decoder has to see the instruction that was meant.
 */
#include "emu/jit/code_memory.h"
#include "emu/jit/x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>
#include <cmocka.h>

static uint8_t buffer[64];

static struct x86 begin(void)
{
    memset(buffer, 0xcc, sizeof buffer);
    return (struct x86){buffer, buffer, buffer + sizeof buffer, buffer, false};
}

static void expect(const struct x86 *x, const char *text, int line)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char got[128] = "";
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
    size_t length = (size_t)(x->next - x->start);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, buffer, length, &instruction, operands))) {
        fail_msg("line %d: not an instruction, wanted '%s'", line, text);
    }
    ZydisFormatterFormatInstruction(&formatter, &instruction, operands,
                                    instruction.operand_count_visible, got, sizeof got, 0x1000,
                                    NULL);
    if (strcmp(got, text) != 0 || instruction.length != length) {
        fail_msg("line %d: got '%s' (%u of %zu bytes), wanted '%s'", line, got, instruction.length,
                 length, text);
    }
}

#define CHECK(call, text)           \
    do {                            \
        struct x86 x = begin();     \
        call;                       \
        expect(&x, text, __LINE__); \
    } while (0)

static void moves(void **state)
{
    (void)state;
    CHECK(x86_mov(&x, X86_8, RAX, R15), "mov rax, r15");
    CHECK(x86_mov(&x, X86_4, R8, RSP), "mov r8d, esp");
    CHECK(x86_mov_imm(&x, RCX, 0), "xor ecx, ecx");
    CHECK(x86_mov_imm(&x, R9, 0xffffffff), "mov r9d, 0xFFFFFFFF");
    CHECK(x86_mov_imm(&x, RBX, UINT64_MAX), "mov rbx, 0xFFFFFFFFFFFFFFFF");
    CHECK(x86_mov_imm(&x, R12, 0x123456789abcdef0), "mov r12, 0x123456789ABCDEF0");
    CHECK(x86_load(&x, X86_1, false, RSI, x86_at(RBP, 0)), "movzx esi, byte ptr [rbp]");
    CHECK(x86_load(&x, X86_1, true, RSI, x86_at(RBP, -128)), "movsx rsi, byte ptr [rbp-0x80]");
    CHECK(x86_load(&x, X86_2, false, R8, x86_at(R13, 0)), "movzx r8d, word ptr [r13]");
    CHECK(x86_load(&x, X86_2, true, RAX, x86_at(RSP, 8)), "movsx rax, word ptr [rsp+0x08]");
    CHECK(x86_load(&x, X86_4, false, RAX, x86_at(R12, 0)), "mov eax, dword ptr [r12]");
    CHECK(x86_load(&x, X86_4, true, RAX, x86_index(RCX, RDX, 1, 0)),
          "movsxd rax, dword ptr [rcx+rdx*1]");
    CHECK(x86_load(&x, X86_8, true, R10, x86_index(R14, R15, 8, 0x1234)),
          "mov r10, qword ptr [r14+r15*8+0x1234]");
    CHECK(x86_store(&x, X86_1, x86_at(RAX, 0), RSI), "mov byte ptr [rax], sil");
    CHECK(x86_store(&x, X86_1, x86_at(RAX, 0), RBX), "mov byte ptr [rax], bl");
    CHECK(x86_store(&x, X86_2, x86_at(R8, 1), R9), "mov word ptr [r8+0x01], r9w");
    CHECK(x86_store(&x, X86_4, x86_at(RBX, 0), RDI), "mov dword ptr [rbx], edi");
    CHECK(x86_store(&x, X86_8, x86_index(RBX, RCX, 1, 0), RDI), "mov qword ptr [rbx+rcx*1], rdi");
    CHECK(x86_store_imm(&x, X86_8, x86_at(RBP, 0x1000), -1),
          "mov qword ptr [rbp+0x1000], 0xFFFFFFFFFFFFFFFF");
    CHECK(x86_store_imm(&x, X86_1, x86_at(RAX, 0), 7), "mov byte ptr [rax], 0x07");
    CHECK(x86_store_imm(&x, X86_2, x86_at(RAX, 0), 7), "mov word ptr [rax], 0x07");
    CHECK(x86_lea(&x, X86_8, RDX, x86_at(R11, 0x7f)), "lea rdx, [r11+0x7F]");
    CHECK(x86_extend(&x, X86_1, false, RAX, RDI), "movzx eax, dil");
    CHECK(x86_extend(&x, X86_1, true, RAX, RDI), "movsx rax, dil");
    CHECK(x86_extend(&x, X86_2, true, R9, RDI), "movsx r9, di");
    CHECK(x86_extend(&x, X86_4, true, R9, RDI), "movsxd r9, edi");
    CHECK(x86_extend(&x, X86_4, false, R9, RDI), "mov r9d, edi");
}

static void arithmetic(void **state)
{
    (void)state;
    CHECK(x86_alu(&x, X86_ADD, X86_8, RAX, R9), "add rax, r9");
    CHECK(x86_alu(&x, X86_CMP, X86_4, R10, RBX), "cmp r10d, ebx");
    CHECK(x86_alu_imm(&x, X86_SUB, X86_8, RSP, 8), "sub rsp, 0x08");
    CHECK(x86_alu_imm(&x, X86_AND, X86_4, R8, 0x12345), "and r8d, 0x12345");
    CHECK(x86_alu_load(&x, X86_XOR, X86_8, RAX, x86_at(RBP, 16)), "xor rax, qword ptr [rbp+0x10]");
    CHECK(x86_alu_store(&x, X86_OR, X86_4, x86_at(RBP, 16), R8), "or dword ptr [rbp+0x10], r8d");
    CHECK(x86_alu_store_imm(&x, X86_SUB, X86_8, x86_at(RBP, 0x100), 5),
          "sub qword ptr [rbp+0x100], 0x05");
    CHECK(x86_test(&x, X86_8, RAX, R8), "test rax, r8");
    CHECK(x86_shift_imm(&x, X86_SAR, X86_8, R9, 63), "sar r9, 0x3F");
    CHECK(x86_shift_imm(&x, X86_ROR, X86_4, RDX, 3), "ror edx, 0x03");
    CHECK(x86_shift_cl(&x, X86_SHL, X86_4, RBX), "shl ebx, cl");
    CHECK(x86_rorx(&x, X86_4, RCX, R10, 8), "rorx ecx, r10d, 0x08");
    CHECK(x86_rorx(&x, X86_8, R9, RDX, 40), "rorx r9, rdx, 0x28");
    CHECK(x86_shift_bmi2(&x, X86_SHL, X86_8, RAX, R9, RCX), "shlx rax, r9, rcx");
    CHECK(x86_shift_bmi2(&x, X86_SAR, X86_4, R12, RDI, R8), "sarx r12d, edi, r8d");
    CHECK(x86_shift_bmi2(&x, X86_SHR, X86_8, RAX, RBX, R15), "shrx rax, rbx, r15");
    CHECK(x86_unary(&x, X86_NEG, X86_8, R8), "neg r8");
    CHECK(x86_unary(&x, X86_IDIV, X86_4, RCX), "idiv ecx");
    CHECK(x86_imul(&x, X86_8, R8, RAX), "imul r8, rax");
    CHECK(x86_sign_to_rdx(&x, X86_8), "cqo");
    CHECK(x86_sign_to_rdx(&x, X86_4), "cdq");
    CHECK(x86_setcc(&x, X86_B, RDI), "setb dil");
    CHECK(x86_setcc(&x, X86_G, RAX), "setnle al");
    CHECK(x86_cmov(&x, X86_NE, X86_8, RAX, R11), "cmovnz rax, r11");
    CHECK(x86_bswap(&x, X86_8, R11), "bswap r11");
    CHECK(x86_lzcnt(&x, X86_8, RAX, R9), "lzcnt rax, r9");
    CHECK(x86_tzcnt(&x, X86_4, RAX, RDX), "tzcnt eax, edx");
    CHECK(x86_popcnt(&x, X86_8, R9, RDX), "popcnt r9, rdx");
    CHECK(x86_bit(&x, X86_BTS, X86_8, RAX, R9), "bts rax, r9");
    CHECK(x86_bit_imm(&x, X86_BTC, X86_8, R9, 33), "btc r9, 0x21");
}

static void control(void **state)
{
    (void)state;
    CHECK(x86_patch_here(&x, x86_jump(&x)), "jmp 0x0000000000001005");
    CHECK(x86_patch_here(&x, x86_jump_if(&x, X86_NS)), "jns 0x0000000000001006");
    CHECK(x86_jump_to(&x, x.run_start + 32), "jmp 0x0000000000001020");
    CHECK(x86_jump_reg(&x, R9), "jmp r9");
    CHECK(x86_jump_mem(&x, x86_at(RAX, 8)), "jmp qword ptr [rax+0x08]");
    CHECK(x86_call_mem(&x, x86_at(RBP, 8)), "call qword ptr [rbp+0x08]");
    CHECK(x86_push(&x, R12), "push r12");
    CHECK(x86_pop(&x, RBX), "pop rbx");
    CHECK(x86_return(&x), "ret");
}

static void floating_point(void **state)
{
    (void)state;
    CHECK(x86_sse(&x, X86_FADD, true, 1, 9), "addsd xmm1, xmm9");
    CHECK(x86_sse(&x, X86_SQRT, false, 8, 2), "sqrtss xmm8, xmm2");
    CHECK(x86_sse_load(&x, X86_FMUL, true, 1, x86_at(RBP, 0x200)),
          "mulsd xmm1, qword ptr [rbp+0x200]");
    CHECK(x86_ucomi(&x, true, 0, 0), "ucomisd xmm0, xmm0");
    CHECK(x86_comi(&x, false, 3, 12), "comiss xmm3, xmm12");
    CHECK(x86_load_mxcsr(&x, x86_at(RSP, 56)), "ldmxcsr dword ptr [rsp+0x38]");
    CHECK(x86_store_mxcsr(&x, x86_at(RCX, 0)), "stmxcsr dword ptr [rcx]");
    CHECK(x86_sse_logic(&x, X86_PXOR, 9, 2), "xorps xmm9, xmm2");
    CHECK(x86_sse_logic_load(&x, X86_PAND, 3, x86_at(RSP, 64)),
          "andps xmm3, xmmword ptr [rsp+0x40]");
    CHECK(x86_sse_logic(&x, X86_POR, 1, 12), "orps xmm1, xmm12");
    CHECK(x86_float_load(&x, true, 2, x86_at(RBP, 8)), "movsd xmm2, qword ptr [rbp+0x08]");
    CHECK(x86_float_store(&x, false, x86_at(RBP, 8), 10), "movss dword ptr [rbp+0x08], xmm10");
    CHECK(x86_float_mov(&x, 1, 11), "movaps xmm1, xmm11");
    CHECK(x86_float_to_reg(&x, X86_8, R9, 1), "movq r9, xmm1");
    CHECK(x86_reg_to_float(&x, X86_4, 9, RAX), "movd xmm9, eax");
    CHECK(x86_cvt_int_to_float(&x, true, X86_8, 1, R9), "cvtsi2sd xmm1, r9");
    CHECK(x86_cvt_float_to_float(&x, true, 1, 2), "cvtsd2ss xmm1, xmm2");
    CHECK(x86_fma231(&x, X86_FMADD, true, 1, 9, 15), "vfmadd231sd xmm1, xmm9, xmm15");
    CHECK(x86_fma231(&x, X86_FNMSUB, false, 9, 1, 2), "vfnmsub231ss xmm9, xmm1, xmm2");
    CHECK(x86_round(&x, true, X86_ROUND_MXCSR | X86_ROUND_QUIET, 0, 12),
          "roundsd xmm0, xmm12, 0x0C");
    CHECK(x86_round(&x, false, 1, 9, 1), "roundss xmm9, xmm1, 0x01");
    CHECK(x86_sse_logic_load(&x, X86_PANDN, 1, x86_at(RSP, 64)),
          "andnps xmm1, xmmword ptr [rsp+0x40]");
}

static void a_full_buffer_drops_and_says_so(void **state)
{
    (void)state;
    struct x86 x = begin();
    x.end = x.start + 5;
    x86_mov(&x, X86_8, RAX, RBX);
    assert_false(x.full);
    x86_mov(&x, X86_8, RAX, RBX);
    assert_true(x.full);
    x86_return(&x);
    assert_int_equal(x.next - x.start, 3);
    assert_int_equal(buffer[5], 0xcc);
}

static void code_runs_and_is_never_writable_and_executable(void **state)
{
    (void)state;
    struct code_memory memory;
    assert_true(code_memory_map(&memory, 10000));
    struct x86 x = {memory.write, memory.write, memory.write + memory.size, memory.run, false};
    x86_lea(&x, X86_8, RAX, x86_index(RDI, RSI, 2, 1));
    x86_return(&x);
    code_memory_publish(&memory, 0, 16);
    long (*function)(long, long) = (long (*)(long, long))(uintptr_t)memory.run;
    assert_int_equal(function(10, 20), 51);
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        assert_null(strstr(line, "rwx"));
    }
    fclose(maps);
    code_memory_unmap(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(control),
        cmocka_unit_test(floating_point),
        cmocka_unit_test(a_full_buffer_drops_and_says_so),
        cmocka_unit_test(code_runs_and_is_never_writable_and_executable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

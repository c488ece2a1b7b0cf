/* SPDX-License-Identifier: MIT */
/* x86.c - encodes x86-64 instructions; see x86.h. */
#include "emu/jit/x86_encode.h"

#include <string.h>

void x86_put(struct x86 *x, const uint8_t *bytes, size_t n)
{
    if (x->full || (size_t)(x->end - x->next) < n) {
        x->full = true;
        return;
    }
    memcpy(x->next, bytes, n);
    x->next += n;
}

const uint8_t *x86_here(const struct x86 *x)
{
    return x->run_start + (x->next - x->start);
}

static void add(struct code *c, unsigned byte)
{
    c->byte[c->n++] = (uint8_t)byte;
}

static void add32(struct code *c, uint32_t value)
{
    memcpy(c->byte + c->n, &value, 4);
    c->n += 4;
}

/*
 * REX prefix (2.2.1.2): W for 64-bit operands, R and B extend the register fields, X the index.
 * `byte_reg` forces the prefix where a byte register of number 4..7 would otherwise mean ah..bh.
 */
static void add_rex(struct code *c, bool w, unsigned reg, unsigned index, unsigned base,
                    bool byte_reg)
{
    unsigned rex = (w ? 8u : 0u) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    if (rex || byte_reg) {
        add(c, 0x40 | rex);
    }
}

static void add_modrm_reg(struct code *c, unsigned reg, unsigned rm)
{
    add(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* ModRM, SIB and displacement (2.1.5). rsp/r12 as base need a SIB; rbp/r13 need a displacement. */
static void add_modrm_mem(struct code *c, unsigned reg, struct x86_mem m)
{
    unsigned base = m.base & 7u;
    bool need_sib = m.index != X86_NONE || base == RSP;
    unsigned mod = m.disp == 0 && base != RBP ? 0 : m.disp >= -128 && m.disp <= 127 ? 1 : 2;
    add(c, mod << 6 | (reg & 7) << 3 | (need_sib ? 4u : base));
    if (need_sib) {
        unsigned scale = m.scale == 8 ? 3 : m.scale == 4 ? 2 : m.scale == 2 ? 1 : 0;
        unsigned index = m.index == X86_NONE ? 4u : m.index & 7u;
        add(c, scale << 6 | index << 3 | base);
    }
    if (mod == 1) {
        add(c, (unsigned)m.disp & 0xff);
    } else if (mod == 2) {
        add32(c, (uint32_t)m.disp);
    }
}

static unsigned index_of(struct x86_mem m)
{
    return m.index == X86_NONE ? 0 : m.index;
}

void x86_op_reg(struct x86 *x, unsigned prefix, bool w, bool escape, unsigned opcode, unsigned reg,
                unsigned rm, bool byte_reg)
{
    struct code c = {.n = 0};
    if (prefix) {
        add(&c, prefix);
    }
    add_rex(&c, w, reg, 0, rm, byte_reg);
    if (escape) {
        add(&c, 0x0f);
    }
    add(&c, opcode);
    add_modrm_reg(&c, reg, rm);
    x86_put(x, c.byte, c.n);
}

void x86_op_mem(struct x86 *x, unsigned prefix, bool w, bool escape, unsigned opcode, unsigned reg,
                struct x86_mem m, bool byte_reg)
{
    struct code c = {.n = 0};
    if (prefix) {
        add(&c, prefix);
    }
    add_rex(&c, w, reg, index_of(m), m.base, byte_reg);
    if (escape) {
        add(&c, 0x0f);
    }
    add(&c, opcode);
    add_modrm_mem(&c, reg, m);
    x86_put(x, c.byte, c.n);
}

void x86_imm(struct x86 *x, int32_t value, size_t bytes)
{
    uint32_t bits = (uint32_t)value;
    x86_put(x, (const uint8_t *)&bits, bytes);
}

void x86_mov(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0, w == X86_8, false, 0x89, from, to, false);
}

void x86_mov_imm(struct x86 *x, enum x86_reg to, uint64_t value)
{
    if (value == 0) {
        x86_alu(x, X86_XOR, X86_4, to, to);
        return;
    }
    struct code c = {.n = 0};
    if (value <= UINT32_MAX) {
        add_rex(&c, false, 0, 0, to, false);
        add(&c, 0xb8u | (to & 7));
        add32(&c, (uint32_t)value);
    } else if ((int64_t)value == (int32_t)value) {
        add_rex(&c, true, 0, 0, to, false);
        add(&c, 0xc7);
        add_modrm_reg(&c, 0, to);
        add32(&c, (uint32_t)value);
    } else {
        add_rex(&c, true, 0, 0, to, false);
        add(&c, 0xb8u | (to & 7));
        add32(&c, (uint32_t)value);
        add32(&c, (uint32_t)(value >> 32));
    }
    x86_put(x, c.byte, c.n);
}

void x86_load(struct x86 *x, enum x86_width w, bool sign, enum x86_reg to, struct x86_mem m)
{
    switch (w) {
    case X86_1:
        x86_op_mem(x, 0, sign, true, sign ? 0xbe : 0xb6, to, m, false);
        break;
    case X86_2:
        x86_op_mem(x, 0, sign, true, sign ? 0xbf : 0xb7, to, m, false);
        break;
    case X86_4:
        x86_op_mem(x, 0, sign, false, sign ? 0x63 : 0x8b, to, m, false);
        break;
    case X86_8:
        x86_op_mem(x, 0, true, false, 0x8b, to, m, false);
        break;
    }
}

void x86_store(struct x86 *x, enum x86_width w, struct x86_mem m, enum x86_reg from)
{
    x86_op_mem(x, w == X86_2 ? 0x66 : 0, w == X86_8, false, w == X86_1 ? 0x88 : 0x89, from, m,
               w == X86_1 && from >= RSP);
}

void x86_store_imm(struct x86 *x, enum x86_width w, struct x86_mem m, int32_t value)
{
    x86_op_mem(x, w == X86_2 ? 0x66 : 0, w == X86_8, false, w == X86_1 ? 0xc6 : 0xc7, 0, m, false);
    x86_imm(x, value, w == X86_8 ? 4 : (size_t)w);
}

void x86_load_mxcsr(struct x86 *x, struct x86_mem m)
{
    x86_op_mem(x, 0, false, true, 0xae, 2, m, false);
}

void x86_store_mxcsr(struct x86 *x, struct x86_mem m)
{
    x86_op_mem(x, 0, false, true, 0xae, 3, m, false);
}

void x86_lea(struct x86 *x, enum x86_width w, enum x86_reg to, struct x86_mem m)
{
    x86_op_mem(x, 0, w == X86_8, false, 0x8d, to, m, false);
}

void x86_extend(struct x86 *x, enum x86_width w, bool sign, enum x86_reg to, enum x86_reg from)
{
    switch (w) {
    case X86_1:
        x86_op_reg(x, 0, sign, true, sign ? 0xbe : 0xb6, to, from, from >= RSP);
        break;
    case X86_2:
        x86_op_reg(x, 0, sign, true, sign ? 0xbf : 0xb7, to, from, false);
        break;
    case X86_4:
        x86_op_reg(x, 0, sign, false, sign ? 0x63 : 0x8b, to, from, false);
        break;
    case X86_8:
        x86_mov(x, X86_8, to, from);
        break;
    }
}

void x86_alu(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0, w == X86_8, false, (unsigned)op << 3 | 1, from, to, false);
}

void x86_alu_imm(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to, int32_t value)
{
    bool small = value >= -128 && value <= 127;
    x86_op_reg(x, 0, w == X86_8, false, small ? 0x83 : 0x81, op, to, false);
    x86_imm(x, value, small ? 1 : 4);
}

void x86_alu_load(struct x86 *x, enum x86_alu op, enum x86_width w, enum x86_reg to,
                  struct x86_mem m)
{
    x86_op_mem(x, 0, w == X86_8, false, (unsigned)op << 3 | 3, to, m, false);
}

void x86_alu_store(struct x86 *x, enum x86_alu op, enum x86_width w, struct x86_mem m,
                   enum x86_reg from)
{
    x86_op_mem(x, 0, w == X86_8, false, (unsigned)op << 3 | 1, from, m, false);
}

void x86_alu_store_imm(struct x86 *x, enum x86_alu op, enum x86_width w, struct x86_mem m,
                       int32_t value)
{
    bool small = value >= -128 && value <= 127;
    x86_op_mem(x, 0, w == X86_8, false, small ? 0x83 : 0x81, op, m, false);
    x86_imm(x, value, small ? 1 : 4);
}

void x86_test(struct x86 *x, enum x86_width w, enum x86_reg a, enum x86_reg b)
{
    x86_op_reg(x, 0, w == X86_8, false, 0x85, b, a, false);
}

void x86_shift_imm(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg r,
                   unsigned count)
{
    x86_op_reg(x, 0, w == X86_8, false, 0xc1, op, r, false);
    x86_imm(x, (int32_t)count, 1);
}

void x86_shift_cl(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg r)
{
    x86_op_reg(x, 0, w == X86_8, false, 0xd3, op, r, false);
}

/* The prefix has three bytes (2.3.5); vvvv is inverted. */
void x86_op_vex(struct x86 *x, enum x86_map map, unsigned pp, bool w, unsigned opcode, unsigned reg,
                unsigned vvvv, unsigned rm)
{
    struct code c = {.n = 0};
    add(&c, 0xc4);
    add(&c, (~reg >> 3 & 1) << 7 | 1u << 6 | (~rm >> 3 & 1) << 5 | (unsigned)map);
    add(&c, (w ? 0x80u : 0u) | (~vvvv & 15) << 3 | pp);
    add(&c, opcode);
    add_modrm_reg(&c, reg, rm);
    x86_put(x, c.byte, c.n);
}

void x86_shift_bmi2(struct x86 *x, enum x86_shift op, enum x86_width w, enum x86_reg to,
                    enum x86_reg from, enum x86_reg count)
{
    x86_op_vex(x, X86_MAP_0F38,
               op == X86_SHL   ? 1
               : op == X86_SAR ? 2
                               : 3,
               w == X86_8, 0xf7, to, count, from);
}

void x86_rorx(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from, unsigned count)
{
    x86_op_vex(x, X86_MAP_0F3A, 3, w == X86_8, 0xf0, to, 0, from);
    x86_imm(x, (int32_t)count, 1);
}

void x86_unary(struct x86 *x, enum x86_unary op, enum x86_width w, enum x86_reg r)
{
    x86_op_reg(x, 0, w == X86_8, false, 0xf7, op, r, false);
}

void x86_imul(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0, w == X86_8, true, 0xaf, to, from, false);
}

void x86_sign_to_rdx(struct x86 *x, enum x86_width w)
{
    static const uint8_t code[] = {0x48, 0x99};
    x86_put(x, w == X86_8 ? code : code + 1, w == X86_8 ? 2 : 1);
}

void x86_setcc(struct x86 *x, enum x86_cond c, enum x86_reg to)
{
    x86_op_reg(x, 0, false, true, 0x90u | (unsigned)c, 0, to, to >= RSP);
}

void x86_cmov(struct x86 *x, enum x86_cond c, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0, w == X86_8, true, 0x40u | (unsigned)c, to, from, false);
}

void x86_bswap(struct x86 *x, enum x86_width w, enum x86_reg r)
{
    struct code c = {.n = 0};
    add_rex(&c, w == X86_8, 0, 0, r, false);
    add(&c, 0x0f);
    add(&c, 0xc8u | (r & 7));
    x86_put(x, c.byte, c.n);
}

void x86_lzcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0xf3, w == X86_8, true, 0xbd, to, from, false);
}

void x86_tzcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0xf3, w == X86_8, true, 0xbc, to, from, false);
}

void x86_popcnt(struct x86 *x, enum x86_width w, enum x86_reg to, enum x86_reg from)
{
    x86_op_reg(x, 0xf3, w == X86_8, true, 0xb8, to, from, false);
}

void x86_bit(struct x86 *x, enum x86_bit op, enum x86_width w, enum x86_reg r, enum x86_reg number)
{
    x86_op_reg(x, 0, w == X86_8, true, 0x83u | (unsigned)op << 3, number, r, false);
}

void x86_bit_imm(struct x86 *x, enum x86_bit op, enum x86_width w, enum x86_reg r, unsigned number)
{
    x86_op_reg(x, 0, w == X86_8, true, 0xba, op, r, false);
    x86_imm(x, (int32_t)number, 1);
}

static uint8_t *displacement(struct x86 *x)
{
    static const uint8_t zero[4];
    uint8_t *at = x->next;
    x86_put(x, zero, 4);
    return at;
}

uint8_t *x86_jump(struct x86 *x)
{
    x86_put(x, (const uint8_t[]){0xe9}, 1);
    return displacement(x);
}

uint8_t *x86_jump_if(struct x86 *x, enum x86_cond c)
{
    x86_put(x, (const uint8_t[]){0x0f, (uint8_t)(0x80u | (unsigned)c)}, 2);
    return displacement(x);
}

void x86_patch(const struct x86 *x, uint8_t *at, const uint8_t *target)
{
    if (x->full) {
        return;
    }
    const uint8_t *from = x->run_start + (at - x->start) + 4;
    int32_t distance = (int32_t)(target - from);
    memcpy(at, &distance, 4);
}

void x86_patch_here(struct x86 *x, uint8_t *at)
{
    x86_patch(x, at, x86_here(x));
}

void x86_jump_to(struct x86 *x, const uint8_t *target)
{
    uint8_t *at = x86_jump(x);
    x86_patch(x, at, target);
}

void x86_jump_reg(struct x86 *x, enum x86_reg r)
{
    x86_op_reg(x, 0, false, false, 0xff, 4, r, false);
}

void x86_jump_mem(struct x86 *x, struct x86_mem m)
{
    x86_op_mem(x, 0, false, false, 0xff, 4, m, false);
}

void x86_call(struct x86 *x, const void *target, enum x86_reg scratch)
{
    x86_mov_imm(x, scratch, (uint64_t)(uintptr_t)target);
    x86_op_reg(x, 0, false, false, 0xff, 2, scratch, false);
}

void x86_call_near(struct x86 *x, const uint8_t *target)
{
    const uint8_t opcode[5] = {0xe8};
    x86_put(x, opcode, sizeof opcode);
    if (!x->full) {
        x86_patch(x, x->next - 4, target);
    }
}

void x86_data(struct x86 *x, const void *bytes, size_t length)
{
    x86_put(x, bytes, length);
}

void x86_call_mem(struct x86 *x, struct x86_mem m)
{
    x86_op_mem(x, 0, false, false, 0xff, 2, m, false);
}

void x86_push(struct x86 *x, enum x86_reg r)
{
    struct code c = {.n = 0};
    add_rex(&c, false, 0, 0, r, false);
    add(&c, 0x50u | (r & 7));
    x86_put(x, c.byte, c.n);
}

void x86_pop(struct x86 *x, enum x86_reg r)
{
    struct code c = {.n = 0};
    add_rex(&c, false, 0, 0, r, false);
    add(&c, 0x58u | (r & 7));
    x86_put(x, c.byte, c.n);
}

void x86_return(struct x86 *x)
{
    x86_put(x, (const uint8_t[]){0xc3}, 1);
}

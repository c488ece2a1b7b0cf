/* SPDX-License-Identifier: MIT */
/*
 * ops_integer.h - bodies of I, M, Zba, Zbb, Zbs, Zicond: registers only.
 *
 * Part of interp_execute (run.c), which defines OP, RD, RS1, RS2, IMM, NEXT.
 */
// clang-format off

/* Made at decoding: lui and addi from x0; addi 0 and add with x0. */
OP(LI) RD = (u64)IMM; NEXT;
OP(MV) RD = RS1; NEXT;
OP(LUI) RD = (u64)IMM; NEXT;
OP(AUIPC) RD = page + (u64)IMM; NEXT;

OP(ADDI) RD = RS1 + (u64)IMM; NEXT;
OP(SLTI) RD = (i64)RS1 < IMM; NEXT;
OP(SLTIU) RD = RS1 < (u64)IMM; NEXT;
OP(XORI) RD = RS1 ^ (u64)IMM; NEXT;
OP(ORI) RD = RS1 | (u64)IMM; NEXT;
OP(ANDI) RD = RS1 & (u64)IMM; NEXT;
OP(SLLI) RD = RS1 << IMM; NEXT;
OP(SRLI) RD = RS1 >> IMM; NEXT;
OP(SRAI) RD = (u64)((i64)RS1 >> IMM); NEXT;
OP(ADD) RD = RS1 + RS2; NEXT;
OP(SUB) RD = RS1 - RS2; NEXT;
OP(SLL) RD = RS1 << (RS2 & 63); NEXT;
OP(SLT) RD = (i64)RS1 < (i64)RS2; NEXT;
OP(SLTU) RD = RS1 < RS2; NEXT;
OP(XOR) RD = RS1 ^ RS2; NEXT;
OP(SRL) RD = RS1 >> (RS2 & 63); NEXT;
OP(SRA) RD = (u64)((i64)RS1 >> (RS2 & 63)); NEXT;
OP(OR) RD = RS1 | RS2; NEXT;
OP(AND) RD = RS1 & RS2; NEXT;
OP(ADDIW) RD = sext32(RS1 + (u64)IMM); NEXT;
OP(SLLIW) RD = sext32(RS1 << IMM); NEXT;
OP(SRLIW) RD = sext32((u32)RS1 >> IMM); NEXT;
OP(SRAIW) RD = (u64)(i64)((i32)RS1 >> IMM); NEXT;
OP(ADDW) RD = sext32(RS1 + RS2); NEXT;
OP(SUBW) RD = sext32(RS1 - RS2); NEXT;
OP(SLLW) RD = sext32(RS1 << (RS2 & 31)); NEXT;
OP(SRLW) RD = sext32((u32)RS1 >> (RS2 & 31)); NEXT;
OP(SRAW) RD = (u64)(i64)((i32)RS1 >> (RS2 & 31)); NEXT;
OP(FENCE) NEXT;

/* M.  Division by zero and overflow have defined results. */
OP(MUL) RD = RS1 * RS2; NEXT;
OP(MULH) RD = (u64)((i128)(i64)RS1 * (i64)RS2 >> 64); NEXT;
OP(MULHSU) RD = (u64)((i128)(i64)RS1 * (i128)(u128)RS2 >> 64); NEXT;
OP(MULHU) RD = (u64)((u128)RS1 * RS2 >> 64); NEXT;
OP(DIV) RD = divide((i64)RS1, (i64)RS2); NEXT;
OP(DIVU) RD = RS2 ? RS1 / RS2 : UINT64_MAX; NEXT;
OP(REM) RD = remainder_of((i64)RS1, (i64)RS2); NEXT;
OP(REMU) RD = RS2 ? RS1 % RS2 : RS1; NEXT;
OP(MULW) RD = sext32(RS1 * RS2); NEXT;
OP(DIVW) RD = sext32(divide((i32)RS1, (i32)RS2)); NEXT;
OP(DIVUW) RD = (u32)RS2 ? sext32((u32)RS1 / (u32)RS2) : UINT64_MAX; NEXT;
OP(REMW) RD = sext32(remainder_of((i32)RS1, (i32)RS2)); NEXT;
OP(REMUW) RD = sext32((u32)RS2 ? (u32)RS1 % (u32)RS2 : (u32)RS1); NEXT;

/* Zba */
OP(SH1ADD) RD = (RS1 << 1) + RS2; NEXT;
OP(SH2ADD) RD = (RS1 << 2) + RS2; NEXT;
OP(SH3ADD) RD = (RS1 << 3) + RS2; NEXT;
OP(ADD_UW) RD = (u64)(u32)RS1 + RS2; NEXT;
OP(SH1ADD_UW) RD = ((u64)(u32)RS1 << 1) + RS2; NEXT;
OP(SH2ADD_UW) RD = ((u64)(u32)RS1 << 2) + RS2; NEXT;
OP(SH3ADD_UW) RD = ((u64)(u32)RS1 << 3) + RS2; NEXT;
OP(SLLI_UW) RD = (u64)(u32)RS1 << IMM; NEXT;

/* Zbb */
OP(ANDN) RD = RS1 & ~RS2; NEXT;
OP(ORN) RD = RS1 | ~RS2; NEXT;
OP(XNOR) RD = ~(RS1 ^ RS2); NEXT;
OP(MIN) RD = (i64)RS1 < (i64)RS2 ? RS1 : RS2; NEXT;
OP(MINU) RD = RS1 < RS2 ? RS1 : RS2; NEXT;
OP(MAX) RD = (i64)RS1 > (i64)RS2 ? RS1 : RS2; NEXT;
OP(MAXU) RD = RS1 > RS2 ? RS1 : RS2; NEXT;
OP(ROL) RD = rotate_right(RS1, 64 - (RS2 & 63)); NEXT;
OP(ROR) RD = rotate_right(RS1, RS2); NEXT;
OP(RORI) RD = rotate_right(RS1, (u64)IMM); NEXT;
OP(ROLW) RD = sext32(rotate_right32((u32)RS1, 32 - (RS2 & 31))); NEXT;
OP(RORW) RD = sext32(rotate_right32((u32)RS1, RS2)); NEXT;
OP(RORIW) RD = sext32(rotate_right32((u32)RS1, (u64)IMM)); NEXT;
OP(CLZ) RD = RS1 ? (u64)__builtin_clzll(RS1) : 64; NEXT;
OP(CTZ) RD = RS1 ? (u64)__builtin_ctzll(RS1) : 64; NEXT;
OP(CPOP) RD = (u64)__builtin_popcountll(RS1); NEXT;
OP(CLZW) RD = (u32)RS1 ? (u64)__builtin_clz((u32)RS1) : 32; NEXT;
OP(CTZW) RD = (u32)RS1 ? (u64)__builtin_ctz((u32)RS1) : 32; NEXT;
OP(CPOPW) RD = (u64)__builtin_popcount((u32)RS1); NEXT;
OP(SEXT_B) RD = (u64)(i64)(i8)RS1; NEXT;
OP(SEXT_H) RD = (u64)(i64)(i16)RS1; NEXT;
OP(ZEXT_H) RD = (u16)RS1; NEXT;
OP(ORC_B) RD = or_combine(RS1); NEXT;
OP(REV8) RD = __builtin_bswap64(RS1); NEXT;

/* Zbs */
OP(BCLR) RD = RS1 & ~BIT(RS2 & 63); NEXT;
OP(BCLRI) RD = RS1 & ~BIT(IMM); NEXT;
OP(BEXT) RD = RS1 >> (RS2 & 63) & 1; NEXT;
OP(BEXTI) RD = RS1 >> IMM & 1; NEXT;
OP(BINV) RD = RS1 ^ BIT(RS2 & 63); NEXT;
OP(BINVI) RD = RS1 ^ BIT(IMM); NEXT;
OP(BSET) RD = RS1 | BIT(RS2 & 63); NEXT;
OP(BSETI) RD = RS1 | BIT(IMM); NEXT;

/* Zicond */
OP(CZERO_EQZ) RD = RS2 ? RS1 : 0; NEXT;
OP(CZERO_NEZ) RD = RS2 ? 0 : RS1; NEXT;
// clang-format on

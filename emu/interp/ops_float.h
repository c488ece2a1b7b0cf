/* SPDX-License-Identifier: MIT */
/*
 * ops_float.h - bodies of F and D, except loads and stores.
 *
 * Part of interp_execute (run.c).  Arithmetic is emu/hart/fpu.h.  Whatever writes an f register or
 * raises a flag makes mstatus.FS dirty.
 */
// clang-format off

/* The result goes to an f register.  ROUND(expression) has the resolved rounding mode in rm. */
#define FLOAT(name, expression)                                                                    \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        FD = expression;                                                                           \
        FLOAT_DIRTY;                                                                               \
        NEXT;                                                                                      \
    }
#define FLOAT_RM(name, expression)                                                                 \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        NEED_ROUNDING;                                                                             \
        FD = expression;                                                                           \
        FLOAT_DIRTY;                                                                               \
        NEXT;                                                                                      \
    }
/* The result goes to an x register; only flags can change the floating-point state. */
#define TO_X(name, expression)                                                                     \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        unsigned before = h->fflags;                                                               \
        RD = expression;                                                                           \
        if (h->fflags != before) {                                                                 \
            FLOAT_DIRTY;                                                                           \
        }                                                                                          \
        NEXT;                                                                                      \
    }
#define TO_X_RM(name, expression)                                                                  \
    OP(name)                                                                                       \
    {                                                                                              \
        NEED_FLOAT;                                                                                \
        NEED_ROUNDING;                                                                             \
        unsigned before = h->fflags;                                                               \
        RD = expression;                                                                           \
        if (h->fflags != before) {                                                                 \
            FLOAT_DIRTY;                                                                           \
        }                                                                                          \
        NEXT;                                                                                      \
    }
#define S1 fpu_unbox(FS1)
#define S2 fpu_unbox(FS2)
#define S3 fpu_unbox(FS3)
#define FLAGS &h->fflags

FLOAT_RM(FADD_S, fpu_box(fpu_add_s(S1, S2, rm, FLAGS)))
FLOAT_RM(FSUB_S, fpu_box(fpu_sub_s(S1, S2, rm, FLAGS)))
FLOAT_RM(FMUL_S, fpu_box(fpu_mul_s(S1, S2, rm, FLAGS)))
FLOAT_RM(FDIV_S, fpu_box(fpu_div_s(S1, S2, rm, FLAGS)))
FLOAT_RM(FSQRT_S, fpu_box(fpu_sqrt_s(S1, rm, FLAGS)))
FLOAT_RM(FMADD_S, fpu_box(fpu_madd_s(S1, S2, S3, rm, FLAGS)))
FLOAT_RM(FMSUB_S, fpu_box(fpu_msub_s(S1, S2, S3, rm, FLAGS)))
FLOAT_RM(FNMSUB_S, fpu_box(fpu_nmsub_s(S1, S2, S3, rm, FLAGS)))
FLOAT_RM(FNMADD_S, fpu_box(fpu_nmadd_s(S1, S2, S3, rm, FLAGS)))
FLOAT(FSGNJ_S, fpu_box(fpu_sgnj_s(S1, S2)))
FLOAT(FSGNJN_S, fpu_box(fpu_sgnjn_s(S1, S2)))
FLOAT(FSGNJX_S, fpu_box(fpu_sgnjx_s(S1, S2)))
FLOAT(FMIN_S, fpu_box(fpu_min_s(S1, S2, FLAGS)))
FLOAT(FMAX_S, fpu_box(fpu_max_s(S1, S2, FLAGS)))
FLOAT_RM(FCVT_S_W, fpu_box(fpu_w_to_s(RS1, rm, FLAGS)))
FLOAT_RM(FCVT_S_WU, fpu_box(fpu_wu_to_s(RS1, rm, FLAGS)))
FLOAT_RM(FCVT_S_L, fpu_box(fpu_l_to_s(RS1, rm, FLAGS)))
FLOAT_RM(FCVT_S_LU, fpu_box(fpu_lu_to_s(RS1, rm, FLAGS)))
FLOAT_RM(FCVT_S_D, fpu_box(fpu_d_to_s(FS1, rm, FLAGS)))
FLOAT(FMV_W_X, fpu_box((u32)RS1))
TO_X(FEQ_S, fpu_eq_s(S1, S2, FLAGS))
TO_X(FLT_S, fpu_lt_s(S1, S2, FLAGS))
TO_X(FLE_S, fpu_le_s(S1, S2, FLAGS))
TO_X(FCLASS_S, fpu_class_s(S1))
TO_X_RM(FCVT_W_S, fpu_s_to_w(S1, rm, FLAGS))
TO_X_RM(FCVT_WU_S, fpu_s_to_wu(S1, rm, FLAGS))
TO_X_RM(FCVT_L_S, fpu_s_to_l(S1, rm, FLAGS))
TO_X_RM(FCVT_LU_S, fpu_s_to_lu(S1, rm, FLAGS))
TO_X(FMV_X_W, sext32(FS1))

FLOAT_RM(FADD_D, fpu_add_d(FS1, FS2, rm, FLAGS))
FLOAT_RM(FSUB_D, fpu_sub_d(FS1, FS2, rm, FLAGS))
FLOAT_RM(FMUL_D, fpu_mul_d(FS1, FS2, rm, FLAGS))
FLOAT_RM(FDIV_D, fpu_div_d(FS1, FS2, rm, FLAGS))
FLOAT_RM(FSQRT_D, fpu_sqrt_d(FS1, rm, FLAGS))
FLOAT_RM(FMADD_D, fpu_madd_d(FS1, FS2, FS3, rm, FLAGS))
FLOAT_RM(FMSUB_D, fpu_msub_d(FS1, FS2, FS3, rm, FLAGS))
FLOAT_RM(FNMSUB_D, fpu_nmsub_d(FS1, FS2, FS3, rm, FLAGS))
FLOAT_RM(FNMADD_D, fpu_nmadd_d(FS1, FS2, FS3, rm, FLAGS))
FLOAT(FSGNJ_D, fpu_sgnj_d(FS1, FS2))
FLOAT(FSGNJN_D, fpu_sgnjn_d(FS1, FS2))
FLOAT(FSGNJX_D, fpu_sgnjx_d(FS1, FS2))
FLOAT(FMIN_D, fpu_min_d(FS1, FS2, FLAGS))
FLOAT(FMAX_D, fpu_max_d(FS1, FS2, FLAGS))
FLOAT_RM(FCVT_D_W, ((void)rm, fpu_w_to_d(RS1)))
FLOAT_RM(FCVT_D_WU, ((void)rm, fpu_wu_to_d(RS1)))
FLOAT_RM(FCVT_D_L, fpu_l_to_d(RS1, rm, FLAGS))
FLOAT_RM(FCVT_D_LU, fpu_lu_to_d(RS1, rm, FLAGS))
FLOAT_RM(FCVT_D_S, ((void)rm, fpu_s_to_d(S1, FLAGS)))
FLOAT(FMV_D_X, RS1)
TO_X(FEQ_D, fpu_eq_d(FS1, FS2, FLAGS))
TO_X(FLT_D, fpu_lt_d(FS1, FS2, FLAGS))
TO_X(FLE_D, fpu_le_d(FS1, FS2, FLAGS))
TO_X(FCLASS_D, fpu_class_d(FS1))
TO_X_RM(FCVT_W_D, fpu_d_to_w(FS1, rm, FLAGS))
TO_X_RM(FCVT_WU_D, fpu_d_to_wu(FS1, rm, FLAGS))
TO_X_RM(FCVT_L_D, fpu_d_to_l(FS1, rm, FLAGS))
TO_X_RM(FCVT_LU_D, fpu_d_to_lu(FS1, rm, FLAGS))
TO_X(FMV_X_D, FS1)

#undef FLOAT
#undef FLOAT_RM
#undef TO_X
#undef TO_X_RM
#undef S1
#undef S2
#undef S3
#undef FLAGS
// clang-format on

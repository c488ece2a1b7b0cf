/* SPDX-License-Identifier: MIT */
/*
 * errno.h - error numbers, as the ABI has them.  Functions return them negated:
 * `return -ENOMEM;`.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#include "abi/errno.h"

#endif

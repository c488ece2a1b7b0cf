/* SPDX-License-Identifier: MIT */
/* pty.h - pseudo-terminals: /dev/ptmx and /dev/pts/N.  See pty.c. */
#ifndef DEV_PTY_H
#define DEV_PTY_H

/* => at boot */
void pty_init(void);

#endif

/* SPDX-License-Identifier: MIT */
/* uart.h - the 16550 serial port.  See uart.c. */
#ifndef DEV_UART_H
#define DEV_UART_H

/* Find it; from then on it prints the kernel's messages.  => early, no interrupts needed */
void uart_init_early(void);
/* Make it a terminal (/dev/ttyS0), driven by interrupts. */
void uart_init(void);

#endif

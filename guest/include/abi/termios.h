/* SPDX-License-Identifier: MIT */
/*
 * termios.h - terminal attributes and the ioctl numbers of terminals, pipes and disks.
 *
 * Source: Linux UAPI, asm-generic/termbits.h, asm-generic/ioctls.h, linux/fs.h.
 */
#ifndef ABI_TERMIOS_H
#define ABI_TERMIOS_H

#include <stdint.h>

#define TCGETS 0x5401u
#define TCSETS 0x5402u
#define TCSETSW 0x5403u
#define TCSETSF 0x5404u
#define TCSBRK 0x5409u
#define TCXONC 0x540au
#define TCFLSH 0x540bu
#define TIOCEXCL 0x540cu
#define TIOCNXCL 0x540du
#define TIOCSCTTY 0x540eu
#define TIOCGPGRP 0x540fu
#define TIOCSPGRP 0x5410u
#define TIOCOUTQ 0x5411u
#define TIOCGWINSZ 0x5413u
#define TIOCSWINSZ 0x5414u
#define FIONREAD 0x541bu
#define TIOCNOTTY 0x5422u
#define TIOCGSID 0x5429u
#define FIONBIO 0x5421u
#define FIONCLEX 0x5450u
#define FIOCLEX 0x5451u
#define FIOASYNC 0x5452u
#define BLKGETSIZE 0x1260u
#define BLKFLSBUF 0x1261u
#define BLKSSZGET 0x1268u
#define BLKGETSIZE64 0x80081272u

#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSWTC 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE 14
#define VLNEXT 15
#define VEOL2 16
#define TERMIOS_CC_COUNT 19

/* c_iflag */
#define IGNBRK 0000001u
#define BRKINT 0000002u
#define IGNPAR 0000004u
#define PARMRK 0000010u
#define INPCK 0000020u
#define ISTRIP 0000040u
#define INLCR 0000100u
#define IGNCR 0000200u
#define ICRNL 0000400u
#define IXON 0002000u
#define IXANY 0004000u
#define IXOFF 0010000u
#define IMAXBEL 0020000u
#define IUTF8 0040000u
/* c_oflag */
#define OPOST 0000001u
#define ONLCR 0000004u
#define OCRNL 0000010u
#define ONOCR 0000020u
#define ONLRET 0000040u
/* c_cflag */
#define CS8 0000060u
#define CREAD 0000200u
#define HUPCL 0002000u
#define CLOCAL 0004000u
#define B38400 0000017u
#define B115200 0010002u
/* c_lflag */
#define ISIG 0000001u
#define ICANON 0000002u
#define ECHO 0000010u
#define ECHOE 0000020u
#define ECHOK 0000040u
#define ECHONL 0000100u
#define NOFLSH 0000200u
#define TOSTOP 0000400u
#define ECHOCTL 0001000u
#define ECHOPRT 0002000u
#define ECHOKE 0004000u
#define IEXTEN 0100000u

struct abi_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line;
    uint8_t cc[TERMIOS_CC_COUNT];
};
_Static_assert(sizeof(struct abi_termios) == 36, "struct termios (kernel)");

struct abi_winsize {
    uint16_t rows, columns, xpixels, ypixels;
};

#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2

#endif

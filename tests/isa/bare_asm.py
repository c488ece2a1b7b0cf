# SPDX-License-Identifier: MIT
"""Assembly that the random bare-metal programs share."""


def print_routine(value):
    """`call print`: the register `value` as 16 hexadecimal digits and a newline on the UART; spoils t0, t2-t4."""
    return f"""
print:
    li t0, 0x10000000
    li t2, 60
1:  srl t3, {value}, t2
    andi t3, t3, 15
    addi t3, t3, 48
    li t4, 58
    blt t3, t4, 2f
    addi t3, t3, 39
2:  sb t3, 0(t0)
    addi t2, t2, -4
    bgez t2, 1b
    li t3, 10
    sb t3, 0(t0)
    ret
"""


# Ends the run by the test finisher.
FINISH = """
finish:
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
"""

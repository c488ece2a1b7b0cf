/* SPDX-License-Identifier: MIT */
/* engine.c - what every engine does between two stretches of instructions; see engine.h. */
#include "emu/hart/engine.h"
#include "emu/hart/hart.h"

bool hart_attend(struct hart *h, enum exit_reason *reason)
{
    *reason = EXIT_STOP;
    if (h->stop & STOP_RETURN) {
        /* Also at the end of the budget: a translator may have granted only a part of it. */
    } else if (h->budget <= 0) {
        *reason = EXIT_BUDGET;
    } else {
        if (h->stop & STOP_EVENTS) {
            h->stop &= ~(u32)STOP_EVENTS;
            hart_take_interrupt(h);
        }
        if (!h->waiting) {
            return false;
        }
        if (hart_wakes(h)) {
            h->waiting = false;
            return false;
        }
        *reason = EXIT_WAIT;
    }
    h->stop &= ~(u32)STOP_RETURN;
    hart_sync(h);
    return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * policy.c - the active replacement policy: picked at boot, called under one lock.
 *
 * Lock: policy_lock is the innermost of all; pages are added under pte_lock, cache.lock
 * or swap.lock.  A page that is freed is not announced (freeing must be cheap): who
 * meets its frame later, in policy_next() or when it is used anew, has it removed then.
 */
#include "mm/policy.h"
#include "lib/assert.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "sync/spin.h"

#define POLICY(symbol, name, help) extern const struct policy policy_##symbol;
#include "policy.def"

static const struct policy *const policies[] = {
#define POLICY(symbol, name, help) &policy_##symbol,
#include "policy.def"
};

static const char policy_names[] =
#define POLICY(symbol, name, help) " " name
#include "policy.def"
    ;

const struct policy *policy_active = &policy_clock;
bool policy_watches;

static char shown_name[16]; /* read by the monitor */

static struct spinlock policy_lock = SPINLOCK("policy");
static u32 random_state = 2463534242u;

u32 policy_random(void)
{
    random_state ^= random_state << 13; /* Marsaglia's xorshift */
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static const struct policy *find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(policies); i++) {
        if (strcmp(policies[i]->name, name) == 0) {
            return policies[i];
        }
    }
    return NULL;
}

void policy_init(void)
{
    char text[32];
    u64 seed;

    if (boot_option("vm.policy", text, sizeof(text))) {
        policy_active = find(text);
        if (policy_active == NULL) {
            panic("vm.policy=%s: there is no such policy; there are%s", text, policy_names);
        }
    }
    if (boot_option("vm.policy_seed", text, sizeof(text)) && string_to_u64(text, NULL, &seed)) {
        random_state ^= (u32)(seed * 2654435761u);
        random_state = random_state == 0 ? 1 : random_state;
    }
    if (policy_active->keeps_notes && page_notes_init() != 0) {
        panic("no memory for the notes of vm.policy=%s", policy_active->name);
    }
    policy_watches = policy_active->page_added != NULL;
    string_copy(shown_name, policy_active->name, sizeof(shown_name));
}

void policy_fill_layout(struct probe_layout *layout)
{
    layout->policy = direct_physical(shown_name);
}

static bool is_user_page(const struct frame *frame)
{
    u8 kind = __atomic_load_n(&frame->kind, __ATOMIC_ACQUIRE);

    return kind == FRAME_ANON || kind == FRAME_FILE || kind == FRAME_SHM;
}

static void remove_if_known(struct frame *frame)
{
    if (policy_active->page_removed != NULL && page_note(frame)->queue != 0) {
        policy_active->page_removed(frame);
    }
}

void policy_add_page(struct frame *frame)
{
    spin_lock(&policy_lock);
    remove_if_known(frame);
    policy_active->page_added(frame);
    spin_unlock(&policy_lock);
}

void policy_forget_page(struct frame *frame, bool leaves)
{
    if (!policy_active->keeps_notes) {
        return;
    }
    spin_lock(&policy_lock);
    if (leaves || !is_user_page(frame)) { /* another hart may just have added it anew */
        remove_if_known(frame);
    }
    spin_unlock(&policy_lock);
}

struct frame *policy_next(void)
{
    struct frame *frame;

    spin_lock(&policy_lock);
    frame = policy_active->next();
    spin_unlock(&policy_lock);
    return frame;
}

enum verdict policy_judge(struct frame *frame, const struct frame_age *age)
{
    enum verdict verdict;

    spin_lock(&policy_lock);
    verdict = policy_active->judge(frame, age);
    spin_unlock(&policy_lock);
    return verdict;
}

void policy_refaulted(struct frame *frame, u64 distance)
{
    if (policy_active->refaulted != NULL) {
        spin_lock(&policy_lock);
        policy_active->refaulted(frame, distance);
        spin_unlock(&policy_lock);
    }
}

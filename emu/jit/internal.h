/* SPDX-License-Identifier: MIT */
/*
 * internal.h - inside the translator only: what translated code, its helpers and the tables share.
 *
 * Registers while translated code runs:
 *   rbp  the hart, 128 bytes in, so that every x register has a one-byte displacement
 *   r14  h->context: the TLB of loads; that of stores lies behind it
 *   r15  the budget, less the whole of the block being executed
 *   rsp  struct jit_frame
 *   rax, rcx, rdx, xmm0-2  scratch
 *   the others hold the guest registers that the region chose (region.h)
 *
 * On the ways to C and through the jump table a region writes the guest registers back, so there
 * all state is in struct hart.  Bridges (link.c) hand registers on from region to region.
 */
#ifndef FAULTLINE_JIT_INTERNAL_H
#define FAULTLINE_JIT_INTERNAL_H

#include "emu/hart/engine.h"
#include "emu/hart/hart.h"
#include "emu/jit/code_memory.h"
#include "emu/jit/region.h"
#include "emu/jit/x86.h"

#include <stdio.h>

#define HART_BIAS 128

enum {
    JUMP_ENTRIES = 65536,
    /*
     * Translating a region costs as much as interpreting some 5,000 instructions.  Where a far or
     * indirect jump arrives is met HOT times before it is translated; where a stretch of the
     * interpreter ends, a loop without such jumps presumably, counts for more.
     */
    HOT = 30,
    STRETCH = 2048,
    STRETCH_WEIGHT = 8,
    HEATS = 1 << 18,
    /* Interpreted where translated code cannot go on: longer than a trace. */
    INTERPRET_STRETCH = 192,
};

/* Where indirect jumps and jumps between regions look first, by the host address of the target. */
struct jump_entry {
    u64 host;         /* address of the guest instruction in host memory; 0 = empty */
    const u8 *entry;  /* from outside of the region */
    const u8 *inside; /* from the same region: registers stay where they are */
    u64 region;       /* its id */
};
_Static_assert(sizeof(struct jump_entry) == 32, "translated code relies on it");

/* On the native stack while translated code runs. */
struct jit_frame {
    u64 fetch_delta;          /* host address - virtual address on the current page */
    struct jump_entry *jumps; /* JUMP_ENTRIES of them */
    struct jit *jit;
    const u8 *resume;               /* where a region goes on after a slow path */
    const struct jump_entry *other; /* its `entry` is the thunk that finds the target */
    u32 status;                     /* JIT_INTERPRET for the dispatcher */
    u32 exit_reason;                /* enum exit_reason, when `leave` is reached */
    struct jit_frame *home;         /* the copy of this frame in C */
    u32 mxcsr[2];                   /* scratch */
    u64 sign[2];                    /* constants: the sign of a double */
    u64 magnitude[2];               /* ... all other bits */
    u64 sign_single[2];             /* the same for a single in its box */
    u64 magnitude_single[2];
    u64 box[2]; /* what is above a single */
    i32 *credits; /* jit->credit_left */
    struct jit_region *link_from; /* for the dispatcher: the region just left by an open link */
    u64 link;                     /* ... and which one it was */
};
enum { FRAME_BYTES = 168 };
_Static_assert(offsetof(struct jit_frame, sign) % 16 == 0, "operands of SSE instructions");
_Static_assert(sizeof(struct jit_frame) == FRAME_BYTES, "keeps the stack aligned");

/* Why a region calls out: what stands in its code behind the call (jit_slow). */
enum jit_site_kind {
    SITE_LOAD,   /* into an x register */
    SITE_FLOAD,  /* into an f register */
    SITE_STORE,  /* of an x register */
    SITE_FSTORE, /* of an f register */
    SITE_RUN,    /* `reg` instructions of `size` bytes in all: several accesses */
    SITE_BUDGET, /* the block is not to be executed: too little budget, or FS not dirty */
    SITE_STEP,   /* an instruction without code of its own: a struct jit_step_site */
};
/* Of an access, besides its size. */
enum {
    SITE_SIZE = 0x0f,
    SITE_KNOWS = 0x20,   /* code behind it counts on page memories: none may be dropped */
    SITE_SETTLES = 0x40, /* ... on this page's: the load is to be made again by the region */
    SITE_SIGNED = 0x80,
};

struct __attribute__((packed)) jit_site {
    i32 resume; /* distance from here to where the region goes on */
    u16 offset; /* of the instruction in its page */
    u8 rest;    /* instructions of the block from this one on: what r15 lacks */
    u8 length;  /* of the instruction in bytes */
    u8 kind;    /* enum jit_site_kind */
    u8 reg;     /* guest register loaded or stored */
    u8 size;    /* of the access, with SITE_ */
};

struct __attribute__((packed)) jit_step_site {
    struct jit_site site;
    struct insn insn;
    u32 bits; /* as fetched */
};

/*
 * A load or store first looks whether it goes to the page that it, or one like it, went to last
 * (struct tlb_recent); else to the TLB.  One that changes pages too often is translated again
 * without: this counts its misses.
 */
struct jit_credit {
    u32 since;    /* instructions executed when misses were granted, modulo 2^32 */
    u32 bad;      /* it is better off without */
    u64 physical; /* of the instruction */
};
_Static_assert(sizeof(struct jit_credit) == 16, "translated code relies on it");
enum {
    CREDITS = 1 << 14,
    CREDIT_MISSES = 64,
    CREDIT_INSTRUCTIONS = 64 * CREDIT_MISSES, /* misses in fewer than these are too many */
};

struct jit_features {
    bool bmi2, lzcnt, tzcnt, popcnt, fma, sse41;
};

/* Where a region has the guest registers of one kind. */
enum { JIT_NOWHERE = 0xff };
struct jit_holding {
    u8 host[32]; /* host register, or JIT_NOWHERE: in memory */
    u32 written; /* guest registers that it changes; for those that it holds memory is stale */
};

/* A way from a link to a region (link.c). */
struct jit_bond {
    struct jit_link *link;
    const struct jit_entry *entry;
    const u8 *code;
    u8 *other;                      /* indirect: displacement of the jump for other targets */
    struct jit_bond *next;          /* of the link, older */
    struct jit_bond *next_to, **at; /* among those to the same region */
    struct jit_bond *next_in, **in; /* among those whose code lies in the same piece */
};

/* A place where a region is left. */
struct jit_link {
    struct jit_region *from;
    u8 *jump;       /* displacement of the jump, in the writable view */
    const u8 *slow; /* where it leads while nothing is known, in the executable one */
    struct jit_bond *bond;
    i32 offset;   /* of a direct one's target from the start of the page */
    i32 patience; /* see link.c */
    bool indirect;
    bool checked; /* FS is dirty and MXCSR the guest's here */
    u8 ways;      /* bonds */
};

/* A translated region. */
struct jit_region {
    u64 physical, granules;
    u64 id;
    struct jit_region *page_next;     /* of the same page */
    struct jit_region *next_in, **in; /* among those whose code lies in the same piece */
    const u8 *indirect;               /* routine: goes on at the virtual address in rax */
    struct jit_holding integer, floating;
    struct jit_link *link;
    unsigned links;
    struct jit_bond *bonds_to;
    unsigned entries;
    struct jit_entry {
        u64 physical;
        const u8 *entry, *inside;
        const u8 *checked; /* as `inside`, where floating point has been seen to */
        u32 count;         /* instructions of its first block */
        struct jit_region *region;
        struct jit_entry *chain; /* in the table of entries */
    } entry[];
};

/*
 * Code memory is filled piece by piece; when the last one is full, the first is emptied for what
 * comes next, and so on (code_room.c).
 */
enum { PIECES = 8 };
enum { ENTRY_BUCKETS = 1 << 16 };

struct jit {
    struct engine engine;
    struct engine *interp; /* for what is not translated */
    struct hart *const *harts;
    unsigned hart_count;
    struct ram *ram;
    struct jit_features features;
    struct code_memory memory;
    size_t used;       /* where in code memory the next code goes */
    size_t fixed;      /* behind the thunks at its start, which stay */
    size_t end;        /* of the piece of code memory that is being filled */
    struct jit_piece { /* what lies in each, counted by its start */
        struct jit_region *regions;
        struct jit_bond *bonds;
    } piece[PIECES];
    size_t piece_bytes;
    const u8 *dispatch;       /* thunk: go on at h->pc */
    const u8 *dispatch_store; /* ... after writing r15 to h->budget */
    const u8 *leave;          /* thunk: return to C */
    const u8 *open_link;      /* thunk: dispatch at the virtual address in rax, the link told */
    const u8 *slow;          /* thunk: jit_slow for the site whose address is second on the stack */
    struct jump_entry other; /* entry: thunk that goes on at the virtual address in rax */
    void (*enter)(struct hart *h, struct jit_frame *in, const u8 *code);
    struct jit_entry *bucket[ENTRY_BUCKETS];
    struct jit_region **page; /* by page of RAM */
    u8 heat[HEATS];           /* by hash of the address: how often code was met, up to HOT */
    bool at_once;             /* for tests: nothing is cold */
    bool guess_pages;         /* for tests: as if no code were a kernel's */
    struct jump_entry jumps[JUMP_ENTRIES];
    u64 next_id;
    /*
     * Non-zero: MXCSR is the guest's (rounding mode frm, sticky bits not yet in fflags).  Zero: it
     * is C's, with whatever sticky bits C left.  A block with floating point makes it the guest's.
     */
    u32 float_live;
    u32 float_mode;              /* MXCSR with frm and no sticky bits */
    struct jit_credit *credit;   /* CREDITS of them, by credit_index() */
    /* Misses until it is looked at how long they took: apart, for every miss changes one. */
    i32 credit_left[CREDITS];
    u32 went_bad;                /* index of a credit whose region is to be translated again */
    const u8 *recent_miss[2][4]; /* thunks: by TLB_LOAD, TLB_STORE and log2 of the size */
    unsigned next_recent;        /* of the page memories: the next to be given to an access */
    struct counters *counters;   /* of hart 0 */
    FILE *listing;               /* where translated code is listed, or NULL */
    struct region scratch;       /* the region being translated */
    struct translator *translator;
};

/* translate.c: writes the code of jit->scratch; NULL when code memory is full. */
struct jit_region *jit_translate(struct jit *jit);
/* ... and its room for that; NULL: no memory.  free() frees it. */
struct translator *jit_new_translator(void);
/* jit.c: the entry at this address, translated now if it is hot; NULL: it is to be interpreted.
 * Counts this time as `weight`. */
struct jit_entry *jit_find_entry(struct jit *jit, const struct hart *h, u64 physical,
                                 unsigned weight);
/* jit.c: drops the region of an access that has gone bad. */
void jit_attend_credit(struct jit *jit);
/*
 * code_room.c: makes room for a region, or for a bridge; what was in the piece of code memory that
 * has to be used again is dropped, so no translated code may be running.  False: there was no room
 * without that.
 */
bool jit_make_room(struct jit *jit);
bool jit_room_for_bridge(const struct jit *jit);
/* Everything is gone: starts with the first piece. */
void jit_empty_code_memory(struct jit *jit);
/* Notes where code begins, for its piece. */
void jit_note_region(struct jit *jit, struct jit_region *region, const u8 *code);
void jit_note_bond(struct jit *jit, struct jit_bond *bond);
void jit_forget_noted_region(struct jit_region *region);
void jit_forget_noted_bond(struct jit_bond *bond);
/* jit.c: the region goes. */
void jit_drop_region(struct jit *jit, struct jit_region *region);
/* link.c: the open link by which translated code came to the dispatcher, or NULL; h->pc is made its
 * target. */
struct jit_link *jit_link_taken(struct hart *h, struct jit_frame *frame);
/* ... from now on leads to this entry, if it goes to the virtual address `va` or is direct.  False:
 * there is no room for code. */
bool jit_link_make(struct jit *jit, struct jit_link *link, struct jit_entry *entry, u64 va);
/* The link leads to C again. */
void jit_link_open(struct jit *jit, struct jit_link *link);
/* The region is about to go: frees its links and opens those that lead to it. */
void jit_link_forget(struct jit *jit, struct jit_region *region);
/* All regions are about to go. */
void jit_link_free(struct jit_region *region);
/* thunks.c: the code that is always there.  False when there is no room. */
bool jit_make_thunks(struct jit *jit);

/* Around a run: what C code left in the host's flags is none of the guest's, and the reverse. */
extern const u8 jit_flags_of_mxcsr[64]; /* fflags of MXCSR's sticky bits */
u32 jit_float_begin(void);
void jit_float_end(u32 mxcsr);

/* Called from translated code (helpers.c). */
const u8 *jit_dispatch(struct hart *h, struct jit_frame *frame);
/* All guest registers are in *h; budget: r15.  Non-zero: on at frame->resume; zero: dispatch. */
u32 jit_slow(struct hart *h, const struct jit_site *site, u64 va, i64 budget,
             struct jit_frame *frame);
/* float_step.c: a floating-point instruction on the registers in *h, with MXCSR that of C; neither
 * pc nor budget change.  False: it traps, or is no arithmetic; nothing was done. */
bool jit_float(struct hart *h, const struct insn *i);
/* frame->status on the way to the dispatcher: the next instructions are the interpreter's. */
enum { JIT_INTERPRET = 3 };

static inline u32 credit_index(u64 physical)
{
    return (u32)((physical >> 1) * 0x9e3779b1u >> 8) & (CREDITS - 1);
}

/* Translated code computes the same. */
enum { JUMP_FOLD = 12 };
static inline unsigned jump_slot(u64 host)
{
    return (unsigned)((host >> 1) ^ (host >> JUMP_FOLD)) & (JUMP_ENTRIES - 1);
}

#endif

/* SPDX-License-Identifier: MIT */
/* address.c - reading addresses, registers and symbols in what the user typed. */
#include "emu/monitor/address.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/hart/walk.h"
#include "emu/isa/disasm.h"
#include "emu/machine/machine.h"
#include "probe.h"

struct hart *address_hart(struct call *call)
{
    unsigned count = machine_hart_count(call->machine);

    for (unsigned i = 0; i < count; i++) {
        struct hart *h = machine_hart(call->machine, i);
        if (!h->waiting)
            return h;
    }
    return machine_hart(call->machine, 0);
}

static bool register_value(struct call *call, const char *name, size_t length, u64 *out)
{
    struct hart *h = address_hart(call);

    if (length == 2 && !strncmp(name, "pc", 2)) {
        *out = h->pc;
        return true;
    }
    for (unsigned i = 0; i < 32; i++) {
        char number[8];
        snprintf(number, sizeof number, "x%u", i);
        const char *abi = insn_x_name(i);
        if ((strlen(abi) == length && !strncmp(abi, name, length)) ||
            (strlen(number) == length && !strncmp(number, name, length))) {
            *out = h->x[i];
            return true;
        }
    }
    static const struct {
        const char *name;
        size_t offset;
    } csr[] = {{"satp", offsetof(struct hart, satp)},
               {"sepc", offsetof(struct hart, sepc)},
               {"stval", offsetof(struct hart, stval)},
               {"stvec", offsetof(struct hart, stvec)},
               {"mepc", offsetof(struct hart, mepc)}};
    for (size_t i = 0; i < ARRAY_LENGTH(csr); i++) {
        if (strlen(csr[i].name) == length && !strncmp(csr[i].name, name, length)) {
            memcpy(out, (const char *)h + csr[i].offset, sizeof *out);
            return true;
        }
    }
    return error_set(&call->error, EINVAL, "there is no register '$%.*s'", (int)length, name);
}

static bool term(struct call *call, const char *text, size_t length, u64 *out)
{
    char copy[128], *end;

    if (length > 1 && text[0] == '$')
        return register_value(call, text + 1, length - 1, out);
    if (!length || length >= sizeof copy)
        return error_set(&call->error, EINVAL, "an address is missing");
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    if (copy[0] >= '0' && copy[0] <= '9') {
        errno = 0;
        *out = strtoull(copy, &end, 0);
        if (errno || *end)
            return error_set(&call->error, EINVAL, "'%s' is not a number", copy);
        return true;
    }
    if (symbol_value(call, copy, length, out))
        return true;
    return error_set(&call->error, EINVAL, "there is no symbol '%s'", copy);
}

bool address_expression(struct call *call, const char *text, size_t length, u64 *out)
{
    u64 sum = 0, part;
    size_t at = 0;
    bool minus = false;

    for (;;) {
        size_t n = 0;
        while (at + n < length && text[at + n] != '+' && text[at + n] != '-')
            n++;
        if (!term(call, text + at, n, &part))
            return false;
        sum = minus ? sum - part : sum + part;
        at += n;
        if (at >= length)
            break;
        minus = text[at++] == '-';
    }
    *out = sum;
    return true;
}

bool address_space_of(struct call *call, u32 pid, u64 *satp)
{
    struct observer *o = call->observer;
    struct process_view p;

    if (observer_has_layout(o)) {
        if (!observer_process(o, pid, &p))
            return error_set(&call->error, ESRCH, "there is no process %u", pid);
        if (!p.root)
            return error_set(&call->error, ESRCH, "process %u (%s) has no address space", pid,
                             p.name);
        *satp = observer_satp_of_root(o, p.root);
        return true;
    }
    if (!pid || pid > observer_spaces(o))
        return error_set(&call->error, ESRCH,
                         "there is no address space %u (this guest has shown %zu)", pid,
                         observer_spaces(o));
    *satp = observer_space_satp(o, pid - 1);
    return true;
}

/* Splits off "..END" or ",+LENGTH". */
static bool range_end(struct call *call, const char *text, size_t *length, u64 *end, bool *plus)
{
    const char *dots = strstr(text, ".."), *comma = strstr(text, ",+");

    *plus = false;
    *end = 0;
    if (dots) {
        *length = (size_t)(dots - text);
        return address_expression(call, dots + 2, strlen(dots + 2), end);
    }
    if (comma) {
        *length = (size_t)(comma - text);
        *plus = true;
        return address_expression(call, comma + 2, strlen(comma + 2), end);
    }
    *length = strlen(text);
    return true;
}

bool address_range(struct call *call, const char *text, u64 *from, u64 *to)
{
    size_t length;
    u64 end;
    bool plus;

    if (!range_end(call, text, &length, &end, &plus) ||
        !address_expression(call, text, length, from))
        return false;
    *to = length == strlen(text) ? *from + 1 : plus ? *from + end : end;
    if (*to < *from)
        return error_set(&call->error, EINVAL, "the range '%s' ends before it begins", text);
    return true;
}

static bool parse_prefix(struct call *call, const char **text, struct address *out, unsigned *shift)
{
    const char *colon = strchr(*text, ':');

    *shift = 0;
    if (!colon)
        return true;
    size_t n = (size_t)(colon - *text);
    if (n == 2 && !strncmp(*text, "pa", 2)) {
        out->space = ADDRESS_PHYSICAL;
    } else if (n == 3 && !strncmp(*text, "pfn", 3)) {
        out->space = ADDRESS_PHYSICAL;
        *shift = PAGE_SHIFT;
    } else if (n == 4 && !strncmp(*text, "swap", 4)) {
        out->space = ADDRESS_SLOT;
    } else {
        char *end;
        unsigned long pid = strtoul(*text, &end, 10);
        if (end != colon || pid > UINT32_MAX || n == 0)
            return error_set(&call->error, EINVAL, "'%.*s' is neither a pid nor pa, pfn, swap",
                             (int)n, *text);
        out->has_pid = true;
        out->pid = (u32)pid;
        if (!address_space_of(call, out->pid, &out->satp))
            return false;
    }
    *text = colon + 1;
    return true;
}

bool address_parse(struct call *call, const char *text, struct address *out)
{
    size_t length;
    unsigned shift;
    bool plus;
    u64 end;

    memset(out, 0, sizeof *out);
    out->satp = address_hart(call)->satp;
    u32 tid;
    observer_current(call->observer, address_hart(call)->id, &out->pid, &tid);
    if (!parse_prefix(call, &text, out, &shift))
        return false;
    if (!range_end(call, text, &length, &end, &plus) ||
        !address_expression(call, text, length, &out->value))
        return false;
    out->value <<= shift;
    out->end = length == strlen(text) ? out->value : plus ? out->value + end : end << shift;
    if (out->end < out->value)
        return error_set(&call->error, EINVAL, "the range '%s' ends before it begins", text);
    return true;
}

bool address_physical(struct call *call, const struct address *address, u64 offset, u64 *pa)
{
    struct peek peek;

    *pa = address->value + offset;
    if (address->space == ADDRESS_VIRTUAL) {
        observer_walk(call->observer, address->satp, *pa, &peek);
        if (peek.result != PEEK_LEAF && peek.result != PEEK_BARE)
            return false;
        *pa = peek.pa;
    }
    return ram_pointer(machine_ram(call->machine), *pa, 1) != NULL;
}

/* ---- symbols of the kernel image ---- */

struct symbols {
    const u8 *image;
    size_t size;
    const u8 *table, *names; /* inside image */
    u64 count, names_size;
};

static bool within(const struct symbols *s, u64 offset, u64 length)
{
    return range_within(offset, length, 0, s->size);
}

/* Finds .symtab in an ELF64 file; every offset is checked: the file may be anything. */
static bool open_symbols(struct call *call, struct symbols *s)
{
    const struct machine_bytes *kernel = machine_kernel(call->machine);
    Elf64_Ehdr head;

    memset(s, 0, sizeof *s);
    if (!kernel || !kernel->data || kernel->size < sizeof head)
        return false;
    s->image = kernel->data;
    s->size = kernel->size;
    memcpy(&head, s->image, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_shentsize != sizeof(Elf64_Shdr) ||
        !within(s, head.e_shoff, (u64)head.e_shnum * sizeof(Elf64_Shdr)))
        return false;
    for (unsigned i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section, strings;
        memcpy(&section, s->image + head.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= head.e_shnum)
            continue;
        memcpy(&strings, s->image + head.e_shoff + section.sh_link * sizeof strings,
               sizeof strings);
        if (!within(s, section.sh_offset, section.sh_size) ||
            !within(s, strings.sh_offset, strings.sh_size) || !strings.sh_size)
            return false;
        s->table = s->image + section.sh_offset;
        s->count = section.sh_size / sizeof(Elf64_Sym);
        s->names = s->image + strings.sh_offset;
        s->names_size = strings.sh_size;
        return s->names[s->names_size - 1] == 0;
    }
    return false;
}

static bool symbol_get(const struct symbols *s, u64 index, Elf64_Sym *out, const char **name)
{
    memcpy(out, s->table + index * sizeof *out, sizeof *out);
    if (out->st_name >= s->names_size || out->st_shndx == SHN_UNDEF)
        return false;
    *name = (const char *)s->names + out->st_name;
    unsigned type = ELF64_ST_TYPE(out->st_info);
    return **name && type != STT_FILE && type != STT_SECTION && **name != '.' && **name != '$';
}

bool symbol_value(struct call *call, const char *name, size_t length, u64 *out)
{
    struct symbols s;
    Elf64_Sym symbol;
    const char *known;

    if (!open_symbols(call, &s))
        return false;
    for (u64 i = 0; i < s.count; i++) {
        if (symbol_get(&s, i, &symbol, &known) && strlen(known) == length &&
            !strncmp(known, name, length)) {
            *out = symbol.st_value;
            return true;
        }
    }
    return false;
}

bool symbol_at(struct call *call, u64 address, char *out, size_t size)
{
    struct symbols s;
    Elf64_Sym symbol;
    const char *known, *best = NULL;
    u64 best_value = 0;

    if (!open_symbols(call, &s))
        return false;
    for (u64 i = 0; i < s.count; i++) {
        if (!symbol_get(&s, i, &symbol, &known) || symbol.st_value > address ||
            (best && symbol.st_value < best_value))
            continue;
        if (symbol.st_size ? address - symbol.st_value >= symbol.st_size
                           : address - symbol.st_value > 65536)
            continue;
        best = known;
        best_value = symbol.st_value;
    }
    if (!best)
        return false;
    if (address == best_value)
        snprintf(out, size, "%s", best);
    else
        snprintf(out, size, "%s+0x%llx", best, (unsigned long long)(address - best_value));
    return true;
}

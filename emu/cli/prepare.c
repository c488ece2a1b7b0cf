/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - what the machine is made of: images, disks, files for the guest, its command line and
 * its character channels.  See session.h.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/backend/disklog.h"
#include "devices/backend/filedisk.h"
#include "emu/base/bits.h"
#include "emu/cli/bundled.h"
#include "emu/cli/hostfile.h"
#include "emu/cli/session.h"
#include "emu/cli/shellword.h"
#include "emu/machine/board.h"
#include "emu/machine/loader.h"

#define COMMAND_LINE_MAX 4096u
#define CONSOLE_TAIL 8192u /* shown when the guest's kernel panics */

static bool have_bundle(struct error *err)
{
    return (bundled_kernel && bundled_root) ||
           error_set(err, ENOENT,
                     "this faultline was built without its guest; -kernel FILE gives "
                     "another");
}

/* ---- kernel and firmware ---- */

/* An ELF file at the start of RAM, or one that talks by tohost, is for M-mode without firmware. */
static bool wants_machine_mode(const struct image_info *info)
{
    return info->format == IMAGE_ELF && (info->low == BOARD_RAM || info->tohost != 0);
}

static bool use_kernel(struct session *s, const char *path, struct error *err)
{
    struct image_info info;
    if (!hostfile_read(path, &s->kernel, &s->config.kernel, err) ||
        !loader_inspect(&s->config.kernel, BOARD_RAM, &info, err)) {
        return false;
    }
    if (info.format == IMAGE_ELF && info.user_program) {
        return error_set(err, EINVAL, "%s is a program for Linux, not a kernel: faultline run %s",
                         path, path);
    }
    if (!s->options->bios && wants_machine_mode(&info)) {
        s->config.firmware_kind = FIRMWARE_NONE;
    }
    return true;
}

static bool use_firmware(struct session *s, struct error *err)
{
    const char *bios = s->options->bios;
    if (!bios || strcmp(bios, "default") == 0) {
        return true;
    }
    if (strcmp(bios, "none") == 0) {
        s->config.firmware_kind = FIRMWARE_NONE;
        return true;
    }
    s->config.firmware_kind = FIRMWARE_IMAGE;
    return hostfile_read(bios, &s->firmware, &s->config.firmware, err);
}

static void use_bundled_kernel(struct session *s)
{
    s->config.kernel = (struct machine_bytes){
        bundled_kernel, (uintptr_t)bundled_kernel_end - (uintptr_t)bundled_kernel,
        "bundled kernel"};
}

/* ---- disks ---- */

static bool add_disk(struct session *s, struct disk *d, struct error *err)
{
    if (!d) {
        return error_set(err, ENOMEM, "out of memory");
    }
    if (s->config.disk_count == MACHINE_MAX_DISKS) {
        disk_destroy(d);
        return error_set(err, EINVAL, "too many disks: up to %d", MACHINE_MAX_DISKS);
    }
    s->config.disk[s->config.disk_count++] = d;
    return true;
}

static bool add_bundled_root(struct session *s, struct error *err)
{
    if (!have_bundle(err)) {
        return false;
    }
    if (s->options->persist) {
        return error_set(err, EINVAL,
                         "--persist needs an IMAGE: the bundled disk is part of the "
                         "program");
    }
    s->throw_away = true;
    return add_disk(s,
                    disk_memory("bundled disk", bundled_root,
                                (uintptr_t)bundled_root_end - (uintptr_t)bundled_root,
                                bundled_root_size, false),
                    err);
}

static bool add_image(struct session *s, const char *path, struct error *err)
{
    bool keep = s->options->persist;
    s->throw_away = !keep;
    return add_disk(s, disk_open(path, false, !keep, err), err);
}

static bool add_drive(struct session *s, const struct drive_option *option, struct error *err)
{
    bool overlay = option->snapshot || s->options->snapshot;
    struct disk *d = disk_open(option->file, option->read_only, overlay, err);
    if (d && option->write_log) {
        struct disk_log *log = disk_log_create(option->write_log, disk_sectors(d), err);
        if (!log) {
            disk_destroy(d);
            return false;
        }
        disk_set_log(d, log);
    }
    return add_disk(s, d, err);
}

static bool add_drives(struct session *s, struct error *err)
{
    const struct options *o = s->options;
    for (int order = 0; order < o->attached; order++) {
        for (unsigned i = 0; i < o->drives; i++) {
            const struct drive_option *d = &o->drive[i];
            if (d->order == order && !add_drive(s, d, err)) {
                return false;
            }
        }
    }
    return true;
}

static bool add_swap(struct session *s, struct error *err)
{
    if (s->options->swap_size == 0) {
        return true;
    }
    return add_disk(s, disk_swap(s->options->swap_size, s->options->seed, err), err);
}

/* ---- files for the guest ---- */

/* HOST[:GUEST]: a host name that exists as a whole may hold a colon itself. */
static bool add_host_file(struct filedisk *f, const char *text, struct error *err)
{
    const char *colon = strrchr(text, ':');
    u8 head[1];
    size_t got;
    struct error ignored = {0};
    if (!colon || hostfile_head(text, head, sizeof head, &got, &ignored)) {
        return filedisk_add(f, text, NULL, err);
    }
    char *host = strndup(text, (size_t)(colon - text));
    const char *guest = colon + 1;
    while (*guest == '/') {
        guest++;
    }
    guest = strncmp(guest, "host/", 5) == 0 ? guest + 5 : guest;
    bool good = host ? filedisk_add(f, host, guest, err) : error_set(err, ENOMEM, "out of memory");
    free(host);
    return good;
}

/* What is wrong with running this file in the guest. */
static bool check_program(const char *path, struct error *err)
{
    Elf64_Ehdr header = {0};
    size_t got;
    if (!hostfile_head(path, (u8 *)&header, sizeof header, &got, err)) {
        return false;
    }
    if (got >= 2 && memcmp(&header, "#!", 2) == 0) {
        return true;
    }
    if (got < sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return error_set(err, ENOEXEC, "%s is neither an ELF program nor a #! script", path);
    }
    if (header.e_machine != EM_RISCV || header.e_ident[EI_CLASS] != ELFCLASS64) {
        return error_set(err, ENOEXEC,
                         "%s is a program for another processor; compile it with "
                         "riscv64-linux-gnu-gcc -static",
                         path);
    }
    return true;
}

/* `libraries`: somebody put files at /host/lib, which is the guest's /lib. */
static bool check_static(const struct machine_bytes *program, bool libraries, struct error *err)
{
    struct image_info info;
    if (loader_format(program->data, program->size) != IMAGE_ELF) {
        return true;
    }
    if (!loader_inspect(program, 0, &info, err)) {
        return false;
    }
    if (info.interpreter && !libraries) {
        return error_set(err, ENOEXEC,
                         "%s is dynamically linked; link it with -static, or put its libraries "
                         "into the guest: --file FOLDER:lib",
                         program->name);
    }
    if (info.low >= BOARD_RAM || info.tohost) {
        return error_set(err, ENOEXEC,
                         "%s is not a program for Linux but for the bare machine: "
                         "faultline %s",
                         program->name, program->name);
    }
    return true;
}

static bool has_libraries(const struct options *o)
{
    bool found = false;
    for (unsigned i = 0; i < o->files; i++) {
        const char *colon = strrchr(o->file[i], ':');
        found =
            found || (colon && (strcmp(colon, ":lib") == 0 || strcmp(colon, ":/host/lib") == 0));
    }
    return found;
}

static bool add_program(const struct options *o, struct filedisk *f, const char *path,
                        struct error *err)
{
    struct buffer bytes = {0};
    struct machine_bytes program;
    bool good = check_program(path, err) && hostfile_read(path, &bytes, &program, err) &&
                check_static(&program, has_libraries(o), err) && filedisk_add(f, path, NULL, err);
    buffer_free(&bytes);
    return good;
}

static bool add_host_files(struct session *s, struct error *err)
{
    const struct options *o = s->options;
    if (!o->run && o->files == 0 && o->guest_program_count == 0) {
        return true;
    }
    struct filedisk *f = filedisk_create();
    if (!f) {
        return error_set(err, ENOMEM, "out of memory");
    }
    bool good = !o->run || add_program(o, f, o->program[0], err);
    for (unsigned i = 0; good && i < o->guest_program_count; i++) {
        good = add_program(o, f, o->guest_programs[i], err);
    }
    for (unsigned i = 0; good && i < o->files; i++) {
        good = add_host_file(f, o->file[i], err);
    }
    if (!good) {
        filedisk_destroy(f);
        return false;
    }
    struct disk *d = filedisk_finish(f, err);
    return d && add_disk(s, d, err);
}

/* ---- the guest's command line ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool make_command_line(struct session *s, struct error *err)
{
    const struct options *o = s->options;
    struct buffer *line = &s->command_line;
    if (o->append) {
        buffer_text(line, o->append);
    }
    if (o->policy) {
        buffer_printf(line, "%svm.policy=%s", line->size ? " " : "", o->policy);
    }
    if (o->run || o->exec) {
        buffer_printf(line, "%s%sexec=", line->size ? " " : "", o->verbose ? "" : "quiet ");
    }
    if (o->run) {
        buffer_text(line, "exec ");
        char path[300];
        snprintf(path, sizeof path, "/host/%s", base_name(o->program[0]));
        shell_word(line, path);
        for (char *const *argument = o->program + 1; *argument; argument++) {
            buffer_byte(line, ' ');
            shell_word(line, *argument);
        }
    } else if (o->exec) {
        buffer_text(line, o->exec);
    }
    buffer_byte(line, 0);
    if (line->failed) {
        return error_set(err, ENOMEM, "out of memory");
    }
    if (line->size > COMMAND_LINE_MAX) {
        return error_set(err, E2BIG,
                         "the command is too long: %zu bytes of at most %u; put it "
                         "into a file and give that with --file",
                         line->size, COMMAND_LINE_MAX);
    }
    s->config.append = line->size > 1 ? (const char *)line->data : NULL;
    return true;
}

/* ---- character channels ---- */

static bool make_serial(struct session *s, const char *where, struct error *err)
{
    if (!where) {
        s->config.serial = !s->command           ? chardev_fds(0, 1)
                           : s->options->verbose ? chardev_fds(-1, 2)
                                                 : chardev_tail(CONSOLE_TAIL);
    } else if (strcmp(where, "stdio") == 0 || strcmp(where, "mon:stdio") == 0) {
        if (s->command) {
            return error_set(err, EINVAL,
                             "-serial %s: with run and --exec the standard streams "
                             "are the program's; -v shows the console on stderr",
                             where);
        }
        s->config.serial = chardev_fds(0, 1);
    } else if (strcmp(where, "null") == 0 || strcmp(where, "none") == 0) {
        s->config.serial = chardev_null();
    } else if (strncmp(where, "file:", 5) == 0) {
        s->config.serial = chardev_file(where + 5, err);
    } else if (strcmp(where, "pty") == 0) {
        s->config.serial = chardev_pty(err);
    } else {
        return error_set(err, EINVAL,
                         "-serial %s: not supported; mon:stdio, stdio, file:PATH, pty "
                         "and null are",
                         where);
    }
    return s->config.serial || error_set(err, ENOMEM, "out of memory");
}

static bool make_channels(struct session *s, struct error *err)
{
    if (!make_serial(s, s->options->serial, err)) {
        return false;
    }
    if (s->command) {
        s->config.port_stdio = chardev_fds(0, 1);
        s->config.port_stderr = chardev_fds(-1, 2);
        if (!s->config.port_stdio || !s->config.port_stderr) {
            return error_set(err, ENOMEM, "out of memory");
        }
    }
    s->config.escape_keys = true;
    s->config.serial_end_byte = true;
    return true;
}

/* ---- all together ---- */

/* The positional argument is a disk for the bundled kernel, or a kernel. */
static bool use_image(struct session *s, bool *is_disk, struct error *err)
{
    const char *path = s->options->image;
    u8 head[1100];
    size_t got = 0;
    *is_disk = false;
    if (!path) {
        return true;
    }
    if (!hostfile_head(path, head, sizeof head, &got, err)) {
        return false;
    }
    switch (loader_format(head, got)) {
    case IMAGE_ELF:
    case IMAGE_LINUX:
        if (s->options->kernel) {
            return error_set(err, EINVAL, "%s is a kernel, and -kernel gives another", path);
        }
        return use_kernel(s, path, err);
    case IMAGE_EXT2:
    case IMAGE_GZIP:
        *is_disk = true;
        return true;
    default:
        return error_set(err, EINVAL,
                         "%s: neither a kernel (ELF, Linux Image) nor an ext2 disk "
                         "(raw disks of other kinds: -drive file=%s,format=raw)",
                         path, path);
    }
}

static bool make_images(struct session *s, struct error *err)
{
    const struct options *o = s->options;
    bool is_disk;
    if (!use_image(s, &is_disk, err) || !use_firmware(s, err)) {
        return false;
    }
    if (o->kernel && !use_kernel(s, o->kernel, err)) {
        return false;
    }
    /* With firmware of the user's own, which may have a payload, only if the guest is meant. */
    bool bundled = !s->config.kernel.data &&
                   (s->config.firmware_kind == FIRMWARE_BUILT_IN ||
                    (s->config.firmware_kind == FIRMWARE_IMAGE && (s->command || is_disk)));
    if (bundled) {
        if (!have_bundle(err)) {
            return false;
        }
        use_bundled_kernel(s);
    }
    if ((o->initrd && !hostfile_read(o->initrd, &s->initrd, &s->config.initrd, err)) ||
        (o->dtb && !hostfile_read(o->dtb, &s->device_tree, &s->config.device_tree, err))) {
        return false;
    }
    if (is_disk) {
        return add_image(s, o->image, err);
    }
    if (o->persist) {
        return error_set(err, EINVAL, "--persist needs a disk IMAGE");
    }
    return !bundled || o->attached > 0 || add_bundled_root(s, err);
}

static void copy_options(struct session *s)
{
    const struct options *o = s->options;
    struct machine_config *c = &s->config;
    machine_config_default(c);
    c->ram_size = o->ram_size;
    c->harts = o->harts;
    c->seed = o->seed;
    c->rtc_epoch = o->rtc_epoch;
    c->engine = o->engine;
    c->cpu = o->cpu;
    c->no_reboot = o->no_reboot;
    c->start_stopped = o->stopped;
    c->max_instructions = o->max_instructions;
    c->timeout_ns = o->timeout_ns;
}

bool session_prepare(struct session *s, const struct options *o, struct error *err)
{
    *s = (struct session){.options = o, .command = o->run || o->exec};
    copy_options(s);
    if (make_images(s, err) && add_drives(s, err) && add_swap(s, err) && add_host_files(s, err) &&
        make_command_line(s, err) && make_channels(s, err)) {
        return true;
    }
    for (unsigned i = 0; i < s->config.disk_count; i++) {
        disk_destroy(s->config.disk[i]);
    }
    chardev_destroy(s->config.serial);
    chardev_destroy(s->config.port_stdio);
    chardev_destroy(s->config.port_stderr);
    session_free(s);
    return false;
}

void session_free(struct session *s)
{
    buffer_free(&s->kernel);
    buffer_free(&s->firmware);
    buffer_free(&s->initrd);
    buffer_free(&s->device_tree);
    buffer_free(&s->command_line);
}

/* SPDX-License-Identifier: MIT */
/* permissions.c - files of others: modes, owners, groups, sticky and set-group-id directories. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER 1001
#define OTHER 1002
#define GROUP 2001
#define SECOND_GROUP 2002

static char folder[] = "/tmp/permission-test.XXXXXX";

static void become(uid_t user, gid_t group)
{
    CHECK(setgroups(0, NULL) == 0 && setgid(group) == 0 && setuid(user) == 0);
}

static void make(const char *name, mode_t mode, uid_t user, gid_t group)
{
    int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);

    CHECK(fd >= 0 && write(fd, "text", 4) == 4 && fchown(fd, user, group) == 0);
    CHECK(fchmod(fd, mode) == 0 && close(fd) == 0);
}

static bool opens(const char *name, int flags)
{
    int fd = open(name, flags);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static void as_user(void)
{
    struct stat status;

    become(USER, GROUP);
    CHECK(opens("mine", O_RDWR) && !opens("mine-closed", O_RDONLY) && errno == EACCES);
    CHECK(opens("group", O_RDONLY) && !opens("group", O_WRONLY));
    CHECK(!opens("other", O_RDONLY) && opens("public", O_RDONLY) && !opens("public", O_RDWR));
    CHECK(!opens("public", O_RDONLY | O_TRUNC) && !opens("public", O_RDONLY | O_NOATIME));
    CHECK(access("mine", R_OK | W_OK) == 0 && access("other", F_OK) == 0);
    FAILS(access("other", R_OK), EACCES);
    FAILS(truncate("public", 1), EACCES);
    /* What belongs to others is not changed, one's own is. */
    FAILS(chmod("public", 0666), EPERM);
    FAILS(chown("public", USER, (gid_t)-1), EPERM);
    CHECK(chmod("mine-closed", 0640) == 0 && opens("mine-closed", O_RDONLY));
    FAILS(chown("mine", OTHER, (gid_t)-1), EPERM);
    FAILS(chown("mine", (uid_t)-1, SECOND_GROUP), EPERM);
    CHECK(chown("mine", USER, GROUP) == 0);
    FAILS(utimes("public", NULL), EACCES);
    FAILS(utimes("other", (struct timeval[2]){{1, 0}, {1, 0}}), EPERM);
    CHECK(utimes("mine", (struct timeval[2]){{1, 0}, {1, 0}}) == 0);
    /* Directories: names need write, ways need execute. */
    FAILS(mkdir("closed/new", 0755), EACCES);
    FAILS(open("closed/new", O_CREAT | O_RDWR, 0600), EACCES);
    FAILS(unlink("closed/file"), EACCES);
    FAILS(rename("closed/file", "open/file"), EACCES);
    FAILS(link("mine", "closed/link"), EACCES);
    FAILS(symlink("mine", "closed/link"), EACCES);
    FAILS(stat("hidden/file", &status), EACCES);
    FAILS(chdir("hidden"), EACCES);
    CHECK(stat("hidden", &status) == 0 && !opens("hidden", O_RDONLY));
    FAILS(mknod("open/device", S_IFCHR | 0600, 0x103), EPERM);
    /* Who makes a file owns it; set-group-id directories give it their group. */
    umask(0);
    CHECK(open("open/made", O_CREAT | O_RDWR, 0) >= 0 && stat("open/made", &status) == 0);
    CHECK(status.st_uid == USER && status.st_gid == GROUP && !opens("open/made", O_RDONLY));
    CHECK(mkdir("inherit/folder", 0700) == 0 && stat("inherit/folder", &status) == 0);
    CHECK(status.st_uid == USER && status.st_gid == SECOND_GROUP && (status.st_mode & S_ISGID));
    make("inherit/file", 0600, (uid_t)-1, (gid_t)-1);
    CHECK(stat("inherit/file", &status) == 0 && status.st_gid == SECOND_GROUP);
    CHECK(chmod("inherit/file", 02770) == 0 && stat("inherit/file", &status) == 0);
    CHECK(!(status.st_mode & S_ISGID)); /* not one of its groups */
    /* Sticky: only owners remove. */
    FAILS(unlink("sticky/of-other"), EPERM);
    FAILS(rename("sticky/of-other", "sticky/x"), EPERM);
    CHECK(unlink("sticky/of-user") == 0);
    FAILS(chroot("open"), EPERM);
}

static void with_groups(void)
{
    gid_t groups[1] = {GROUP};

    CHECK(setgroups(1, groups) == 0 && setgid(GROUP + 100) == 0 && setuid(OTHER) == 0);
    CHECK(opens("group", O_RDONLY) && !opens("mine", O_RDONLY));
}

/* access(2) asks for the real user, everything else for the effective one. */
static void real_and_effective(void)
{
    CHECK(setresgid(GROUP, 0, 0) == 0 && setgroups(0, NULL) == 0 && setresuid(USER, 0, 0) == 0);
    CHECK(opens("other", O_RDWR));
    FAILS(access("other", R_OK), EACCES);
    CHECK(faccessat(AT_FDCWD, "mine", R_OK, 0) == 0);
}

void test_permissions(void)
{
    CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0);
    umask(0);
    make("mine", 0600, USER, GROUP);
    make("mine-closed", 0066, USER, GROUP);
    make("group", 0640, 0, GROUP);
    make("other", 0600, OTHER, SECOND_GROUP);
    make("public", 0644, OTHER, SECOND_GROUP);
    CHECK(mkdir("closed", 0755) == 0 && mkdir("open", 0777) == 0 && mkdir("hidden", 0600) == 0);
    CHECK(mkdir("sticky", 01777) == 0 && mkdir("inherit", 0777) == 0);
    CHECK(chown("inherit", 0, SECOND_GROUP) == 0 && chmod("inherit", 02777) == 0);
    make("closed/file", 0666, USER, GROUP);
    make("hidden/file", 0666, USER, GROUP);
    make("sticky/of-other", 0666, OTHER, GROUP);
    make("sticky/of-user", 0666, USER, GROUP);
    CHECK(in_child(as_user) == 0);
    CHECK(in_child(with_groups) == 0);
    CHECK(in_child(real_and_effective) == 0);
    CHECK(opens("hidden/file", O_RDWR)); /* root may */
    CHECK(chdir("/") == 0);
}

/* SPDX-License-Identifier: MIT */
/* sockets.c - sockets between processes: pairs, names, connections, datagrams, passed files. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE "/tmp/proctest-socket"

static int ends[2];

static socklen_t named(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path + (*path == '@'), path + (*path == '@'));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (*path != '@'));
}

static void send_broken(void)
{
    (void)!write(ends[0], "x", 1);
}

static void pairs(void)
{
    char text[16], *large = calloc(1, 1 << 20);
    struct pollfd state;
    int status, type = 0;
    socklen_t length = sizeof type;

    FAILS(socketpair(AF_UNIX, 7, 0, ends), ESOCKTNOSUPPORT);
    FAILS(socketpair(AF_UNIX, SOCK_STREAM, 7, ends), EPROTONOSUPPORT);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK(fcntl(ends[0], F_GETFD) == FD_CLOEXEC && (fcntl(ends[0], F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM);
    FAILS(getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &length), ENOTSOCK);
    FAILS(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    CHECK(write(ends[0], "abc", 3) == 3 && write(ends[1], "xy", 2) == 2);
    CHECK(write(ends[0], "def", 3) == 3);
    CHECK(recv(ends[1], text, 2, MSG_PEEK) == 2 && memcmp(text, "ab", 2) == 0);
    CHECK(ioctl(ends[1], FIONREAD, &status) == 0 && status == 6);
    CHECK(read(ends[1], text, 4) == 4 && memcmp(text, "abcd", 4) == 0);
    CHECK(read(ends[1], text, 16) == 2 && memcmp(text, "ef", 2) == 0);
    CHECK(read(ends[0], text, 16) == 2 && memcmp(text, "xy", 2) == 0);
    FAILS(recv(ends[0], text, 1, MSG_DONTWAIT), EAGAIN);
    state = (struct pollfd){ends[0], POLLIN | POLLOUT | POLLRDHUP, 0};
    CHECK(poll(&state, 1, 0) == 1 && state.revents == POLLOUT);

    /* As much as there is room for, and no more without waiting. */
    status = (int)send(ends[0], large, 1 << 20, MSG_DONTWAIT);
    CHECK(status > 4096 && status < 1 << 20);
    while (send(ends[0], large, 1, MSG_DONTWAIT) == 1) {
        status++;
    }
    CHECK(errno == EAGAIN);
    if (fork() == 0) {
        long total = 0, step;

        close(ends[0]);
        while ((step = read(ends[1], large, 10000)) > 0) {
            total += step;
        }
        _exit(total != status + (1 << 20));
    }
    CHECK(write(ends[0], large, 1 << 20) == 1 << 20);
    CHECK(shutdown(ends[0], SHUT_WR) == 0);
    CHECK(wait(&status) > 0 && status == 0);
    free(large);

    FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    status = in_child(send_broken);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    CHECK(write(ends[1], "last", 4) == 4);
    close(ends[1]);
    CHECK(poll(&state, 1, 0) == 1 &&
          (state.revents & (POLLIN | POLLRDHUP | POLLHUP)) == (POLLIN | POLLRDHUP | POLLHUP));
    CHECK(read(ends[0], text, 16) == 4 && read(ends[0], text, 16) == 0);
    close(ends[0]);
}

static void packets(void)
{
    char text[16];
    struct iovec vector[2] = {{text, 2}, {text + 8, 2}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
    struct timeval timeout = {0, 20000};

    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    CHECK(send(ends[0], "abcdef", 6, 0) == 6 && send(ends[0], "", 0, 0) == 0);
    CHECK(send(ends[0], "gh", 2, 0) == 2);
    CHECK(recvmsg(ends[1], &message, 0) == 4 && message.msg_flags == MSG_TRUNC);
    CHECK(memcmp(text, "ab", 2) == 0 && memcmp(text + 8, "cd", 2) == 0);
    CHECK(recv(ends[1], text, 16, 0) == 0);
    CHECK(recv(ends[1], text, 1, MSG_TRUNC) == 2 && text[0] == 'g');
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    FAILS(recv(ends[1], text, 16, 0), EAGAIN);
    close(ends[0]);
    CHECK(recv(ends[1], text, 16, 0) == 0);
    close(ends[1]);
}

/* The other side of connections(): answers each with what it got, one more. */
static void serve(int listener)
{
    for (int i = 0; i < 3; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        char byte;

        while (read(fd, &byte, 1) == 1) {
            byte++;
            (void)!write(fd, &byte, 1);
        }
        close(fd);
    }
    _exit(0);
}

static void connections(const char *name)
{
    struct sockaddr_un address, other;
    socklen_t length = named(&address, name), got = sizeof other;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), second, fd, status;
    struct ucred who;
    struct stat file;
    struct pollfd state;
    pid_t child;
    char byte;

    FAILS(listen(listener, 2), EINVAL);
    FAILS(connect(listener, (void *)&address, length), *name == '@' ? ECONNREFUSED : ENOENT);
    FAILS(read(listener, &byte, 1), EINVAL);
    FAILS(write(listener, &byte, 1), ENOTCONN);
    CHECK(bind(listener, (void *)&address, length) == 0);
    CHECK(bind(listener, (void *)&address, length) == -1);
    second = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(bind(second, (void *)&address, length), EADDRINUSE);
    FAILS(connect(second, (void *)&address, length), ECONNREFUSED);
    close(second);
    if (*name != '@') {
        CHECK(stat(name, &file) == 0 && S_ISSOCK(file.st_mode));
        FAILS(open(name, O_RDWR), ENXIO);
    }
    CHECK(getsockname(listener, (void *)&other, &got) == 0 && got == length);
    CHECK(memcmp(&other, &address, length) == 0);
    CHECK(listen(listener, 5) == 0);
    FAILS(accept4(listener, NULL, NULL, 1), EINVAL);
    FAILS(connect(listener, (void *)&address, length), EINVAL);
    second = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    FAILS(connect(second, (void *)&address, length), *name == '@' ? ECONNREFUSED : EPROTOTYPE);
    close(second);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    FAILS(accept(listener, NULL, NULL), EAGAIN);
    fcntl(listener, F_SETFL, 0);
    child = fork();
    if (child == 0) {
        serve(listener);
    }
    for (int i = 0; i < 3; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(fd, (void *)&address, length) == 0);
        FAILS(connect(fd, (void *)&address, length), EISCONN);
        CHECK(write(fd, "a", 1) == 1 && read(fd, &byte, 1) == 1 && byte == 'b');
        got = sizeof other;
        CHECK(getpeername(fd, (void *)&other, &got) == 0 && got == length);
        got = sizeof who;
        CHECK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &got) == 0 && who.pid == getpid());
        close(fd);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    /* Connected and never accepted: the end of the listener is its end. */
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(fd, (void *)&address, length) == 0 && write(fd, "lost", 4) == 4);
    state = (struct pollfd){listener, POLLIN, 0};
    CHECK(poll(&state, 1, 0) == 1 && state.revents == POLLIN);
    close(listener);
    FAILS(read(fd, &byte, 1), ECONNRESET);
    CHECK(read(fd, &byte, 1) == 0);
    close(fd);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(connect(fd, (void *)&address, length), ECONNREFUSED);
    close(fd);
    unlink(name);
}

static void datagrams(void)
{
    struct sockaddr_un here, there, from;
    socklen_t here_length = named(&here, PLACE "-1"), there_length = named(&there, "@proctest-2");
    socklen_t length = sizeof from;
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[16];

    CHECK(bind(a, (void *)&here, here_length) == 0 && bind(b, (void *)&there, there_length) == 0);
    FAILS(send(a, "x", 1, 0), ENOTCONN);
    FAILS(listen(a, 1), EOPNOTSUPP);
    CHECK(sendto(a, "one", 3, 0, (void *)&there, there_length) == 3);
    CHECK(sendto(a, "two", 3, 0, (void *)&there, there_length) == 3);
    CHECK(recvfrom(b, text, 2, 0, (void *)&from, &length) == 2 && memcmp(text, "on", 2) == 0);
    CHECK(length == here_length && memcmp(&from, &here, length) == 0);
    CHECK(connect(b, (void *)&here, here_length) == 0 && send(b, "back", 4, 0) == 4);
    CHECK(recv(a, text, 16, 0) == 4 && recv(b, text, 16, 0) == 3);
    close(a);
    FAILS(send(b, "x", 1, 0), ECONNREFUSED);
    unlink(PLACE "-1");
    close(b);
}

/* One byte and some descriptors.  => what sendmsg says */
static ssize_t send_files(int fd, const int *files, size_t count)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control = {0};
    struct iovec vector = {"f", 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};

    control.header = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), files, count * sizeof(int));
    return sendmsg(fd, &message, 0);
}

/* => how many descriptors came, -1: none and cut off */
static int receive_files(int fd, int *files, size_t room)
{
    char space[CMSG_SPACE(4 * sizeof(int))], byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0};
    struct cmsghdr *header;

    CHECK(recvmsg(fd, &message, MSG_CMSG_CLOEXEC) == 1);
    header = CMSG_FIRSTHDR(&message);
    if (!header) {
        return message.msg_flags & MSG_CTRUNC ? -1 : 0;
    }
    CHECK(header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS);
    memcpy(files, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static void passing(void)
{
    int files[4], pipe_ends[2], got[4] = {-1, -1, -1, -1}, bad = 999, status;
    char text[8];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && pipe(pipe_ends) == 0);
    FAILS(send_files(ends[0], &bad, 1), EBADF);
    if (fork() == 0) {
        close(ends[0]);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        status = receive_files(ends[1], got, 4) == 1 && write(got[0], "hello", 5) == 5 &&
                 fcntl(got[0], F_GETFD) == FD_CLOEXEC;
        _exit(!status);
    }
    CHECK(send_files(ends[0], &pipe_ends[1], 1) == 1);
    close(pipe_ends[1]);
    CHECK(read(pipe_ends[0], text, 8) == 5 && memcmp(text, "hello", 5) == 0);
    CHECK(wait(&status) > 0 && status == 0);
    CHECK(read(pipe_ends[0], text, 8) == 0); /* nobody else has the other end */
    close(pipe_ends[0]);

    /* What there is no room for is closed; a read ends behind the first message with files. */
    CHECK(pipe(pipe_ends) == 0);
    files[0] = files[1] = pipe_ends[1];
    CHECK(send_files(ends[0], files, 2) == 1 && write(ends[0], "plain", 5) == 5);
    CHECK(send_files(ends[0], files, 1) == 1 && send_files(ends[0], files, 1) == 1);
    close(pipe_ends[1]);
    CHECK(receive_files(ends[1], got, 1) == 1);
    close(got[0]);
    CHECK(read(ends[1], text, 8) == 6);
    CHECK(receive_files(ends[1], got, 0) == -1);
    CHECK(read(pipe_ends[0], text, 8) == 0);
    close(pipe_ends[0]);

    /* Sockets in sockets in sockets, never received, go with the first. */
    CHECK(pipe(pipe_ends) == 0 && send_files(ends[0], &pipe_ends[1], 1) == 1);
    close(pipe_ends[1]);
    for (int i = 0; i < 300; i++) {
        int next[2];

        CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, next) == 0);
        CHECK(send_files(next[0], ends, 2) == 1);
        close(ends[0]);
        close(ends[1]);
        ends[0] = next[0];
        ends[1] = next[1];
    }
    close(ends[0]);
    CHECK(fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(pipe_ends[0], text, 8), EAGAIN);
    close(ends[1]);
    CHECK(read(pipe_ends[0], text, 8) == 0);
    close(pipe_ends[0]);
}

static void credentials(void)
{
    char space[CMSG_SPACE(sizeof(struct ucred))], byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct ucred who = {0};
    int on = 1;
    pid_t child;

    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    child = fork();
    if (child == 0) {
        _exit(write(ends[0], "c", 1) != 1);
    }
    CHECK(recvmsg(ends[1], &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL);
    memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof who);
    CHECK(who.pid == child && who.uid == geteuid());
    wait(NULL);
    close(ends[0]);
    close(ends[1]);
}

static void *reader(void *sum)
{
    char bytes[100];
    ssize_t got;

    while ((got = read(ends[1], bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            __atomic_fetch_add((long *)sum, bytes[i], __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

/* Several readers and writers: nothing is lost, nothing comes twice. */
static void crowd(void)
{
    pthread_t readers[3];
    long sum = 0, sent = 0;
    int status;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (int i = 0; i < 3; i++) {
        pthread_create(&readers[i], NULL, reader, &sum);
    }
    for (int i = 0; i < 3; i++) {
        if (fork() == 0) {
            char bytes[5000];

            memset(bytes, i + 1, sizeof bytes);
            for (int k = 0; k < 40; k++) {
                if (write(ends[0], bytes, sizeof bytes) != sizeof bytes) {
                    _exit(1);
                }
            }
            _exit(0);
        }
        sent += (i + 1) * 40 * 5000;
    }
    for (int i = 0; i < 3; i++) {
        CHECK(wait(&status) > 0 && status == 0);
    }
    shutdown(ends[0], SHUT_WR);
    for (int i = 0; i < 3; i++) {
        pthread_join(readers[i], NULL);
    }
    CHECK(sum == sent);
    close(ends[0]);
    close(ends[1]);
}

void test_sockets(void)
{
    signal(SIGPIPE, SIG_DFL);
    FAILS(socket(AF_UNIX, 7, 0), ESOCKTNOSUPPORT);
    FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
    pairs();
    packets();
    unlink(PLACE);
    connections(PLACE);
    connections("@proctest");
    datagrams();
    passing();
    credentials();
    crowd();
}

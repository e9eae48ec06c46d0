/* SPDX-License-Identifier: Apache-2.0 */
/* Each case in a process of its own: what is given up does not come back. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rights/filter.h"

static const struct rights plain = {.uid = 65534, .become = true};
static char said[512]; /* on stderr, by the process that ended */

/* Status of a process that ran `fn`, and what it said. */
static int in_process(int (*fn)(void *arg), void *arg)
{
    int out[2], status;

    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();

    if (pid == 0) {
        /* A violation is what is wanted: no file of it. */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        _exit(fn(arg));
    }
    close(out[1]);
    size_t used = 0;
    ssize_t n;

    while ((n = read(out[0], said + used, sizeof said - 1 - used)) > 0)
        used += (size_t)n;
    said[used] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define WELL(status)      (WIFEXITED(status) && WEXITSTATUS(status) == 0)
#define BY_FILTER(status) (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)

/* ---- filters ---- */

struct attempt {
    enum rights_list list;
    void (*fn)(void);
};

static int under_filter(void *arg)
{
    const struct attempt *a = arg;
    char why[RIGHTS_WHY];

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return 1;
    /* Threads that handle packets are started by one that has the control list. */
    if (a->list != RIGHTS_HELPER && rights_filter(&plain, RIGHTS_CONTROL, why) < 0)
        return 1;
    if (a->list != RIGHTS_CONTROL && rights_filter(&plain, a->list, why) < 0)
        return 1;
    a->fn();
    return 0;
}

static void try_socket(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}
static void try_packet_socket(void)
{
    (void)socket(AF_PACKET, SOCK_RAW, 0);
}
static void try_mount(void)
{
    (void)mount("none", "/mnt", "tmpfs", 0, NULL);
}
static void try_setns(void)
{
    (void)setns(-1, CLONE_NEWNET);
}
static void try_unshare(void)
{
    (void)unshare(CLONE_NEWUSER);
}
static void try_bpf(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}
static void try_module(void)
{
    (void)syscall(SYS_init_module, NULL, 0, "");
}
static void try_memfd(void)
{
    (void)memfd_create("x", 0);
}
static void try_execve(void)
{
    char *const none[] = {NULL};

    (void)execve("/bin/true", none, none);
}
static void try_fork(void)
{
    if (fork() == 0)
        _exit(0);
}
static void try_kill(void)
{
    (void)kill(1, 0);
}
static void try_tgkill(void)
{
    (void)syscall(SYS_tgkill, 1, 1, 0);
}
static void try_openat(void)
{
    (void)openat(AT_FDCWD, "/dev/null", O_RDONLY);
}
/* Of a file, which may have been written before. */
static void try_file_code(void)
{
    int fd = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY);
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

    if (fd < 0 || code != MAP_FAILED || errno != EACCES)
        _exit(2);
}
static void try_bad_file_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, -1, 0);
}
static void try_file_code_to_write(void)
{
    (void)mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, -1, 0);
}
/* Written, then run: of one's own, and over the C library's head. */
static void try_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static void try_anonymous_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void assert_ended(enum rights_list list, void (*fn)(void), long call)
{
    char text[160];
    int status = in_process(under_filter, &(struct attempt){list, fn});

    if (!BY_FILTER(status))
        print_error("%s, call %ld: status %x\n", rights_list_name(list), call, (unsigned)status);
    assert_true(BY_FILTER(status));
    snprintf(text, sizeof text, "system call %ld is not on the list of %s threads", call,
             rights_list_name(list));
    assert_non_null(strstr(said, text));
}

static void what_is_on_no_list_ends_the_process(void **state)
{
    (void)state;
    for (enum rights_list list = RIGHTS_CONTROL; list < RIGHTS_LISTS; list++) {
        assert_ended(list, try_mount, SYS_mount);
        assert_ended(list, try_unshare, SYS_unshare);
        assert_ended(list, try_bpf, SYS_bpf);
        assert_ended(list, try_module, SYS_init_module);
        assert_ended(list, try_anonymous_code, SYS_mmap);
        assert_ended(list, try_code, SYS_mprotect);
        assert_ended(list, try_file_code_to_write, SYS_mmap);
        if (list != RIGHTS_CONTROL)
            assert_ended(list, try_bad_file_code, SYS_mmap);
    }
}

static void *ends_early(void *arg)
{
    pthread_exit(arg);
}

static void end_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, ends_early, NULL) != 0 || pthread_join(thread, NULL) != 0)
        _exit(2);
}

/* Whoever wants to load a library goes on without; what the C library itself needs late is there. */
static void no_library_is_loaded_late(void **state)
{
    (void)state;
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_CONTROL, end_thread})));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(AVS_COVERAGE)
    skip();
#endif
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_CONTROL, try_file_code})));
}

static void each_list_is_shorter_where_less_is_done(void **state)
{
    (void)state;
    assert_ended(RIGHTS_CONTROL, try_packet_socket, SYS_socket);
    assert_ended(RIGHTS_CONTROL, try_setns, SYS_setns);
    assert_ended(RIGHTS_WORKER, try_socket, SYS_socket);
    assert_ended(RIGHTS_WORKER, try_memfd, SYS_memfd_create);
    assert_ended(RIGHTS_NIC, try_socket, SYS_socket);
    assert_ended(RIGHTS_NIC, try_memfd, SYS_memfd_create);
    assert_ended(RIGHTS_HELPER, try_memfd, SYS_memfd_create);
}

/* Run-time libraries of sanitizers and gcov make these. */
static void programs_and_files_are_out_of_reach(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(AVS_COVERAGE)
    skip();
#endif
    for (enum rights_list list = RIGHTS_CONTROL; list < RIGHTS_LISTS; list++) {
        assert_ended(list, try_execve, SYS_execve);
        assert_ended(list, try_fork, SYS_clone);
        assert_ended(list, try_kill, SYS_kill);
        assert_ended(list, try_tgkill, SYS_tgkill);
    }
    assert_ended(RIGHTS_WORKER, try_openat, SYS_openat);
    assert_ended(RIGHTS_NIC, try_openat, SYS_openat);
}

static void worker_things(void)
{
    uint64_t one = 1;
    int bell = 3; /* of the caller */

    if (write(bell, &one, sizeof one) != sizeof one || read(bell, &one, sizeof one) != sizeof one)
        _exit(2);
    sched_yield();
    nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    free(malloc(1 << 20));
}

static void control_things(void)
{
    try_socket();
    try_openat();
    try_memfd();
    struct stat st;

    if (stat("/", &st) < 0)
        _exit(2);
}

static void what_is_on_the_list_goes_on(void **state)
{
    (void)state;
    int bell = eventfd(0, 0);

    assert_true(bell >= 0 && dup2(bell, 3) == 3);
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_WORKER, worker_things})));
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_NIC, worker_things})));
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_CONTROL, control_things})));
    assert_true(WELL(in_process(under_filter, &(struct attempt){RIGHTS_HELPER, try_setns})));
    close(3);
}

static void *worker_main(void *arg)
{
    char why[RIGHTS_WHY];

    if (rights_filter(&plain, RIGHTS_WORKER, why) < 0)
        _exit(3);
    if (arg != NULL)
        try_socket();
    return NULL;
}

/* The control thread starts a worker, which makes its list shorter, for itself. */
static int start_worker(void *arg)
{
    pthread_t thread;
    char why[RIGHTS_WHY];

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        rights_filter(&plain, RIGHTS_CONTROL, why) < 0 ||
        pthread_create(&thread, NULL, worker_main, arg) != 0)
        return 1;
    pthread_join(thread, NULL);
    try_socket();
    return 0;
}

static void threads_shorten_the_list(void **state)
{
    (void)state;
    int status = in_process(start_worker, NULL);

    assert_true(WELL(status));
    status = in_process(start_worker, &status);
    assert_true(BY_FILTER(status));
    assert_non_null(strstr(said, "worker threads"));
}

static int without_filter(void *arg)
{
    return rights_filter_mode("off") ? under_filter(arg) : 1;
}

static void modes(void **state)
{
    (void)state;
    assert_false(rights_filter_mode("of"));
    assert_true(WELL(in_process(without_filter, &(struct attempt){RIGHTS_WORKER, try_socket})));
}

/* ---- users and capabilities ---- */

static void needs_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void users_that_cannot_be(void **state)
{
    struct rights r;
    char why[RIGHTS_WHY];

    (void)state;
    assert_int_equal(rights_choose(&r, "nosuchuser", why), -ENOENT);
    assert_non_null(strstr(why, "no user nosuchuser"));
    assert_non_null(strstr(why, "adduser"));
    needs_root();
    assert_int_equal(rights_choose(&r, "root", why), 0);
    assert_true(r.stay && !r.become && !rights_to_drop(&r));
    assert_int_equal(rights_choose(&r, "nobody", why), 0);
    assert_true(r.become && !r.stay && rights_to_drop(&r));
}

/* Value of a line of /proc/self/status, as a number. */
static uint64_t status_of(const char *key, int base)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t value = UINT64_MAX;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key) + 1, NULL, base);
    if (file != NULL)
        fclose(file);
    return value;
}

static int drop(void *arg)
{
    const uint64_t *keep = arg;
    struct rights r;
    char why[RIGHTS_WHY];

    if (rights_choose(&r, "nobody", why) < 0 || rights_drop(&r, *keep, why) < 0)
        return 1;
    if (rights_effective() != *keep || status_of("CapPrm:", 16) != *keep ||
        status_of("CapInh:", 16) != 0 || status_of("CapAmb:", 16) != 0 ||
        status_of("CapBnd:", 16) != *keep)
        return 2;
    if (status_of("Uid:", 10) != r.uid || status_of("Gid:", 10) != r.gid || geteuid() != r.uid)
        return 3;
    if (status_of("NoNewPrivs:", 10) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
        return 4;
    /* No other user any more, and a second time who cannot become one says so. */
    if (setuid(0) == 0 || rights_choose(&r, "root", why) != -EPERM ||
        rights_choose(&r, NULL, why) != 0 || r.stay || r.become)
        return 5;
    return 0;
}

static void root_is_given_up(void **state)
{
    uint64_t none = 0, ports = RIGHTS_PORTS;

    (void)state;
    needs_root();
    assert_int_equal(in_process(drop, &none), 0);
    assert_int_equal(in_process(drop, &ports), 0);
}

static void directories_of_the_user(void **state)
{
    char base[] = "/tmp/avs-rights.XXXXXX", path[PATH_MAX], why[RIGHTS_WHY];
    struct rights r;
    struct stat st;

    (void)state;
    needs_root();
    assert_non_null(mkdtemp(base));
    assert_int_equal(rights_choose(&r, "nobody", why), 0);
    snprintf(path, sizeof path, "%s/run/x.sock", base);
    assert_int_equal(rights_directory(&r, path, why), 0);
    snprintf(path, sizeof path, "%s/run", base);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_int_equal(st.st_uid, r.uid);
    assert_int_equal(rmdir(path), 0);
    /* One that is root's alone is refused before anything is given up, and stays what it is. */
    snprintf(path, sizeof path, "%s/x.sock", base);
    assert_int_equal(rights_directory(&r, path, why), -EACCES);
    assert_non_null(strstr(why, "--user root"));
    assert_int_equal(chmod(base, 01777), 0);
    assert_int_equal(rights_directory(&r, path, why), 0);
    assert_int_equal(rmdir(base), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_on_no_list_ends_the_process),
        cmocka_unit_test(no_library_is_loaded_late),
        cmocka_unit_test(each_list_is_shorter_where_less_is_done),
        cmocka_unit_test(programs_and_files_are_out_of_reach),
        cmocka_unit_test(what_is_on_the_list_goes_on),
        cmocka_unit_test(threads_shorten_the_list),
        cmocka_unit_test(modes),
        cmocka_unit_test(users_that_cannot_be),
        cmocka_unit_test(root_is_given_up),
        cmocka_unit_test(directories_of_the_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

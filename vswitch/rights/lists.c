/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which thread may make which system calls. A call that a machine does not have is passed over.
 *
 * Nobody may start a program or a process, load code, trace or kill another, mount, change namespaces (the helper alone enters
 * network namespaces), or talk to kernel modules.
 */
#include "lists.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRAY(a) (a), sizeof(a) / sizeof *(a)

#define NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
     CLONE_NEWCGROUP)
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* Every thread: time, memory of the allocator, locks, doorbells, signals, its own end. */
static const int common[] = {SCMP_SYS(read),
                             SCMP_SYS(write),
                             SCMP_SYS(close),
                             SCMP_SYS(futex),
                             SCMP_SYS(sched_yield),
                             SCMP_SYS(clock_gettime),
                             SCMP_SYS(clock_getres),
                             SCMP_SYS(clock_nanosleep),
                             SCMP_SYS(nanosleep),
                             SCMP_SYS(gettimeofday),
                             SCMP_SYS(time),
                             SCMP_SYS(poll),
                             SCMP_SYS(ppoll),
                             SCMP_SYS(epoll_wait),
                             SCMP_SYS(epoll_pwait),
                             SCMP_SYS(munmap),
                             SCMP_SYS(madvise),
                             SCMP_SYS(brk),
                             SCMP_SYS(mremap),
                             SCMP_SYS(rt_sigprocmask),
                             SCMP_SYS(rt_sigreturn),
                             SCMP_SYS(sigaltstack),
                             SCMP_SYS(gettid),
                             SCMP_SYS(getpid),
                             SCMP_SYS(restart_syscall),
                             SCMP_SYS(rseq),
                             SCMP_SYS(set_robust_list),
                             SCMP_SYS(membarrier),
                             SCMP_SYS(getcpu),
                             SCMP_SYS(exit),
                             SCMP_SYS(exit_group)};

/* Ports: taps, packet sockets, captures, and what DPDK's software devices do in their bursts. */
static const int nic[] = {SCMP_SYS(readv),     SCMP_SYS(writev),   SCMP_SYS(recvmsg),
                          SCMP_SYS(sendmsg),   SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg),
                          SCMP_SYS(recvfrom),  SCMP_SYS(sendto),   SCMP_SYS(getsockopt),
                          SCMP_SYS(epoll_ctl), SCMP_SYS(lseek),    SCMP_SYS(fstat),
                          SCMP_SYS(newfstatat)};

/* Control: files, UNIX and TCP sockets, threads, shared memory. */
static const int control[] = {
    /* files */
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
    SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(chmod),
    SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(getdents64), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(umask), SCMP_SYS(dup), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(ioctl), SCMP_SYS(close_range),
    /* waiting and telling */
    SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(select), SCMP_SYS(pselect6),
    SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime), SCMP_SYS(signalfd4), SCMP_SYS(pipe), SCMP_SYS(pipe2),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(wait4),
    /* sockets: which families, see allow_sockets() */
    SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    SCMP_SYS(connect), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    /* memory */
    SCMP_SYS(memfd_create), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock), SCMP_SYS(mincore),
    SCMP_SYS(msync), SCMP_SYS(mbind), SCMP_SYS(get_mempolicy), SCMP_SYS(set_mempolicy),
    /* threads and who we are */
    SCMP_SYS(seccomp), SCMP_SYS(set_tid_address), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_max), SCMP_SYS(sched_get_priority_min), SCMP_SYS(getuid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
    SCMP_SYS(capget), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
    SCMP_SYS(times), SCMP_SYS(getgroups)};

static const int instrumented[] = {SCMP_SYS(clone),
                                   SCMP_SYS(fork),
                                   SCMP_SYS(vfork),
                                   SCMP_SYS(execve),
                                   SCMP_SYS(ptrace),
                                   SCMP_SYS(wait4),
                                   SCMP_SYS(prctl),
                                   SCMP_SYS(openat),
                                   SCMP_SYS(open),
                                   SCMP_SYS(readlink),
                                   SCMP_SYS(readlinkat),
                                   SCMP_SYS(getdents64),
                                   SCMP_SYS(getdents),
                                   SCMP_SYS(lseek),
                                   SCMP_SYS(stat),
                                   SCMP_SYS(fstat),
                                   SCMP_SYS(newfstatat),
                                   SCMP_SYS(access),
                                   SCMP_SYS(pipe),
                                   SCMP_SYS(pipe2),
                                   SCMP_SYS(dup2),
                                   SCMP_SYS(fcntl),
                                   SCMP_SYS(rt_sigaction),
                                   SCMP_SYS(sched_getaffinity),
                                   SCMP_SYS(getrusage),
                                   SCMP_SYS(getppid),
                                   SCMP_SYS(getrlimit),
                                   SCMP_SYS(prlimit64),
                                   SCMP_SYS(process_vm_readv),
                                   SCMP_SYS(tgkill),
                                   SCMP_SYS(kill),
                                   SCMP_SYS(personality),
                                   SCMP_SYS(ioctl),
                                   SCMP_SYS(ftruncate),
                                   SCMP_SYS(mkdir),
                                   SCMP_SYS(waitid),
                                   SCMP_SYS(getrandom),
                                   SCMP_SYS(uname),
                                   SCMP_SYS(getuid)};

static int allow(scmp_filter_ctx f, const int *call, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, call[i], 0);

        if (rc < 0 && rc != -EDOM && rc != -EEXIST)
            return rc;
    }
    return 0;
}

/* One call under conditions on its arguments, all of which have to hold. */
static int allow_if(scmp_filter_ctx f, int call, const struct scmp_arg_cmp *condition, unsigned n)
{
    int rc = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, n, condition);

    return rc == -EDOM ? 0 : rc;
}

/* No mapping becomes code: all of it was mapped before. */
static int allow_memory(scmp_filter_ctx f)
{
    const struct scmp_arg_cmp data = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int rc = allow_if(f, SCMP_SYS(mmap), &data, 1);

    return rc == 0 ? allow_if(f, SCMP_SYS(mprotect), &data, 1) : rc;
}

/*
 * Code of a file. A library that some other one wants to load late (providers of RDMA devices that we have not) is refused without ending
 * the process: whoever asks goes on without. What instrumented programs start is loaded under this list.
 */
static int answer_libraries(scmp_filter_ctx f)
{
    const uint32_t answer = RIGHTS_INSTRUMENTED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES);
    const struct scmp_arg_cmp file[] = {
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
        SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0)};

    return seccomp_rule_add_array(f, answer, SCMP_SYS(mmap), 2, file);
}

/* Threads, no processes. What clone3() asks for cannot be seen: the C library uses clone() without it. */
static int allow_threads(scmp_filter_ctx f)
{
    const struct scmp_arg_cmp thread =
        SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES | CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD);
    int rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    return rc < 0 && rc != -EDOM ? rc : allow_if(f, SCMP_SYS(clone), &thread, 1);
}

static int allow_prctl(scmp_filter_ctx f)
{
    static const unsigned what[] = {PR_SET_NAME,       PR_GET_NAME,     PR_SET_NO_NEW_PRIVS,
                                    PR_SET_DUMPABLE,   PR_GET_DUMPABLE, PR_SET_TIMERSLACK,
                                    PR_GET_TIMERSLACK, PR_SET_VMA};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof what / sizeof *what; i++) {
        const struct scmp_arg_cmp is = SCMP_A0(SCMP_CMP_EQ, what[i], 0);

        rc = allow_if(f, SCMP_SYS(prctl), &is, 1);
    }
    return rc;
}

/* Control and metrics sockets; INET for the state of interfaces, too; NETLINK for DPDK's devices. */
static int allow_sockets(scmp_filter_ctx f, bool packet)
{
    static const int family[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};
    size_t n = sizeof family / sizeof *family - (packet ? 0 : 1);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct scmp_arg_cmp is = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family[i], 0);

        rc = allow_if(f, SCMP_SYS(socket), &is, 1);
    }
    return rc;
}

/* Is there a link? */
static int allow_links(scmp_filter_ctx f)
{
    const struct scmp_arg_cmp flags = SCMP_A1(SCMP_CMP_EQ, SIOCGIFFLAGS, 0);

    return allow_if(f, SCMP_SYS(ioctl), &flags, 1);
}

/* What DPDK tries when it starts, which may be after us, and goes on without: ports of old devices. */
static int refuse_io_ports(scmp_filter_ctx f)
{
    int rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(iopl), 0);

    return rc == -EDOM ? 0 : rc;
}

/* Signals to threads of our own, abort() among them; limits of our own. */
static int allow_on_ourselves(scmp_filter_ctx f)
{
    const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0),
                              caller = SCMP_A0(SCMP_CMP_EQ, 0, 0);
    int rc = allow_if(f, SCMP_SYS(tgkill), &own, 1);

    return rc == 0 ? allow_if(f, SCMP_SYS(prlimit64), &caller, 1) : rc;
}

static int fill_control(scmp_filter_ctx f, bool opens_ports)
{
    static const int enter[] = {SCMP_SYS(setns)};
    int rc = allow(f, ARRAY(control));

    if (rc == 0)
        rc = answer_libraries(f);
    if (rc == 0)
        rc = refuse_io_ports(f);
    if (rc == 0)
        rc = allow(f, ARRAY(nic)); /* whom a control thread starts can have no more than it has */
    if (rc == 0)
        rc = allow_threads(f);
    if (rc == 0)
        rc = allow_prctl(f);
    if (rc == 0)
        rc = allow_on_ourselves(f);
    if (rc == 0)
        rc = allow_sockets(f, opens_ports);
    return rc == 0 && opens_ports ? allow(f, ARRAY(enter)) : rc;
}

static int fill_helper(scmp_filter_ctx f)
{
    static const int helper[] = {SCMP_SYS(openat),     SCMP_SYS(open),         SCMP_SYS(ioctl),
                                 SCMP_SYS(setns),      SCMP_SYS(fcntl),        SCMP_SYS(bind),
                                 SCMP_SYS(setsockopt), SCMP_SYS(recvmsg),      SCMP_SYS(sendmsg),
                                 SCMP_SYS(uname),      SCMP_SYS(rt_sigaction), SCMP_SYS(fstat),
                                 SCMP_SYS(newfstatat), SCMP_SYS(getrandom)};
    int rc = allow(f, ARRAY(helper));

    if (rc == 0)
        rc = allow_threads(f);
    return rc == 0 ? allow_sockets(f, true) : rc;
}

int rights_list_fill(scmp_filter_ctx f, enum rights_list list, bool opens_ports)
{
    int rc = allow(f, ARRAY(common));

    if (rc == 0)
        rc = allow_memory(f);
    if (rc == 0 && list == RIGHTS_CONTROL)
        rc = fill_control(f, opens_ports);
    if (rc == 0 && list == RIGHTS_HELPER)
        rc = fill_helper(f);
    if (rc == 0 && list == RIGHTS_NIC)
        rc = allow(f, ARRAY(nic));
    if (rc == 0 && list == RIGHTS_NIC)
        rc = allow_links(f);
    return rc == 0 && RIGHTS_INSTRUMENTED ? allow(f, ARRAY(instrumented)) : rc;
}

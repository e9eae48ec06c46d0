/* SPDX-License-Identifier: Apache-2.0 */
/* Where the socket of a port may be, and what may be there already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ports/socket_path.h"
#include "support.h"

static char folder[] = "/tmp/avs-socket.XXXXXX", path[64];

static int bound(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_true(sock >= 0);
    assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(sock, 1), 0);
    return sock;
}

static void refused(const char *where, bool listens, int want, const char *text)
{
    char why[NIC_WHY] = "";

    assert_int_equal(nic_socket_path(where, listens, why), want);
    if (strstr(why, text) == NULL)
        fail_msg("'%s' instead of '%s'", why, text);
}

static void good(bool listens)
{
    char why[NIC_WHY] = "";

    if (nic_socket_path(path, listens, why) != 0)
        fail_msg("%s", why);
}

static void paths(void **state)
{
    char longer[200];

    (void)state;
    memset(longer, 'a', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    refused("vm.sock", false, -EINVAL, "begins with /");
    refused("", false, -EINVAL, "begins with /");
    refused(longer, false, -EINVAL, "has at most");
    refused("/nowhere/at/all/vm.sock", false, -ENOENT, "its folder");
    good(false);
    good(true);
}

static void folder_of_everybody(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0777), 0);
    refused(path, false, -EPERM, "everybody may write");
    refused(path, true, -EPERM, "everybody may write");
    assert_int_equal(chmod(folder, 0770), 0);
    good(true);
}

static void something_in_the_way(void **state)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    refused(path, true, -EEXIST, "no socket, remove it");
    good(false); /* who connects finds out by himself */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    refused(path, true, -EEXIST, "no socket, remove it");
    assert_int_equal(unlink(path), 0);
}

static void stale_and_live(void **state)
{
    int sock = bound();

    (void)state;
    refused(path, true, -EADDRINUSE, "another program listens");
    assert_int_equal(access(path, F_OK), 0);
    close(sock);
    good(true);
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(folder_of_everybody),
        cmocka_unit_test(something_in_the_way),
        cmocka_unit_test(stale_and_live),
    };

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/vm.sock", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rmdir(folder);
    return failed;
}

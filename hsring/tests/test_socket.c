/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsring/socket.h"

static char folder[] = "/tmp/hsr-socket.XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int bound(int type)
{
    int sock = socket(AF_UNIX, type, 0);

    assert_true(sock >= 0);
    assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof address), 0);
    return sock;
}

static void served_and_left(int type, int other)
{
    int sock = bound(type);

    assert_int_equal(listen(sock, 1), 0);
    assert_int_equal(hsr_path_look(&address, type), HSR_PATH_SERVED);
    assert_int_equal(hsr_path_look(&address, other), HSR_PATH_SERVED);
    /* A full queue of those who want to connect is somebody's. */
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(hsr_path_look(&address, type), HSR_PATH_SERVED);
    close(sock);
    assert_int_equal(hsr_path_look(&address, type), HSR_PATH_STALE);
    /* Looking takes nothing away. */
    assert_int_equal(unlink(address.sun_path), 0);
}

static void sockets(void **state)
{
    (void)state;
    assert_int_equal(hsr_path_look(&address, SOCK_STREAM), HSR_PATH_FREE);
    served_and_left(SOCK_STREAM, SOCK_SEQPACKET);
    served_and_left(SOCK_SEQPACKET, SOCK_STREAM);
}

static void other_files(void **state)
{
    int fd = open(address.sun_path, O_CREAT | O_WRONLY, 0600);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hsr_path_look(&address, SOCK_STREAM), HSR_PATH_FILE);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(symlink("/nowhere/at/all", address.sun_path), 0);
    assert_int_equal(hsr_path_look(&address, SOCK_STREAM), HSR_PATH_FILE);
    assert_int_equal(unlink(address.sun_path), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets),
        cmocka_unit_test(other_files),
    };

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rmdir(folder);
    return failed;
}

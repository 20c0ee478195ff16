/* input.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool toa_input_open(toa_input *input, const char *path)
{
    input->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    input->unpack = input->fd < 0 ? NULL : toa_unpack_new(toa_source_fd(&input->fd));
    if (!input->unpack) {
        int why = input->fd < 0 ? errno : ENOMEM;
        if (input->fd > STDIN_FILENO) {
            close(input->fd);
        }
        errno = why;
        return false;
    }
    toa_capture_init(&input->capture, toa_unpack_source(input->unpack));
    return true;
}

void toa_input_close(toa_input *input)
{
    toa_capture_clear(&input->capture);
    toa_unpack_free(input->unpack);
    if (input->fd != STDIN_FILENO) {
        close(input->fd);
    }
}

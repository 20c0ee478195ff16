/* input.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/input.h"

#include "watch/folder.h"
#include "watch/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long is waited at a time: ms, us. */
#define WAIT_PIPE 200
#define WAIT_FILE ((gulong)50 * 1000)

struct toa_watch_input {
    toa_watch_ticker tick;
    void *context;
    toa_capture capture;
    int fd; /* of the file being read; -1: none */
    bool is_folder;
    bool stopped;
    bool last_look;    /* a newer file is there: what is read now is the rest of this one */
    uint64_t position; /* in the file */
    toa_folder folder;
    char *name;
    const char *reason;
    uint64_t damaged;
    uint64_t drops, file_drops; /* file_drops: of the present file, counted in drops already */
};

static bool wait_more(toa_watch_input *self)
{
    self->stopped = self->stopped || !self->tick(self->context);
    return !self->stopped;
}

/* ---- standard input ---- */

static ptrdiff_t read_pipe(void *context, uint8_t *into, size_t room)
{
    toa_watch_input *self = context;
    struct pollfd waiting = {.fd = self->fd, .events = POLLIN};
    ssize_t got;

    for (;;) {
        int ready = poll(&waiting, 1, WAIT_PIPE);
        if (ready > 0) {
            got = read(self->fd, into, room);
            if (got >= 0 || (errno != EINTR && errno != EAGAIN)) {
                return got;
            }
        } else if (ready < 0 && errno != EINTR) {
            return TOA_SOURCE_FAILED;
        }
        if (!wait_more(self)) {
            return 0;
        }
    }
}

/* ---- a file of a ring ---- */

/* It was written over from the beginning (tcpdump -W does so). */
static bool is_shorter(const toa_watch_input *self)
{
    struct stat status;

    return fstat(self->fd, &status) == 0 && (uint64_t)status.st_size < self->position;
}

/* At its end for now: until a newer file is there, more may come. */
static ptrdiff_t read_ring(void *context, uint8_t *into, size_t room)
{
    toa_watch_input *self = context;
    ssize_t got;

    for (;;) {
        got = read(self->fd, into, room);
        if (got > 0) {
            self->position += (uint64_t)got;
            return got;
        }
        if (got < 0 && errno != EINTR) {
            return TOA_SOURCE_FAILED;
        }
        if (self->last_look || is_shorter(self)) {
            return 0;
        }
        if (toa_folder_look(&self->folder)) {
            self->last_look = true; /* whoever writes had closed this one before */
            continue;
        }
        if (!wait_more(self)) {
            return 0;
        }
        g_usleep(WAIT_FILE);
    }
}

static void close_file(toa_watch_input *self)
{
    toa_capture_clear(&self->capture);
    if (self->fd > STDIN_FILENO) {
        close(self->fd);
    }
    self->fd = -1;
}

/* Waits for a file to be there. False: stopped. */
static bool open_next(toa_watch_input *self)
{
    g_clear_pointer(&self->name, g_free);
    while ((self->fd = toa_folder_take(&self->folder, &self->name)) < 0) {
        if (!wait_more(self)) {
            return false;
        }
        if (!toa_folder_look(&self->folder)) {
            g_usleep(WAIT_FILE);
        }
    }
    self->position = self->file_drops = 0;
    self->last_look = false;
    toa_capture_init(&self->capture, (toa_source){read_ring, self});
    return true;
}

/* Why the file is over; it counts as far as it was read. */
static void finish_file(toa_watch_input *self, toa_read last)
{
    bool nothing = self->capture.n_frames == 0 && self->position == 0;

    if (last != TOA_READ_END && !nothing) {
        toa_watch_say("%s: %s behind packet %u", self->name, last == TOA_READ_FAILED ? g_strerror(errno) : self->capture.reason,
                      self->capture.n_frames);
        self->damaged++;
    }
    if (last != TOA_READ_END && is_shorter(self)) { /* the same file, with newer packets */
        lseek(self->fd, 0, SEEK_SET);
        toa_capture_clear(&self->capture);
        self->position = self->file_drops = 0;
        self->folder.missed_files++;
        toa_watch_say("%s was written over while it was read", self->name);
        toa_capture_init(&self->capture, (toa_source){read_ring, self});
        return;
    }
    toa_folder_finished(&self->folder, self->fd);
    close_file(self);
}

/* ---- either ---- */

toa_watch_input *toa_watch_input_new(const char *path, toa_watch_ticker tick, void *context)
{
    toa_watch_input *self = g_new0(toa_watch_input, 1);

    *self = (toa_watch_input){.tick = tick, .context = context, .fd = -1, .is_folder = strcmp(path, "-") != 0};
    if (!self->is_folder) {
        self->fd = STDIN_FILENO;
        toa_capture_init(&self->capture, (toa_source){read_pipe, self});
    } else if (!toa_folder_open(&self->folder, path)) {
        g_free(self);
        return NULL;
    }
    return self;
}

void toa_watch_input_free(toa_watch_input *self)
{
    if (self->fd >= 0) {
        close_file(self);
    }
    if (self->is_folder) {
        toa_folder_close(&self->folder);
    }
    g_free(self->name);
    g_free(self);
}

/* dumpcap says at the end of each file what it has lost since it was started. */
static void count_drops(toa_watch_input *self)
{
    uint64_t reported = self->capture.drops;

    if (reported > self->file_drops) {
        self->drops += reported - self->file_drops;
        self->file_drops = reported;
    }
}

static toa_watch_read end_of_pipe(toa_watch_input *self, toa_read last)
{
    count_drops(self);
    self->reason = last == TOA_READ_FAILED ? g_strerror(errno) : self->capture.reason;
    return self->stopped ? TOA_WATCH_STOPPED : last == TOA_READ_END ? TOA_WATCH_END : TOA_WATCH_BROKEN;
}

toa_watch_read toa_watch_input_next(toa_watch_input *self, toa_frame_bytes *ret_frame)
{
    for (;;) {
        toa_read last;
        if (self->fd < 0 && !open_next(self)) {
            return TOA_WATCH_STOPPED;
        }
        last = toa_capture_next(&self->capture, ret_frame);
        if (last == TOA_READ_FRAME) {
            return TOA_WATCH_FRAME;
        }
        if (!self->is_folder) {
            return end_of_pipe(self, last);
        }
        if (self->stopped) {
            return TOA_WATCH_STOPPED;
        }
        count_drops(self);
        finish_file(self, last);
    }
}

const char *toa_watch_input_file(const toa_watch_input *self)
{
    return self->name;
}

const char *toa_watch_input_reason(const toa_watch_input *self)
{
    return self->reason;
}

toa_watch_missed toa_watch_input_missed(const toa_watch_input *self)
{
    return (toa_watch_missed){self->folder.missed_files, self->folder.missed_bytes, self->damaged};
}

uint64_t toa_watch_input_drops(const toa_watch_input *self)
{
    return self->drops;
}

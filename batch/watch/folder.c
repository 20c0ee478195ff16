/* folder.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/folder.h"

#include "watch/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void free_file(gpointer data)
{
    g_free(((toa_ring_file *)data)->name);
    g_free(data);
}

bool toa_folder_open(toa_folder *folder, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0 || access(path, R_OK | X_OK) != 0) {
        return false;
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    *folder = (toa_folder){.path = g_strdup(path),
                           .waiting = g_ptr_array_new_with_free_func(free_file),
                           .known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
                           .last_number = -1};
    return true;
}

void toa_folder_close(toa_folder *folder)
{
    g_free(folder->path);
    g_ptr_array_free(folder->waiting, TRUE);
    g_hash_table_destroy(folder->known);
}

/* As toa-scan chooses them. */
static bool is_capture(const char *name)
{
    static const char *const ends[] = {".cap", ".dmp", ".pcap", ".pcapng"};

    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (g_str_has_suffix(name, ends[i])) {
            return name[0] != '.';
        }
    }
    return strstr(name, ".pcap") && g_ascii_isdigit(name[strlen(name) - 1]) && name[0] != '.'; /* tcpdump -C: x.pcap12 */
}

/* dumpcap writes NAME_NNNNN_YYYYMMDDHHMMSS.EXT. -1: it is no such name. */
static gint64 number_of(const char *name)
{
    const char *dot = strrchr(name, '.'), *at = dot ? dot : name;
    size_t digits = 0;

    while (at > name && g_ascii_isdigit(at[-1])) {
        at--;
        digits++;
    }
    if (digits != 14 || at - name < 6 || at[-1] != '_') {
        return -1;
    }
    for (unsigned i = 2; i < 7; i++) {
        if (!g_ascii_isdigit(at[-(int)i])) {
            return -1;
        }
    }
    return g_ascii_strtoll(at - 6, NULL, 10);
}

static gint compare_files(gconstpointer a, gconstpointer b)
{
    const toa_ring_file *left = *(const toa_ring_file *const *)a, *right = *(const toa_ring_file *const *)b;

    if (left->mtime != right->mtime) {
        return left->mtime < right->mtime ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

/* What is known of a file. */
typedef struct known {
    guint round;   /* when it was seen last */
    gboolean over; /* it was read to its end; it was like this then: */
    guint64 size;
    gint64 mtime;
} known;

static gint64 mtime_of(const struct stat *status)
{
    return (gint64)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* Numbers of inodes are used again, and so are names. */
static gint64 id_of(const struct stat *status, const char *name)
{
    guint64 id = (guint64)status->st_ino * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) ^ (guint64)status->st_dev;

    return (gint64)((id ^ ((guint64)g_str_hash(name) << 32)) | 1);
}

static void add_waiting(toa_folder *folder, gint64 id, const char *name, const struct stat *status)
{
    toa_ring_file *file = g_new0(toa_ring_file, 1);

    *file = (toa_ring_file){.name = g_strdup(name),
                            .id = id,
                            .mtime = mtime_of(status),
                            .size = (guint64)status->st_size,
                            .number = number_of(name)};
    g_ptr_array_add(folder->waiting, file);
}

static void update_waiting(toa_folder *folder, gint64 id, const struct stat *status)
{
    for (guint i = 0; i < folder->waiting->len; i++) {
        toa_ring_file *file = folder->waiting->pdata[i];
        if (file->id == id) {
            file->mtime = mtime_of(status);
            file->size = (guint64)status->st_size;
            break;
        }
    }
}

static void look_at(toa_folder *folder, int at, const char *name)
{
    struct stat status;
    known *its;
    gint64 id;

    if (!is_capture(name) || fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
        return;
    }
    id = id_of(&status, name);
    its = g_hash_table_lookup(folder->known, &id);
    if (!its) {
        its = g_new0(known, 1);
        g_hash_table_insert(folder->known, g_memdup2(&id, sizeof id), its);
        add_waiting(folder, id, name, &status);
    } else if (its->over && ((guint64)status.st_size < its->size || mtime_of(&status) > its->mtime + 1000000000)) {
        its->over = FALSE; /* tcpdump -W writes a file anew */
        add_waiting(folder, id, name, &status);
    } else if (!its->over && id != folder->current) {
        update_waiting(folder, id, &status);
    }
    its->round = folder->round;
}

static gboolean is_old(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    return ((const known *)value)->round != ((const toa_folder *)data)->round;
}

bool toa_folder_look(toa_folder *folder)
{
    DIR *listing = opendir(folder->path);
    struct dirent *entry;

    if (!listing) {
        if (!folder->gone) {
            toa_watch_say("%s: %s; waiting for it to come back", folder->path, g_strerror(errno));
        }
        folder->gone = TRUE;
        return folder->waiting->len > 0;
    }
    if (folder->gone) {
        toa_watch_say("%s: it is there again", folder->path);
        folder->gone = FALSE;
    }
    folder->round++;
    while ((entry = readdir(listing))) {
        look_at(folder, dirfd(listing), entry->d_name);
    }
    closedir(listing);
    g_hash_table_foreach_remove(folder->known, is_old, folder);
    g_ptr_array_sort(folder->waiting, compare_files);
    return folder->waiting->len > 0;
}

/* Numbers that lie between the last file and this one, and were never seen. */
static void count_gap(toa_folder *folder, const toa_ring_file *file, guint64 vanished)
{
    gint64 gap = folder->last_number >= 0 && file->number > folder->last_number + 1
                     ? file->number - folder->last_number - 1 - (gint64)vanished
                     : 0;

    if (gap > 0) {
        folder->missed_files += (guint64)gap;
        folder->missed_bytes += (guint64)gap * folder->last_size;
        vanished += (guint64)gap;
    }
    if (vanished) {
        toa_watch_say("the ring has overtaken: %" G_GUINT64_FORMAT " files were gone before they were read; going on with %s",
                      vanished, file->name);
    }
}

int toa_folder_take(toa_folder *folder, char **ret_name)
{
    guint64 vanished = 0;
    int fd = -1;

    while (fd < 0 && folder->waiting->len) {
        toa_ring_file *file = g_ptr_array_steal_index(folder->waiting, 0);
        char *path = g_build_filename(folder->path, file->name, NULL);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
            folder->missed_files++;
            folder->missed_bytes += file->size;
            vanished++;
            if (errno != ENOENT) {
                toa_watch_say("%s: %s", path, g_strerror(errno));
            }
        } else {
            count_gap(folder, file, vanished);
            vanished = 0;
            folder->last_number = file->number;
            folder->last_size = file->size;
            folder->current = file->id;
            *ret_name = g_strdup(file->name);
        }
        g_free(path);
        free_file(file);
    }
    if (vanished) {
        toa_watch_say("the ring has overtaken: %" G_GUINT64_FORMAT " files were gone before they were read", vanished);
    }
    return fd;
}

void toa_folder_finished(toa_folder *folder, int fd)
{
    known *its = g_hash_table_lookup(folder->known, &folder->current);
    struct stat status;

    if (fstat(fd, &status) == 0) {
        folder->last_size = (guint64)status.st_size;
        if (its) {
            *its = (known){.round = its->round, .over = TRUE, .size = (guint64)status.st_size, .mtime = mtime_of(&status)};
        }
    }
    folder->current = 0;
}

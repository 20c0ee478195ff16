/* sqlite-os.c
 * SQLite without a system below it (SQLITE_OS_OTHER): its databases are in memory, so all that it asks for is a clock and
 * chance. To open a file fails.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <sqlite3.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

int sqlite3_os_init(void);
int sqlite3_os_end(void);

static int no_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    (void)name;
    (void)flags;
    (void)ret_flags;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}

static int no_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_IOERR;
}

static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_result)
{
    (void)vfs;
    (void)name;
    (void)flags;
    *ret_result = 0;
    return SQLITE_OK;
}

static int same_name(sqlite3_vfs *vfs, const char *name, int room, char *ret_name)
{
    (void)vfs;
    strncpy(ret_name, name, (size_t)room - 1);
    ret_name[room - 1] = 0;
    return SQLITE_OK;
}

static int chance(sqlite3_vfs *vfs, int count, char *into)
{
    (void)vfs;
    return getentropy(into, (size_t)count) == 0 ? count : 0;
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int no_time(sqlite3_vfs *vfs, double *ret_days)
{
    (void)vfs;
    *ret_days = 2440587.5; /* 1970: no text of ours asks for the time */
    return SQLITE_OK;
}

int sqlite3_os_init(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 256, .zName = "none",
                              .xOpen = no_file, .xDelete = no_delete, .xAccess = no_access, .xFullPathname = same_name,
                              .xRandomness = chance, .xSleep = no_sleep, .xCurrentTime = no_time};

    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}

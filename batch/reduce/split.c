/* split.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/split.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

guint32 scan_crc32(const char *text)
{
    guint32 crc = 0xffffffff;

    for (; *text; text++) {
        crc ^= (guchar)*text;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }
    return ~crc;
}

/* ---- homes ---- */

typedef struct homes {
    GHashTable *numbers; /* name of an endpoint -> its number; the names are the array's */
    GPtrArray *names;
    GArray *parents;     /* union-find over the numbers; the root of each tree has the first name in it */
    GHashTable *meeting; /* gint64 *: a number of TCP, and a server that segments with it came from or went to -> client */
} homes;

static void homes_init(homes *self)
{
    self->numbers = g_hash_table_new(g_str_hash, g_str_equal);
    self->names = g_ptr_array_new_with_free_func(g_free);
    self->parents = g_array_new(FALSE, FALSE, sizeof(guint));
    self->meeting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

static void homes_clear(homes *self)
{
    g_hash_table_unref(self->numbers);
    g_ptr_array_unref(self->names);
    g_array_unref(self->parents);
    g_hash_table_unref(self->meeting);
}

static guint number_of(homes *self, const char *name)
{
    gpointer found;

    if (g_hash_table_lookup_extended(self->numbers, name, NULL, &found)) {
        return GPOINTER_TO_UINT(found);
    }
    guint number = self->names->len;
    char *copy = g_strdup(name);
    g_ptr_array_add(self->names, copy);
    g_array_append_val(self->parents, number);
    g_hash_table_insert(self->numbers, copy, GUINT_TO_POINTER(number));
    return number;
}

static guint root_of(const homes *self, guint number)
{
    guint *parents = (guint *)(void *)self->parents->data;

    while (parents[number] != number) {
        parents[number] = parents[parents[number]];
        number = parents[number];
    }
    return number;
}

static void tie(homes *self, guint a, guint b)
{
    guint x = root_of(self, a), y = root_of(self, b);

    if (x != y) {
        gboolean first = strcmp(self->names->pdata[x], self->names->pdata[y]) < 0;
        g_array_index(self->parents, guint, first ? y : x) = first ? x : y;
    }
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static void take_pair(sqlite3_stmt *row, void *data)
{
    homes *self = data;

    tie(self, number_of(self, text_at(row, 0)), number_of(self, text_at(row, 1)));
}

/* A client endpoint, two names of the server, numbers. Where looked_for, they are remembered, else looked up. */
static void take_numbers(homes *self, sqlite3_stmt *row, gboolean looked_for)
{
    guint client = number_of(self, text_at(row, 0)), servers[2];

    servers[0] = number_of(self, text_at(row, 1));
    servers[1] = number_of(self, text_at(row, 2));
    for (int i = 3; i < sqlite3_column_count(row); i++) {
        for (unsigned s = 0; s < 2 && sqlite3_column_type(row, i) != SQLITE_NULL; s++) {
            gint64 key = sqlite3_column_int64(row, i) << 31 ^ (gint64)servers[s];
            gpointer other;
            if (g_hash_table_lookup_extended(self->meeting, &key, NULL, &other)) {
                tie(self, client, GPOINTER_TO_UINT(other));
            } else if (looked_for) {
                g_hash_table_insert(self->meeting, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(client));
            }
        }
    }
}

static void take_looked_for(sqlite3_stmt *row, void *data)
{
    take_numbers(data, row, TRUE);
}

static void take_shown(sqlite3_stmt *row, void *data)
{
    take_numbers(data, row, FALSE);
}

/* What ties client endpoints together. */
static const struct {
    scan_db_take take;
    const char *sql;
} ties[] = {
    {take_pair, "SELECT x.key_client, y.key_client FROM r_flow x JOIN r_flow y ON y.flow = x.conn WHERE x.key_client <> y.key_client"},
    {take_pair, "SELECT wx.key_client, wy.key_client FROM r_fragment x JOIN r_fragment y ON y.file = x.file AND"
                " y.stream = x.connection_stream JOIN r_flow wx ON wx.flow = x.flow JOIN r_flow wy ON wy.flow = y.flow"},
    {take_pair, "SELECT wx.key_client, wy.key_client FROM finding i JOIN r_fragment x ON x.file = i.file AND x.stream = i.stream"
                " JOIN r_fragment y ON y.file = i.file AND y.stream = i.other_stream"
                " JOIN r_flow wx ON wx.flow = x.flow JOIN r_flow wy ON wy.flow = y.flow"},
    /* rule R5 over files (reduce.sql, r_match) in a form that is wider, and takes no join: a number and a server in common */
    {take_looked_for, "SELECT w.key_client, f.server, w.key_server, u.seq, u.ack FROM unexplained u JOIN r_fragment f"
                      " ON f.file = u.file AND f.stream = u.stream JOIN r_flow w ON w.flow = f.flow WHERE u.seq <> 0"},
    {take_looked_for, "SELECT w.key_client, f.server, w.key_server, f.server_next, f.server_ack, f.client_next, f.client_ack"
                      " FROM r_fragment f JOIN r_flow w ON w.flow = f.flow"
                      " WHERE (f.client_low IS NULL AND f.server_isn IS NULL AND f.server_low = f.server_next)"
                      " OR (f.server_low IS NULL AND f.client_isn IS NULL AND f.client_low = f.client_next)"},
    {take_shown, "SELECT w.key_client, f.server, w.key_server, f.server_next, f.server_ack, f.client_next, f.client_ack"
                 " FROM r_fragment f JOIN r_flow w ON w.flow = f.flow"},
};

static gboolean find_homes(homes *self, scan_db *db, GError **error)
{
    gboolean ok = TRUE;

    for (unsigned i = 0; i < G_N_ELEMENTS(ties) && ok; i++) {
        ok = scan_db_each(db, scan_db_prepare(db, ties[i].sql, error), ties[i].take, self, error);
    }
    return ok;
}

static gboolean write_homes(const homes *self, scan_db *db, unsigned shards, GError **error)
{
    sqlite3_stmt *insert;
    GError *local = NULL;

    if (!scan_db_exec(db, "splitting", "DROP TABLE IF EXISTS r_home; CREATE TABLE r_home (client TEXT PRIMARY KEY, home TEXT,"
                                       " shard BIGINT) WITHOUT ROWID", error) ||
        !(insert = scan_db_prepare(db, "INSERT INTO r_home VALUES (?, ?, ?)", error))) {
        return FALSE;
    }
    for (guint i = 0; i < self->names->len && !local; i++) {
        const char *home = self->names->pdata[root_of(self, i)];
        sqlite3_bind_text(insert, 1, self->names->pdata[i], -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, home, -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 3, scan_crc32(home) % shards);
        scan_db_step(db, insert, &local);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    if (local) {
        g_propagate_error(error, local);
    }
    return local == NULL;
}

/* ---- files ---- */

typedef struct shard_files {
    const char *folder;
    unsigned n;
    FILE **files;
} shard_files;

static char *path_of(const shard_files *self, unsigned shard)
{
    return g_strdup_printf("%s/%u-of-%u.shard", self->folder, shard + 1, self->n);
}

static gboolean is_empty(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    gboolean empty = dir && !g_dir_read_name(dir);

    g_clear_pointer(&dir, g_dir_close);
    return empty;
}

static gboolean open_files(shard_files *self, GError **error)
{
    if (mkdir(self->folder, 0700) != 0 && (errno != EEXIST || !is_empty(self->folder))) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", self->folder,
                    errno == EEXIST ? "is there, and is no empty folder" : g_strerror(errno));
        return FALSE;
    }
    self->files = g_new0(FILE *, self->n);
    for (unsigned i = 0; i < self->n; i++) {
        char *path = path_of(self, i);
        self->files[i] = fopen(path, "wxe");
        if (!self->files[i]) {
            g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
        }
        g_free(path);
        if (!self->files[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Ends and closes them; removes them all where something failed. */
static gboolean close_files(shard_files *self, gboolean ok, GError **error)
{
    for (unsigned i = 0; self->files && i < self->n; i++) {
        if (!self->files[i]) {
            continue;
        }
        scan_exchange_end(self->files[i]);
        gboolean bad = ferror(self->files[i]) != 0;
        bad = fclose(self->files[i]) != 0 || bad;
        if (bad && ok) {
            g_set_error(error, SCAN_FAILURE, errno, "writing shards in %s: %s", self->folder, g_strerror(errno));
            ok = FALSE;
        }
    }
    for (unsigned i = 0; self->files && i < self->n && !ok; i++) {
        char *path = path_of(self, i);
        if (self->files[i]) {
            unlink(path);
        }
        g_free(path);
    }
    g_free(self->files);
    return ok;
}

static gboolean begin_files(const shard_files *self, scan_db *db, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(db, "SELECT COUNT(*) FROM conversation", error);
    scan_part part = {.shards = self->n};
    char *split = g_uuid_string_random();

    g_strlcpy(part.split, split, sizeof part.split);
    g_free(split);
    if (!statement || !scan_db_step(db, statement, error)) {
        sqlite3_finalize(statement);
        return FALSE;
    }
    part.conversations = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    for (unsigned i = 0; i < self->n; i++) {
        part.shard = i + 1;
        scan_exchange_begin(self->files[i], "shard", &part);
    }
    return TRUE;
}

/* The row is a line, and its shard; -1: it goes to all. */
static void put_row(sqlite3_stmt *row, void *data)
{
    const shard_files *self = data;
    int shard = sqlite3_column_int(row, 1);

    for (unsigned i = shard < 0 ? 0 : (unsigned)shard; i < (shard < 0 ? self->n : (unsigned)shard + 1); i++) {
        fprintf(self->files[i], "%s\n", text_at(row, 0));
    }
}

/* Each row to its shard, or to all of them. */
static gboolean write_rows(const shard_files *self, scan_db *db, unsigned number, GError **error)
{
    static const char *const of_shard[SCAN_OWN_TABLES] = {
        "r_flow x JOIN r_home h ON h.client = x.key_client",
        "r_fragment x JOIN r_flow w ON w.flow = x.flow JOIN r_home h ON h.client = w.key_client",
        "finding x JOIN r_fragment f ON f.file = x.file AND f.stream = x.stream JOIN r_flow w ON w.flow = f.flow"
        " JOIN r_home h ON h.client = w.key_client",
        "unexplained x JOIN r_fragment f ON f.file = x.file AND f.stream = x.stream JOIN r_flow w ON w.flow = f.flow"
        " JOIN r_home h ON h.client = w.key_client",
        "verdict x JOIN r_fragment f ON f.file = x.file AND f.stream = x.early_stream JOIN r_flow w ON w.flow = f.flow"
        " JOIN r_home h ON h.client = w.key_client",
    };
    const scan_table *table = &scan_shard_tables[number];
    char *row = scan_exchange_row(table);
    char *sql = number < SCAN_OWN_TABLES ? g_strdup_printf("SELECT %s, h.shard FROM %s", row, of_shard[number])
                                         : g_strdup_printf("SELECT %s, -1 FROM %s x", row, table->name);
    gboolean ok = scan_db_each(db, scan_db_prepare(db, sql, error), put_row, (void *)self, error);

    g_free(row);
    g_free(sql);
    return ok;
}

gboolean scan_split(scan_db *db, const char *folder, unsigned shards, GError **error)
{
    shard_files self = {.folder = folder, .n = shards};
    homes all;
    gboolean ok;

    homes_init(&all);
    ok = find_homes(&all, db, error) && write_homes(&all, db, shards, error);
    homes_clear(&all);
    ok = ok && open_files(&self, error) && begin_files(&self, db, error);
    for (unsigned i = 0; i < scan_n_shard_tables && ok; i++) {
        ok = write_rows(&self, db, i, error);
    }
    return close_files(&self, ok, error);
}

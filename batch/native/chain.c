/* chain.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/chain.h"

#include "native/input.h"

#include <errno.h>
#include <string.h>

#define LIST_LINE_MAX 16384 /* of a name and a path */

static void clear_link(gpointer data)
{
    toa_link *link = data;

    g_free(link->path);
    g_free(link->name);
}

void toa_chain_init(toa_chain *chain)
{
    *chain = (toa_chain){.links = g_array_new(FALSE, FALSE, sizeof(toa_link))};
    g_array_set_clear_func(chain->links, clear_link);
}

void toa_chain_clear(toa_chain *chain)
{
    g_array_free(chain->links, TRUE);
}

void toa_chain_add(toa_chain *chain, const char *path, const char *name, bool known)
{
    toa_link link = {.path = g_strdup(path), .name = g_strdup(name), .known = known, .number = chain->links->len};

    g_array_append_val(chain->links, link);
}

bool toa_chain_add_list(toa_chain *chain, FILE *list)
{
    GString *entry = g_string_new(NULL);
    bool fine = true;
    int c;

    while (fine && (c = getc(list)) != EOF) {
        char *feed;
        if (c != 0) {
            g_string_append_c(entry, (char)c);
            fine = entry->len < LIST_LINE_MAX;
            continue;
        }
        feed = strchr(entry->str, '\n');
        fine = feed && (entry->str[0] == '+' || entry->str[0] == '-');
        if (fine) {
            *feed = 0;
            toa_chain_add(chain, feed + 1, entry->str + 1, entry->str[0] == '-');
            g_string_truncate(entry, 0);
        }
    }
    fine = fine && entry->len == 0 && !ferror(list);
    g_string_free(entry, TRUE);
    return fine;
}

/* ---- order ---- */

/* When its first frame was captured; INT64_MAX: it has none, or cannot be read. */
static int64_t first_time(const char *path)
{
    int64_t time = INT64_MAX;
    toa_frame_bytes frame;
    toa_input input;

    if (!toa_input_open(&input, path)) {
        return time;
    }
    if (toa_capture_next(&input.capture, &frame) == TOA_READ_FRAME) {
        time = frame.time;
    }
    toa_input_close(&input);
    return time;
}

/* Files of one moment stay as they were given. */
static gint compare_links(gconstpointer a, gconstpointer b)
{
    const toa_link *x = a, *y = b;

    return x->first_time != y->first_time ? (x->first_time < y->first_time ? -1 : 1) : x->number < y->number ? -1 : 1;
}

static void sort_links(toa_chain *chain)
{
    for (guint i = 0; i < chain->links->len && chain->links->len > 1; i++) {
        toa_link *link = &g_array_index(chain->links, toa_link, i);
        link->first_time = first_time(link->path);
    }
    g_array_sort(chain->links, compare_links);
}

/* ---- reading ---- */

static const char *say_missed(const toa_native *native, char *room, size_t size)
{
    const toa_native_counts *counts = &native->counts;
    char what[80];

    toa_found_name(counts->space, counts->protocol, what, sizeof what);
    snprintf(room, size, "may hold TCP that is not read: IP fragments %" G_GUINT64_FORMAT ", other protocols %" G_GUINT64_FORMAT
                         "; first frame %u, %s",
             counts->found[TOA_FOUND_FRAGMENT], counts->found[TOA_FOUND_UNKNOWN], counts->frame, what);
    return room;
}

toa_ending toa_chain_judge(toa_read last, const toa_capture *capture, const toa_native *native, bool all, char *room,
                           size_t size, const char **ret_why)
{
    *ret_why = last == TOA_READ_FAILED ? strerror(errno) : last == TOA_READ_UNKNOWN ? capture->reason : NULL;
    if (*ret_why) {
        return last == TOA_READ_UNKNOWN && !all ? TOA_ENDING_LEFT : TOA_ENDING_FAILED;
    }
    if (toa_native_missed(native)) {
        *ret_why = say_missed(native, room, size);
        if (!all) {
            return TOA_ENDING_LEFT;
        }
    }
    if (last == TOA_READ_CUT || last == TOA_READ_DAMAGED) {
        snprintf(room, size, "cut short or damaged behind packet %u: %s", capture->n_frames, capture->reason);
        *ret_why = room;
        return TOA_ENDING_CUT;
    }
    return TOA_ENDING_DONE;
}

/* A file that is left to Wireshark is read all the same: what the rest of the chain can learn from it. */
static toa_ending read_link(const toa_chain *chain, const toa_link *link, toa_native *native, bool silent, bool last)
{
    static const char *const states[] = {[TOA_ENDING_DONE] = "done", [TOA_ENDING_CUT] = "cut short",
                                         [TOA_ENDING_LEFT] = "left", [TOA_ENDING_FAILED] = "failed"};
    toa_ending ending = TOA_ENDING_FAILED;
    toa_read read = TOA_READ_FAILED;
    const char *why = NULL;
    toa_frame_bytes frame;
    toa_input input;
    char room[256];
    uint32_t frames = 0;

    if (chain->watch) {
        chain->watch->begin(chain->watch->data, link->number);
    }
    if (!toa_native_begin_file(native, link->name, silent)) {
        why = "too many frames before it";
    } else if (!toa_input_open(&input, link->path)) {
        why = strerror(errno);
    } else {
        while ((read = toa_capture_next(&input.capture, &frame)) == TOA_READ_FRAME) {
            if (!toa_native_take(native, &frame)) {
                errno = ENOMEM;
                read = TOA_READ_FAILED;
                break;
            }
        }
        ending = toa_chain_judge(read, &input.capture, native, chain->all, room, sizeof room, &why);
        frames = input.capture.n_frames;
        toa_input_close(&input);
    }
    toa_native_end_file(native, frames, states[ending], why, last);
    if (chain->watch) {
        chain->watch->end(chain->watch->data, link->number, ending, why);
    } else if (why && !silent) {
        fprintf(stderr, "%s: %s\n", link->path, why);
    }
    return silent ? TOA_ENDING_DONE : ending;
}

toa_ending toa_chain_read(toa_chain *chain, toa_native *native)
{
    toa_ending worst = TOA_ENDING_DONE;
    bool silent = true;

    sort_links(chain);
    for (guint i = 0; i < chain->links->len && !ferror(native->records.out.file); i++) {
        const toa_link *link = &g_array_index(chain->links, toa_link, i);
        toa_ending ending;
        silent = silent && link->known;
        ending = read_link(chain, link, native, silent, i + 1 == chain->links->len);
        worst = MAX(worst, ending);
    }
    return worst;
}

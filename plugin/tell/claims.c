/* claims.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/claims.h"

#include "tell/json.h"
#include "tell/text.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name, *words;
} kinds[TOA_CLAIM_MAX] = {
#define X(id, name, words) [TOA_CLAIM_##id] = {name, words},
    TOA_CLAIMS(X)
#undef X
};

void toa_teller_init(toa_teller *teller, int64_t start, FILE *claims)
{
    *teller = (toa_teller){g_string_new(NULL), g_string_new(NULL), claims, start, 0};
}

void toa_teller_clear(toa_teller *teller)
{
    g_string_free(teller->out, TRUE);
    g_string_free(teller->text, TRUE);
}

static void append_tuple(GString *text, const toa_endpoint *from, const toa_endpoint *to)
{
    toa_text_endpoint(text, from);
    g_string_append(text, " > ");
    toa_text_endpoint(text, to);
}

static void append_member(GString *text, const toa_claim *claim, char member, int64_t start)
{
    switch (member) {
    case 'f': g_string_append_printf(text, "%u", claim->frame); break;
    case 'F': toa_text_frame(text, claim->frame, claim->time, start); break;
    case 'T': toa_text_time(text, claim->time, start); break;
    case 'D': toa_text_date(text, claim->time); break;
    case 'o': g_string_append_printf(text, "%u", claim->other_frame); break;
    case 's': g_string_append_printf(text, "%u", claim->stream); break;
    case 'y': g_string_append_printf(text, "%u", claim->other_stream); break;
    case 'v': g_string_append_printf(text, "%" PRIu64, claim->value); break;
    case 'b': g_string_append_printf(text, "%" PRIu64, claim->base); break;
    case 'd': g_string_append_printf(text, "%" PRIu64, claim->shift); break;
    case 'n': g_string_append_printf(text, "%u", claim->count); break;
    case 't': toa_text_duration(text, claim->length); break;
    case 'k': append_tuple(text, claim->from, claim->to); break;
    case 'e': toa_text_endpoint(text, claim->from); break;
    case 'g': toa_text_endpoint(text, claim->to); break;
    default: g_string_append(text, claim->word); break; /* 'x' */
    }
}

/* "1 segments" is no English: the plural of the word behind a count of one is taken off. */
static const char *skip_plural(GString *text, const char *words, const toa_claim *claim)
{
    static const char *const plurals[] = {"segments", "answers", "incidents", "pairs", "conversations", "times", NULL};

    for (unsigned i = 0; claim->count == 1 && *words == ' ' && plurals[i]; i++) {
        size_t length = strlen(plurals[i]);
        if (strncmp(words + 1, plurals[i], length) == 0) {
            g_string_append_len(text, words, (gssize)length); /* with the space, less the s */
            return words + 1 + length;
        }
    }
    return words;
}

static void append_words(GString *text, const toa_claim *claim, int64_t start)
{
    for (const char *at = kinds[claim->kind].words; *at;) {
        if (at[0] == '{' && at[1] && at[2] == '}') {
            append_member(text, claim, at[1], start);
            at += 3;
            at = at[-2] == 'n' ? skip_plural(text, at, claim) : at;
        } else {
            g_string_append_c(text, *at++);
        }
    }
}

static void put_endpoint(toa_json *out, const char *name, const toa_endpoint *endpoint)
{
    char text[TOA_ENDPOINT_TEXT];

    toa_json_text(out, name, endpoint ? toa_endpoint_format(endpoint, text) : NULL);
}

static void put_claim(FILE *file, const toa_claim *claim, const char *words)
{
    toa_json out = {.file = file};

    toa_json_begin(&out);
    toa_json_text(&out, "claim", kinds[claim->kind].name);
    toa_json_number(&out, "frame", claim->frame != 0, claim->frame);
    toa_json_number(&out, "other_frame", claim->other_frame != 0, claim->other_frame);
    toa_json_number(&out, "stream", true, claim->stream);
    toa_json_number(&out, "other_stream", true, claim->other_stream);
    toa_json_number(&out, "count", true, claim->count);
    toa_json_number(&out, "time", claim->time != 0, claim->time);
    toa_json_number(&out, "length", true, claim->length);
    toa_json_number(&out, "value", true, (int64_t)claim->value);
    toa_json_number(&out, "base", true, (int64_t)claim->base);
    toa_json_number(&out, "shift", true, (int64_t)claim->shift);
    put_endpoint(&out, "from", claim->from);
    put_endpoint(&out, "to", claim->to);
    toa_json_text(&out, "words", words);
    toa_json_end(&out);
}

void toa_say(toa_teller *teller, const toa_claim *claim)
{
    gsize before = teller->text->len;

    append_words(teller->text, claim, teller->start);
    if (teller->claims) {
        put_claim(teller->claims, claim, teller->text->str + before);
    }
}

void toa_add(toa_teller *teller, const char *words)
{
    g_string_append(teller->text, words);
}

void toa_end(toa_teller *teller, const char *mark)
{
    if (*mark == '\0' || *mark == '-') {
        teller->text->str[0] = g_ascii_toupper(teller->text->str[0]);
    }
    toa_text_flush(teller->out, mark, teller->text);
}

void toa_end_line(toa_teller *teller)
{
    g_string_append(teller->out, teller->text->str);
    g_string_append_c(teller->out, '\n');
    g_string_truncate(teller->text, 0);
}

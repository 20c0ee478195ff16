/* story.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/story.h"

#include "tell/text.h"

static const toa_endpoint *key_client(const toa_conversation *conv)
{
    return &conv->key->client->endpoint;
}

static const toa_endpoint *key_server(const toa_conversation *conv)
{
    return &conv->key->server->endpoint;
}

static bool one_key(const toa_story *story)
{
    return story->incident->early->key == story->incident->late->key;
}

static void append_key(GString *text, const toa_conversation *conv)
{
    char buffer[TOA_KEY_TEXT];

    g_string_append(text, toa_key_format(key_client(conv), key_server(conv), buffer));
}

/* ---- what happened ---- */

static void tell_shared_key(const toa_story *story, GString *text)
{
    static const char *const consequence[TOA_VERDICT_MAX] = {
        [TOA_VERDICT_SHARED] = "If that server puts the client's address back into its connections, it can tell them "
                               "apart by nothing else, and answers one on the other.",
        [TOA_VERDICT_CROSSED] = "A server that sees only this pair can tell them apart by nothing else: it has one "
                                "connection where there are two, and segments of one are answered on the other.",
        [TOA_VERDICT_CONFIRMED] = "The server tells connections apart by nothing else, so it has one connection where "
                                  "there are two, and answers one on the other."};
    const toa_incident *incident = story->incident;
    const char *meaning = consequence[toa_incident_verdict(incident)];
    int64_t time;

    if (!toa_incident_overlap(incident, &time)) {
        meaning = "The earlier one was closed, but when the later began the server had not forgotten it yet, and "
                  "answered for it.";
    }
    g_string_append_printf(text, "Streams %u and %u are two connections of the client ", incident->early->stream,
                           incident->late->stream);
    toa_text_endpoint(text, key_client(incident->late));
    g_string_append(text, ". To the real server both have one pair of addresses, ");
    append_key(text, incident->late);
    g_string_append_printf(text, " (toa.stream %u). %s", incident->late->key->stream, meaning ? meaning : "");
}

static void tell_other_key(const toa_story *story, GString *text)
{
    const toa_incident *incident = story->incident;

    g_string_append_printf(text, "Streams %u and %u have to do with each other: ", incident->early->stream,
                           incident->late->stream);
    g_string_append(text, toa_incident_only_dup_acks(incident)
                              ? "duplicate ACKs on one come right after segments of the other that get no answer. "
                              : "segments with the numbers of one were captured on the other. ");
    g_string_append(text, "As far as is known their pairs of addresses at the server differ: ");
    append_key(text, incident->early);
    g_string_append(text, " and ");
    append_key(text, incident->late);
    g_string_append(text, ". A TOA option or SYN-ACK that was not captured, or a row that is missing in the address "
                          "map (preference toa.map), can be the reason.");
}

static void tell_stale_session(const toa_story *story, GString *text)
{
    const toa_incident *incident = story->incident;

    g_string_append_printf(text,
                           "Streams %u and %u are an earlier and a later connection between the same two endpoints, ",
                           incident->early->stream, incident->late->stream);
    toa_text_endpoint(text, toa_wire_client(incident->late));
    g_string_append(text, " and ");
    toa_text_endpoint(text, toa_wire_server(incident->late));
    g_string_append(text, ". Somebody, the server or a load balancer, still had the earlier one and answered for it.");
}

static void tell_counts(const toa_story *story, GString *text)
{
    const toa_incident *incident = story->incident;
    const uint32_t *n = incident->n;
    uint32_t rsts = toa_incident_rsts(incident), segments = toa_incident_segments(incident);

    if (!rsts && !segments && !n[TOA_FINDING_FOREIGN_DUP_ACK]) {
        g_string_append(text, "No segment was found on the wrong connection in this capture.");
        return;
    }
    g_string_append(text, "Found on the wrong connection: ");
    toa_text_count(text, rsts, "RST", "RSTs");
    g_string_append(text, ", ");
    toa_text_count(text, segments, "other segment", "other segments");
    g_string_append(text, " and ");
    toa_text_count(text, n[TOA_FINDING_FOREIGN_DUP_ACK], "duplicate ACK", "duplicate ACKs");
    g_string_append(text, ", from ");
    toa_text_frame(text, incident->first_frame, incident->first_time, story->start);
    g_string_append(text, " to ");
    toa_text_frame(text, incident->last_frame, incident->last_time, story->start);
    g_string_append_c(text, '.');
}

static void tell_overlap(const toa_story *story, GString *text)
{
    const toa_conversation *early = story->incident->early, *late = story->incident->late;
    int64_t time;

    g_string_append_printf(text, "Stream %u began in ", late->stream);
    toa_text_frame(text, late->first_frame, late->first_time, story->start);
    g_string_append(text, ", on ");
    toa_text_date(text, late->first_time);
    if (toa_incident_overlap(story->incident, &time)) {
        g_string_append_printf(text, ", while stream %u was still open.", early->stream);
        return;
    }
    g_string_append(text, ", ");
    toa_text_duration(text, late->first_time - early->close_time);
    g_string_append_printf(text, " after stream %u had closed.", early->stream);
}

static void tell_happened(const toa_story *story, GString *out, GString *text)
{
    toa_text_heading(out, "What happened");
    if (toa_incident_verdict(story->incident) == TOA_VERDICT_STALE) {
        tell_stale_session(story, text);
    } else if (one_key(story)) {
        tell_shared_key(story, text);
    } else {
        tell_other_key(story, text);
    }
    toa_text_flush(out, "", text);
    tell_counts(story, text);
    g_string_append_c(text, ' ');
    tell_overlap(story, text);
    toa_text_flush(out, "", text);
}

/* ---- the two connections ---- */

static void tell_source(const toa_conversation *conv, GString *text)
{
    bool client_moved = !toa_endpoint_equal(key_client(conv), toa_wire_client(conv));
    bool server_moved = !toa_endpoint_equal(key_server(conv), toa_wire_server(conv));

    if (!client_moved && !server_moved) {
        g_string_append(text, " Nothing in this capture says that its addresses are rewritten on the way.");
        return;
    }
    if (client_moved) {
        g_string_append(text, conv->source == TOA_KEY_TOA ? " Its TOA option names the client " : " Its client is ");
        toa_text_endpoint(text, key_client(conv));
        g_string_append(text, "; ");
        toa_text_endpoint(text, toa_wire_client(conv));
        g_string_append(text, " is an address of the load balancer.");
    }
    if (server_moved) {
        g_string_append_c(text, ' ');
        toa_text_endpoint(text, toa_wire_server(conv));
        g_string_append(text, " is a VIP; it ends at ");
        toa_text_endpoint(text, key_server(conv));
        g_string_append(text, conv->source == TOA_KEY_PROVEN ? ", as the server's own numbers prove."
                              : conv->source == TOA_KEY_LEG  ? ", as its other leg shows."
                                                             : ", as the address map (preference toa.map) says.");
    }
}

static void tell_connection(const toa_story *story, const toa_conversation *conv, const toa_talk *talk, GString *text)
{
    const toa_conversation *leg = toa_engine_leg(conv);
    char wire[TOA_KEY_TEXT];

    g_string_append_printf(text, "Stream %u: %s", conv->stream,
                           toa_key_format(toa_wire_client(conv), toa_wire_server(conv), wire));
    if (talk) {
        g_string_append(text, ", ");
        toa_text_count(text, talk->n_frames, "segment", "segments");
        g_string_append(text, " from ");
        toa_text_frame(text, talk->first_frame, talk->first_time, story->start);
        g_string_append(text, " to ");
        toa_text_frame(text, talk->last_frame, talk->last_time, story->start);
    }
    g_string_append_c(text, '.');
    tell_source(conv, text);
    if (leg) {
        g_string_append_printf(text, " Stream %u is the other leg of the same connection.", leg->stream);
    }
    if (conv->flags & TOA_CONV_CLOSED) {
        g_string_append(text, " It was closed at ");
        toa_text_time(text, conv->close_time, story->start);
        g_string_append_c(text, '.');
    }
}

static void tell_connections(const toa_story *story, GString *out, GString *text)
{
    toa_text_heading(out, "The two connections");
    tell_connection(story, story->incident->early, story->talk[0], text);
    toa_text_flush(out, "- ", text);
    tell_connection(story, story->incident->late, story->talk[1], text);
    toa_text_flush(out, "- ", text);
}

/* ---- evidence ---- */

/* That two keys are equal needs no words where the proof follows. */
static bool is_said_better(const toa_story *story, unsigned i)
{
    const toa_witness *witness = &story->witnesses[i];

    return witness->finding.kind == TOA_FINDING_COLLISION && i + 1 < story->n_witnesses &&
           witness[1].finding.kind == TOA_FINDING_CONFIRMED && witness[1].frame == witness->frame;
}

static void tell_evidence(const toa_story *story, GString *out, GString *text)
{
    uint32_t total = 0;

    toa_text_heading(out, "Evidence");
    for (unsigned i = 0; i < story->n_witnesses; i++) {
        if (is_said_better(story, i)) {
            continue;
        }
        toa_witness_tell(&story->witnesses[i], story->start, text);
        toa_text_flush(out, "- ", text);
    }
    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        total += story->incident->n[kind];
    }
    if (total > story->n_witnesses) {
        g_string_append(text, "And ");
        toa_text_count(text, total - story->n_witnesses, "more finding", "more findings");
        g_string_append_printf(text, " of these kinds (tcp.stream == %u or tcp.stream == %u shows them).",
                               story->incident->early->stream, story->incident->late->stream);
        if (story->last) {
            g_string_append(text, " The last: ");
            toa_witness_tell(story->last, story->start, text);
        }
        toa_text_flush(out, "- ", text);
    }
}

void toa_story_tell(const toa_story *story, unsigned number, unsigned total, GString *out)
{
    static const char *const titles[TOA_VERDICT_MAX] = {
        [TOA_VERDICT_NONE] = "nothing",
        [TOA_VERDICT_STALE] = "an earlier connection answers for a later one",
        [TOA_VERDICT_SHARED] = "two connections have one pair of addresses at the real server",
        [TOA_VERDICT_CROSSED] = "segments of one connection arrive on another",
        [TOA_VERDICT_CONFIRMED] = "the real server takes two connections for one"};
    GString *text = g_string_new(NULL);

    g_string_append_printf(out, "\nIncident %u of %u: %s\n", number, total,
                           titles[toa_incident_verdict(story->incident)]);
    tell_happened(story, out, text);
    tell_connections(story, out, text);
    tell_evidence(story, out, text);
    g_string_free(text, TRUE);
    toa_story_advise(story, out);
}

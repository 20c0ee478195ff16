/* advice.c
 * Second half of a story: who suffers, how sure it is, what to do; and what a capture without incident means.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/story.h"
#include "tell/text.h"

/* ---- the victim ---- */

/* The client asks, and nothing of it is acknowledged on its own connection. */
static bool is_victim(const toa_story *story, const toa_talk *talk)
{
    return talk && talk->n_waiting > 0 && !(talk->conv->flags & TOA_CONV_CLOSED) &&
           (talk->n_waiting > 1 || story->end - talk->wait_time >= TOA_SECOND);
}

static void tell_victim(const toa_story *story, const toa_talk *talk, GString *text)
{
    g_string_append_printf(text, "Stream %u gets no answers any more. ", talk->conv->stream);
    if (talk->answer_frame) {
        g_string_append(text, "The last segment of its own from the server is ");
        toa_text_frame(text, talk->answer_frame, talk->answer_time, story->start);
    } else {
        g_string_append(text, "The server has not sent it a single segment of its own in this capture");
    }
    g_string_append(text, ". Since ");
    toa_text_frame(text, talk->wait_frame, talk->wait_time, story->start);
    g_string_append(text, " its client has sent ");
    toa_text_count(text, talk->n_waiting, "segment that asks for an answer",
                   "segments that ask for an answer (repetitions included)");
    g_string_append(text, "; none was acknowledged on it up to the end of the capture, ");
    toa_text_duration(text, story->end - talk->wait_time);
    g_string_append(text, " later.");
}

static void tell_victims(const toa_story *story, GString *out, GString *text)
{
    bool any = false;
    int64_t began;

    toa_text_heading(out, "Who is the victim");
    for (unsigned i = 0; i < 2; i++) {
        if (is_victim(story, story->talk[i])) {
            tell_victim(story, story->talk[i], text);
            toa_text_flush(out, "- ", text);
            any = true;
        }
    }
    if (!any && toa_same_wire(story->incident->early, story->incident->late) &&
        toa_incident_overlap(story->incident, &began)) {
        g_string_append(text, "Cannot be told: both connections have the same addresses on the wire, so a segment that is "
                              "sent again counts as the later one's, also if the earlier one waits for its answer.");
        toa_text_flush(out, "- ", text);
    } else if (!any) {
        g_string_append(text, "At the end of the capture neither connection waits for an answer: what its client asked "
                              "was acknowledged, or the connection is closed.");
        toa_text_flush(out, "- ", text);
    }
    if (story->data_segments) {
        toa_text_count(text, story->data_segments, "segment", "segments");
        g_string_append_printf(text,
                               " with data arrived on the wrong connection, the first in frame %u. TCP throws such "
                               "data away where its numbers do not fit; where they happen to fit, a program reads "
                               "what was not meant for it.",
                               story->data_frame);
        toa_text_flush(out, "- ", text);
    }
}

/* ---- how sure ---- */

static void tell_proof(const toa_incident *incident, GString *text)
{
    g_string_append(text, "Confirmed by the server's own numbers");
    if (incident->proof & TOA_EV_ISN_CLOCK) {
        g_string_append(text, ": its clock for initial sequence numbers fits both but for ");
        toa_text_duration(text, incident->isn_error);
    } else if (incident->proof & TOA_EV_RECYCLED) {
        g_string_append(text, ": it took one for the successor of the other");
    } else {
        g_string_append(text, ": segments of one were answered on the other, and the cause was captured");
    }
    g_string_append(text, ". No TOA option and no address map is needed for that.");
}

static void tell_certainty(const toa_story *story, GString *out, GString *text)
{
    const toa_incident *incident = story->incident;
    toa_verdict verdict = toa_incident_verdict(incident);

    toa_text_heading(out, "How sure is this");
    if (verdict == TOA_VERDICT_CONFIRMED || toa_incident_proven(incident)) {
        tell_proof(incident, text);
    } else if (toa_incident_only_dup_acks(incident)) {
        g_string_append(text, incident->evidence & TOA_EV_SACK
                                  ? "The duplicate ACKs name bytes of the other connection. "
                                  : "By time alone: the duplicate ACKs have their own connection's numbers, but "
                                    "nothing on it had asked for them, and a segment of the other connection just "
                                    "before had. ");
        g_string_append(text, "That the server sees one pair of addresses is likely, but not proven by this capture.");
    } else if (verdict == TOA_VERDICT_CROSSED) {
        g_string_append(text, "The numbers of the segments above belong to the other connection. That the server sees "
                              "one pair of addresses is likely, but not proven by this capture");
        g_string_append(text, incident->early->key == incident->late->key
                                  ? ", though both have the same post-rewrite key."
                                  : ".");
    } else if (verdict == TOA_VERDICT_SHARED) {
        g_string_append(text, "By addresses alone. It is a fault only if the real server puts the client's address "
                              "into its connections. One that merely reports it to programs (getpeername, as the "
                              "open-source toa.ko does) keeps both apart; then set the preference toa.rewriting to "
                              "\"no\".");
    } else {
        g_string_append(text, "The numbers are those of the earlier connection. Who has kept it cannot be told from "
                              "them.");
    }
    toa_text_flush(out, "", text);
}

/* ---- what to do ---- */

/* Neither can be answered for the other any more. */
static bool is_over(const toa_incident *incident)
{
    return toa_incident_verdict(incident) == TOA_VERDICT_STALE ||
           ((incident->early->flags & TOA_CONV_CLOSED) && (incident->late->flags & TOA_CONV_CLOSED));
}

static void tell_now(const toa_story *story, GString *out, GString *text)
{
    bool any = false;

    toa_text_heading(out, "What to do now");
    for (unsigned i = 0; i < 2; i++) {
        if (is_victim(story, story->talk[i])) {
            const toa_conversation *conv = story->talk[i]->conv;
            g_string_append_printf(text, "Close stream %u on the client (", conv->stream);
            toa_text_endpoint(text, toa_wire_client(conv));
            g_string_append(text, " to ");
            toa_text_endpoint(text, toa_wire_server(conv));
            g_string_append(text, ") and let the program connect again. In this capture nothing has brought it back.");
            toa_text_flush(out, "- ", text);
            any = true;
        }
    }
    if (!any) {
        g_string_append(text, "Nothing in this capture waits for help.");
        if (!is_over(story->incident)) {
            g_string_append(text, " Look at both connections again before you leave: the next segment of either can be "
                                  "answered on the other.");
        }
        toa_text_flush(out, "- ", text);
    }
}

static void tell_for_good(const toa_story *story, GString *out)
{
    static const char *const shared[] = {
        "Client: give direct connections and those through the load balancer source ports of their own, by "
        "net.ipv4.ip_local_port_range per host or network namespace, or by bind() before connect() from two separate "
        "ranges.",
        "Paths: let one client reach this server by one path only, through the VIP or directly, and close the other.",
        "Real server: turn off the module that writes the client's address into the connection (slb_toa), or replace "
        "it by one that only answers getpeername (toa.ko).",
        "Programs: keepalive or a query timeout, and a new connection on error, so that a victim is noticed by itself.",
        NULL};
    static const char *const stale[] = {
        "Load balancer: let its sessions live no longer than the server's connections, and end both sides when one is "
        "reset.",
        "Client: do not use a source port again before the longest of these times has passed.",
        "If both were in use at once, something that keeps the client's address and port has crossed them: give the paths "
        "source ports of their own.",
        NULL};
    bool is_stale = toa_incident_verdict(story->incident) == TOA_VERDICT_STALE;

    toa_text_heading(out, "What to do for good");
    for (const char *const *advice = is_stale ? stale : shared; *advice; advice++) {
        toa_text_paragraph(out, "- ", *advice);
    }
}

void toa_story_advise(const toa_story *story, GString *out)
{
    GString *text = g_string_new(NULL);

    tell_victims(story, out, text);
    tell_certainty(story, out, text);
    tell_now(story, out, text);
    tell_for_good(story, out);
    g_string_free(text, TRUE);
}

/* ---- no incident ---- */

void toa_story_quiet(const toa_quiet *quiet, GString *out)
{
    GString *text = g_string_new("No incident: in ");

    toa_text_count(text, quiet->n_segments, "TCP segment", "TCP segments");
    g_string_append(text, " of ");
    toa_text_count(text, quiet->n_conversations, "conversation", "conversations");
    g_string_append(text, " no two connections were found to be one at their real server, and no segment was found on "
                          "a connection that it does not belong to.");
    toa_text_flush(out, "", text);
    g_string_append(text, "That speaks for the time and the place of this capture only. ");
    g_string_append_printf(text, "A TOA option told the client of %u of the conversations", quiet->n_toa);
    g_string_append(text, quiet->mapped ? "; the preference toa.map names real servers behind VIPs. "
                                        : "; the preference toa.map is empty, so VIPs are taken for servers. ");
    g_string_append_printf(text, "The SYN-ACK of %u was captured; without it the server's clock cannot be compared. ",
                           quiet->n_synack);
    g_string_append(text, "Two connections cross only when one client uses one source port on two paths, and it shows "
                          "when the older one is used again: a capture that ends before does not have it.");
    toa_text_flush(out, "", text);
    if (quiet->n_unexplained) {
        toa_text_count(text, quiet->n_unexplained, "segment", "segments");
        g_string_append(text, " did not fit the numbers of the conversation, and those of no other in this capture: "
                              "possibly of a connection that is in another file.");
        toa_text_flush(out, "", text);
    }
    if (quiet->n_reused) {
        toa_text_count(text, quiet->n_reused, "pair of conversations", "pairs of conversations");
        g_string_append(text, " had one key, but the first was closed before the second began: ordinary reuse of a "
                              "port (toa.reuse).");
        toa_text_flush(out, "", text);
    }
    if (quiet->n_shared) {
        toa_text_count(text, quiet->n_shared, "pair of open conversations has", "pairs of open conversations have");
        g_string_append(text, " one key, which is no fault where real servers do not put the client's address into "
                              "their connections, as the preference toa.rewriting says.");
        toa_text_flush(out, "", text);
    }
    g_string_free(text, TRUE);
}

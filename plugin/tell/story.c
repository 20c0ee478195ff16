/* story.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/story.h"

#include "core/model/clock.h"
#include "core/model/identity.h"
#include "core/model/key.h"
#include "tell/advice.h"
#include "tell/hints.h"
#include "tell/text.h"

/* Of streams that one conversation goes on in. */
#define STREAMS_TOLD 4

static const toa_endpoint *key_client(const toa_conversation *conv)
{
    return &conv->key->client->endpoint;
}

static const toa_endpoint *key_server(const toa_conversation *conv)
{
    return &conv->key->server->endpoint;
}

/* A claim on conv with its addresses on the wire. */
static toa_claim of(const toa_conversation *conv, toa_claim_kind kind)
{
    return (toa_claim){
        .kind = kind, .stream = conv->stream, .from = toa_wire_client(conv), .to = toa_wire_server(conv)};
}

const char *toa_story_title(const toa_incident *incident)
{
    static const char *const titles[TOA_VERDICT_MAX] = {
        [TOA_VERDICT_NONE] = "nothing",
        [TOA_VERDICT_KEPT_APART] = "one key, and the server keeps both connections apart",
        [TOA_VERDICT_STALE] = "an earlier connection answers for a later one",
        [TOA_VERDICT_UNTRANSLATED] = "answers come from another address than the one that was asked",
        [TOA_VERDICT_SHARED] = "two connections have one pair of addresses at the server",
        [TOA_VERDICT_CROSSED] = "segments of one connection arrive on another",
        [TOA_VERDICT_CONFIRMED] = "two connections are one at the server, proven by its numbers"};

    return titles[toa_incident_verdict(incident)];
}

/* ---- the three lines ---- */

static void tell_waiting(const toa_story *story, unsigned side, toa_teller *teller)
{
    const toa_incident *incident = story->incident;
    const toa_conversation *conv = toa_incident_asker(incident, side);
    const toa_stats *stats = toa_stats_find(story->stats_table, conv);
    const toa_load *elsewhere = toa_incident_answers(incident, side);
    bool still = stats->pending_on != conv;
    toa_claim claim = of(conv, still ? TOA_CLAIM_STILL_ASKS : TOA_CLAIM_WAITS);

    claim.frame = stats->wait_frame;
    claim.time = stats->wait_time;
    claim.count = stats->n_waiting;
    claim.length = story->end - stats->wait_time;
    claim.other_stream = still ? stats->pending_on->stream : 0; /* on which the checker finds it */
    toa_say(teller, &claim);
    toa_add(teller, "; ");
    claim = of(conv, stats->answer_frame ? TOA_CLAIM_LAST_ANSWER : TOA_CLAIM_NO_ANSWER);
    claim.frame = stats->answer_frame;
    claim.time = stats->answer_time;
    toa_say(teller, &claim);
    if (elsewhere) {
        claim = of(conv, TOA_CLAIM_FOUND_ELSEWHERE);
        claim.other_stream = elsewhere->carrier->stream;
        claim.count = elsewhere->answers;
        toa_add(teller, "; ");
        toa_say(teller, &claim);
    }
    toa_add(teller, ".");
}

static void tell_victim(const toa_story *story, toa_teller *teller)
{
    unsigned victims = toa_incident_victims(story->incident, story->stats_table);
    int64_t began;

    for (unsigned side = 0; side < 2; side++) {
        if (victims & (1u << side)) {
            tell_waiting(story, side, teller);
            toa_end(teller, "Victim  ");
        }
    }
    if (!victims && toa_incident_answers_unseen(story->incident)) {
        toa_add(teller, "cannot be told: a client acknowledges answers that are not in this capture, or not known to be its own. "
                        "They take another way than what it asks.");
        toa_end(teller, "Victim  ");
    } else if (!victims && story->incident->same_wire && toa_incident_overlap(story->incident, &began)) {
        toa_add(teller, "cannot be told: both connections have the same addresses on the wire, so a segment that is sent "
                        "again counts as the later one's, also if the earlier one waits for its answer.");
        toa_end(teller, "Victim  ");
    } else if (!victims) {
        toa_add(teller, "none waits at the end of the capture: what was asked was acknowledged, or the connection is "
                        "closed.");
        toa_end(teller, "Victim  ");
    }
}

/* Of two connections that were under way when the capture first saw them the order is not known; one that was first seen
 * after the other had begun is the earlier one only if the server's numbers say so. */
static toa_claim_kind how_they_began(const toa_story *story)
{
    const toa_incident *incident = story->incident;
    const toa_conversation *early = toa_incident_asker(incident, 0), *late = toa_incident_asker(incident, 1);
    const toa_stats *stats = toa_stats_find(story->stats_table, early);
    int64_t time;

    if (!toa_incident_overlap(incident, &time)) {
        return TOA_CLAIM_BEGAN_AFTER;
    }
    if (!((late->side[0].flags | late->side[1].flags) & TOA_SIDE_SYN)) {
        return early->midstream ? TOA_CLAIM_BOTH_UNSEEN : TOA_CLAIM_SEEN_WHILE_OPEN;
    }
    if (early->first_frame > late->first_frame && toa_incident_verdict(incident) != TOA_VERDICT_CONFIRMED) {
        return TOA_CLAIM_BEGAN_UNSEEN;
    }
    return stats && stats->ending_time && stats->ending_time < late->first_time ? TOA_CLAIM_BEGAN_CLOSING
                                                                                : TOA_CLAIM_BEGAN_WHILE_OPEN;
}

static void say_beginning(const toa_story *story, toa_teller *teller)
{
    const toa_conversation *early = toa_incident_asker(story->incident, 0), *late = toa_incident_asker(story->incident, 1);
    toa_claim_kind kind = how_they_began(story);
    toa_claim claim = of(late, kind);

    claim.frame = late->first_frame;
    claim.time = late->first_time;
    claim.other_stream = early->stream;
    claim.length = kind == TOA_CLAIM_BEGAN_AFTER ? late->first_time - early->close_time : 0;
    if (kind == TOA_CLAIM_BOTH_UNSEEN || kind == TOA_CLAIM_BEGAN_UNSEEN) {
        claim.other_frame = early->first_frame;
    }
    toa_say(teller, &claim);
    toa_add(teller, ".");
}

/* The numbers prove one server, but not which of two addresses is its own. */
static bool two_ways(const toa_incident *incident)
{
    return incident->early->key == incident->late->key && incident->late->key->reached &&
           !toa_endpoint_equal(toa_wire_server(incident->early), toa_wire_server(incident->late));
}

/* Whose answers: those that were found most. */
static void say_untranslated(const toa_incident *incident, toa_teller *teller)
{
    const toa_load *early = toa_incident_answers(incident, 0), *late = toa_incident_answers(incident, 1);
    bool only_client = !early && !late; /* its RSTs lie where the answers came in */
    unsigned side = only_client ? !incident->side[1].n_loads : late && (!early || late->answers > early->answers);
    const toa_conversation *owner = side ? incident->late : incident->early;
    const toa_conversation *carrier = side ? incident->early : incident->late;
    toa_claim claim = of(owner, TOA_CLAIM_UNTRANSLATED);

    claim.other_stream = carrier->stream;
    claim.from = toa_wire_server(owner);
    claim.to = toa_wire_server(carrier);
    toa_say(teller, &claim);
    toa_add(teller, ": nothing on the way translates the server's answers back.");
}

static void say_relation(const toa_incident *incident, toa_teller *teller)
{
    const toa_conversation *early = incident->early, *late = incident->late;
    toa_verdict verdict = toa_incident_verdict(incident);
    toa_claim claim = of(late, TOA_CLAIM_ONE_KEY);

    claim.other_stream = early->stream;
    if (verdict == TOA_VERDICT_STALE) {
        claim.kind = TOA_CLAIM_SAME_WIRE;
        toa_say(teller, &claim);
        toa_add(teller, ". The server or a load balancer still had the earlier one and answered for it.");
    } else if (verdict == TOA_VERDICT_UNTRANSLATED) {
        say_untranslated(incident, teller);
    } else if (two_ways(incident)) {
        claim.kind = TOA_CLAIM_TWO_WAYS;
        claim.from = toa_wire_server(early);
        claim.to = toa_wire_server(late);
        toa_say(teller, &claim);
        toa_add(teller, ".");
    } else if (early->key == late->key) {
        claim.from = key_client(late);
        claim.to = key_server(late);
        toa_say(teller, &claim);
        toa_add(teller, verdict == TOA_VERDICT_SHARED
                            ? ". If that server puts the client's address back into its connections, it can tell them apart "
                              "by nothing else; nothing that this capture shows says that it does."
                            : ". The server can tell them apart by nothing else.");
    } else {
        toa_add(teller, "As far as is known their pairs of addresses at the server differ: a TOA option or SYN-ACK that was "
                        "not captured, or a row missing in the address map (preference toa.map), can be the reason.");
    }
}

static void tell_cause(const toa_story *story, toa_teller *teller)
{
    if (toa_incident_verdict(story->incident) != TOA_VERDICT_UNTRANSLATED) { /* there it is one connection */
        say_beginning(story, teller);
        toa_add(teller, " ");
    }
    say_relation(story->incident, teller);
    toa_end(teller, "Cause   ");
}

/* ---- the two connections ---- */

static void say_addresses(const toa_conversation *conv, toa_teller *teller)
{
    bool client_moved = !toa_endpoint_equal(key_client(conv), toa_wire_client(conv));
    bool server_moved = !conv->key->reached && !toa_endpoint_equal(key_server(conv), toa_wire_server(conv));
    toa_claim claim = of(conv, TOA_CLAIM_NAMED);

    if (client_moved && conv->source == TOA_KEY_TOA) {
        claim.to = claim.from;
        claim.from = key_client(conv);
        toa_add(teller, "; ");
        toa_say(teller, &claim);
    }
    if (server_moved && (conv->source == TOA_KEY_MAP || conv->source == TOA_KEY_LEG)) {
        claim = of(conv, TOA_CLAIM_DIALLED);
        claim.from = toa_wire_server(conv);
        toa_add(teller, "; ");
        toa_say(teller, &claim);
    }
    if ((client_moved || server_moved) && conv->source != TOA_KEY_PROVEN) {
        claim = of(conv, TOA_CLAIM_KEY);
        claim.from = key_client(conv);
        claim.to = key_server(conv);
        toa_add(teller, ". ");
        toa_say(teller, &claim);
        toa_add(teller, conv->source == TOA_KEY_MAP   ? ", as the address map (preference toa.map) says"
                        : conv->source == TOA_KEY_LEG ? ", as its other leg shows"
                                                      : "");
    }
}

/* Streams that a reader finds its frames in: few, as a rule none. */
static void say_streams(const toa_conversation *conv, toa_teller *teller)
{
    uint32_t n;
    const toa_stream_from *more = toa_streams_more(conv, &n);
    toa_claim claim = of(conv, TOA_CLAIM_GOES_ON);

    for (uint32_t i = 0; i < MIN(n, STREAMS_TOLD); i++) {
        claim.frame = more[i].frame;
        claim.time = more[i].time;
        claim.other_stream = more[i].stream;
        toa_add(teller, "; ");
        toa_say(teller, &claim);
    }
    if (n > STREAMS_TOLD) {
        toa_add(teller, ", and so forth");
    }
}

static void tell_connection(const toa_story *story, const toa_conversation *conv, toa_teller *teller)
{
    const toa_conversation *leg = toa_engine_leg(conv);
    const toa_stats *stats = toa_stats_find(story->stats_table, conv);
    unsigned siblings = toa_stats_siblings(story->stats_table, conv);
    toa_claim claim = of(conv, TOA_CLAIM_CONNECTION);

    if (stats) {
        claim.count = stats->n_frames;
        claim.frame = stats->first_frame;
        claim.other_frame = stats->last_frame;
        claim.value = siblings > 1 ? siblings : 0;
        claim.kind = siblings > 1 ? TOA_CLAIM_CONNECTION_PART : TOA_CLAIM_CONNECTION;
        toa_say(teller, &claim);
    } else {
        toa_add(teller, "Of the other connection no frame has passed the filter");
    }
    if (conv->flags & TOA_CONV_CLOSED) {
        claim = of(conv, TOA_CLAIM_CLOSED);
        claim.time = conv->close_time;
        toa_add(teller, ", ");
        toa_say(teller, &claim);
    }
    say_addresses(conv, teller);
    say_streams(conv, teller);
    if (leg) {
        claim = of(conv, TOA_CLAIM_LEG);
        claim.other_stream = leg->stream;
        toa_add(teller, "; ");
        toa_say(teller, &claim);
    }
    toa_add(teller, ".");
    toa_end(teller, "- ");
}

/* ---- evidence ---- */

/* The strongest evidence is named even if something else has proven the incident before. */
static void tell_clock(const toa_story *story, toa_teller *teller)
{
    const toa_incident *incident = story->incident;
    const toa_conversation *early = incident->early, *late = incident->late;
    const toa_endpoint *one = toa_wire_server(early), *other = toa_wire_server(late);
    toa_claim claim = of(late, TOA_CLAIM_ISN_CLOCK);

    if ((incident->proof & TOA_EV_ISN_CLOCK) || early->key != late->key ||
        !(early->flags & late->flags & TOA_CONV_SYNACK_SEEN) ||
        (toa_endpoint_same_address(one, other) && one->port != other->port) ||
        !toa_clock_match(late, early, toa_clock_limit(2), &claim.length)) {
        return;
    }
    claim.other_stream = early->stream;
    toa_add(teller, "Besides, ");
    toa_say(teller, &claim);
    toa_add(teller, ".");
    toa_end(teller, "- ");
}

/* Equal keys need no sentence of their own if the proof follows. */
static bool is_said_better(const toa_story *story, unsigned i)
{
    const toa_evidence_record *record = &story->records[i];

    return record->finding.kind == TOA_FINDING_COLLISION && i + 1 < story->n_records &&
           record[1].finding.kind == TOA_FINDING_CONFIRMED && record[1].frame == record->frame;
}

static void tell_found(const toa_story *story, toa_teller *teller)
{
    const toa_incident *incident = story->incident;
    toa_load load = toa_incident_load(incident);
    toa_claim claim = {.kind = TOA_CLAIM_FOUND,
                       .frame = incident->found_first_frame,
                       .other_frame = incident->found_last_frame,
                       .stream = incident->late->stream,
                       .other_stream = incident->early->stream,
                       .count = load.rsts,
                       .value = load.segments,
                       .base = load.dup_acks};

    if (incident->side[0].n_loads > 1 || incident->side[1].n_loads > 1) {
        claim.kind = TOA_CLAIM_FOUND_LEGS;
    }
    if (incident->found_first_frame) {
        toa_say(teller, &claim);
        toa_add(teller, ".");
    } else {
        toa_add(teller, "No segment was found on the wrong connection in this capture.");
    }
    toa_end(teller, "- ");
}

static void tell_evidence(const toa_story *story, toa_teller *teller)
{
    toa_claim claim = {.kind = TOA_CLAIM_MORE, .stream = story->incident->late->stream,
                       .other_stream = story->incident->early->stream};
    uint32_t total = 0;

    toa_text_heading(teller->out, "Evidence");
    tell_found(story, teller);
    tell_clock(story, teller);
    for (unsigned i = 0; i < story->n_records; i++) {
        if (!is_said_better(story, i)) {
            toa_evidence_record_tell(&story->records[i], teller);
            toa_end(teller, "- ");
        }
    }
    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        total += story->incident->n[kind];
    }
    claim.count = total - story->n_records;
    if (claim.count && story->last) {
        toa_say(teller, &claim);
        toa_add(teller, ", the last: ");
        toa_evidence_record_tell(story->last, teller);
        toa_end(teller, "- ");
    }
    toa_hints_tell(story->incident, story->stats_table, teller);
}

static void tell_certainty(const toa_story *story, toa_teller *teller)
{
    static const char *const certainty[TOA_VERDICT_MAX] = {
        [TOA_VERDICT_STALE] = "The numbers are those of the earlier connection. Who has kept it cannot be told from them.",
        [TOA_VERDICT_UNTRANSLATED] = "Numbers and causes are exact. That is one server with two addresses, not two "
                                     "connections that collide.",
        [TOA_VERDICT_SHARED] = "By addresses alone. It is a fault only if the real server puts the client's address into "
                               "its connections. One that merely reports it to programs (getpeername, as the open-source "
                               "toa.ko does) keeps both apart; then set the preference toa.rewriting to \"no\".",
        [TOA_VERDICT_CROSSED] = "The numbers of the segments belong to the other connection. That the server sees one pair "
                                "of addresses is likely, but not proven by this capture.",
        [TOA_VERDICT_CONFIRMED] = "Proven by numbers that only the server's own TCP can have made. No TOA option and no "
                                  "address map is needed for that."};

    toa_text_heading(teller->out, "How sure is this");
    if (toa_incident_only_dup_acks(story->incident) && !toa_incident_proven(story->incident)) {
        toa_add(teller, story->incident->evidence & TOA_EV_SACK
                            ? "The duplicate ACKs name bytes of the other connection. "
                            : "By time alone: the duplicate ACKs have their own connection's numbers, but nothing on it had "
                              "asked for them, and a segment of the other connection just before had. ");
        toa_add(teller, "That the server sees one pair of addresses is likely, but not proven by this capture.");
    } else {
        toa_add(teller, certainty[toa_incident_verdict(story->incident)]);
    }
    toa_end(teller, "");
}

void toa_story_tell(const toa_story *story, unsigned number, unsigned total, toa_teller *teller)
{
    const toa_incident *incident = story->incident;
    toa_claim claim = {.kind = TOA_CLAIM_INCIDENT, .count = number, .value = total, .stream = incident->late->stream,
                       .other_stream = incident->early->stream, .word = toa_story_title(incident)};

    toa_add(teller, "\n");
    toa_say(teller, &claim);
    toa_add(teller, "\n");
    toa_end_line(teller);
    tell_victim(story, teller);
    tell_cause(story, teller);
    toa_advice_now(incident, story->stats_table, teller);
    toa_text_heading(teller->out, "The frames that tell it");
    toa_lanes_draw(incident->early, incident->late, story->scenes, story->n_scenes, teller);
    toa_text_heading(teller->out, "The two connections");
    tell_connection(story, incident->early, teller);
    tell_connection(story, incident->late, teller);
    tell_evidence(story, teller);
    tell_certainty(story, teller);
    toa_advice_permanent(incident, teller);
}

/* advice.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/advice.h"

#include "tell/places.h"
#include "tell/text.h"

#include <string.h>

/* The address of an endpoint alone, as ss and Wireshark write it. */
static void append_address(GString *text, const toa_endpoint *endpoint)
{
    char buffer[TOA_ENDPOINT_TEXT];

    toa_endpoint_format(endpoint, buffer);
    *strrchr(buffer, ':') = '\0';
    g_string_append(text, buffer);
}

static void say_command(const toa_conversation *conv, GString *command, toa_teller *teller)
{
    toa_claim claim = {.kind = TOA_CLAIM_COMMAND,
                       .stream = conv->stream,
                       .from = &conv->key->client->endpoint,
                       .to = toa_wire_server(conv),
                       .word = command->str};

    toa_say(teller, &claim);
    g_string_truncate(command, 0);
}

/* The command names the client's port and the address it connected to. That address is visible here only if nothing between
 * the client and the capture point rewrites it. */
static void tell_close(const toa_incident *incident, const toa_conversation *conv, toa_teller *teller)
{
    const toa_endpoint *client = &conv->key->client->endpoint, *server = toa_wire_server(conv);
    bool dialled = toa_endpoint_equal(client, toa_wire_client(conv)) && !incident->same_wire;
    GString *command = g_string_new("On ");

    append_address(command, client);
    g_string_append_printf(command, ": ss -tnp 'sport = :%u'", client->port);
    say_command(conv, command, teller);
    toa_add(teller, " shows its program. ");
    if (dialled) {
        g_string_append_printf(command, "ss -K 'sport = :%u and dport = :%u and dst ", client->port, server->port);
        append_address(command, server);
        g_string_append_c(command, '\'');
        say_command(conv, command, teller);
        toa_add(teller, " closes the victim; its program must then connect again.");
    } else if (incident->same_wire) {
        toa_add(teller, "Close the one that hangs: to which address it was made is known there, not here. The program must "
                        "then connect again.");
    } else {
        toa_add(teller, "Close its connection to the load balancer; the program must then connect again.");
    }
    g_string_free(command, TRUE);
}

/* As far as is seen: of a lossy capture the end of one may be lost in part. */
static bool is_open(const toa_conversation *conv, const toa_stats_table *stats_table)
{
    const toa_stats *stats = toa_stats_find(stats_table, conv);

    return !(conv->flags & TOA_CONV_CLOSED) && !(stats && stats->ending_time);
}

static const char *words_without_victim(const toa_incident *incident, const toa_stats_table *stats_table)
{
    bool early = is_open(incident->early, stats_table), late = is_open(incident->late, stats_table);

    if (toa_incident_verdict(incident) == TOA_VERDICT_STALE || (!early && !late)) {
        return "nothing: no connection waits for an answer.";
    }
    return early && late ? "nothing yet: no connection waits for an answer, but both are open. The next segment of either can "
                           "be answered on the other. Look again before you leave."
                         : "nothing yet: no connection waits for an answer, but one of the two is open. Look again before you "
                           "leave.";
}

void toa_advice_now(const toa_incident *incident, const toa_stats_table *stats_table, toa_teller *teller)
{
    unsigned victims = toa_incident_victims(incident, stats_table);

    for (unsigned side = 0; side < 2; side++) {
        if (victims & (1u << side)) {
            tell_close(incident, side ? incident->late : incident->early, teller);
            toa_end(teller, "Do now  ");
        }
    }
    if (!victims && toa_incident_answers_unseen(incident)) {
        toa_add(teller, "look at the client, or in the real server, who waits: both have questions and answers.");
        toa_end(teller, "Do now  ");
    } else if (!victims) {
        toa_add(teller, words_without_victim(incident, stats_table));
        toa_end(teller, "Do now  ");
    }
}

void toa_advice_permanent(const toa_incident *incident, toa_teller *teller)
{
    static const char *const shared[] = {
        "Client: give each path source ports of its own, by net.ipv4.ip_local_port_range per host or network namespace, or "
        "by bind() before connect() from separate ranges.",
        "Paths: let one client reach this server by one path only, and close the others.",
        "Programs: keepalive or a query timeout, and a new connection on error, so that a victim is noticed by itself.",
        NULL};
    static const char *const stale[] = {
        "Load balancer: let its sessions live no longer than the server's connections, and end both sides when one is "
        "reset.",
        "Client: do not use a source port again before the longest of these times has passed.",
        "If both were in use at once, something that keeps the client's address and port has crossed them: give the paths "
        "source ports of their own.",
        NULL};
    static const char *const untranslated[] = {
        "Route the server's answers back through whatever translates them: the client and the server must not reach each "
        "other past it (hairpin, same subnet, a second route).",
        NULL};
    toa_verdict verdict = toa_incident_verdict(incident);

    toa_text_heading(teller->out, "Permanent fix");
    if (verdict == TOA_VERDICT_UNTRANSLATED) {
        toa_places_untranslated(teller);
    } else if (verdict != TOA_VERDICT_STALE) {
        toa_places_crossed(toa_place_of(incident->early, incident->late), teller);
    }
    for (const char *const *advice = verdict == TOA_VERDICT_STALE          ? stale
                                     : verdict == TOA_VERDICT_UNTRANSLATED ? untranslated
                                                                           : shared;
         *advice; advice++) {
        toa_text_paragraph(teller->out, "- ", *advice);
    }
}

/* ---- no incident ---- */

static void say_count(toa_claim_kind kind, uint32_t n, toa_teller *teller)
{
    toa_claim claim = {.kind = kind, .count = n};

    toa_say(teller, &claim);
}

static void tell_looked_at(const toa_quiet *quiet, toa_teller *teller)
{
    toa_claim claim = {.kind = TOA_CLAIM_SEGMENTS, .count = quiet->n_segments, .value = quiet->n_conversations};

    toa_add(teller, quiet->n_unseen ? "Among the connections of this capture no incident: in " : "No incident: in ");
    toa_say(teller, &claim);
    toa_add(teller, quiet->n_unseen ? " no two were found to be one at their real server."
                                    : " no two connections were found to be one at their real server, and no segment was "
                                      "found on a connection that it does not belong to.");
    toa_end(teller, "");
    toa_add(teller, "That speaks for the time and the place of this capture only. ");
    say_count(TOA_CLAIM_NAMED_BY_TOA, quiet->n_toa, teller);
    toa_add(teller, quiet->mapped ? "; the preference toa.map names real servers behind VIPs; "
                                  : "; the preference toa.map is empty, so VIPs are taken for servers; ");
    say_count(TOA_CLAIM_SYN_ACKS, quiet->n_synack, teller);
    toa_add(teller, ", and without it the server's clock cannot be compared. Two connections cross only when one client "
                    "uses one source port on two paths, and it shows when the older one is used again: a capture that ends "
                    "before does not have it.");
    toa_end(teller, "");
}

void toa_advice_quiet(const toa_quiet *quiet, toa_teller *teller)
{
    if (!quiet->analysed) {
        toa_add(teller, "Nothing was looked at: the preference toa.analysis is off.");
        toa_end(teller, "");
        return;
    }
    tell_looked_at(quiet, teller);
    if (quiet->n_unexplained) {
        say_count(TOA_CLAIM_UNEXPLAINED, quiet->n_unexplained, teller);
        toa_add(teller, ": possibly of a connection that is in another file.");
        toa_end(teller, "");
    }
    if (quiet->others.reused) {
        say_count(TOA_CLAIM_REUSED, quiet->others.reused, teller);
        toa_add(teller, ": ordinary reuse of a port (toa.reuse).");
        toa_end(teller, "");
    }
    if (quiet->others.kept_apart) {
        say_count(TOA_CLAIM_KEPT_APART, quiet->others.kept_apart, teller);
        toa_add(teller, ". If all your servers do so, set the preference toa.rewriting to \"no\".");
        toa_end(teller, "");
    }
    if (quiet->others.shared) {
        say_count(TOA_CLAIM_SHARED, quiet->others.shared, teller);
        toa_add(teller, ", which is no fault where real servers do not put the client's address into their connections, as "
                        "the preference toa.rewriting says.");
        toa_end(teller, "");
    }
}

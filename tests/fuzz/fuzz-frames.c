/* fuzz-frames.c
 * Whole IP packets through libwireshark with the plugin linked in, all layers around TCP that can be part of the story
 * (IPv4, IPv6, tunnels, ICMP quotes, a payload dissector that throws) and nothing else, which is where the time would
 * go. Looks for memory errors, and checks that later passes say what the first has said.
 *
 * Input: mode, then records: length (2), captured length or 0 for all (1), milliseconds (1), packet.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "input.h"

#include "dissector/glue.h"

#include <epan/addr_resolv.h>
#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/prefs.h>
#include <epan/tap.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

#include <string.h>

#define FRAMES_MAX 64
#define FRAME_SIZE_MAX 2000u

extern void plugin_register(void);

enum { MODE_TREE = 1, MODE_TWO_PASSES = 2, MODE_LATER_TREE = 4 };

typedef struct record {
    const uint8_t *bytes;
    uint32_t length, captured;
    int64_t milliseconds;
    frame_data frame;
    uint32_t said[2]; /* sums over what each pass found */
} record;

static struct {
    epan_t *session;
    record records[FRAMES_MAX];
    unsigned n_records;
    unsigned pass;
} fuzz;

static const nstime_t *frame_time(struct packet_provider_data *provider, guint32 number)
{
    static nstime_t time;

    (void)provider;
    if (number == 0 || number > fuzz.n_records) {
        return NULL;
    }
    time.secs = fuzz.records[number - 1].milliseconds / 1000;
    time.nsecs = (int)(fuzz.records[number - 1].milliseconds % 1000) * 1000000;
    return &time;
}

/* ---- what was found ---- */

static uint32_t fold(uint32_t sum, uint32_t value)
{
    return (sum ^ value) * 16777619u;
}

static tap_packet_status note_layer(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *tapped,
                                    tap_flags_t flags)
{
    const toa_layer *layer = tapped;
    uint32_t sum = fuzz.records[pinfo->num - 1].said[fuzz.pass];

    (void)data;
    (void)edt;
    (void)flags;
    MUST(layer->conversation && layer->conversation->key);
    MUST(layer->first_pass == (fuzz.pass == 0));
    sum = fold(sum, layer->n_findings);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        const toa_finding *finding = &layer->findings[i];
        MUST(finding->kind < TOA_FINDING_MAX && finding->own);
        MUST(finding->other != finding->own);
        MUST(finding->own == layer->conversation);
        MUST(!finding->other == (finding->kind == TOA_FINDING_SELF_CONNECT || finding->kind == TOA_FINDING_FOREIGN_UNSEEN));
        MUST(i == 0 || finding->kind >= layer->findings[i - 1].kind);
        sum = fold(sum, finding->kind);
        sum = fold(sum, finding->other ? finding->other->stream : UINT32_MAX);
        sum = fold(sum, finding->evidence);
    }
    if (getenv("TOA_FUZZ_TRACE")) {
        fprintf(stderr, "pass %u frame %u stream %u, %u findings:", fuzz.pass, pinfo->num,
                layer->conversation->stream, layer->n_findings);
        for (unsigned i = 0; i < layer->n_findings; i++) {
            const toa_finding *finding = &layer->findings[i];
            fprintf(stderr, " %s (%d, %03x)", toa_finding_infos[finding->kind].filter,
                    finding->other ? (int)finding->other->stream : -1, finding->evidence);
        }
        fputc('\n', stderr);
    }
    fuzz.records[pinfo->num - 1].said[fuzz.pass] = sum;
    return TAP_PACKET_DONT_REDRAW;
}

/* ---- set up ---- */

/* Stands before libwsutil's: with each session Wireshark would read its lists of manufacturers, services and
 * enterprises again, which takes 100 times as long as an input. There are no such files here. */
char *get_datafile_path(const char *name)
{
    return g_strdup_printf("/nonexistent/%s", name);
}

static void keep_few_protocols(void)
{
    static const char *const kept[] = {"frame", "ip",   "ipv6", "tcp",  "icmp", "icmpv6", "gre",   "toa", "toa.conv",
                                       "data",  "http", "mysql", "raw", "raw_ip", "udp", "vxlan", "eth", "mpls"};
    void *cookie;

    for (int id = proto_get_first_protocol(&cookie); id != -1; id = proto_get_next_protocol(&cookie)) {
        const char *name = proto_get_protocol_filter_name(id);
        bool keep = strncmp(name, "tcp.", 4) == 0 || strncmp(name, "ip", 2) == 0;

        for (size_t i = 0; i < array_length(kept); i++) {
            keep |= strcmp(name, kept[i]) == 0;
        }
        if (!keep && !proto_is_pino(find_protocol_by_id(id)) && proto_can_toggle_protocol(id)) {
            proto_set_decoding(id, FALSE);
        }
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* Wireshark allocates each item of a tree by itself here (see below): a deep stack for each would take half the time.
 * What is not freed at the end is Wireshark's; leaks of the plugin are looked for with tshark. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0:malloc_context_size=2:quarantine_size_mb=16";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    GString *error;

    (void)argc;
    /* nobody's settings, and a bug in a dissector is a crash here */
    g_setenv("HOME", "/nonexistent", TRUE);
    g_setenv("XDG_CONFIG_HOME", "/nonexistent", TRUE);
    g_setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", TRUE); /* else its pools hide overflows */
    g_setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", TRUE);
    ws_log_init("fuzz-frames", NULL);
    init_process_policies();
    g_free(configuration_init((*argv)[0], NULL));
    wtap_init(FALSE);
    plugin_register();
    if (!epan_init(NULL, NULL, FALSE)) {
        fprintf(stderr, "fuzz-frames: epan_init failed\n");
        exit(1);
    }
    epan_load_settings();
    disable_name_resolution();
    prefs_apply_all();
    keep_few_protocols();
    error = register_tap_listener("toa", &fuzz, NULL, TL_REQUIRES_NOTHING, NULL, note_layer, NULL, NULL);
    MUST(!error);
    return 0;
}

/* ---- one input ---- */

static void take_records(input *in)
{
    int64_t milliseconds = INT64_C(1600000000000);

    fuzz.n_records = 0;
    while (in->left > 4 && fuzz.n_records < FRAMES_MAX) {
        record *next = &fuzz.records[fuzz.n_records];
        uint32_t length = take16(in) % FRAME_SIZE_MAX, captured = take8(in);

        memset(next, 0, sizeof *next);
        milliseconds += take8(in);
        next->milliseconds = milliseconds;
        next->bytes = in->bytes;
        next->length = length;
        next->captured = captured && captured < length ? captured : length;
        if (next->captured > in->left) {
            next->captured = (uint32_t)in->left;
        }
        if (next->captured == 0) {
            break;
        }
        in->bytes += next->captured;
        in->left -= next->captured;
        fuzz.n_records++;
    }
}

static void dissect(epan_dissect_t *edt, record *rec_in, uint32_t number)
{
    static frame_data *reference, *previous;
    static uint32_t bytes;
    wtap_rec rec;
    uint8_t *copy;
    tvbuff_t *tvb;

    memset(&rec, 0, sizeof rec);
    rec.rec_type = REC_TYPE_PACKET;
    rec.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
    rec.ts.secs = (time_t)(rec_in->milliseconds / 1000);
    rec.ts.nsecs = (int)(rec_in->milliseconds % 1000) * 1000000;
    rec.rec_header.packet_header.caplen = rec_in->captured;
    rec.rec_header.packet_header.len = rec_in->length;
    rec.rec_header.packet_header.pkt_encap = WTAP_ENCAP_RAW_IP;
    if (fuzz.pass == 0) {
        if (number == 1) {
            reference = previous = NULL;
            bytes = 0;
        }
        frame_data_init(&rec_in->frame, number, &rec, 0, bytes);
    }
    frame_data_set_before_dissect(&rec_in->frame, &(nstime_t){0, 0}, (const frame_data **)&reference, previous);
    previous = &rec_in->frame;
    copy = g_memdup2(rec_in->bytes, rec_in->captured); /* exactly: a read behind it is seen */
    tvb = tvb_new_real_data(copy, rec_in->captured, (gint)rec_in->length);
    tvb_set_free_cb(tvb, g_free);
    epan_dissect_run_with_taps(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &rec, tvb, &rec_in->frame, NULL);
    if (fuzz.pass == 0) {
        frame_data_set_after_dissect(&rec_in->frame, &bytes);
    }
    epan_dissect_reset(edt);
}

static void run_pass(unsigned pass, bool tree)
{
    epan_dissect_t *edt = epan_dissect_new(fuzz.session, tree, tree);

    fuzz.pass = pass;
    for (unsigned i = 0; i < fuzz.n_records; i++) {
        dissect(edt, &fuzz.records[i], i + 1);
    }
    epan_dissect_free(edt);
}

/* A new one for each input, so that an input says all. About 1 ms: every dissector's cleanup and init routines. */
static void renew_session(void)
{
    static const struct packet_provider_funcs functions = {.get_frame_ts = frame_time};

    if (fuzz.session) {
        epan_free(fuzz.session);
    }
    fuzz.session = epan_new(NULL, &functions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    uint8_t mode = take8(&in);

    take_records(&in);
    if (fuzz.n_records == 0) {
        return -1; /* not worth keeping */
    }
    renew_session();
    run_pass(0, mode & MODE_TREE);
    if (mode & MODE_TWO_PASSES) {
        run_pass(1, mode & MODE_LATER_TREE);
        for (unsigned i = 0; i < fuzz.n_records; i++) {
            MUST(fuzz.records[i].said[0] == fuzz.records[i].said[1]);
        }
    }
    for (unsigned i = 0; i < fuzz.n_records; i++) {
        frame_data_destroy(&fuzz.records[i].frame);
    }
    return 0;
}

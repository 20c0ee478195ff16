# SPDX-License-Identifier: GPL-2.0-or-later
"""What toa-scan reports of one capture, in JSON, text and page, against records and packets."""
import collections, datetime, html, json, os, re, subprocess, tempfile

from claim_capture import FOUND
from claim_packets import ACK, FIN, RST, SYN

KINDS = {'proven': 'collision.confirmed', 'crossed': 'foreign', 'not translated': 'untranslated', 'shared key': 'collision',
         'stale session': 'stale_session'}
OTHERS = ('reuse', 'collision.refuted', 'self_connect')  # no incidents to the plugin


class Reports:
    def __init__(self, options, path):
        command = [options.scan, '--tshark', options.tshark, '--reader', 'native', '--notes']
        for option in options.option or []:
            command += ['-o', option]
        self.json = json.loads(run(command + ['--json', path]))
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, 'page.html')
            self.text = run(command + ['--max', '0', '--html', page, path])
            with open(page, encoding='utf-8') as f:
                self.page = f.read()


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8'))
    if done.returncode not in (0, 1):
        raise RuntimeError('%s: %s' % (' '.join(command), done.stderr))
    return done.stdout


def time_text(ns):
    return datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S') + \
        '.%06d' % (ns % 10**9 // 1000)


def flags_text(flags):
    return ('RST,ACK' if flags & ACK else 'RST') if flags & RST else ('SYN,ACK' if flags & ACK else 'SYN') if flags & SYN \
        else 'FIN,ACK' if flags & FIN else 'ACK' if flags & ACK else 'no flags'


def streams_of(incident):
    return [{place['stream'] for flow in incident[side] for place in flow['places']} for side in 'ab']


def what_is_told(r):
    return (r['kind'], r['foreign_rsts'], r['foreign_segments'], r['foreign_dup_acks'], r['victim'], r['victim_since_frame'],
            r['victim_segments'])


def what_is_due(c, i):
    """Duplicate ACKs alone, and no key in common, are a kind of their own: a note."""
    shared = any(f['finding'] == 'collision' for f in c.events.of(i['early_stream'], i['late_stream']))
    dup_acks = i['verdict'] == 'crossed' and i['rsts'] + i['segments'] == 0 and not shared
    victim = None if i['victim_stream'] is None else 'a' if i['victim_stream'] == i['early_stream'] else 'b'
    return ('foreign.dup_ack' if dup_acks else KINDS[i['verdict']], i['rsts'], i['segments'], i['dup_acks'], victim,
            i['victim_since_frame'], i['victim_segments'])


def check_pairs(c, reports, bad):
    """Each incident of the records is one of the report, with its verdict, victim and counts, and the other way round."""
    left = [i for i in reports.json['incidents'] if i['kind'] not in OTHERS]
    for i in c.incidents:
        same = [r for r in left if i['early_stream'] in streams_of(r)[0] and i['late_stream'] in streams_of(r)[1]]
        if not same:
            bad.append('scan: nothing of %s of streams %d, %d' % (i['verdict'], i['early_stream'], i['late_stream']))
            continue
        left = [r for r in left if r is not same[0]]
        r = same[0]
        told, due = what_is_told(r), what_is_due(c, i)
        if told != due:
            bad.append('scan: streams %d, %d: %r is told, the records have %r' % (i['early_stream'], i['late_stream'], told, due))
    for r in left:
        bad.append('scan: %s of streams %r, the records have none' % (r['kind'], streams_of(r)))


def check_flows(c, reports, bad):
    for incident in reports.json['incidents']:
        for flow in incident['a'] + incident['b']:
            packets = [p for place in flow['places'] for p in c.streams[place['stream']]]
            if not packets:
                bad.append('scan: flow %s > %s, %d packets, is nowhere' % (flow['client'], flow['server'], flow['frames']))
                continue
            if c.several & {place['stream'] for place in flow['places']}:
                continue
            if (flow['frames'], flow['first_time'], flow['last_time']) != (
                    len(packets), min(p.time for p in packets), max(p.time for p in packets)) or {
                        flow['client'], flow['server']} != {packets[0].source, packets[0].destination}:
                bad.append('scan: flow %s > %s, %d packets' % (flow['client'], flow['server'], flow['frames']))


def check_facts(c, reports, bad):
    records = {(f['finding'], f['frame'], f['stream'], f['other_stream']): f for f in c.findings}
    for incident in reports.json['incidents']:
        sides = streams_of(incident)
        for fact in incident['facts']:
            if fact['frame'] is None:
                continue
            p = c.packets[fact['frame']]
            other = None if fact['finding'] == 'self_connect' else fact['other_stream'] # there it is the connection itself
            f = records.get((fact['finding'], p.frame, p.stream, other))
            numbers = (fact['flags'] & 63, fact['seq'], fact['time'])
            if not f or p.stream not in sides['ab'.index(fact['own'])] or numbers != (p.flags, p.seq, p.time):
                bad.append('scan: fact %s of frame %d' % (fact['finding'], fact['frame']))


def first_found(incident):
    return next((f for f in incident['facts'] if f['finding'] in FOUND or f['finding'] == 'foreign.unseen'), None)


def story_of(incident):
    """The numbers of the sentence in the middle."""
    fact = first_found(incident)
    if not fact:
        return None
    own = 'AB'['ab'.index(fact['own'])]
    return (time_text(fact['time']), 'AB'.replace(own, ''), own, incident['foreign_rsts'],
            incident['foreign_segments'], incident['foreign_dup_acks'])


def untranslated_of(incident):
    """The sentence of answers that nobody translated back: asked at one address, answered from another."""
    time, asked, carrier, rsts, others, _ = story_of(incident)
    servers = {'AB'['ab'.index(side)]: incident[side][0]['server'] for side in 'ab'}
    return servers[asked], asked, time, servers[carrier], carrier, carrier, rsts, others


STORY = re.compile(r'Since (\S+ \S+) segments that belong to connection ([AB]) arrive on connection ([AB]): (\d+) RST, '
                   r'(\d+) other, (\d+) duplicate ACKs')
UNTRANSLATED = re.compile(r'The client has asked (\S+) \(connection ([AB])\), and since (\S+ \S+) it is answered from (\S+) \(connection '
                          r'([AB])\): .*? On connection ([AB]): (\d+) RST, (\d+) other')
FLOW = re.compile(r'(\S+) > (\S+?)(?: \(for the server: (\S+) > (\S+)\))?, (\S+ [\d:.]+) to ([\d:.]+)( \(not closed\))?, '
                  r'(\d+) packets, (\d+) files?')


def check_words(reports, name, text, bad):
    """The sentences of one report: each with the numbers of the JSON, and none besides."""
    incidents = reports.json['incidents']
    told = [(row[0], row[1], row[2], *map(int, row[3:])) for row in STORY.findall(text)]
    if told != [s for s in (story_of(i) for i in incidents if i['kind'] != 'untranslated') if s]:
        bad.append('scan: %s tells %r' % (name, told))
    told = [(*row[:6], int(row[6]), int(row[7])) for row in UNTRANSLATED.findall(text)]
    if told != [untranslated_of(i) for i in incidents if i['kind'] == 'untranslated']:
        bad.append('scan: %s tells %r' % (name, told))
    flows = sorted((row[0], row[1], row[4], row[5], not row[6], int(row[7])) for row in FLOW.findall(text))
    expected = sorted((f['client'], f['server'], time_text(f['first_time']), time_text(f['last_time'])[11:],
                       f['closed_time'] is not None, f['frames']) for i in incidents
                      for side in ('a', 'b') for f in i[side][:None if i['kind'] != 'self_connect' or side == 'a' else 0])
    if flows != expected:
        bad.append('scan: %s has the connections %r, the JSON %r' % (name, flows[:3], expected[:3]))


def check_head(c, reports, bad):
    head = re.match(r'(\d+) incidents?, (\d+) notes? in (\d+) files?, (\d+) packets, (\d+) conversations', reports.text)
    page = re.search(r'<p>(\d+) files?, (\d+) packets, (\d+) conversations: <strong>(\d+) incidents?</strong>, (\d+) notes?', reports.page)
    due = (reports.json['warnings'], reports.json['notes'], 1, len(c.packets), len(c.all))
    if tuple(map(int, head.groups())) != due:
        bad.append('scan: text begins with %r, due is %r' % (head.groups(), due))
    if tuple(int(page[i]) for i in (4, 5, 1, 2, 3)) != due:
        bad.append('scan: page begins with %r, due is %r' % (page.groups(), due))


def check_frames_told(c, reports, bad):
    """ "TIME FINDING, FLAGS, frame N of FILE" """
    found = collections.Counter((f['finding'], f['frame']) for f in c.findings)
    for time, finding, flags, frame in re.findall(r'^  (\S+ \S+) (\S+), (.*), frame (\d+) of ', reports.text, re.M):
        p = c.packets[int(frame)]
        if (time, flags) != (time_text(p.time), flags_text(p.flags)) or not found[finding, p.frame]:
            bad.append('scan: text tells %s, %s of frame %s' % (finding, flags, frame))


def check_picture(c, reports, bad):
    """Each arrow is a packet of the connection whose letter it has; marked as the other's if a finding says so."""
    sections = re.findall(r'<section id="i\d+">.*?</section>', reports.page, re.S)
    for incident, section in zip(reports.json['incidents'], sections):
        sides = streams_of(incident)
        foreign = {f['frame'] for f in c.findings if f['finding'] in FOUND and any(
            f['stream'] in one and f['other_stream'] in other for one, other in (sides, sides[::-1]))}
        numbers = collections.defaultdict(list)
        for p in c.packets.values():
            numbers[p.seq, p.ack if p.flags & ACK else None].append(p)
        for arrow in re.findall(r'<g class="[ab]( foreign)?"><text class="time"[^>]*>[^<]*</text>.*?<text class="flags"[^>]*>([AB]) '
                                r'([^<]*)</text><text class="data"[^>]*>seq (\d+)(?: ack (\d+))?(?: IP-ID (\d+))?([^<]*)', section):
            fits = [p for p in numbers[int(arrow[3]), int(arrow[4]) if arrow[4] else None]
                    if p.stream in sides['AB'.index(arrow[1])] and arrow[2].startswith(flags_text(p.flags)) and
                    (not arrow[5] or p.ip_id == int(arrow[5])) and bool(arrow[0]) == (p.frame in foreign)]
            if not fits or bool(arrow[0]) != ('of ' in arrow[6]):
                bad.append('scan: the picture has %s %s seq %s%s' % (arrow[1], arrow[2], arrow[3], arrow[0]))


def agree(options, path, c, bad):
    reports = Reports(options, path)
    plain = html.unescape(re.sub(r'<svg.*?</svg>|<style.*?</style>', ' ', reports.page, flags=re.S))
    check_head(c, reports, bad)
    check_pairs(c, reports, bad)
    check_flows(c, reports, bad)
    check_facts(c, reports, bad)
    check_words(reports, 'text', reports.text, bad)
    check_words(reports, 'page', re.sub(r'<[^>]*>', '\n', plain), bad)
    check_frames_told(c, reports, bad)
    check_picture(c, reports, bad)

# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of tshark with every tap at once, taken apart again; and what must agree between them."""
import collections, json, os, re, subprocess

from claim_capture import FOREIGN, FOUND, joined

# in the order in which a frame shows its findings
FINDINGS = ('collision', 'collision.confirmed', 'reuse', 'collision.refuted', 'foreign.rst', 'foreign.segment',
            'foreign.dup_ack', 'foreign.unseen', 'stale_session', 'self_connect')
EVIDENCE = ('key', 'seq', 'ack', 'ip_id', 'tsecr', 'sack', 'trigger', 'isn_clock', 'recycled', 'timestamps')
FIELDS = ['frame.number', 'tcp.stream', 'toa.stream', 'toa.key', 'toa.crossed.stream', 'toa.answer.stream', 'toa.answer.frame',
          'toa.other.stream', 'toa.other.frame', 'toa.evidence', 'toa.answered_elsewhere', '_ws.col.Info'] + \
    ['toa.' + name for name in FINDINGS]
TAPS = ('conv,toa', 'endpoints,toa', 'toa,tree', 'toa,incidents', 'toa,records', 'toa,explain,0', 'toa,claims,0')
CROSSED_MAX = 16 # conversations that one frame names


class Told:
    """What one run has said."""

    def __init__(self, options, path, *passes):
        command = [options.tshark, '-n', *passes, '-r', path, '-T', 'fields', '-E', 'separator=\x1f', '-E', 'aggregator=,']
        for field in FIELDS:
            command += ['-e', field]
        for tap in TAPS:
            command += ['-z', tap]
        for option in options.option or []:
            command += ['-o', option]
        done = subprocess.run(command, capture_output=True, text=True, errors='replace',
                              env=dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8'))
        if done.returncode and 'cut short' not in done.stderr:
            raise RuntimeError('%s: %s' % (path, done.stderr))
        self.claims, self.records, self.frames, self.rest = [], [], {}, []
        for line in done.stdout.split('\n'):
            if line.startswith('{"claim"'):
                self.claims.append(json.loads(line))
            elif line.startswith('{"record"'):
                self.records.append(json.loads(line))
            elif '\x1f' in line:
                row = dict(zip(FIELDS, line.split('\x1f')))
                self.frames[int(row['frame.number'])] = row
            else:
                self.rest.append(line)
        at = self.rest.index('TOA: crossed TCP connections')
        end = next((i for i in range(at, len(self.rest)) if self.rest[i].startswith('=====')), len(self.rest))
        self.text = '\n'.join(self.rest[at + 1:end])
        del self.rest[at:end]
        self.first = {}

    def join_streams(self, packets):
        """From 4.4 on Wireshark may have a connection in several streams; words and records name it by its first. Those that
        no record has are of the last connection of the wire tuple that has begun."""
        known = [r for r in self.records if r['record'] == 'conversation']
        streams = {r['stream'] for r in known}
        for number, p in sorted(packets.items()):
            stream = self.stream(number) if self.frames[number]['toa.stream'] else None
            of = [r for r in known if {joined(r, 'client'), joined(r, 'server')} == {p.source, p.destination} and
                  r['first_frame'] <= number] if stream is not None and stream not in streams else []
            if of:
                self.first[stream] = max(of, key=lambda r: r['first_frame'])['stream']
        for row in self.frames.values():
            row['_ws.col.Info'] = re.sub(r'(?<=stream )\d+', lambda n: str(self.first.get(int(n[0]), n[0])), row['_ws.col.Info'])

    def numbers(self, frame, field):
        value = self.frames[frame][field]
        found = [int(n, 0) for n in value.split(',')] if value else []
        if not field.endswith('stream') or field == 'toa.stream' or not self.first:
            return found
        found = [self.first.get(n, n) for n in found]
        return list(dict.fromkeys(found)) if field == 'toa.crossed.stream' else found

    def stream(self, frame):
        """tcp.stream of the layer that the frame is about: a TCP header quoted by ICMP stands last."""
        return self.numbers(frame, 'tcp.stream')[0]

    def raw_stream(self, frame):
        return int(self.frames[frame]['tcp.stream'].split(',')[0])

    def name_by_records(self, packets):
        """A stream that begins within a connection, as Wireshark 4.4 has them, where no claim speaks of it."""
        conversations = [r for r in self.records if r['record'] == 'conversation']
        known = {r['stream'] for r in conversations}
        for p in packets.values():
            if p.stream not in known and p.stream not in self.first:
                ends = {p.source, p.destination}
                covers = [r for r in conversations if {joined(r, 'client'), joined(r, 'server')} == ends and
                          r['first_frame'] <= p.frame <= r['last_frame']]
                if covers:
                    self.first[p.stream] = max(covers, key=lambda r: r['first_frame'])['stream']

    def incidents(self):
        rows = [[cell.strip() for cell in line.split('|', 13)] for line in self.rest if line.count('|') >= 13]
        heads = [i for i, row in enumerate(rows) if row[0] == 'Verdict']
        return [dict(zip(rows[heads[0]], row)) for row in rows[heads[0] + 1:] if row[0]] if heads else []

    def conversations(self):
        """(client, server): frames."""
        found = collections.Counter()
        for line in self.rest:
            row = re.match(r'(\S+:\d+)\s+<->\s+(\S+:\d+)\s+(?:\d+ [\d,]+ \S+\s+){2}(\d+) ', line)
            if row:
                found[row[1], row[2]] += int(row[3])
        return found

    def endpoints(self):
        """endpoint: (frames, sent)."""
        return {'%s:%s' % (row[1], row[2]): (int(row[3]), int(row[4])) for row in (
            re.match(r'(\S+)\s+(\d+)\s+(\d+)\s+\d+(?: bytes)?\s+(\d+)\s+\d+(?: bytes)?\s+\d+\s+\d+(?: bytes)?\s*$', line) for line in self.rest) if row}

    def tree(self):
        """Count of each line of the statistics."""
        return {row[1]: int(row[2]) for row in (re.match(r' ?(\S.*?) {2,}(\d+) ', line) for line in self.rest) if row}


def plain(name):
    """An IPv6 endpoint as the tables of Wireshark write it."""
    return name.replace('[', '').replace(']', '')


def victim_text(i):
    if i['victim_stream'] is None:
        return 'none'
    return 'both' if i['victim2_stream'] is not None else 'stream %d' % i['victim_stream']


def check_table(c, told, bad):
    columns = ('Streams', 'Verdict', 'Victim', 'Since s', 'RSTs', 'Segments', 'Dup ACKs', 'First frame', 'Last frame',
               'Earlier connection', 'Later connection', 'Evidence')
    wire = {s: '%s > %s' % (joined(r, 'client'), joined(r, 'server')) for s, r in c.conversations.items()}
    rows = {('%d, %d' % (i['early_stream'], i['late_stream']), i['verdict'], victim_text(i),
             '%.6f' % ((i['first_time'] - c.start) / 1e9), str(i['rsts']), str(i['segments']), str(i['dup_acks']),
             str(i['first_frame']), str(i['last_frame']), wire[i['early_stream']], wire[i['late_stream']],
             ' '.join(i['evidence'])) for i in c.incidents}
    shown = {tuple(row[name] for name in columns) for row in told.incidents() if row['Verdict'] != 'kept apart'}
    if rows != shown:
        bad.append('incidents: the table has %r, the records %r' % (sorted(shown - rows), sorted(rows - shown)))


def check_statistics(c, told, bad):
    counted, tree = collections.Counter(f['finding'] for f in c.findings), told.tree()
    for name in FINDINGS:
        if tree.get(name, 0) != counted[name]:
            bad.append('tree: %s %d, records %d' % (name, tree.get(name, 0), counted[name]))
    layers = sum(bool(row['toa.stream']) for row in told.frames.values())
    expected = {'Segments': layers, 'of another conversation': len(c.foreign), 'unexplained': len(c.unexplained)}
    for name, count in expected.items():
        if tree.get(name, 0) != count:
            bad.append('tree: %s %d, packets %d' % (name, tree.get(name, 0), count))


def check_conversations(c, told, bad):
    """Each segment counts for the key that its conversation has at the end."""
    rows, ends = collections.Counter(), collections.defaultdict(lambda: [0, 0])
    for p in c.packets.values():
        client, server = (plain(end) for end in c.key_of(p))
        rows[client, server] += 1
        for end, sent in ((client, c.from_client(p)), (server, not c.from_client(p))):
            ends[end][0] += 1
            ends[end][1] += sent
    if told.conversations() != rows:
        bad.append('conv: %r, packets %r' % (sorted((told.conversations() - rows).items())[:3],
                                             sorted((rows - told.conversations()).items())[:3]))
    shown, ends = told.endpoints(), {end: tuple(n) for end, n in ends.items()}
    if shown != ends:
        bad.append('endpoints: %r, packets %r' % tuple(sorted(a.items() - b.items())[:3] for a, b in
                                                       ((shown, ends), (ends, shown))))


def mask_of(finding):
    return sum(1 << EVIDENCE.index(name) for name in finding['evidence'])


def check_frames(c, told, bad):
    """The fields of a frame's findings, and its Info column, against the records."""
    of_frame = collections.defaultdict(list)
    for f in c.findings:
        of_frame[f['frame']].append(f)
    for frame, row in told.frames.items():
        mine = sorted(of_frame[frame], key=lambda f: FINDINGS.index(f['finding']))
        others = [f['other_stream'] for f in mine if f['other_stream'] is not None]
        shown = [name for name in FINDINGS if row['toa.' + name]]
        if shown != sorted({f['finding'] for f in mine}, key=FINDINGS.index):
            bad.append('frame %d has the findings %r, the records %r' % (frame, shown, [f['finding'] for f in mine]))
        if told.numbers(frame, 'toa.other.stream') != others or told.numbers(frame, 'toa.other.frame') != [
                f['other_frame'] for f in mine if f['other_frame'] is not None and f['other_stream'] is not None]:
            bad.append('frame %d names others than the records' % frame)
        if [m for m in told.numbers(frame, 'toa.evidence') if m] != [
                mask_of(f) for f in mine if f['evidence'] and f['other_stream'] is not None]:
            bad.append('frame %d has another evidence than the records' % frame)
        bracket = re.match(r'\[TOA: ([^]]*)\]', row['_ws.col.Info'])
        answers = told.numbers(frame, 'toa.answer.stream')
        if bool(bracket) != bool(mine or answers):
            bad.append('frame %d: Info is %r' % (frame, row['_ws.col.Info'][:60]))
        elif bracket and not {int(n) for n in re.findall(r'stream (\d+)', bracket[1])} <= set(others + answers):
            bad.append('frame %d: Info names %r' % (frame, bracket[1]))


def check_crossed(c, told, bad):
    """Second pass: all frames of a conversation name those that it is crossed with; who was answered elsewhere says where."""
    crossed, kinds = collections.defaultdict(set), ('collision.confirmed', 'foreign.rst', 'foreign.segment', 'foreign.dup_ack')
    answers = {}
    for f in c.findings:
        if f['finding'] in kinds:
            crossed[f['stream']].add(f['other_stream'])
            crossed[f['other_stream']].add(f['stream'])
        if f['finding'] in kinds[1:] and 'trigger' in f['evidence'] and f['other_frame']:
            asked = c.packets[f['other_frame']]
            if asked.stream == f['other_stream'] and c.from_client(asked) == (f['from'] == 'server'):
                answers.setdefault(asked.frame, (f['stream'], f['frame']))
    for frame, p in c.packets.items():
        named, due = set(told.numbers(frame, 'toa.crossed.stream')), crossed[p.stream]
        is_part = p.stream in c.several and named < due # of which connection of the stream a finding is, records do not say
        if named != due and not is_part and not (len(named) == CROSSED_MAX and named < due):
            bad.append('frame %d is crossed with %r, by the records %r' % (frame, sorted(named), sorted(due)))
        shown = told.numbers(frame, 'toa.answer.stream') + told.numbers(frame, 'toa.answer.frame')
        if shown != list(answers.get(frame, ())) or bool(told.frames[frame]['toa.answered_elsewhere']) != bool(shown):
            bad.append('frame %d was answered in %r, by the records %r' % (frame, shown, answers.get(frame)))


def check_keys(c, told, bad):
    for frame, p in c.packets.items():
        key = told.frames[frame]['toa.key']
        if told.numbers(frame, 'toa.stream') != [c.record_of(p)['key_stream']] or not key.startswith(' > '.join(c.key_of(p))):
            bad.append('frame %d has the key %s, the records %s' % (frame, key, c.key_of(p)))


def check_incidents(c, told, bad):
    """Verdicts, counts and ranges of the incidents against the findings."""
    for i in c.incidents:
        one, other = i['early_stream'], i['late_stream']
        findings = c.events.of(one, other)
        frames = [f['frame'] for f in findings if f['finding'] not in ('reuse', 'collision.refuted')]
        kinds = {f['finding'] for f in findings}
        verdict = 'stale session' if 'stale_session' in kinds and c.events.one_path(one, other) else \
            'proven' if 'collision.confirmed' in kinds else \
            'crossed' if kinds & {'foreign.rst', 'foreign.segment', 'foreign.dup_ack'} else \
            'shared key' if 'collision' in kinds else 'stale session'
        if i['verdict'] != verdict and (i['verdict'], verdict) != ('not translated', 'crossed'):
            bad.append('incident %d, %d: %s, by its findings %s' % (one, other, i['verdict'], verdict))
        if (i['rsts'], i['segments'], i['dup_acks']) != c.events.load(one, other):
            bad.append('incident %d, %d: %r found, by its findings %r' % (
                one, other, (i['rsts'], i['segments'], i['dup_acks']), c.events.load(one, other)))
        is_part = {one, other} & c.several # its findings are those of several pairs
        if is_part and {i['first_frame'], i['last_frame']} <= set(frames):
            continue
        if (i['first_frame'], i['last_frame']) != (min(frames), max(frames)):
            bad.append('incident %d, %d: frames %d to %d, by its findings %d to %d' % (
                one, other, i['first_frame'], i['last_frame'], min(frames), max(frames)))


def agree(c, one_pass, two_passes, bad):
    check_incidents(c, one_pass, bad)
    for told in (one_pass, two_passes):
        check_table(c, told, bad)
        check_statistics(c, told, bad)
        check_conversations(c, told, bad)
        check_frames(c, told, bad)
    check_crossed(c, two_passes, bad)
    check_keys(c, two_passes, bad)
    for name in ('claims', 'records', 'text'):
        if getattr(one_pass, name) != getattr(two_passes, name):
            bad.append('%s: two passes say something else' % name)

"""Scores one capture against its labels: what of them is found, what is found beside them, whose it is said to be."""
import contextlib
import json
import os
import re
import subprocess

FOREIGN = ('toa.foreign.rst', 'toa.foreign.segment', 'toa.foreign.dup_ack')
FOUND = FOREIGN + ('toa.stale_session', 'toa.collision.confirmed')
FIELDS = ('frame.number', 'tcp.stream', 'ip.src', 'ipv6.src', 'tcp.srcport', 'ip.dst', 'ipv6.dst', 'tcp.dstport',
          'toa.other.stream') + FOUND
ENVIRONMENT = {**os.environ, 'WIRESHARK_ABORT_ON_DISSECTOR_BUG': '1'}
STRONG = {'stateless-rst', 'live-rst', 'challenge-or-timewait-ack', 'crossed-ack', 'crossed-data', 'crossed-synack'}


class Crash(Exception):
    """tshark ended badly, or the dissector has a bug."""


class Sharkd:
    """Wireshark's own server program: two passes over a capture, without a start-up for each.

    It remembers the frames of a filter's text even when another file is loaded: each file gets its own text.
    """
    FILTER = ' || '.join(FOUND)
    COLUMNS = FIELDS[1:]

    def __init__(self, tshark):
        self.command = ['env', 'TSHARK=sharkd'] + tshark + ['-']
        self.process, self.loaded = None, 0

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process = None

    def _ask(self, method, **parameters):
        request = json.dumps(dict(jsonrpc='2.0', id=1, method=method, params=parameters))
        try:
            self.process.stdin.write(request + '\n')
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError) as error:
            raise Crash(f'sharkd ended: {error}') from error
        if 'error' in answer:
            raise Crash(f'sharkd: {answer["error"]}')
        return answer['result']

    def _frames(self, path, text):
        columns = {f'column{i}': f'{name}:0' for i, name in enumerate(self.COLUMNS)}
        text = f'({text}) && frame.number != {4000000000 + self.loaded}'
        for row in self._ask('frames', filter=text, **columns):
            yield row['num'], dict(zip(self.COLUMNS, row['c']))

    def dissect(self, path):
        """As dissect() below, of frames with a finding; a stream is known by its SYN, or if it has a finding.
        A crash is one that a fresh server repeats on this file alone."""
        try:
            return self._dissect(path)
        except Crash:
            return self._dissect(path)

    def _dissect(self, path):
        try:
            if not self.process:
                self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT)
            self.loaded += 1
            if self.loaded % 50 == 0:   # it keeps what it has read
                self.close()
                return self._dissect(path)
            self._ask('load', file=path)
            frames, streams = {}, {}
            for n, c in self._frames(path, self.FILTER):
                _note_stream(streams, c)
                frames[n] = {k: v for k, v in c.items() if (k.startswith('toa.') or k == 'tcp.stream') and v}
            if frames:
                for _, c in self._frames(path, 'tcp.flags.syn == 1'):
                    _note_stream(streams, c)
            return frames, streams
        except Crash as error:
            self.close()
            raise Crash(f'{path}: {error}') from error


def _note_stream(streams, c):
    last = {k: v.split(',')[-1] for k, v in c.items()}  # of tunnels the inner packet
    if last.get('tcp.stream'):
        streams.setdefault(int(last['tcp.stream']), frozenset((
            f'{last["ipv6.src"] or last["ip.src"]}:{last["tcp.srcport"]}',     # both: IPv6 in a tunnel of IPv4
            f'{last["ipv6.dst"] or last["ip.dst"]}:{last["tcp.dstport"]}')))


def dissect(tshark, path):
    """One pass. (frames: number -> fields with a value, streams: number -> set of its two endpoints)."""
    command = tshark + ['-n', '-r', path, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=,']
    for field in FIELDS:
        command += ['-e', field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300,
                         env=ENVIRONMENT)
    if run.returncode or 'issector bug' in run.stderr:
        raise Crash(f'{path}: tshark exit {run.returncode}: {run.stderr.strip()[-300:]}')
    frames, streams = {}, {}
    for line in run.stdout.splitlines():
        c = dict(zip(FIELDS, line.split('\t')))
        _note_stream(streams, c)
        frames[int(c['frame.number'])] = {k: v for k, v in c.items() if (k.startswith('toa.') or k == 'tcp.stream') and v}
    return frames, streams


def _named_right(frame, streams, row):
    """Whether the conversation that the finding names is the right one; True where the label or the finding names none."""
    wanted = re.search(r'of (\S+)>(\S+)$', row.note)
    if not wanted or 'toa.other.stream' not in frame:
        return True
    named = [streams.get(int(x)) for x in frame['toa.other.stream'].split(',')]
    return frozenset(wanted.groups()) in named or None in named


def _confirmed_wrongly(frame, streams, shared):
    """A proof that two conversations are one to the server, of two that were not."""
    if 'toa.collision.confirmed' not in frame:
        return False
    stream = int(frame['tcp.stream'].split(',')[-1])
    others = [int(x) for x in frame.get('toa.other.stream', '').split(',') if x]
    pairs = [{streams.get(stream), streams.get(o)} for o in others if o != stream]
    return bool(pairs) and not any(None in pair or any(pair <= group for group in shared) for pair in pairs)


def score(found, path, point, rows, ignored, shared):
    """found: what dissect() returned; rows: labels of this capture; ignored: frames that may be found or not; shared: the groups of endpoint pairs that
    were one connection to a server's kernel, as this point shows them (None: not known)."""
    frames, streams = found
    truth = {r.frame: r for r in rows}
    result = dict(path=path, got={}, total={}, missed=[], false=[], misnamed=[])
    for n, r in sorted(truth.items()):
        old = 'incarnation' in r.owner_flow
        frame = frames.get(n, {})
        hit = 'toa.stale_session' in frame if old else any(f in frame for f in FOREIGN)
        key = f'{point} {r.cls}'
        result['total'][key] = result['total'].get(key, 0) + 1
        result['got'][key] = result['got'].get(key, 0) + bool(hit)
        if not hit:
            result['missed'].append([n, r.cls])
        elif point != 'lvs' and not _named_right(frame, streams, r):
            result['misnamed'].append([n, r.cls])
    wrong = FOREIGN + (() if point == 'lvs' else ('toa.stale_session',))
    result['false'] = [[n, [w for w in wrong if w in f]] for n, f in frames.items()
                       if n not in truth and n not in ignored and any(w in f for w in wrong)]
    if shared is not None:
        groups = [{frozenset(pair) for pair in group} for group in shared]
        result['false'] += [[n, ['toa.collision.confirmed']] for n, f in frames.items()
                            if _confirmed_wrongly(f, streams, groups)]
    result['found'] = [[n, sorted(k for k in f if k in FOUND)] for n, f in frames.items() if any(w in f for w in FOUND)]
    return result

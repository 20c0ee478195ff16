"""Scores one capture against its labels: what of them is found, what is found beside them, whose it is said to be."""
import os
import re
import subprocess

FOREIGN = ('toa.foreign.rst', 'toa.foreign.segment', 'toa.foreign.dup_ack')
FOUND = FOREIGN + ('toa.stale_session', 'toa.collision.confirmed')
FIELDS = ('frame.number', 'tcp.stream', 'ip.src', 'ipv6.src', 'tcp.srcport', 'ip.dst', 'ipv6.dst', 'tcp.dstport',
          'toa.other.stream') + FOUND
STRONG = {'stateless-rst', 'live-rst', 'challenge-or-timewait-ack', 'crossed-ack', 'crossed-data', 'crossed-synack'}


class Crash(Exception):
    """tshark ended badly, or the dissector has a bug."""


def dissect(tshark, path, two_pass):
    """(frames: number -> fields with a value, streams: number -> set of its two endpoints)."""
    command = tshark + (['-2'] if two_pass else []) + ['-n', '-r', path, '-T', 'fields', '-E', 'separator=/t',
                                                       '-E', 'occurrence=a', '-E', 'aggregator=,']
    for field in FIELDS:
        command += ['-e', field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300,
                         env={**os.environ, 'WIRESHARK_ABORT_ON_DISSECTOR_BUG': '1'})
    if run.returncode or 'issector bug' in run.stderr:
        raise Crash(f'{path}: tshark exit {run.returncode}: {run.stderr.strip()[-300:]}')
    frames, streams = {}, {}
    for line in run.stdout.splitlines():
        c = dict(zip(FIELDS, line.split('\t')))
        last = {k: v.split(',')[-1] for k, v in c.items()}  # of tunnels the inner packet
        if last.get('tcp.stream'):
            streams.setdefault(int(last['tcp.stream']), frozenset((
                f'{last["ip.src"] or last["ipv6.src"]}:{last["tcp.srcport"]}',
                f'{last["ip.dst"] or last["ipv6.dst"]}:{last["tcp.dstport"]}')))
        frames[int(c['frame.number'])] = {k: v for k, v in c.items() if (k.startswith('toa.') or k == 'tcp.stream') and v}
    return frames, streams


def _named_right(frame, streams, row):
    """Whether the conversation that the finding names is the right one; True where the label or the finding names none."""
    wanted = re.search(r'of (\S+)>(\S+)$', row.note)
    if not wanted or 'toa.other.stream' not in frame:
        return True
    named = [streams.get(int(x)) for x in frame['toa.other.stream'].split(',')]
    return frozenset(wanted.groups()) in named


def _confirmed_wrongly(frame, streams, shared):
    """A proof that two conversations are one to the server, of two that were not."""
    if 'toa.collision.confirmed' not in frame:
        return False
    stream = int(frame['tcp.stream'].split(',')[-1])
    others = [int(x) for x in frame.get('toa.other.stream', '').split(',') if x]
    pairs = [{streams.get(stream), streams.get(o)} for o in others if o != stream]
    return bool(pairs) and not any(pair <= group for pair in pairs for group in shared)


def score(tshark, path, point, rows, ignored, shared, two_pass):
    """rows: labels of this capture; ignored: frames that may be found or not; shared: the groups of endpoint pairs that
    were one connection to a server's kernel, as this point shows them (None: not known)."""
    frames, streams = dissect(tshark, path, two_pass)
    truth = {r.frame: r for r in rows}
    result = dict(path=path, got={}, total={}, missed=[], false=[], misnamed=[])
    for n, r in sorted(truth.items()):
        old = 'incarnation' in r.owner_flow
        hit = frames[n].get('toa.stale_session') if old else any(f in frames[n] for f in FOREIGN)
        key = f'{point} {r.cls}'
        result['total'][key] = result['total'].get(key, 0) + 1
        result['got'][key] = result['got'].get(key, 0) + bool(hit)
        if not hit:
            result['missed'].append([n, r.cls])
        elif point != 'lvs' and not _named_right(frames[n], streams, r):
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

"""Scores the plugin's findings on one labelled scenario: what is found of the labels, and what is found beside them."""
import collections
import os
import struct
import subprocess
import tempfile

FOREIGN = ('toa.foreign.rst', 'toa.foreign.segment', 'toa.foreign.dup_ack')
FIELDS = ['frame.number', *FOREIGN, 'toa.stale_session', 'toa.collision.confirmed']
STRONG = {'stateless-rst', 'live-rst', 'challenge-or-timewait-ack', 'crossed-ack', 'crossed-data', 'crossed-synack'}
POINTS = {False: ('client', 'rswire', 'lvs', 'lo'), True: ('client', 'rswire')}  # two passes: where it matters


def has_plugin(tshark):
    """Whether this tshark runs and knows the plugin's fields: it refuses unknown ones even for an empty capture."""
    with tempfile.NamedTemporaryFile(suffix='.pcap') as empty:
        empty.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        empty.flush()
        os.chmod(empty.name, 0o644)  # a launcher may drop root
        try:
            run = subprocess.run(tshark + ['-r', empty.name, '-T', 'fields', '-e', 'toa.foreign.rst'],
                                 capture_output=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return run.returncode == 0


def findings(tshark, path, two_pass):
    """Frame number -> field -> value, as tshark with the plugin prints them."""
    command = tshark + (['-2'] if two_pass else [])
    command += ['-n', '-r', path, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=f']
    for field in FIELDS:
        command += ['-e', field]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f'{path}: tshark exit {run.returncode}: {run.stderr.strip()[-300:]}')
    frames = {}
    for line in run.stdout.splitlines():
        cells = line.split('\t') + [''] * len(FIELDS)
        frames[int(cells[0])] = dict(zip(FIELDS[1:], cells[1:]))
    return frames


def score(tshark, folder, scenario, rows, two_pass):
    """The scenario's result as plain data: hits and totals per (point, class), missed and false frames."""
    result = dict(got={}, total={}, missed=[], false=[])
    for point in POINTS[two_pass]:
        path = os.path.join(folder, f'{scenario}.{point}.pcap')
        if not os.path.exists(path):
            continue
        frames = findings(tshark, path, two_pass)
        truth = {r.frame: r for r in rows if r.point == point}
        for n, r in sorted(truth.items()):
            old = 'incarnation' in r.owner_flow
            hit = frames[n]['toa.stale_session'] if old else any(frames[n][f] for f in FOREIGN)
            key = f'{point} {r.cls}'
            result['total'][key] = result['total'].get(key, 0) + 1
            result['got'][key] = result['got'].get(key, 0) + bool(hit)
            if not hit:
                result['missed'].append([point, n, r.cls])
        # At the load balancer the direct conversation is not seen, so an earlier one of a tuple is no false finding.
        wrong = FOREIGN + (() if point == 'lvs' else ('toa.stale_session',))
        # Where nothing crossed, no two conversations were one to the server.
        wrong += () if rows else ('toa.collision.confirmed',)
        result['false'] += [[point, n] for n, f in frames.items() if n not in truth and any(f[w] for w in wrong)]
    return result


def add(results):
    """Sums over scenarios."""
    got, total = collections.Counter(), collections.Counter()
    for r in results:
        got.update(r['got'])
        total.update(r['total'])
    return got, total


def strong(counter):
    return sum(v for k, v in counter.items() if k.split(' ')[1] in STRONG)

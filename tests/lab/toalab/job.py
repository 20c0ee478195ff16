"""One scenario in a process of its own: cell, captures, labels, score. The driver starts it; the result is JSON."""
import json
import signal
import sys
import time

from . import labels, netns, pcap, score
from .cell import Cell, RPORT, RS, RS6
from .scenarios import load


def _terminated(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the clean-up is not to be interrupted
    raise SystemExit(143)  # runs every finally block on the way out


def make(job):
    """Plays the scenario; its captures are then in the output folder. Returns the load balancer's table, and the time
    at which the captures shall begin (0: as they are)."""
    s = load()[job['scenario']]
    cell = Cell(job['prefix'], job['binaries'], job['out'], s.name, temp=job['temp'], **s.options)
    try:
        cell.start()
        cell.start_capture(loopback=s.loopback)
        s.run(cell)
        cell.stop_capture()
        sessions = labels.read_sessions(cell.session_log)
    finally:
        complaints = cell.close()
    if complaints:
        raise RuntimeError('; '.join(complaints))
    return sessions, cell.cut


def label(job, sessions):
    paths = labels.paths_of(job['out'], job['scenario'])
    if 'rskern' not in paths:
        return []
    return labels.Labeller(job['scenario'], paths, sessions,
                           {f'{RS}:{RPORT}', f'{RS6}:{RPORT}'}).label()


def cut(job, rows, t):
    """Lets the captures begin at a time, and renumbers the labels."""
    dropped = {point: pcap.drop_before(path, t) for point, path in
               labels.paths_of(job['out'], job['scenario']).items()}
    # A label may name another frame of its capture: "(answer to frame N)".
    def owner(r):
        name, frame, rest = r.owner_flow.partition('(answer to frame ')
        return f'{name}{frame}{int(rest[:-1]) - dropped[r.point]})' if frame and rest[:-1].isdigit() else r.owner_flow
    return [r._replace(frame=r.frame - dropped[r.point], owner_flow=owner(r)) for r in rows
            if r.frame > dropped[r.point]]


def check(job, rows):
    """The lab's own faults: a scenario that shows nothing, a control that shows something, a wrong checksum."""
    s = load()[job['scenario']]
    seen = {r.cls for r in rows if r.point == 'rswire'}
    absent = [e for e in s.expect if not any(cls.startswith(e) for cls in seen)]
    if 'any' not in s.expect and (absent or (not s.expect and rows)):
        raise RuntimeError(f'expected labels {sorted(s.expect)}, got {sorted(seen)}')
    if s.loopback or s.options.get('offload'):
        return
    for path in labels.paths_of(job['out'], job['scenario']).values():
        bad = pcap.bad_checksums(path)
        if bad:
            raise RuntimeError(f'{path}: wrong checksum in frames {bad[:5]}')


def main(text):
    job = json.loads(text)
    netns.die_with_parent()
    signal.signal(signal.SIGTERM, _terminated)
    began = time.monotonic()
    sessions, begin = make(job)
    made = time.monotonic()
    rows = label(job, sessions)
    check(job, rows)
    if begin:
        rows = cut(job, rows, begin)
    results = {}
    if job['tshark']:
        for name, two_pass in (('one', False), ('two', True)):
            results[name] = score.score(job['tshark'], job['out'], job['scenario'], rows, two_pass)
    print(json.dumps(dict(rows=rows, results=results, seconds=[round(made - began, 1),
                                                               round(time.monotonic() - made, 1)])))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

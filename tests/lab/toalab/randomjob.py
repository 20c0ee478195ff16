"""One random scenario in a process of its own: plan, cell, captures, labels. The result is one line of JSON."""
import collections
import json
import os
import shutil
import signal
import sys
import time

from . import causes, netns, pcap, plan
from .cell import Cell, LOCAL, LOCAL6, RS, RS2, RS26, RS6, VIP, VIP6, VIP_B
from .play import Player


def _terminated(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(143)


def kernel_resets(namespace):
    """TcpOutRsts of a namespace."""
    with netns.inside(namespace):
        with open('/proc/thread-self/net/snmp') as f:
            names, values = [line.split()[1:] for line in f if line.startswith('Tcp:')]
    return int(dict(zip(names, values))['OutRsts'])


def make(job, drawn):
    """Plays the plan. Returns what the labels are made from, and notes about the run."""
    name, second = job['name'], drawn['cell']['rs2']
    cell = Cell(job['prefix'], job['binaries'], job['temp'], name, temp=job['temp'], **drawn['cell'])
    player = None
    try:
        cell.start()
        cell.start_capture(('client', 'lvs', 'rswire') + (('rswire2',) if second else ()))
        player = Player(cell, drawn)
        skipped = player.run()
        time.sleep(0.02 + 2e-6 * (drawn['cell'].get('delay', 0) + drawn['cell'].get('jitter', 0)))
        cell.router.stop()
        time.sleep(0.03)
        resets = {p: kernel_resets(cell.ns(k)) for p, k in (('rswire', 'K'), ('rswire2', 'K2')) if p == 'rswire' or second}
        cell.stop_capture()
        player.close()
        for program in reversed(cell.programs):
            program.stop()
        made = dict(points={p: cell.path(p) for p in ('client', 'lvs', 'rswire') + (('rswire2',) if second else ())},
                    logs={}, resets=resets, skipped=skipped)
        for point, stack in (('rswire', 'K'), ('rswire2', 'K2'))[:2 if second else 1]:
            made['logs'][point] = os.path.join(job['temp'], f'{name}.{stack}.log')
            shutil.copy(cell.log_of(f'shim.{stack}.log'), made['logs'][point])
        with open(cell.log_of('lvs.packets')) as f:
            made['letters'] = f.read()
    finally:
        if player:
            player.close()
        complaints = cell.close()
    if complaints:
        raise RuntimeError('; '.join(complaints))
    return made


def explain(job, drawn, made):
    o = drawn['cell']
    most = (o.get('delay', 0) + o.get('jitter', 0) + (o.get('late', 3000) if o.get('reorder') else 0)) * 1000
    delay = dict(client=(o.get('delay', 0) * 1000, most), inner=(0, 0 if o['client_only'] else most))
    found = causes.Causes(made['points'], made['logs'], made['letters'], {VIP, VIP_B, VIP6, LOCAL, LOCAL6},
                          {'rswire': {RS, RS6}, 'rswire2': {RS2, RS26}}, delay)
    for point, count in made['resets'].items():
        logged = sum(isinstance(e, causes.Out) and bool(e.flags & pcap.RST) for e in found.logs[point])
        if logged != count:
            found.doubts.append(f'{point}: the kernel counts {count} RSTs, the log {logged}')
    return found


def main(text):
    job = json.loads(text)
    netns.die_with_parent()
    signal.signal(signal.SIGTERM, _terminated)
    os.sched_setaffinity(0, {job['cpu']})   # the shim has the processor to itself while it hands a packet to the stack
    drawn = plan.draw(job['seed'])
    began = time.monotonic()
    made = make(job, drawn)
    played = time.monotonic()
    found = explain(job, drawn, made)
    names = {'rswire': job['name'], 'rswire2': job['name'] + 'b'}
    must, open_, unseen = found.rows(names)
    for point, path in made['points'].items():
        target = f'{names["rswire2"]}.rswire' if point == 'rswire2' else f'{job["name"]}.{point}'
        shutil.move(path, os.path.join(job['out'], target + '.pcap'))
    for path in made['logs'].values():
        if job.get('logs'):
            shutil.move(path, os.path.join(job['logs'], os.path.basename(path)))
        else:
            os.unlink(path)
    print(json.dumps(dict(rows=must, open=open_, unseen=unseen, doubts=found.doubts, skipped=made['skipped'],
                          frames={p: len(f) for p, f in found.frames.items()},
                          classes=collections.Counter(r.cls for r in must if r.point != 'lvs'),
                          seconds=[round(played - began, 1), round(time.monotonic() - played, 1)])))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

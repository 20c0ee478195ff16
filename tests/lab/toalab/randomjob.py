"""One random scenario in a process of its own: plan, cell, captures, labels. The result is one line of JSON."""
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


STACKS = (('rswire', 'K'), ('rswire2', 'K2'))


def files(folder, name, second):
    """Capture point -> path in the folder of clean captures; the second server's wire is a scenario of its own."""
    points = ('client', 'lvs', 'rswire') + (('rswire2',) if second else ())
    return {p: os.path.join(folder, f'{name}b.rswire.pcap' if p == 'rswire2' else f'{name}.{p}.pcap') for p in points}


def make(job, drawn):
    """Plays the plan; captures are then in job['out'], what else labels are made from in job['logs']. Returns notes."""
    name, second, cell_files = job['name'], drawn['cell']['rs2'], {}
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
        resets = {p: kernel_resets(cell.ns(k)) for p, k in STACKS[:2 if second else 1]}
        cell.stop_capture()
        player.close()
        for program in reversed(cell.programs):
            program.stop()
        for point, path in files(job['out'], name, second).items():
            shutil.move(cell.path(point), path)
        for log in [f'shim.{k}.log' for _, k in STACKS[:2 if second else 1]] + ['lvs.packets']:
            shutil.copy(cell.log_of(log), os.path.join(job['logs'], f'{name}.{log}'))
        with open(os.path.join(job['logs'], name + '.json'), 'w') as f:
            json.dump(dict(plan=drawn, resets=resets, skipped=skipped), f)
    finally:
        if player:
            player.close()
        complaints = cell.close()
    if complaints:
        raise RuntimeError('; '.join(complaints))


def explain(clean, logs, name):
    """Labels of a scenario that was played, from its files."""
    with open(os.path.join(logs, name + '.json')) as f:
        notes = json.load(f)
    o = notes['plan']['cell']
    most = (o.get('delay', 0) + o.get('jitter', 0) + (o.get('late', 3000) if o.get('reorder') else 0)) * 1000
    least = o.get('delay', 0) * 1000
    delay = dict(client=(least, most), inner=(0, 0) if o['client_only'] else (least, most))
    with open(os.path.join(logs, name + '.lvs.packets')) as f:
        letters = f.read()
    stacks = STACKS[:2 if o['rs2'] else 1]
    found = causes.Causes(files(clean, name, o['rs2']), {p: os.path.join(logs, f'{name}.shim.{k}.log') for p, k in stacks},
                          letters, {VIP, VIP_B, VIP6, LOCAL, LOCAL6}, {'rswire': {RS, RS6}, 'rswire2': {RS2, RS26}}, delay)
    for point, count in notes['resets'].items():
        logged = sum(isinstance(e, causes.Out) and bool(e.flags & pcap.RST) for e in found.logs[point])
        if logged != count:
            found.doubts.append(f'{point}: the kernel counts {count} RSTs, the log {logged}')
    must, open_, unseen = found.rows({'rswire': name, 'rswire2': name + 'b'})
    return dict(rows=must, open=open_, unseen=unseen, shared=found.shared, doubts=found.doubts, skipped=notes['skipped'])


def main(text):
    job = json.loads(text)
    netns.die_with_parent()
    signal.signal(signal.SIGTERM, _terminated)
    os.sched_setaffinity(0, {job['cpu']})   # the shim has the processor to itself while it hands a packet to the stack
    began = time.monotonic()
    make(job, plan.draw(job['seed']))
    played = time.monotonic()
    result = explain(job['out'], job['logs'], job['name'])
    result['seconds'] = [round(played - began, 1), round(time.monotonic() - played, 1)]
    print(json.dumps(result))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

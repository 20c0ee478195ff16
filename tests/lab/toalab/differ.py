"""The differential run: the plugin's findings against the slow reference, on the same captures, and which of the two is right.

usage: differ.py [--tshark CMD | --read TOA-READ] [--points client,rswire] [-v] REFERENCE FOLDER

REFERENCE is the folder of oracle.py (beside the project: ../shared/tools/oracle), FOLDER one of captures with a groundtruth.tsv,
as `run random --keep` leaves it. Printed are the differences by finding: who alone has it, and what the label says. Exit 1 if
there is a difference that is not in the plugin's favour: a labelled frame that only the reference finds, or an unlabelled one
that only the plugin finds.
"""
import argparse
import collections
import glob
import importlib
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, LAB)
from toalab import labels, randomscore  # noqa: E402

NAMES = randomscore.FOREIGN + ('toa.stale_session',)


def plugin(server, path):
    frames, _ = server.dissect(path)
    return {(n, name) for n, f in frames.items() for name in NAMES if name in f}


def native(program, path):
    """The same engine without Wireshark, in a hundredth of the time."""
    done = subprocess.run([program, '-a', path], stdout=subprocess.PIPE, check=False)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return {(r['frame'], 'toa.' + r['finding']) for r in records
            if r['record'] == 'finding' and 'toa.' + r['finding'] in NAMES}


def reference(run, path):
    return {(r['frame'], f['name']) for r in run(path) for f in r['findings'] if f['name'] in NAMES}


def rows_of(folder):
    found = {}
    for name in ('groundtruth', 'open'):
        path = os.path.join(folder, name + '.tsv')
        if os.path.exists(path):
            for r in labels.read(path):
                found[r.scenario, r.point, r.frame] = r
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--tshark', default=os.path.join(os.path.dirname(os.path.dirname(LAB)), 'build', 'release', 'tshark'))
    p.add_argument('--read', help='toa-read, instead of tshark')
    p.add_argument('--points', default='client,rswire')
    p.add_argument('-v', action='store_true', help='every frame')
    p.add_argument('reference')
    p.add_argument('folder')
    a = p.parse_args()
    sys.path.insert(0, a.reference)
    run = importlib.import_module('oracle').run
    server, known = None if a.read else randomscore.Sharkd([os.path.abspath(a.tshark)]), rows_of(a.folder)
    sums, against, files = collections.Counter(), 0, 0
    for path in sorted(glob.glob(os.path.join(a.folder, '*.pcap'))):
        scenario, point = os.path.basename(path).split('.')[:2]
        if point not in a.points.split(','):
            continue
        files += 1
        mine = native(a.read, path) if a.read else plugin(server, os.path.abspath(path))
        theirs = reference(run, path)
        for n, name in sorted(mine ^ theirs):
            only = 'plugin' if (n, name) in mine else 'reference'
            row = known.get((scenario, point, n))
            label = row.cls if row else 'no label'
            bad = (only == 'reference') == bool(row and row.cls != 'open') and label != 'open'
            # The other name for one and the same frame is no difference worth a word.
            if {x for x, _ in mine if x == n} and {x for x, _ in theirs if x == n}:
                label, bad = label + ' (both, by another name)', False
            against += bad
            sums[only, name, label] += 1
            if a.v and bad:
                print(f'{only:9s} {scenario}.{point} frame {n} {name}: {label}')
    if server:
        server.close()
    for (only, name, label), count in sorted(sums.items()):
        print(f'only {only:9s} {name:20s} {label:40s} {count}')
    print(f'{files} captures, {sum(sums.values())} differences, {against} not in the plugin\'s favour')
    return 1 if against else 0


if __name__ == '__main__':
    sys.exit(main())

"""Checks the labelling program against captures that others labelled: same frames, same classes, same owners.

usage: check_labels.py FOLDER    (a folder of captures with a groundtruth.tsv; exit 77 if there is none)
"""
import glob
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from toalab import labels, pcap  # noqa: E402
from toalab.stack import Session  # noqa: E402


def sessions_from_capture(path):
    """The load balancer's table, from a capture on its interface: it sends a client's SYN on at once, IP-ID kept."""
    found = []
    segments = pcap.read(path)
    for a, b in zip(segments, segments[1:]):
        if a.flags & (pcap.SYN | pcap.ACK) == pcap.SYN == b.flags and a.src != b.src and b.t - a.t < 5 * 10**6:
            s = Session(a.t, a.src, a.dst, b.src, b.dst, (b.seq - a.seq) & pcap.MASK, 0)
            if not found or found[-1][1:] != s[1:]:
                found.append(s)
    return found


def check(folder, scenario, truth):
    """Prints each difference; returns how many there are."""
    paths = labels.paths_of(folder, scenario)
    if not {'client', 'lvs', 'rswire', 'rskern'} <= set(paths):
        return 0
    sessions = sessions_from_capture(paths['lvs'])
    rows = labels.Labeller(scenario, paths, sessions, {s.rs for s in sessions}).label()
    mine = {(r.point, r.frame): r for r in rows if r.point != 'lvs'}
    theirs = {(r.point, r.frame): r for r in truth if r.scenario == scenario}
    bad = 0
    for key in sorted(set(mine) | set(theirs)):
        if mine.get(key) != theirs.get(key):
            bad += 1
            print(f'{scenario} {key[0]} frame {key[1]}:\n  expected {theirs.get(key)}\n  computed {mine.get(key)}')
    return bad


def main():
    folder = sys.argv[1]
    if not os.path.exists(os.path.join(folder, 'groundtruth.tsv')):
        print(f'skipped: no labelled captures in {folder}')
        return 77
    truth = labels.read(os.path.join(folder, 'groundtruth.tsv'))
    names = sorted({os.path.basename(p).split('.')[0] for p in glob.glob(os.path.join(folder, '*.lvs.pcap'))})
    differences = sum(check(folder, name, truth) for name in names)
    covered = {r.scenario for r in truth} <= set(names)
    print(f'{len(names)} scenarios, {len(truth)} labels, {differences} differences')
    return 1 if differences or not truth or not covered else 0


if __name__ == '__main__':
    sys.exit(main())

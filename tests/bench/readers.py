#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""toa-read against tshark -z toa,records and capinfos (the floor: reading alone) on one generated capture.

    readers.py --build build/release [--conversations 50000] [--per 20] [--window 0] [--no-tshark]

Both print the same records, or it fails. CPU is user and system time of the process; the best of three for the short ones.
"""
import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
import time


def measure(command, output):
    """(CPU seconds, MB, seconds) of one run."""
    began = time.monotonic()
    with open(output, 'wb') as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f'{command}: status {status}')
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - began


def best(command, output, times=3):
    return min(measure(command, output) for _ in range(times))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--build', required=True)
    parser.add_argument('--conversations', type=int, default=50000)
    parser.add_argument('--per', type=int, default=20)
    parser.add_argument('--window', type=int, default=0)
    parser.add_argument('--no-tshark', action='store_true')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture, ours, theirs = (os.path.join(folder, name) for name in ('load.pcap', 'native', 'tshark'))
        subprocess.run([os.path.join(options.build, 'tests/bench/bench-capture'), capture, 'friendly',
                        str(options.conversations), str(options.per), str(options.window)], check=True)
        size = os.path.getsize(capture) / 1e6
        print(f'{options.conversations * options.per} segments, {options.conversations} conversations, {size:.0f} MB')
        rows = [('capinfos', best(['capinfos', capture], os.devnull)),
                ('toa-read', best([os.path.join(options.build, 'batch/toa-read'), capture], ours))]
        if not options.no_tshark:
            rows.append(('tshark', measure([os.path.join(options.build, 'tshark'), '-n', '-q', '-r', capture, '-z',
                                            'toa,records'], theirs)))
            if not filecmp.cmp(ours, theirs, shallow=False):
                sys.exit('the records differ')
        for name, (cpu, memory, wall) in rows:
            print(f'{name:9} {cpu:7.2f} s CPU  {memory:6.0f} MB  {size / cpu:6.0f} MB per CPU second  ({wall:.1f} s)')
        if not options.no_tshark:
            native, tshark = rows[1][1], rows[2][1]
            print(f'tshark / toa-read: {tshark[0] / native[0]:.0f} times the CPU, {tshark[1] / native[1]:.0f} times the memory')
    return 0


if __name__ == '__main__':
    sys.exit(main())

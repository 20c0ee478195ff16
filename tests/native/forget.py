#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading within --memory: below the limit nothing changes, above it silent connections are forgotten, counted and said.

    forget.py TOA-READ TOA-SCAN WATCH-CHURN
"""

import collections
import filecmp
import json
import os
import subprocess
import sys
import tempfile

READ, SCAN, CHURN = sys.argv[1:]
SEGMENTS, ALIVE, PLANTED = 100_000, 8_000, 20
TIGHT = 28 << 20  # bytes: there is room for 10,000 connections that take some 900 each, of 13,000


def need(condition, what):
    if not condition:
        sys.exit(what)


def churn(folder, segments, alive):
    path, planted = os.path.join(folder, 'churn.pcap'), os.path.join(folder, 'planted')
    with open(path, 'wb') as file:
        subprocess.run([CHURN, str(segments), str(alive), str(PLANTED), planted], stdout=file, check=True)
    with open(planted, encoding='ascii') as file:
        return path, set(file.read().split())


def read(output, *arguments, given=b''):
    """What toa-read prints goes to a file; its peak memory. Before anything large is here: a child's peak begins with ours."""
    with open(output, 'wb') as told, tempfile.TemporaryFile() as listed:
        listed.write(given)
        listed.seek(0)
        process = subprocess.Popen([READ, *arguments], stdin=listed, stdout=told)
        _, status, usage = os.wait4(process.pid, 0)
    need(status == 0, f'toa-read {arguments}: {status}')
    return usage.ru_maxrss * 1024


def sections(output):
    """The records of each file."""
    parts = [[]]
    with open(output, encoding='utf8') as file:
        for line in file:
            record = json.loads(line)
            parts[-1].append(record)
            if record['record'] == 'capture_end':
                parts.append([])
    return [part for part in parts if part]


def check(output, planted, what):
    forgotten, frames, incidents, clients = 0, 0, 0, set()
    for part in sections(output):
        streams = collections.Counter()
        for record in part:
            if record['record'] == 'conversation':
                streams[record['stream']] += 1
                frames += record['frames']
            elif record['record'] == 'forgotten':
                forgotten += record['closed'] + record['idle']
        need(max(streams.values()) == 1, f'{what}: a stream has two lines')
        for record in part:
            named = [record.get(name) for name in ('stream', 'other_stream', 'early_stream', 'late_stream', 'victim_stream')]
            need(all(stream in streams for stream in named if stream is not None), f'{what}: {record} names who has no line')
            if record['record'] == 'incident':
                incidents += 1
                need(record['victim_stream'] is not None, f'{what}: without a victim: {record}')
        early = {record['early_stream'] for record in part if record['record'] == 'incident'}
        clients |= {f"{record['client_ip']}:{record['client_port']}" for record in part
                    if record['record'] == 'conversation' and record['stream'] in early}
    need(frames == SEGMENTS, f'{what}: {frames} segments of {SEGMENTS}')
    need(incidents == PLANTED and clients == planted, f'{what}: {incidents} incidents, {clients ^ planted}')
    return forgotten


def cut(path, folder, pieces):
    """All packets of churn have 70 bytes in the file."""
    size = 70 * (SEGMENTS // pieces + 1)
    with open(path, 'rb') as file:
        head, names = file.read(24), []
        while (part := file.read(size)):
            names.append(os.path.join(folder, f'part_{len(names)}.pcap'))
            with open(names[-1], 'wb') as piece:
                piece.write(head + part)
    return names


def scan(path, folder):
    metrics = os.path.join(folder, 'metrics')
    told = {}
    for form in ('--json', '--max=1'):
        done = subprocess.run([SCAN, form, '--reader', 'native', '--memory', '1', '--metrics', metrics, '--html', folder + '/html',
                               path], stdout=subprocess.PIPE, check=False, encoding='utf8')
        need(done.returncode == 1, f'toa-scan: {done.returncode}')
        told[form] = done.stdout
    report = json.loads(told['--json'])
    n = report['forgotten_closed'] + report['forgotten_idle']
    need(report['warnings'] == PLANTED and n > 0, f"toa-scan: {report['warnings']} incidents, {n} forgotten")
    with open(metrics, encoding='ascii') as file:
        need(f"toa_scan_forgotten{{why=\"idle\"}} {report['forgotten_idle']}\n" in file.read(), 'not in the metrics')
    with open(folder + '/html', encoding='utf8') as file:
        need(f'<p>{n} connections forgotten' in file.read(), 'not in the page')
    need(f'{n} connections forgotten to stay within the memory limit' in told['--max=1'], 'not in the text')
    return n


def main():
    with tempfile.TemporaryDirectory() as folder:
        path, planted = churn(folder, SEGMENTS, ALIVE)
        listed = b''.join(f'+{name}\n{name}\0'.encode() for name in cut(path, folder, 5))
        whole, same, one, five = (os.path.join(folder, name) for name in ('whole', 'same', 'one', 'five'))
        peaks = [read(one, '-m', str(TIGHT), path), read(five, '-l', '-m', str(TIGHT), given=listed)]
        read(whole, path)
        read(same, '-m', str(1 << 30), path)
        need(filecmp.cmp(whole, same, shallow=False), 'below the limit, and something else is told')
        need(check(whole, planted, 'all remembered') == 0, 'forgotten without a limit')
        forgotten, rotated = check(one, planted, 'one file'), check(five, planted, 'five files')
        need(min(forgotten, rotated) > 1000, f'{forgotten} and {rotated} forgotten')
        need(max(peaks) < TIGHT, f'{peaks} bytes of {TIGHT}')
        path, _ = churn(folder, 250_000, 40_000)
        print(f'forgotten: {forgotten} of one file, {rotated} of five, {scan(path, folder)} by toa-scan')


main()

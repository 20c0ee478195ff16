# SPDX-License-Identifier: GPL-2.0-or-later
"""The core alone: runs bench-core and reads its lines of name=value."""

import os
import re
import shutil
import subprocess

SIZES = (10000, 100000, 1000000, 2000000)
WINDOW = 64
ONE_SEGMENT_NS = 150
BYTES = 512
GROWTH = 1.6
HOSTILE = 2.0


def run(options, load, *arguments):
    command = [os.path.join(options.programs, 'bench-core'), load, *map(str, arguments)]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: value if name in ('load', 'order') else float(value)
            for name, value in re.findall(r'(\w+)=(\S+)', line)}


def instructions(options, load, *arguments):
    """Per segment, in bench_feed and what it calls."""
    if options.smoke or not shutil.which('valgrind'):
        return None
    command = ['valgrind', '--tool=callgrind', '--toggle-collect=bench_feed', '--callgrind-out-file=/dev/null',
               os.path.join(options.programs, 'bench-core'), load, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    segments = float(re.search(r'segments=(\d+)', done.stdout).group(1))
    return float(re.search(r'Collected : (\d+)', done.stderr).group(1)) / segments


def sizes(options, report):
    rows, measured = [], {}
    for order, window in (('in turn', 0), ('%d at a time' % WINDOW, WINDOW)):
        for size in SIZES:
            size //= options.scale
            repeat = max(1, min(options.rounds * 2, 400000 // size)) + options.rounds - 1
            result = run(options, 'friendly', '--conversations', size, '--window', window, '--repeat', repeat)
            measured[window, size] = result['ns']
            rows.append((order, size, '%.0f' % result['ns'], '%.0f' % result['bytes'], '%.0f' % result['rss_mb']))
            last = result
    report.table('d. The core alone: 20 segments a conversation; CPU ns, fastest of several runs',
                 ('order', 'conversations', 'ns a segment', 'bytes a conversation', 'peak RSS, MB'), rows)
    count = instructions(options, 'friendly', '--conversations', 10000 // min(10, options.scale))
    if count:
        report.text('\ninstructions a segment (10k conversations, making them included): %.0f' % count)
    small, big = SIZES[0] // options.scale, SIZES[-1] // options.scale
    for order, window in (('in turn', 0), ('%d at a time' % WINDOW, WINDOW)):
        report.verdict('%s, largest' % order, measured[window, big], ONE_SEGMENT_NS, ' ns')
        report.verdict('%s, largest / smallest' % order, measured[window, big] / measured[window, small], GROWTH)
    report.verdict('memory, largest', last['bytes'], BYTES, ' bytes')


def loads(options):
    listing = subprocess.run([os.path.join(options.programs, 'bench-core'), '--list'],
                             check=True, capture_output=True, text=True).stdout
    return [line.split('\t') for line in listing.splitlines()]


def hostile(options, report):
    """Each load beside the friendly one with the same numbers of conversations and segments."""
    rows, worst = [], 0.0
    for name, conversations, each, text in loads(options)[1:]:
        conversations, each = int(conversations), int(each)
        if conversations > 1:
            conversations = max(20, conversations // options.scale)
        size = ('--per-conversation', each, '--repeat', 1 if conversations >= 1000000 else options.rounds)
        result = run(options, name, '--conversations', conversations, *size)
        # one conversation would sit in the first cache; the friendly load then gets as many segments over 100 of them
        peers = conversations if conversations > 1 else 100
        friendly = run(options, 'friendly', '--conversations', peers, '--per-conversation',
                       each * conversations // peers or 1, *size[2:])
        ratio = result['ns'] / friendly['ns']
        worst = max(worst, ratio)
        per_segment = result['bytes'] * result['conversations'] / result['segments']
        rows.append((name, text, '%d' % result['conversations'], '%d' % result['segments'], '%.0f' % result['ns'],
                     '%.0f' % friendly['ns'], '%.1f' % ratio, '%.0f' % per_segment, '%d' % result['findings']))
    report.table('e. Hostile loads', ('load', 'what', 'conversations', 'segments', 'ns a segment', 'friendly ns',
                                      'ratio', 'bytes a segment', 'findings'), rows)
    report.verdict('worst ratio', worst, HOSTILE)
    sizes_of = [run(options, 'rst-storm', '--conversations', 20000 // min(10, options.scale), '--per-conversation', n)
                for n in (10, 20, 40)]
    report.text('memory of rst-storm by segments: ' + ', '.join(
        '%d: %.1f MB' % (r['segments'], r['bytes'] * r['conversations'] / 1e6) for r in sizes_of))

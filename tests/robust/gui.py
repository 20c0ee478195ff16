# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts in a Wireshark with windows: see tests/gui/driver.py."""
import json
import os
import shutil
import subprocess
import sys
import time

from common import CONTROL, ECHO, INCIDENT, OPTIONS, SAMPLES, TREE, judge, middle_growth, rss

sys.path[:0] = [os.path.join(TREE, 'tests', 'gui')]
import driver

PROFILE = os.path.join(TREE, 'plugin', 'profile', 'TOA')


def in_gui(programs, capture, what, times, step, expected=None, **judged):
    """step(shark, plugin, i) returns (what the step shows, the packets shown). They are those in expected, by plugin and what, or
    those of the first time."""
    sizes, wrong = {}, []
    expected = {} if expected is None else expected
    for plugin in (True, False):
        profile = PROFILE
        if not plugin:
            profile = os.path.join(programs.work, 'profile')
            os.makedirs(profile, exist_ok=True)
        shark = driver.Wireshark(programs.build if plugin else os.path.dirname(programs.stock), capture, profile)
        sizes[plugin] = []
        try:
            shark.activate(shark.title)
            for i in range(times):
                key, rows = step(shark, plugin, i)
                # the first pass draws some packets before their key is known: see tests/gui
                if rows != expected.setdefault((plugin, key), rows):
                    wrong.append('step %d shows other packets of %s' % (i + 1, key))
                sizes[plugin].append(rss(shark.process.pid))
            shark.quit()
        finally:
            shark.close()
    return judge('%d times %s' % (times, what), wrong, sizes[True], sizes[False], **judged)


def part_gui(programs, options):
    def reload(shark, *_):
        shark.key('ctrl+r')
        time.sleep(0.3)  # the packets of before are still there for a moment
        return INCIDENT, driver.eventually('all packets', lambda: shown(shark, INCIDENT))
    return in_gui(programs, programs.sample(INCIDENT), 'Ctrl+R', options.times, reload)


def part_gui_files(programs, options):
    names = (ECHO, CONTROL, INCIDENT)

    def another(shark, _, i):
        name = names[i % len(names)]
        dialog = 'Open Capture File'
        # Wireshark's copy lies in a folder that its user may read
        path = shutil.copy(programs.sample(name), shark.work)
        shark.key('ctrl+o')
        shark.window(dialog)
        shark.activate(dialog)
        shark.type(path)
        shark.key('Return')
        shark.gone(dialog)
        shark.title = name
        return name, driver.eventually('all packets of ' + name, lambda: shown(shark, name))
    return in_gui(programs, programs.sample(INCIDENT), 'another file of %d' % len(names), options.times, another)


def shown(shark, name):
    packets = shark.packets()
    if len(packets) != driver.count(os.path.join(SAMPLES, name)):
        return None
    return [[p.get(c) for c in ('No.', 'Info', 'Other stream')] for p in packets]


# With the plugin and without: the page, a filter in force while a preference changes, columns to look at (Wireshark's and
# tshark's name of them), and the preferences that change in turn: name, value, and text and state of what is clicked.
DIALOG = {
    True: ('TCP-TOA', 'toa and _ws.expert.severity >= "Warning"', ('Info', 'TOA stream', 'Other stream', 'TOA key'), (
        ('toa.rewriting', 'no', 'Real servers rewrite addresses', 'No'),
        ('toa.effective', 'last', 'Last', True),
        ('toa.analysis', 'FALSE', 'Analyse conversations', False),
        ('toa.reply_meaning', 'source', 'Source', True),
        ('toa.analysis', 'TRUE', 'Analyse conversations', True),
        ('toa.rewriting', 'unknown', 'Real servers rewrite addresses', 'Unknown'),
        ('toa.effective', 'first', 'First', True),
        ('toa.reply_meaning', 'destination', 'Destination', True))),
    False: ('TCP', 'tcp.seq > 1000000', ('Info',), (
        ('tcp.relative_sequence_numbers', 'FALSE',
         'Relative sequence numbers (Requires "Analyze TCP sequence numbers")', False),
        ('tcp.relative_sequence_numbers', 'TRUE',
         'Relative sequence numbers (Requires "Analyze TCP sequence numbers")', True))),
}


def part_gui_preferences(programs, options):
    capture = os.path.join(programs.work, 'preferences.pcap')
    subprocess.run(['mergecap', '-a', '-F', 'pcap', '-w', capture, programs.sample(ECHO), programs.sample(OPTIONS)], check=True)
    os.chmod(capture, 0o644)
    expected = {}

    def change(shark, plugin, i):
        page, matches, columns, changes = DIALOG[plugin]
        state = {}
        for j in range(i + 1):
            name, value, text, click = changes[j % len(changes)]
            state[name] = value
        key = json.dumps(state, sort_keys=True)
        if (plugin, key) not in expected:
            expected[plugin, key] = fresh(programs, plugin, capture, state)
        shark.set_filter(matches)
        shark.preferences(page)
        (shark.check if isinstance(click, bool) else shark.choose)(driver.PREFERENCES, text, click)
        shark.press(driver.PREFERENCES, 'OK')
        shark.gone(driver.PREFERENCES)
        numbers, rows = expected[plugin, key]
        found = awaited(lambda: [p['No.'] for p in shark.packets()], numbers)
        shark.set_filter('')
        return key, (found, awaited(lambda: [[p['No.'], *map(p.get, columns)] for p in shark.packets()], rows))
    # after some steps, with the plugin or without, the memory is a step's growth higher, and after the next as it would have been
    text, wrong = in_gui(programs, capture, 'a preference of %d changed in the dialog' % len({c[0] for c in DIALOG[True][3]}),
                         options.times, change, expected, grown=middle_growth, share=0.05)
    distinct = len({json.dumps(rows) for (plugin, _), rows in expected.items() if plugin})
    return '%s; %d different answers, stale %d' % (text, distinct, sum('other packets' in w for w in wrong)), wrong


def fresh(programs, plugin, capture, preferences):
    """The packets that match the filter and all packets, as a tshark shows them that starts with these preferences."""
    _, matches, columns, _ = DIALOG[plugin]
    environment = programs.environment(plugin)
    shutil.copytree(PROFILE, os.path.join(environment['TOA_HOME'], '.config', 'wireshark', 'profiles', 'TOA'), dirs_exist_ok=True)

    def lines(*arguments):
        run = subprocess.run([programs.plugin if plugin else programs.stock, '-n', *(['-C', 'TOA'] if plugin else []), '-r',
                              capture, *(a for p in preferences.items() for a in ('-o', '%s:%s' % p)), '-T', 'fields', '-e',
                              'frame.number', *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=True, env=environment)
        return run.stdout.splitlines()
    rows = lines('-2', *(a for c in columns for a in ('-e', '_ws.col.' + c)))
    return lines('-Y', matches), [row.split('\t') for row in rows]


def awaited(look, wanted):
    """What is shown once it is what is wanted, or if that does not come, in the end."""
    try:
        driver.eventually('', lambda: look() == wanted, 20)
    except driver.NotSeen:
        pass
    return look()

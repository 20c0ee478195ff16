# SPDX-License-Identifier: GPL-2.0-or-later
"""What all parts of a long session need: the programs, their memory, and the verdict on it."""
import os
import shutil
import statistics

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
SAMPLES = os.path.join(TREE, 'sample-captures')

INCIDENT, ECHO, OPTIONS, CONTROL = ('incident-client.pcap', 'incident-echo-rs.pcap', 'options.pcap', 'control-rs.pcap')
MARGIN_KB = 2048


def rss(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmRSS'))


def growth(sizes):
    return sizes[-1] - sizes[len(sizes) // 5]


def middle_growth(sizes):
    """Of half the steps after the first fifth: the median over where that half may begin. For a memory that is read now before
    and now after the program lets go of some."""
    late = sizes[len(sizes) // 5:]
    return int(statistics.median([b - a for a, b in zip(late, late[len(late) // 2:])]))


class Programs:
    """Launchers: the build's, and one that is the same without the plugin."""

    def __init__(self, build, work):
        self.work = work
        self.plugin = os.path.join(build, 'tshark')
        self.stock = os.path.join(work, 'stock', 'tshark')
        self.build = build
        os.mkdir(os.path.dirname(self.stock), 0o755)
        if os.path.isdir(os.path.join(build, 'tests')):
            os.symlink(os.path.join(build, 'tests'), os.path.join(work, 'stock', 'tests'))
        with open(self.stock, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\nHOME=$TOA_HOME; export HOME; unset XDG_CONFIG_HOME\nprogram=${TSHARK:-tshark}\n'
                       '[ "$(id -u)" -ne 0 ] && exec "$program" "$@"\n'
                       'unshare --user --map-user=1000 --map-group=1000 true 2>/dev/null &&\n'
                       '    exec unshare --user --map-user=1000 --map-group=1000 "$program" "$@"\n'
                       'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$program" "$@"\n')
        os.chmod(self.stock, 0o755)

    def environment(self, plugin, program='tshark'):
        # not one home for both: the build's launcher puts the plugin into it
        home = os.path.join(self.work, 'home' if plugin else 'stock-home')
        os.makedirs(home, exist_ok=True)
        os.chmod(home, 0o777)
        return dict(os.environ, TOA_HOME=home, TSHARK=program, LC_ALL='C.UTF-8')

    def sample(self, name):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            shutil.copyfile(os.path.join(SAMPLES, name), path)
            os.chmod(path, 0o644)
        return path


def judge(what, wrong, sizes, stock, grown=growth, share=0.0):
    """share: of the stock program's growth, what the plugin's may be more."""
    if grown(sizes) > max(grown(stock), 0) * (1 + share) + MARGIN_KB:
        wrong.append('memory grows')
    return '%s; memory %+d kB (to %d), stock %+d kB (to %d)' % (
        what, grown(sizes), sizes[-1], grown(stock), stock[-1]), wrong

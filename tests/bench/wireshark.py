# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark without and with the plugin: instructions, user time, memory."""

import os
import re
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
LUA = ['-X', 'lua_script:' + os.path.join(HERE, 'crosstalk.lua')]
NO_TREE = ['-q', '-z', 'io,stat,0']
MODES = (('no tree (-q -z io,stat,0)', NO_TREE, 1.5),
         ('-T fields', ['-T', 'fields', '-e', 'frame.number', '-e', 'tcp.stream'], 0.5),
         ('-2', ['-2', '-Y', 'tcp.flags.reset==1', '-T', 'fields', '-e', 'frame.number'], None))
CONCURRENT = 1000
SMALL, LARGE = 1000, 11000


class Bench:
    def __init__(self, options, report, work):
        self.options, self.report, self.work = options, report, work
        self.home = os.path.join(work, 'home')
        os.mkdir(self.home, 0o755)
        self.launcher = os.path.join(options.build, 'tshark')
        self.reference = None

    def usable(self):
        return shutil.which('tshark') and os.path.exists(self.launcher)

    # ---- running ----

    def command(self, plugin, arguments, tool=()):
        """Both run as the same kind of user: for root, plugins and settings are treated differently."""
        env = {'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'HOME': self.home}
        if plugin:
            env['TOA_HOME'] = os.path.join(self.work, 'home-plugin')
            os.makedirs(env['TOA_HOME'], 0o755, exist_ok=True)
            if tool:
                env['TSHARK'] = self.tool_script(tool)
            return [self.launcher, *arguments], env
        prefix = []
        if os.geteuid() == 0:
            prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000']
            if subprocess.run([*prefix, 'true'], capture_output=True, check=False).returncode:
                prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
        return [*prefix, *tool, 'tshark', *arguments], env

    def tool_script(self, tool):
        """The launcher takes one program name, so a tool in front of tshark becomes a script."""
        path = os.path.join(self.work, 'tool')
        with open(path, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\nexec %s tshark "$@"\n' % ' '.join(tool))
        os.chmod(path, 0o755)
        return path

    def time(self, plugin, arguments):
        """(user seconds, peak MB, lines printed) of one run."""
        command, env = self.command(plugin, ['-n', *arguments])
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        lines = sum(block.count(b'\n') for block in iter(lambda: process.stdout.read(1 << 16), b''))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit('%s: exit code %d' % (' '.join(command), process.returncode))
        return usage.ru_utime, usage.ru_maxrss / 1024, lines

    def count(self, plugin, arguments, seed):
        tool = ('valgrind', '--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null')
        command, env = self.command(plugin, ['-n', *arguments], tool)
        env['LD_PRELOAD'] = os.path.join(self.options.programs, 'bench-seed.so')
        env['TOA_BENCH_SEED'] = str(seed)
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, errors='replace')
        return int(re.search(r'I +refs: +([\d,]+)', done.stderr).group(1).replace(',', ''))

    def per_packet(self, plugin, arguments):
        """Instructions per packet: what 10,000 packets more cost, mean of two seeds of the hash tables."""
        counts = [[self.count(plugin, ['-r', self.capture(n // 20, 20), *arguments], seed) for n in (SMALL, LARGE)]
                  for seed in (1, 2)]
        return statistics.mean((large - small) / (LARGE - SMALL) for small, large in counts)

    def capture(self, connections, each):
        path = os.path.join(self.work, 'friendly-%d-%d.pcap' % (connections, each))
        if not os.path.exists(path):
            subprocess.run([os.path.join(self.options.programs, 'bench-capture'), path, 'friendly',
                            str(connections), str(each), str(CONCURRENT)], check=True)
        return path

    # ---- a ----

    def instructions(self):
        if self.options.smoke or not shutil.which('valgrind'):
            self.report.text('skipped: instructions per packet (no valgrind, or --smoke)')
            return
        rows, verdicts = [], []
        for name, arguments, limit in MODES:
            stock, plugin = self.per_packet(False, arguments), self.per_packet(True, arguments)
            percent = (plugin - stock) / stock * 100
            rows.append((name, '%.0f' % stock, '%.0f' % plugin, '%+.0f' % (plugin - stock), '%+.2f %%' % percent))
            if limit:
                verdicts.append((name, percent, limit))
            if arguments is NO_TREE:
                self.reference = plugin - stock, stock
        self.report.table('a. Instructions per packet: 20-packet connections, 1000 at a time, 100 bytes of data',
                          ('mode', 'stock', 'plugin', 'difference', ''), rows)
        for name, percent, limit in verdicts:
            self.report.verdict(name, percent, limit, ' %')

    # ---- b ----

    def rounds(self, arguments, variants):
        """Interleaved: medians of user time and memory for each (plugin, more arguments)."""
        results = [[] for _ in variants]
        for _ in range(self.options.rounds):
            for i, (plugin, more) in enumerate(variants):
                results[i].append(self.time(plugin, [*arguments, *more]))
        return [(statistics.median(r[0] for r in one), statistics.median(r[1] for r in one)) for one in results]

    def times(self):
        sizes = [(50000, 20)] + ([(1000000, 5)] if self.options.huge else [])
        rows = []
        for connections, each in sizes:
            path = self.capture(max(10, connections // self.options.scale), each)
            for name, arguments, _ in MODES:
                (stock, stock_mb), (plugin, plugin_mb) = self.rounds(['-r', path, *arguments],
                                                                     [(False, []), (True, [])])
                rows.append(('%d / %d' % (connections // self.options.scale * each, connections // self.options.scale),
                             name, '%.1f' % stock, '%.1f' % plugin, '%.3f' % (plugin / stock), '%.0f' % stock_mb,
                             '%.0f' % plugin_mb))
            os.remove(path)
        self.report.table('b. User seconds and peak MB, medians of %d interleaved rounds' % self.options.rounds,
                          ('packets / connections', 'mode', 'stock s', 'plugin s', 'ratio', 'stock MB', 'plugin MB'),
                          rows)

    # ---- c ----

    def lua(self):
        path = self.capture(max(10, 5000 // self.options.scale), 20)
        names = ('stock', 'plugin', 'Lua')
        results = self.rounds(['-r', path, *NO_TREE], [(False, []), (True, []), (False, LUA)])
        self.report.table('c. The same logic in Lua, no tree, 100k packets',
                          ('', 'user s', 'peak MB'),
                          [(n, '%.2f' % r[0], '%.0f' % r[1]) for n, r in zip(names, results)])
        if self.options.smoke or not shutil.which('valgrind'):
            return
        if not self.reference:
            stock, plugin = self.per_packet(False, NO_TREE), self.per_packet(True, NO_TREE)
            self.reference = plugin - stock, stock
        lua = self.per_packet(False, [*LUA, *NO_TREE]) - self.reference[1]
        ratio = lua / max(self.reference[0], 1)
        self.report.text('\ninstructions per packet on top of stock: plugin %.0f, Lua %.0f: the plugin costs 1/%.0f, '
                         'target 1/50: %s' % (self.reference[0], lua, ratio,
                                              'reached' if ratio >= 50 else 'NOT reached'))

    # ---- f ----

    def real(self):
        folder = self.options.captures
        if not os.path.isdir(folder) or not shutil.which('mergecap'):
            self.report.text('skipped: real captures (no folder, or no mergecap)')
            return
        merged = os.path.join(self.work, 'real.pcapng')
        files = [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if '.pcap' in n]
        subprocess.run(['mergecap', '-w', merged, *files], check=True, stderr=subprocess.DEVNULL)
        parts = []
        for i in range(2 if self.options.smoke else 100 // min(10, self.options.scale)):
            parts.append(os.path.join(self.work, 'part-%d.pcapng' % i))
            subprocess.run(['editcap', '-t', str(i * 100000), merged, parts[-1]], check=True)
        repeated = os.path.join(self.work, 'repeated.pcapng')
        subprocess.run(['mergecap', '-a', '-w', repeated, *parts], check=True)
        for part in parts:
            os.remove(part)
        rows = []
        for name, arguments, _ in MODES:
            (stock, stock_mb), (plugin, plugin_mb) = self.rounds(['-r', repeated, *arguments],
                                                                 [(False, []), (True, [])])
            rows.append((name, '%.1f' % stock, '%.1f' % plugin, '%.3f' % (plugin / stock), '%.0f' % stock_mb,
                         '%.0f' % plugin_mb))
        self.report.table('f. %d real captures merged, %d times over' % (len(files), len(parts)),
                          ('mode', 'stock s', 'plugin s', 'ratio', 'stock MB', 'plugin MB'), rows)

"""`run random`: many random scenarios, side by side; captures and labels, damaged variants, scores.

Two sorts of seeds. Those of the fixed list have to hold: no strong frame missed, nothing false. Fresh ones are reported, and
fail only for what is never chance: a crash, a dissector bug, or one pass that differs from two. A scenario whose records
contradict each other (a doubt) has no labels worth a score; many of them are a fault of the lab.
"""
import collections
import concurrent.futures
import glob
import json
import os
import shutil
import subprocess
import sys
import threading
import time

from . import damage, labels, plan, randomjob, randomscore
from .randomscore import STRONG

VARIANTS = 2        # damaged variants of a scenario
SHOWN = 60          # lines of misses that are printed; all of them are in the folder kept
LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXED = os.path.join(LAB, 'random-seeds.txt')
POINTS = ('client', 'rswire', 'lvs')


def fixed_seeds():
    with open(FIXED) as f:
        return [int(line.split()[0]) for line in f if line.strip() and not line.startswith('#')]


def without_tls(home):
    """A home for the build's tshark in which TLS is disabled: 3269 is a TLS port, and Wireshark 4.0's dissector of it asserts
    on records that a snap length cut."""
    os.makedirs(os.path.join(home, '.config', 'wireshark'), exist_ok=True)
    with open(os.path.join(home, '.config', 'wireshark', 'disabled_protos'), 'w') as f:
        f.write('tls\n')
    randomscore.ENVIRONMENT['TOA_HOME'] = home


class Scenario:
    """One seed: where its files are, its labels and its scores."""

    def __init__(self, seed, fixed):
        self.seed, self.fixed, self.name = seed, fixed, f'r{seed}'
        self.error = self.result = None
        self.single = True      # whether one pass is scored, too
        self.rows = {'clean': [], 'damaged': []}
        self.open = {'clean': [], 'damaged': []}
        self.scores = []        # (folder, 'one' or 'two', point, score)
        self.crashes, self.differences = [], []

    def take(self, result):
        self.result = result
        self.rows['clean'] = [labels.Row(*row) for row in result['rows']]
        self.open['clean'] = [labels.Row(*row) for row in result['open'] + result['unseen']]

    @property
    def doubts(self):
        return self.result['doubts'] if self.result else []

    def wrong(self):
        return bool(self.error or self.crashes or self.differences or self.doubts
                    or any(s['missed'] or s['false'] or s['misnamed'] for _, _, _, s in self.scores))

    def holds(self):
        """What a seed of the fixed list has to: on the clean captures, in one pass and in two."""
        return not any(s['false'] or any(c in STRONG for _, c in s['missed'])
                       for folder, _, point, s in self.scores if folder == 'clean' and point != 'lvs')


class Random:
    def __init__(self, driver, a, binaries, tshark):
        self.driver, self.a, self.binaries, self.tshark = driver, a, binaries, tshark
        self.folder = os.path.join(driver.temp, 'random')
        for folder in ('clean', 'damaged', 'logs'):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        self.began, self.local, self.servers = time.monotonic(), threading.local(), []
        without_tls(os.path.join(driver.temp, 'home'))

    # -- one scenario -------------------------------------------------------------------------------------------
    def play(self, number, s):
        """Plays, labels, damages and scores a scenario; None if there was no time left."""
        if self.driver.stopping or (self.a.minutes and time.monotonic() - self.began > self.a.minutes * 60):
            return None
        cpus = sorted(os.sched_getaffinity(0))
        job = dict(seed=s.seed, name=s.name, prefix=f'{self.driver.prefix}-{number}', binaries=self.binaries,
                   out=os.path.join(self.folder, 'clean'), logs=os.path.join(self.folder, 'logs'), temp=self.driver.temp, cpu=cpus[number % len(cpus)])
        process = subprocess.Popen([sys.executable, '-B', '-m', 'toalab.randomjob', json.dumps(job)], cwd=LAB,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.driver.jobs.add(process)
        out, err = process.communicate()
        self.driver.jobs.discard(process)
        if process.returncode:
            s.error = f'exit {process.returncode}: {err.strip()[-600:]}'
            return s
        s.take(json.loads(out.splitlines()[-1]))
        damage_scenario(self.folder, s, self.a.variants)
        if self.tshark:
            try:
                self.score(s)
            except Exception as error:  # one scenario's trouble is not to lose the others' captures
                s.error = f'not scored: {error!r}'
        return s

    def score(self, s):
        for folder in ('clean', 'damaged'):
            for path in sorted(glob.glob(os.path.join(self.folder, folder, f'{s.name}*.pcap'))):
                scenario, point = os.path.basename(path).split('.')[:2]
                if scenario.split('-')[0].rstrip('b') != s.name or (folder == 'damaged' and point == 'lvs'):
                    continue
                rows = [r for r in s.rows[folder] if (r.scenario, r.point) == (scenario, point)]
                ignored = {r.frame for r in s.open[folder] if (r.scenario, r.point) == (scenario, point)}
                self._score_file(s, folder, path, point, rows, ignored)

    def _score_file(self, s, folder, path, point, rows, ignored):
        scenario = os.path.basename(path).split('.')[0]
        merged, second = '-m-' in scenario, scenario.split('-')[0].endswith('b')
        at = {'client', 'rswire'} if merged else {'rswire2'} if second else {point}
        shared, found = [[tuple(x) for x in pairs] for p, pairs in s.result['shared'] if p in at], {}
        for passes in ('two', 'one') if s.single and point != 'lvs' else ('two',):
            try:
                seen = self.two_passes(path) if passes == 'two' else randomscore.dissect(self.tshark, path)
            except (randomscore.Crash, subprocess.TimeoutExpired) as error:
                s.crashes.append(str(error))
                continue
            r = randomscore.score(seen, path, point, rows, ignored, None if point == 'lvs' or merged else shared)
            if merged:
                r['misnamed'] = []      # the other leg of the right conversation is right, too
            found[passes] = r.pop('found')
            s.scores.append((folder, passes, point, r))
        if len(found) == 2 and found['one'] != found['two']:
            frames = {n for n, _ in found['one'] + found['two'] if dict(found['one']).get(n) != dict(found['two']).get(n)}
            s.differences.append(f'{os.path.basename(path)} frames {sorted(frames)[:8]}')

    def two_passes(self, path):
        """sharkd of this thread."""
        if not hasattr(self.local, 'sharkd'):
            self.local.sharkd = randomscore.Sharkd(self.tshark)
            self.servers.append(self.local.sharkd)
        return self.local.sharkd.dissect(path)

    def keep(self, scenarios):
        """Moves captures, logs and labels to the folder asked for."""
        for folder in ('clean', 'damaged', 'logs'):
            target = os.path.join(self.a.keep, folder)
            os.makedirs(target, exist_ok=True)
            for s in scenarios:
                for path in glob.glob(os.path.join(self.folder, folder, f'{s.name}[.b-]*')):
                    shutil.move(path, os.path.join(target, os.path.basename(path)))
        write_labels(self.a.keep, scenarios)


def write_labels(folder, scenarios):
    """groundtruth.tsv and open.tsv of the clean and the damaged captures, and which endpoints a kernel took for one."""
    for kind in ('clean', 'damaged'):
        for name, rows in (('groundtruth', [r for s in scenarios for r in s.rows[kind]]),
                           ('open', [r for s in scenarios for r in s.open[kind]])):
            labels.write(os.path.join(folder, kind, name + '.tsv'), sorted(rows, key=lambda r: r[:3]))
    with open(os.path.join(folder, 'shared.json'), 'w') as f:
        json.dump({s.name: s.result['shared'] for s in scenarios}, f)


def relabel(folder):
    """Labels and damaged variants of a kept folder once more, from its clean captures and logs."""
    scenarios = []
    for path in sorted(glob.glob(os.path.join(folder, 'logs', '*.json'))):
        s = Scenario(int(os.path.basename(path)[1:-5]), False)
        s.take(randomjob.explain(os.path.join(folder, 'clean'), os.path.join(folder, 'logs'), s.name))
        for old in glob.glob(os.path.join(folder, 'damaged', f'{s.name}[.b-]*')):
            os.unlink(old)
        damage_scenario(folder, s)
        if s.doubts:
            print(f'{s.name} doubts {s.doubts[:4]}', flush=True)
        scenarios.append(s)
    write_labels(folder, scenarios)
    print(f'{len(scenarios)} scenarios, {sum(len(s.rows["clean"]) for s in scenarios)} labels')
    return 0


def damage_scenario(folder, s, variants=VARIANTS):
    """Makes the damaged variants of a scenario's clean captures, and their labels."""
    def known(scenario, point):
        rows = {r.frame: r for r in s.rows['clean'] if (r.scenario, r.point) == (scenario, point)}
        rows.update({r.frame: r._replace(cls='open') for r in s.open['clean'] if (r.scenario, r.point) == (scenario, point)})
        return rows

    def take(rows):
        for r in rows:
            (s.open if r.cls == 'open' else s.rows)['damaged'].append(r)

    clean, target = os.path.join(folder, 'clean'), os.path.join(folder, 'damaged')
    there = [(scenario, point) for scenario in (s.name, s.name + 'b') for point in POINTS
             if os.path.exists(os.path.join(clean, f'{scenario}.{point}.pcap'))]
    for number in range(variants):
        names = damage.draw(s.seed, number)
        for scenario, point in there:
            variant = f'{scenario}-{number + 1}-{"-".join(names)}'
            take(damage.apply(os.path.join(clean, f'{scenario}.{point}.pcap'),
                              os.path.join(target, f'{variant}.{point}.pcap'), names, s.seed, known(scenario, point), variant))
    if variants and s.seed % 3 == 0:
        points = (('client', 'rswire'), ('client', 'lvs', 'rswire'))[s.seed % 2]
        variant = f'{s.name}-m-{"-".join(points)}'
        take(damage.merge([(os.path.join(clean, f'{s.name}.{p}.pcap'), known(s.name, p)) for p in points],
                          os.path.join(target, variant + '.client.pcap'), variant, s.seed))


# -- reports ------------------------------------------------------------------------------------------------------------
def progress(s):
    text = f'{s.name:12s} '
    if s.error:
        print(text + f'FAILED {s.error}', flush=True)
        return
    sums = collections.Counter(r.cls for r in s.rows['clean'] if r.point != 'lvs')
    text += f'{sum(sums.values()):4d} labels {s.result["seconds"][0]:.0f} s'
    for folder in ('clean', 'damaged'):
        scores = [x for f, passes, point, x in s.scores if f == folder and passes == 'two' and point != 'lvs']
        if scores:
            text += f'  {folder}: missed {sum(len(x["missed"]) for x in scores)} false {sum(len(x["false"]) for x in scores)}'
    for word, what in (('doubts', s.doubts), ('CRASH', s.crashes), ('one pass is not two', s.differences)):
        text += f'  {word} {what[:3]}' if what else ''
    print(text, flush=True)


def table(scenarios, folder, passes):
    """Prints recall by point and class, misses and false findings; returns (sums as text)."""
    got, total, false, misnamed = collections.Counter(), collections.Counter(), 0, 0
    lines = []
    for s in scenarios:
        for f, p, point, x in s.scores if not s.doubts else ():
            if (f, p) != (folder, passes):
                continue
            got.update(x['got'])
            total.update(x['total'])
            name = os.path.basename(x['path'])[:-5]
            lines += [f'missed   {name} frame {n} {cls}' for n, cls in x['missed']]
            lines += [f'false    {name} frame {n} {" ".join(w)}' for n, w in x['false']]
            lines += [f'misnamed {name} frame {n} {cls}' for n, cls in x['misnamed']]
            if point != 'lvs':
                false, misnamed = false + len(x['false']), misnamed + len(x['misnamed'])
    for key in sorted(total):
        print(f'{folder:8s} {passes:4s} {key.split()[0]:7s} {key.split()[1]:28s} {got[key]:6d}/{total[key]}')
    def part(counter, strong_only):
        return sum(v for k, v in counter.items() if not k.startswith('lvs') and (not strong_only or k.split()[1] in STRONG))
    text = (f'{folder} {passes}: recall {part(got, 0)}/{part(total, 0)} strong {part(got, 1)}/{part(total, 1)} false {false} '
            f'misnamed {misnamed}   (client and real server)')
    return text, lines


def show(lines, path):
    """False findings and strong frames first; a long list is cut, the file has all."""
    def weight(line):
        return line[:1] != 'f', line.split()[-1] not in STRONG
    lines = sorted(lines, key=weight)
    if path:
        with open(path, 'w') as f:
            f.writelines(line + '\n' for line in lines)
    print('\n'.join(lines[:SHOWN] + ([f'... and {len(lines) - SHOWN} more'] if len(lines) > SHOWN else [])))





def report(scenarios, keep):
    bad = 0
    sums = []
    for folder in ('clean', 'damaged'):
        for passes in ('one', 'two'):
            text, lines = table(scenarios, folder, passes)
            if passes == 'two':
                show(lines, keep and os.path.join(keep, f'{folder}.txt'))
            sums.append(text)
    for s in scenarios:
        for word, what in (('FAILED', [s.error] if s.error else []), ('DOUBT', s.doubts), ('CRASH', s.crashes),
                           ('PASSES', s.differences)):
            for x in what:
                print(f'{word:8s} {s.name} {x}')
        bad |= bool(s.crashes or s.differences)
        if s.fixed and not s.error and not s.doubts and not s.holds():
            print(f'BROKEN   {s.name} is on the fixed list and does not hold')
            bad = 1
    useless = sum(bool(s.error or s.doubts) for s in scenarios)
    if useless > len(scenarios) // 4:
        print(f'{useless} of {len(scenarios)} scenarios failed or are in doubt: a fault of the lab, or a machine too busy for it')
        bad = 1
    print('\n'.join(sums))
    return bad


def main(driver, a):
    if a.relabel:
        return relabel(os.path.abspath(a.relabel))
    tshark = driver.tshark()
    run = Random(driver, a, driver.build(), tshark)
    scenarios = [Scenario(int(x), False) for x in a.replay.split(',')] if a.replay else \
        [Scenario(seed, True) for seed in (fixed_seeds() if a.fixed else [])]
    if not a.replay:
        fresh = a.seed or time.strftime('%Y%m%d%H%M%S')
        print(f'fresh seeds: --seed {fresh} --count {a.count}', flush=True)
        scenarios += [Scenario(plan.seed_of(fresh, i), False) for i in range(a.count)]
    for i, s in enumerate(scenarios):
        s.single = s.fixed or i % a.single == 0
    done = []
    with concurrent.futures.ThreadPoolExecutor(a.parallel) as pool:
        futures = [pool.submit(run.play, i, s) for i, s in enumerate(scenarios)]
        try:
            for f in concurrent.futures.as_completed(futures):
                if f.result():
                    done.append(f.result())
                    progress(done[-1])
        except BaseException:
            driver.close()
            raise
    for server in run.servers:
        server.close()
    done.sort(key=lambda s: s.name)
    if a.keep:
        a.keep = os.path.abspath(a.keep)
        run.keep([s for s in done if (a.keep_all or s.wrong()) and s.result])
    bad = report(done, a.keep)
    print(f'{len(done)} scenarios ({sum(1 for s in done if not s.rows["clean"])} without a crossed frame), '
          f'{sum(len(s.rows["clean"]) for s in done)} labels, {time.monotonic() - run.began:.0f} s')
    return bad

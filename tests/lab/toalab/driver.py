"""The command line: which scenarios to play, where their captures go, what is printed."""
import argparse
import concurrent.futures
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import labels, live, netns, randomrun, samples, score
from .scenarios import load

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROJECT = os.path.dirname(os.path.dirname(LAB))
SKIP = 77
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PARALLEL = 6    # scenarios at a time: they mostly wait
REPLAYS = 3     # scenarios that may be played once more


class Skip(Exception):
    """What was asked for cannot be done here, and that is no failure."""


class Driver:
    def __init__(self, arguments):
        self.a = arguments
        self.prefix = f'toalab{os.getpid()}'
        self.temp = tempfile.mkdtemp(prefix=f'{self.prefix}-')
        self.out = os.path.abspath(arguments.out) if arguments.out else os.path.join(self.temp, 'out')
        self.jobs = set()
        self.stopping = False
        os.makedirs(self.out, exist_ok=True)

    def close(self):
        """Ends what is still running and removes all that was made, whatever happened before."""
        self.stopping = True
        for process in list(self.jobs):
            if process.poll() is None:
                process.terminate()
        for process in list(self.jobs):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        netns.delete_all(self.prefix + '-')
        shutil.rmtree(self.temp, ignore_errors=True)

    # -- what is needed ----------------------------------------------------------------------------------------
    def build(self):
        """The lab's programs: those of the given folder, else a build in the project's build/lab."""
        if self.a.binaries:
            return os.path.abspath(self.a.binaries)
        build = os.path.join(PROJECT, 'build', 'lab')
        for command in (['cmake', '-S', LAB, '-B', build], ['cmake', '--build', build]):
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode:
                raise RuntimeError(f'{" ".join(command)}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}')
        return os.path.join(build, 'bin')

    def tshark(self):
        """The command of a tshark that has the plugin, or None."""
        if self.a.no_score:
            return None
        if self.a.tshark:
            command = shlex.split(self.a.tshark)
            if os.sep in command[0]:  # the jobs run in another folder
                command[0] = os.path.abspath(command[0])
            if not score.has_plugin(command):
                raise RuntimeError(f'{self.a.tshark}: does not run, or has no field toa.foreign.rst')
            return command
        for preset in ('release', 'dev'):
            command = [os.path.join(PROJECT, 'build', preset, 'tshark')]
            if os.path.exists(command[0]) and score.has_plugin(command):
                return command
        if self.a.need_plugin:
            raise Skip('no tshark with the plugin found: build it, or give --tshark')
        print('no tshark with the plugin found (build it, or give --tshark): captures and labels only')
        return None

    @staticmethod
    def need_mariadb(scenarios):
        """The server program alone: the package with the service would start one on this machine."""
        if all(s.options.get('server') != 'mysql' for s in scenarios) or shutil.which('mariadbd'):
            return
        print('installing the Debian package mariadb-server-core: the scenarios with MySQL need it', flush=True)
        environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
        try:
            for command in (['update'], ['install', '-y', '--no-install-recommends', 'mariadb-server-core']):
                subprocess.run(['apt-get'] + command, capture_output=True, text=True, env=environment, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Skip(f'mariadb-server-core is not installed and cannot be: {error}') from error

    # -- playing -----------------------------------------------------------------------------------------------
    def play(self, number, name, binaries, tshark):
        """One scenario in its own process; returns its result, or a dictionary with 'error'."""
        job = dict(scenario=name, prefix=f'{self.prefix}-{number}', binaries=binaries, out=self.out, temp=self.temp,
                   tshark=tshark)
        if self.stopping:
            return dict(error='stopped')
        process = subprocess.Popen([sys.executable, '-B', '-m', 'toalab.job', json.dumps(job)], cwd=LAB,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.jobs.add(process)
        out, err = process.communicate()
        if process.returncode:
            return dict(error=f'exit {process.returncode}: {err.strip() if self.a.verbose else err.strip()[-200:]}')
        return json.loads(out.splitlines()[-1])

    def play_all(self, names, binaries, tshark):
        # The long ones first, so that they run beside all others.
        order = sorted(names, key=lambda n: n != 'reuse_after_time_wait')
        results = {}
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            futures = {pool.submit(self.play, i, n, binaries, tshark): n for i, n in enumerate(order)}
            try:
                for f in concurrent.futures.as_completed(futures):
                    results[futures[f]] = f.result()
                    self.progress(futures[f], f.result())
            except BaseException:
                self.close()
                raise
        return {n: results[n] for n in names}

    @staticmethod
    def progress(name, r):
        if 'error' in r:
            print(f'{name:32s} FAILED {r["error"]}', flush=True)
            return
        text = f'{name:32s} {len([x for x in r["rows"] if x[1] != "rskern"]):4d} labels'
        for passes, s in r['results'].items():
            text += f'   {passes} pass: {sum(s["got"].values())}/{sum(s["total"].values())}'
            text += f' strong {score.strong(s["got"])}/{score.strong(s["total"])} false {len(s["false"])}'
        print(text + f'   ({r["seconds"][0]} s + {r["seconds"][1]} s)', flush=True)


def faults(result):
    """What would fail: an error, a strong frame that was missed, a frame that is flagged without a label."""
    if 'error' in result:
        return [result['error']]
    return [f'{passes} pass: {kind} {frame}' for passes, s in (result.get('results') or {}).items()
            for kind, frames in (('missed', [m for m in s['missed'] if m[2] in score.STRONG]), ('false', s['false'])) for frame in frames]


def play_again(driver, results, binaries, tshark):
    """On real kernels chance decides what is lost or overtaken: a scenario that fails is told, and played once more. It fails if it
    fails twice. If many fail, it was not chance."""
    bad = [name for name, result in results.items() if faults(result)]
    for number, name in enumerate(bad if len(bad) <= REPLAYS else []):
        for fault in faults(results[name]):
            print(f'FIRST TRY {name}: {fault}', flush=True)
        results[name] = driver.play(len(results) + number, name, binaries, tshark)
        driver.progress(name, results[name])


def report(results):
    """Prints sums and every miss and false finding; returns the exit code."""
    bad = any('error' in r for r in results.values())
    for passes in ('one', 'two'):
        scored = {n: r['results'][passes] for n, r in results.items() if r.get('results')}
        if not scored:
            continue
        got, total = score.add(scored.values())
        print(f'\n{passes} pass{"es" if passes == "two" else ""}')
        for key in sorted(total):
            point, cls = key.split(' ')
            print(f'{point:7s} {cls:28s} {got[key]:3d}/{total[key]}')
        false = 0
        for name, s in scored.items():
            for point, frame, cls in s['missed']:
                bad |= cls in score.STRONG
                print(f'missed  {name}.{point} frame {frame} {cls}')
            for point, frame in s['false']:
                print(f'false   {name}.{point} frame {frame}')
            false += len(s['false'])
        bad |= false > 0
        print(f'recall {sum(got.values())}/{sum(total.values())} strong {score.strong(got)}/{score.strong(total)} '
              f'false {false}')
    return 1 if bad else 0


def run_scenarios(driver, names):
    registry = load()
    live_too = names == ['all'] or 'live' in names
    names = list(registry) if names == ['all'] else [n for n in names if n != 'live']
    for name in names:
        if name not in registry:
            raise RuntimeError(f'no scenario {name}; "run list" tells which there are')
    tshark = driver.tshark()
    if tshark:
        print(f'plugin: {" ".join(tshark)}', flush=True)
    driver.need_mariadb([registry[n] for n in names])
    binaries = driver.build()
    began = time.monotonic()
    results = driver.play_all(names, binaries, tshark)
    play_again(driver, results, binaries, tshark)
    rows = [labels.Row(*row) for n in names for row in results[n].get('rows', [])]
    if names:
        labels.write(os.path.join(driver.out, 'groundtruth.tsv'), sorted(rows, key=lambda r: r[:3]))
    if driver.a.out:
        print(f'captures and groundtruth.tsv in {driver.a.out}')
    late = live.measure(driver, binaries, tshark) if live_too and tshark else 0
    print(f'{len(names)} scenarios, {len(rows)} labels, {time.monotonic() - began:.0f} s')
    return report(results) or late


def list_scenarios():
    for s in load().values():
        print(f'{s.name:32s} {s.doc}')
    print('live                             tshark with the plugin on the client\'s interface while the incident happens')
    print('samples                          makes the project\'s sample-captures again')
    return 0


def arguments(argv):
    p = argparse.ArgumentParser(prog='run', description=__doc__)
    p.add_argument('scenarios', nargs='+', metavar='SCENARIO', help='list, all, live, samples, or names of scenarios')
    p.add_argument('--out', help='folder for captures and labels (default: a temporary one that is removed)')
    p.add_argument('--tshark', help='command of a tshark that has the plugin')
    p.add_argument('--binaries', help='folder with the lab\'s programs (default: built in build/lab)')
    p.add_argument('--no-score', action='store_true', help='captures and labels only')
    p.add_argument('--need-plugin', action='store_true', help='skip (exit 77) instead of going without the plugin')
    p.add_argument('--seed', help='random: where the plans are drawn from (default: the time)')
    p.add_argument('--fixed', action='store_true', help='random: the fixed list of seeds first, which has to hold')
    p.add_argument('--replay', help='random: these scenarios (the number behind the r), separated by commas')
    p.add_argument('--count', type=int, default=20, help='random: how many scenarios')
    p.add_argument('--minutes', type=float, default=0, help='random: begin no scenario after so many minutes')
    p.add_argument('--variants', type=int, default=2, help='random: damaged variants of each scenario')
    p.add_argument('--single', type=int, default=1, metavar='N', help='random: one pass (slow) of every Nth scenario only')
    p.add_argument('--relabel', metavar='DIR', help='random: labels and damaged variants of a kept folder once more')
    p.add_argument('--keep', help='random: folder that keeps captures and labels of what went wrong')
    p.add_argument('--keep-all', action='store_true', help='random: of all')
    p.add_argument('--parallel', type=int, default=PARALLEL, help='random: scenarios at a time')
    p.add_argument('-v', '--verbose', action='store_true', help='whole error texts')
    return p.parse_args(argv)


def interrupted(*_):
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the clean-up is not to be interrupted
    raise KeyboardInterrupt


def main(argv):
    a = arguments(argv)
    if a.scenarios == ['list']:
        return list_scenarios()
    reason = netns.missing()
    if reason:
        print(f'skipped: {reason}')
        return SKIP
    for number in SIGNALS:
        signal.signal(number, interrupted)
    samples_folder = None
    if a.scenarios == ['samples']:
        samples_folder, a.out = a.out or os.path.join(PROJECT, 'sample-captures'), None
    driver = Driver(a)
    try:
        if a.scenarios == ['random']:
            return randomrun.main(driver, a)
        if samples_folder:
            return samples.make(driver, samples_folder)
        return run_scenarios(driver, a.scenarios)
    except Skip as reason:
        print(f'skipped: {reason}')
        return SKIP
    except RuntimeError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    finally:
        driver.close()

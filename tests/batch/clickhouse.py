# SPDX-License-Identifier: GPL-2.0-or-later
"""ClickHouse: a process of it for each shard, behind an HTTP port of its own, and one that gathers what they found. One is
killed in the middle and started again: nothing is there twice, nothing is lost."""

import os
import signal
import subprocess
import urllib.request

import packages
import shards
from support import BATCH, HERE, check, need_lab, need_program


class Server:
    """chDB, which is ClickHouse in one process, as a server; what it was told is in a folder."""

    def __init__(self, test, node, modules, name):
        self.command = [node, os.path.join(HERE, 'chdb-server.mjs'), modules, test.path(name)]
        self.process = self.url = None

    def start(self, die=''):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env={**os.environ, 'CHDB_DIE': die})
        self.url = f'http://127.0.0.1:{int(self.process.stdout.readline())}/'

    def ask(self, statement):
        with urllib.request.urlopen(self.url, statement.encode(), timeout=60) as answer:
            return answer.read().decode().strip()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def run(*arguments, code=0):
    done = subprocess.run([os.path.join(BATCH, 'toa-clickhouse'), *arguments], capture_output=True, text=True, check=False)
    check(done.returncode == code, arguments, done.returncode, done.stderr)
    check((code == 0) == (not done.stderr), arguments, done.stderr)
    return done


def reduced(test, servers, folder):
    """Loads and reduces; the second server is killed while it joins."""
    first, second, head = servers
    first.start()
    second.start(die='CREATE TABLE r_match')
    head.start()
    run('reduce', first.url, os.path.join(folder, '1-of-2.shard'))
    run('gather', head.url, first.url, code=2)  # one is not all
    run('gather', head.url, first.url, first.url, code=2)  # nor is one twice
    run('reduce', second.url, os.path.join(folder, '2-of-2.shard'), code=2)
    check(second.process.wait() == -signal.SIGKILL, 'not killed')
    run('gather', head.url, first.url, second.url, code=2)
    second.process.stdout.close()
    second.start()
    check(second.ask('SELECT COUNT(*) FROM shard FORMAT TSV') == '1', 'what was loaded is gone')
    run('gather', head.url, first.url, second.url, code=2)  # loaded, not reduced
    run('results', head.url, code=2)
    run('reduce', second.url, os.path.join(folder, '2-of-2.shard'))


def clickhouse(test):
    need_lab()
    node = need_program('node')
    need_program('curl')
    modules = packages.folder(test, 'chdb')
    whole, folder = shards.of_whole(test), shards.split(test, 2)
    servers = [Server(test, node, modules, name) for name in ('first', 'second', 'head')]
    try:
        reduced(test, servers, folder)
        for number, server in enumerate(servers[:2]):
            for table in ('r_flow', 'r_fragment', 'finding', 'unexplained'):
                check(server.ask(f'SELECT COUNT(*) FROM {table} WHERE CRC32(home) % 2 <> {number} FORMAT TSV') == '0', table,
                      'is not where its home is')
        parts = [told(test, server, f'{number}.results') for number, server in enumerate(servers[:2])]
        check(shards.told(test.json('--notes', '--results-from', parts[0], '--results-from', parts[1], code=1)) == whole,
              'the results of both differ from the whole')
        first, second, head = servers
        for _ in range(2):  # again: the same
            run('gather', head.url, first.url, second.url)
            gathered = told(test, head, 'head.results')
            check(shards.told(test.json('--notes', '--results-from', gathered, code=1)) == whole, 'gathered differ')
    finally:
        for server in servers:
            server.stop()
    page = test.path('page.html')
    text = test.scan('--html', page, '--results-from', gathered, code=1).stdout
    check(f"{whole['warnings']} incidents" in text and os.path.getsize(page) > 100_000, 'text and page')
    print(f"{whole['warnings']} incidents of two ClickHouse processes, gathered by a third, as of SQLite")


def told(test, server, name):
    path = test.path(name)
    with open(path, 'w', encoding='utf8') as file:
        file.write(run('results', server.url).stdout)
    return path

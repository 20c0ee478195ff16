# SPDX-License-Identifier: GPL-2.0-or-later
"""The page on DuckDB (batch/doc/duckdb.md): every block of SQL in it runs, and says what Python says of the same files."""

import base64
import collections
import hashlib
import ipaddress
import json
import os
import re
import shutil
import struct
import subprocess

import packages
from support import BATCH, HERE, SAMPLES, check, need_program

# Published with the specification of the community id.
KNOWN_IDS = ((('128.232.110.120', 34855, '66.35.250.204', 80), '1:LQU9qZlK+B5F3KDmev6m5PMibrg='),
             (('66.35.250.204', 80, '128.232.110.120', 34855), '1:LQU9qZlK+B5F3KDmev6m5PMibrg='))
TUPLES = (('2001:db8::1', 1, '2001:db8::', 65535), ('::1', 443, '::', 443), ('fe80::1:2:3:4', 80, 'fd00:0:0:1::9', 81),
          ('1:2:3:4:5:6:7:8', 9, '10:20:30:40:50:60:70:80', 8), ('10.0.0.1', 5, '10.0.0.1', 4))


def community_id(source, sport, destination, dport):
    ends = sorted([(ipaddress.ip_address(source).packed, sport), (ipaddress.ip_address(destination).packed, dport)])
    data = struct.pack('>H', 0) + ends[0][0] + ends[1][0] + struct.pack('>BBHH', 6, 0, ends[0][1], ends[1][1])
    return '1:' + base64.b64encode(hashlib.sha1(data).digest()).decode()


def lines(path):
    with open(path, encoding='utf8') as file:
        return [json.loads(line) for line in file]


def zeek_log(test):
    """As Zeek would write it of the sample at the real server."""
    rows = [row for row in lines(test.path('rs.records')) if row['record'] == 'conversation']
    with open(test.path('conn.log'), 'w', encoding='ascii') as file:
        for number, row in enumerate(rows):
            ends = (row['client_ip'], row['client_port'], row['server_ip'], row['server_port'])
            file.write(json.dumps({'ts': row['first_time'] / 1e9, 'uid': f'C{number}', 'id.orig_h': ends[0], 'id.orig_p': ends[1],
                                   'id.resp_h': ends[2], 'id.resp_p': ends[3], 'proto': 'tcp',
                                   'community_id': community_id(*ends)}) + '\n')
    return rows


def statements():
    with open(os.path.join(BATCH, 'doc', 'duckdb.md'), encoding='utf8') as file:
        blocks = re.findall(r'```sql\n(.*?)```', file.read(), re.S)
    return [statement for block in blocks for statement in block.split(';') if statement.strip()]


def run(test, module, sql):
    done = subprocess.run([need_program('node'), os.path.join(HERE, 'duckdb.mjs'), module], cwd=test.folder, check=False,
                          input=json.dumps(sql), capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def duckdb(test):
    need_program('node')
    module = packages.folder(test, '@duckdb/node-api')
    os.makedirs(test.path('OUT', 'w1'))
    captures = test.path('captures')
    shutil.copytree(SAMPLES, captures)
    test.scan('--host', 'w1', '--records', test.path('OUT', 'w1', '000001.records'), captures, code=0)
    test.scan('--notes', '--results', test.path('found.ndjson'), captures, code=0)
    test.scan('--records', test.path('rs.records'), test.sample('incident-rs'), code=0)
    zeek = zeek_log(test)
    sql = statements()
    ids = ['SELECT ' + ', '.join(f"community_id('{a}', {p}, '{b}', {q})" for a, p, b, q in
                                 [*(ends for ends, _ in KNOWN_IDS), *TUPLES])]
    counts = ["SELECT capture, record, COUNT(*) AS n FROM records WHERE record <> 'schema' GROUP BY ALL",
              'SELECT COUNT(*) AS n FROM conversations']
    answers = run(test, module, sql + ids + counts)
    check_records(test, answers)
    check(list(answers[len(sql)][0].values()) ==
          [*(known for _, known in KNOWN_IDS), *(community_id(*ends) for ends in TUPLES)], 'community ids', answers[len(sql)])
    answers = dict(zip((re.sub(r'\s+', ' ', statement.strip()) for statement in sql), answers))
    check_incidents(test, answers)
    joined = next(rows for statement, rows in answers.items() if statement.startswith('SELECT z.uid'))
    check([(row['uid'], row['client'], int(row['port']), int(row['share_key'])) for row in joined] ==
          [(f'C{number}', row['key_client_ip'], row['key_client_port'], 2) for number, row in enumerate(zeek)], joined)
    print(f'{len(sql)} statements of the page')


def check_records(test, answers):
    wanted, capture = collections.Counter(), None
    for row in lines(test.path('OUT', 'w1', '000001.records')):
        capture = row['path'] if row['record'] == 'file' else capture
        wanted[capture, row['record']] += row['record'] != 'schema'
    wanted = {key: count for key, count in wanted.items() if count}
    found = {(row['capture'], row['record']): int(row['n']) for row in answers[-2]}
    check(found == wanted, 'records', set(found.items()) ^ set(wanted.items()))
    conversations = sum(count for (_, record), count in wanted.items() if record == 'conversation')
    check(int(answers[-1][0]['n']) == conversations, 'Parquet')


def check_incidents(test, answers):
    rows = lines(test.path('found.ndjson'))
    incidents = [row for row in rows if row['record'] == 'incident' and row['severity'] == 2]
    vips, clients = collections.defaultdict(set), collections.Counter()
    for row in incidents:
        clients[row['key_text'].split(' > ')[0].rsplit(':', 1)[0]] += 1
        for flow in rows:
            if flow['record'] == 'incident_flow' and flow['conn'] in (row['a'], row['b']) and \
                        flow['server'] != row['key_text'].split(' > ')[1]:
                vips[flow['server']].add((row['a'], row['b']))
    by_vip = next(rows for statement, rows in answers.items() if statement.startswith('SELECT f.server AS vip'))
    by_client = next(rows for statement, rows in answers.items() if statement.startswith('SELECT regexp'))
    check(incidents and vips, 'nothing to compare')
    check({row['vip']: int(row['incidents']) for row in by_vip} == {vip: len(pairs) for vip, pairs in vips.items()}, by_vip)
    check({row['client_host']: int(row['incidents']) for row in by_client} == clients, by_client)

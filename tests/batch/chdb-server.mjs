// SPDX-License-Identifier: GPL-2.0-or-later
// As much of ClickHouse's HTTP interface as toa-clickhouse uses, before chDB (ClickHouse in one process):
// chdb-server.mjs CHDB_MODULE FOLDER; prints its port. What is in FOLDER stays there when it is killed.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const [module, folder] = process.argv.slice(2);
const { Session } = createRequire(import.meta.url)(module);
const session = new Session(folder);
session.query('CREATE DATABASE IF NOT EXISTS toa');
session.query('USE toa');

createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    const url = new URL(request.url, 'http://localhost');
    const body = Buffer.concat(parts).toString('utf8'), asked = url.searchParams.get('query');
    if (process.env.CHDB_DIE && (asked ?? body).includes(process.env.CHDB_DIE)) {
      process.kill(process.pid, 'SIGKILL');
    }
    try {
      if (url.searchParams.get('input_format_skip_unknown_fields')) {
        session.query('SET input_format_skip_unknown_fields = 1');
      }
      response.end(asked && /^INSERT/.test(asked) && !body ? '' : session.query(asked ? `${asked}\n${body}` : body));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error.message ?? error));
    }
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });

// SPDX-License-Identifier: GPL-2.0-or-later
// Runs clocks.sql and reduce.sql on ClickHouse (chDB, embedded) over tables of JSON lines, and then incidents.sql beside them:
// clickhouse.mjs CHDB_MODULE BATCH_FOLDER TABLES_FOLDER
// Prints the incidents, one line each; "run clickhouse" compares them with SQLite's.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [module, batch, tables] = process.argv.slice(2);
const { Session } = createRequire(import.meta.url)(module);
const session = new Session();
const statements = text => text.split('\n').filter(line => !line.startsWith('--')).join('\n').split(';')
  .map(statement => statement.trim()).filter(Boolean);

function run(file) {
  for (const statement of statements(readFileSync(file, 'utf8'))) {
    try {
      session.query(statement);
    } catch (error) {
      console.error(`${statement.slice(0, 400)}\n${error.message ?? error}`);
      process.exit(1);
    }
  }
}

session.query('CREATE DATABASE IF NOT EXISTS toa');
session.query('USE toa');
run(join(batch, 'reduce', 'clickhouse-prefix.sql'));
run(join(batch, 'reduce', 'clickhouse-schema.sql'));
for (const table of ['capture_file', 'conversation', 'finding', 'unexplained', 'clock_skew']) {
  session.query(`INSERT INTO ${table} SELECT * FROM file('${join(tables, table)}.json', 'JSONEachRow')`);
}
run(join(batch, 'reduce', 'clocks.sql'));
run(join(batch, 'reduce', 'reduce.sql'));
process.stdout.write(session.query(readFileSync(join(tables, 'incidents.sql'), 'utf8'), 'TabSeparated'));
session.cleanup();

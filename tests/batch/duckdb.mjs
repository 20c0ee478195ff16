// SPDX-License-Identifier: GPL-2.0-or-later
// Runs statements on DuckDB: duckdb.mjs MODULE; standard input is a JSON list of them, standard output one of their rows.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { DuckDBInstance } = createRequire(import.meta.url)(process.argv[2]);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const answers = [];
for (const statement of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const reader = await connection.runAndReadAll(statement);
    answers.push(reader.getRowObjectsJson());
  } catch (error) {
    console.error(`${statement}\n${error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify(answers));

-- The tables of one shard on ClickHouse (toa-scan --split; toa-clickhouse loads it), for reduce.sql and results.sql after
-- clickhouse-prefix.sql. On a cluster: a Distributed table over each of those that have a home, with the sharding key
-- CRC32(home), puts every row where --split would, and every join of reduce.sql is local.
DROP TABLE IF EXISTS shard;
DROP TABLE IF EXISTS reduction;
DROP TABLE IF EXISTS capture_file;
DROP TABLE IF EXISTS clock_skew;
DROP TABLE IF EXISTS finding;
DROP TABLE IF EXISTS unexplained;
DROP TABLE IF EXISTS verdict;
DROP TABLE IF EXISTS r_flow;
DROP TABLE IF EXISTS r_fragment;

-- Loaded last: it is there when all else is.
CREATE TABLE shard (split String, shard Int64, shards Int64, conversations Int64)
    ENGINE = ReplacingMergeTree ORDER BY (split, shard);
CREATE TABLE capture_file (file Int64, host Nullable(String), path String, point String, size Int64, mtime Int64,
    signature Nullable(String), state Nullable(String), packets Int64, first_time Int64, last_time Int64, records Int64,
    content Nullable(String), head Nullable(String), local Int64, refused Int64,
    engine Nullable(String), forgotten_closed Nullable(Int64), forgotten_idle Nullable(Int64))
    ENGINE = ReplacingMergeTree ORDER BY file;
CREATE TABLE clock_skew (point String, reference String, component Int64, skew_ns Int64, error_ns Int64, meetings Int64,
    hops Int64)
    ENGINE = ReplacingMergeTree ORDER BY point;
CREATE TABLE r_flow (flow Int64, point String, client String, server String, key_client String, key_server String, source String,
    first_time Int64, last_time Int64, closed_time Nullable(Int64), syn_time Nullable(Int64), synack_time Nullable(Int64),
    client_isn Nullable(Int64), server_isn Nullable(Int64), frames Int64, fragments Int64, conn Int64, home String)
    ENGINE = ReplacingMergeTree ORDER BY flow;
CREATE TABLE r_fragment (flow Int64, n Int64, file Int64, stream Int64, point String, client String, server String,
    key_client String, key_server String, key_source Nullable(String), first_frame Nullable(Int64), first_time Int64,
    last_time Int64, frames Int64, closed_time Nullable(Int64), syn_time Nullable(Int64), synack_time Nullable(Int64),
    client_isn Nullable(Int64), client_low Nullable(Int64), client_next Nullable(Int64), client_ack Nullable(Int64),
    client_tsval Nullable(Int64), client_ip_id Nullable(Int64), server_isn Nullable(Int64), server_low Nullable(Int64),
    server_next Nullable(Int64), server_ack Nullable(Int64), server_tsval Nullable(Int64), server_ip_id Nullable(Int64),
    file_stream Nullable(Int64), connection_stream Nullable(Int64), began Nullable(Int64), talk Int64, engine String, first Int64, latest Int64, home String)
    ENGINE = ReplacingMergeTree ORDER BY (file, stream, first_time);
CREATE TABLE finding (file Int64, point String, frame Int64, time Int64, stream Int64, sender Nullable(String),
    flags Nullable(Int64), seq Nullable(Int64), ack Nullable(Int64), length Nullable(Int64), ip_id Nullable(Int64),
    tsval Nullable(Int64), tsecr Nullable(Int64), home String, finding String, severity String, other_stream Nullable(Int64),
    other_frame Nullable(Int64), evidence Nullable(String), ip_id_delta Nullable(Int64), isn_error_ns Nullable(Int64),
    repeats Nullable(Int64), other_file Nullable(Int64), cause Nullable(String))
    ENGINE = ReplacingMergeTree ORDER BY (file, frame, finding, ifNull(other_stream, -1));
CREATE TABLE unexplained (file Int64, point String, frame Int64, time Int64, stream Int64, sender Nullable(String),
    flags Nullable(Int64), seq Nullable(Int64), ack Nullable(Int64), length Nullable(Int64), ip_id Nullable(Int64),
    tsval Nullable(Int64), tsecr Nullable(Int64), home String)
    ENGINE = ReplacingMergeTree ORDER BY (file, frame);
CREATE TABLE verdict (file Int64, point String, verdict String, early_stream Int64, late_stream Int64, last_time Int64,
    victim_stream Nullable(Int64), victim_since_frame Nullable(Int64), victim_since_file Nullable(Int64),
    victim_segments Nullable(Int64), victim2_stream Nullable(Int64), home String)
    ENGINE = ReplacingMergeTree ORDER BY (file, early_stream, late_stream);

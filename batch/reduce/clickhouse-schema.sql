-- The tables of records on ClickHouse, for reduce.sql. A file that is loaded again replaces itself (ReplacingMergeTree, and
-- "final" in clickhouse-prefix.sql). On a cluster, a Distributed table each over these, sharded by cityHash64(key_client),
-- and unexplained and finding with the conversation that they are of, keep every join local: see README.md.
CREATE TABLE IF NOT EXISTS capture_file (file Int64, host String, path String, point String, size Int64, mtime Int64,
    signature String, state String, packets Int64, first_time Int64, last_time Int64, records Int64,
    content String, head String, local Int64, refused Int64)
    ENGINE = ReplacingMergeTree ORDER BY file;
CREATE TABLE IF NOT EXISTS conversation (file Int64, point String, stream Int64, key_stream Nullable(Int64), client Nullable(String),
    server Nullable(String), key_client Nullable(String), key_server Nullable(String),
    key_source Nullable(String), toa Nullable(String), leg_stream Nullable(Int64), roles Nullable(String),
    first_frame Nullable(Int64), last_frame Nullable(Int64), first_time Nullable(Int64),
    last_time Nullable(Int64), frames Nullable(Int64), closed_time Nullable(Int64), syn_time Nullable(Int64),
    synack_time Nullable(Int64), client_isn Nullable(Int64), client_low Nullable(Int64),
    client_next Nullable(Int64), client_ack Nullable(Int64), client_tsval Nullable(Int64),
    client_ip_id Nullable(Int64), server_isn Nullable(Int64), server_low Nullable(Int64),
    server_next Nullable(Int64), server_ack Nullable(Int64), server_tsval Nullable(Int64),
    server_ip_id Nullable(Int64), client_timestamps Nullable(Int64), server_timestamps Nullable(Int64),
    rtt_ns Nullable(Int64))
    ENGINE = ReplacingMergeTree ORDER BY (file, stream);
CREATE TABLE IF NOT EXISTS finding (file Int64, point String, finding String, severity Nullable(String), frame Int64, time Nullable(Int64),
    stream Nullable(Int64), sender Nullable(String), flags Nullable(Int64), seq Nullable(Int64),
    ack Nullable(Int64), length Nullable(Int64), ip_id Nullable(Int64), tsval Nullable(Int64),
    tsecr Nullable(Int64), other_stream Nullable(Int64), other_frame Nullable(Int64),
    evidence Nullable(String), ip_id_delta Nullable(Int64), isn_error_ns Nullable(Int64),
    repeats Nullable(Int64))
    ENGINE = ReplacingMergeTree ORDER BY (file, frame, finding, ifNull(other_stream, -1));
CREATE TABLE IF NOT EXISTS unexplained (file Int64, point String, frame Int64, time Nullable(Int64), stream Nullable(Int64),
    sender Nullable(String), flags Nullable(Int64), seq Nullable(Int64), ack Nullable(Int64),
    length Nullable(Int64), ip_id Nullable(Int64), tsval Nullable(Int64), tsecr Nullable(Int64))
    ENGINE = ReplacingMergeTree ORDER BY (file, frame);
-- Made once by toa-scan (clocks.c) for all shards.
CREATE TABLE IF NOT EXISTS clock_skew (point String, reference String, component Int64, skew_ns Int64, error_ns Int64,
    meetings Int64, hops Int64)
    ENGINE = ReplacingMergeTree ORDER BY point;

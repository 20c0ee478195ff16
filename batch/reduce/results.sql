-- results.sql: what outputs need of the incidents, and no more: from reduce.sql's tables makes incident_flow and
-- incident_place. Incidents of one part of the data are told from these alone (--results), together with those of other
-- parts: connections and flows have numbers that are the same in all of them. In the language of reduce.sql.

DROP TABLE IF EXISTS r_member;
DROP TABLE IF EXISTS incident_flow;
DROP TABLE IF EXISTS incident_place;

-- Connections of incidents, and those that were joined to them later (r_alias).
CREATE TABLE r_member AS
SELECT i.a AS owner, i.a AS conn FROM incident i
UNION
SELECT i.b, i.b FROM incident i
UNION
SELECT i.a, l.conn FROM incident i JOIN r_alias l ON l.alias = i.a
UNION
SELECT i.b, l.conn FROM incident i JOIN r_alias l ON l.alias = i.b;

-- Times are corrected here.
CREATE TABLE incident_flow AS
SELECT m.owner AS conn, w.flow AS flow, w.point AS point, w.client AS client, w.server AS server, w.key_client AS key_client,
    w.key_server AS key_server, w.source AS source, w.first_time - s.skew_ns AS first_time,
    w.last_time - s.skew_ns AS last_time, w.closed_time - s.skew_ns AS closed_time, w.frames AS frames
FROM r_member m JOIN r_flow w ON w.conn = m.conn JOIN clock_skew s ON s.point = w.point;

-- Its conversations in the files.
CREATE TABLE incident_place AS
SELECT e.conn AS conn, e.flow AS flow, f.n AS n, f.file AS file,
    COALESCE(f.file_stream, f.stream) AS stream
FROM incident_flow e JOIN r_fragment f ON f.flow = e.flow
WHERE f.frames > 0;
--sqlite CREATE INDEX incident_flow_conn ON incident_flow(conn);
--sqlite CREATE INDEX incident_place_conn ON incident_place(conn);

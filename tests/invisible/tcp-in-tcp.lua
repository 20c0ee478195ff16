-- SPDX-License-Identifier: GPL-2.0-or-later
-- Helper of the invisibility test: TCP in the payload of TCP.
-- Port 4444 goes through the table ip.proto, as every dissector of an IP-like
-- protocol does; port 4445 calls TCP by its name, which passes by the plugin.

local by_table = Proto("tcpintcp_table", "TCP in TCP (ip.proto)")
local by_name = Proto("tcpintcp_name", "TCP in TCP (by name)")
local ip_proto = DissectorTable.get("ip.proto")
local tcp = Dissector.get("tcp")

function by_table.dissector(tvb, pinfo, tree)
  tree:add(by_table, tvb())
  ip_proto:try(6, tvb, pinfo, tree)
  return tvb:len()
end

function by_name.dissector(tvb, pinfo, tree)
  tree:add(by_name, tvb())
  tcp:call(tvb, pinfo, tree)
  return tvb:len()
end

local port = DissectorTable.get("tcp.port")
port:add(4444, by_table)
port:add(4445, by_name)

"""MCP: what an assistant of a person may ask and propose; the same doors as the HTTP API.

`tool` what a tool is, `reading` and `acting` the tools, `inside` how they call the API as their
caller, `calling` one call: limits, log, marking. `server` speaks the protocol, `door` lets callers
in at /mcp, `stdio` carries it over a pipe. Only the last three load the library `mcp`.
"""
